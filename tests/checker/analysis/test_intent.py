"""Classes that stay abstract on purpose are told from those that forgot a member."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.intent import (
    has_concrete_descendant,
    is_declared_abstract,
    is_namespace,
    is_protocol,
    is_replaced,
    opens_hooks,
    reads_as_abstract,
    refuses_creation,
)

BASE = """
from abc import ABC, ABCMeta, abstractmethod
from typing import Protocol

class Worker(ABC):
    @abstractmethod
    def run(self): ...

    @abstractmethod
    def stop(self): ...

"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class Mail(Worker):\n    def run(self): ...\n", False),
        ("class Mail(Worker, ABC):\n    def run(self): ...\n", True),
        ("class Mail(Worker, metaclass=ABCMeta):\n    pass\n", True),
        ("class Mail(Worker):\n    @abstractmethod\n    def queue(self): ...\n", True),
        ("class Mail(Protocol):\n    def run(self): ...\n", True),
    ],
)
def test_declared_abstract(class_named: Callable[[str, str], Class], source: str, *, expected: bool) -> None:
    assert is_declared_abstract(class_named(BASE + source, "Mail")) is expected


def test_protocol_is_its_own_kind(class_named: Callable[[str, str], Class]) -> None:
    assert is_protocol(class_named(BASE + "class Mail(Protocol):\n    def run(self): ...\n", "Mail"))
    assert not is_protocol(class_named(BASE, "Worker"))


def test_concrete_descendants_at_any_depth(class_named: Callable[[str, str], Class]) -> None:
    source = BASE + "class Mail(Worker):\n    def run(self): ...\n\nclass Half(Mail): ...\n"
    assert not has_concrete_descendant(class_named(source, "Mail"))
    assert has_concrete_descendant(class_named(source + "\nclass Done(Half):\n    def stop(self): ...\n", "Mail"))


def test_new_hooks_are_told_from_refusals(class_named: Callable[[str, str], Class]) -> None:
    stub = "    def {}(self):\n        raise NotImplementedError\n"
    assert opens_hooks(class_named(BASE + "class Mail(Worker):\n" + stub.format("send"), "Mail"))
    assert not opens_hooks(class_named(BASE + "class Mail(Worker):\n" + stub.format("stop"), "Mail"))


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("class BaseMail: ...\n", "BaseMail", True),
        ("class MailMixin: ...\n", "MailMixin", True),
        ("class Database: ...\n", "Database", False),
        ('class Mail:\n    """Sends mail. Subclasses add the transport."""\n', "Mail", True),
        ('class Mail:\n    """Sends mail."""\n    def run(self): "subclass"\n', "Mail", False),
    ],
)
def test_names_and_docstrings(
    class_named: Callable[[str, str], Class], source: str, name: str, *, expected: bool
) -> None:
    assert reads_as_abstract(class_named(source, name)) is expected


def test_a_name_that_stands_for_something_else_later(class_named: Callable[[str, str], Class]) -> None:
    assert is_replaced(class_named("class Request: ...\n\nRequest = [Request]\n", "Request"))
    assert not is_replaced(class_named("class Request: ...\n", "Request"))


def test_constructors_that_only_refuse(class_named: Callable[[str, str], Class]) -> None:
    refuse = "def refuse():\n    raise RuntimeError\n\n"
    assert refuses_creation(class_named(refuse + "class Gone:\n    def __init__(self):\n        refuse()\n", "Gone"))
    assert not refuses_creation(class_named("class Here:\n    def __init__(self):\n        print()\n", "Here"))
    assert not refuses_creation(class_named("class Plain: ...\n", "Plain"))


def test_namespaces_of_static_methods(class_named: Callable[[str, str], Class]) -> None:
    static = "class Device:\n    @staticmethod\n    def name(): ...\n"
    assert is_namespace(class_named(static, "Device"))
    assert not is_namespace(class_named(static + "    def run(self): ...\n", "Device"))
    assert not is_namespace(class_named("class Device: ...\n", "Device"))
