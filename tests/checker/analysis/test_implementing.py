"""Which members implement an abstract declaration, and who guards their calls."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.implementing import implementations, is_called_guarded

BASE = """
from abc import ABC, abstractmethod

class Worker(ABC):
    def run(self):
        {call}

    @abstractmethod
    def stop(self): ...

    @property
    @abstractmethod
    def name(self): ...

    @abstractmethod
    def __len__(self): ...

    def idle(self): ...
"""


def test_only_definitions_of_abstract_members_count(class_named: Callable[[str, str], Class]) -> None:
    source = (
        BASE.format(call="pass")
        + """
class Mail(Worker):
    name = "mail"
    def idle(self): ...
    def stop(self): ...
    def __len__(self): return 0
    def more(self): ...
"""
    )
    found = implementations(class_named(source, "Mail"))
    assert [(item.member.name, item.declared.owner.name) for item in found] == [("stop", "Worker")]


def test_a_member_that_is_abstract_again_implements_nothing(class_named: Callable[[str, str], Class]) -> None:
    source = (
        BASE.format(call="pass")
        + """
class Mail(Worker):
    @abstractmethod
    def stop(self): ...
"""
    )
    assert implementations(class_named(source, "Mail")) == ()


@pytest.mark.parametrize(
    ("call", "guarded"),
    [
        ("try: self.stop()\n        except OSError: pass", True),
        ("try: pass\n        except OSError: self.stop()", False),
        ("try: pass\n        finally: self.stop()", False),
        ("self.stop()", False),
        ("try: self.idle()\n        except OSError: pass", False),
    ],
)
def test_guarded_calls(class_named: Callable[[str, str], Class], call: str, *, guarded: bool) -> None:
    source = BASE.format(call=call) + "class Mail(Worker):\n    def stop(self): ...\n"
    assert is_called_guarded(class_named(source, "Mail"), "stop") is guarded
