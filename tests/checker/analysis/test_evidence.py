"""What counts as evidence that a class is used, and what only names it."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Class, Project
from worker_lint.analysis.evidence import creation_of, evidence_of_use

BASE = """
from abc import ABC, abstractmethod

class Worker(ABC):
    @abstractmethod
    def run(self): ...

    @abstractmethod
    def stop(self): ...

class Mail(Worker):
    def run(self): ...

"""
SIBLING = "class Print(Worker):\n    def run(self): ...\n    def stop(self): ...\n\n"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("KINDS = {'mail': Mail}\n", "listed"),
        ("KINDS = {}\nKINDS['mail'] = Mail\n", "listed"),
        ("KINDS = {'mail': ('Mail', [Mail])}\n", "listed"),
        ("from plugins import register\nregister('mail', Mail)\n", "registered"),
        ("def start(kind):\n    return kind()\n\nstart(Mail)\n", "given"),
        ("def start(kind=None):\n    return kind()\n\nstart(kind=Mail)\n", "given"),
        ("from app import serve\nserve(worker_class=Mail)\n", "given"),
        ("class App:\n    worker_class = Mail\n", "given"),
    ],
)
def test_uses(class_named: Callable[[str, str], Class], source: str, kind: str) -> None:
    found = evidence_of_use(class_named(BASE + source, "Mail"))
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "source",
    [
        "isinstance(1, Mail)\n",
        "try:\n    pass\nexcept Mail:\n    pass\n",
        "def find(kind: type[Mail]) -> Mail: ...\n",
        "def name(kind):\n    return kind.__name__\n\nname(Mail)\n",
        "KINDS = {Mail: 'mail'}\n",
        "Worker.register(Mail)\n",
        "KINDS = (Mail, Worker)\n",
        "from unittest.mock import Mock\nMock(spec=Mail)\n",
    ],
)
def test_mentions(class_named: Callable[[str, str], Class], source: str) -> None:
    assert evidence_of_use(class_named(BASE + source, "Mail")) is None


def test_a_list_that_sorts_objects_is_no_table(class_named: Callable[[str, str], Class]) -> None:
    listed = BASE + "class Other: ...\n\nKINDS = (Mail, Other)\n"
    assert evidence_of_use(class_named(listed, "Mail")) is not None
    assert evidence_of_use(class_named(listed + "isinstance(1, KINDS)\n", "Mail")) is None


def test_a_finished_sibling(class_named: Callable[[str, str], Class]) -> None:
    found = evidence_of_use(class_named(BASE + SIBLING, "Mail"))
    assert found is not None
    assert found.kind == "sibling"


@pytest.mark.parametrize("change", [("class Mail", "class BaseMail"), ("    def run(self): ...\n\n", "    x = 1\n\n")])
def test_siblings_say_nothing_of(class_named: Callable[[str, str], Class], change: tuple[str, str]) -> None:
    head, _, tail = BASE.rpartition("class Mail")
    source = head + (f"class Mail{tail}").replace(*change) + SIBLING
    assert evidence_of_use(class_named(source, change[1].split()[1] if "class" in change[0] else "Mail")) is None


def test_tests_are_no_evidence(link: Callable[[Mapping[str, str]], Project]) -> None:
    use = "from worker import Mail\n\nKINDS = {'mail': Mail}\nMail()\n"
    for path, expected in (("tests/test_worker.py", False), ("app.py", True)):
        project = link({"worker.py": BASE, path: use})
        cls = next(cls for cls in project.classes_in("worker.py") if cls.name == "Mail")
        assert (evidence_of_use(cls) is not None) is expected
        assert (creation_of(cls) is not None) is expected


@pytest.mark.parametrize(
    ("body", "begun"),
    [
        ("@staticmethod\n    def names(): ...", False),
        ("@classmethod\n    def names(cls): ...", False),
        ("def stop(self): ...", True),
        ("stop = None", True),
    ],
)
def test_a_sibling_speaks_for_those_who_have_begun_an_object(
    class_named: Callable[[str, str], Class],
    body: str,
    begun: bool,  # noqa: FBT001
) -> None:
    source = """
from abc import ABC, abstractmethod

class Source(ABC):
    @staticmethod
    @abstractmethod
    def names(): ...

    @abstractmethod
    def run(self): ...

    @abstractmethod
    def stop(self): ...

class Remote(Source):
    @staticmethod
    def names(): ...
    def run(self): ...
    def stop(self): ...

"""
    found = evidence_of_use(class_named(f"{source}class Listing(Source):\n    {body}\n", "Listing"))
    assert (found is not None and found.kind == "sibling") is begun
