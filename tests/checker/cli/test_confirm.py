"""`check --confirm`: the same report where astroid agrees, and astroid loaded for nobody else."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from worker_lint.confirm import Answer, Oracle

Command = Callable[..., Any]
Write = Callable[[Mapping[str, str]], Path]

APP = """\
from abc import ABC, abstractmethod
class Worker(ABC):
    @abstractmethod
    def stop(self): ...
class Mail(Worker): ...
Mail()
raise NotImplemented
"""


def test_what_astroid_agrees_with_is_reported_as_without_it(lint: Command, write: Write) -> None:
    write({"app.py": APP})
    plain = lint("check", "--isolated", "-f", "json")
    cold = lint("check", "--isolated", "-f", "json", "--confirm", "--statistics")
    warm = lint("check", "--isolated", "-f", "json", "--confirm")
    assert plain.code == cold.code == warm.code == 1
    assert plain.out == cold.out == warm.out
    assert "2 agrees" in cold.err


def test_what_astroid_contradicts_is_left_out(lint: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"app.py": APP})

    def deny(_: Oracle, facts: tuple[Any, ...]) -> Answer:
        return Answer(tuple("contradicts" for _ in facts), ("app.py",), (), 1)

    monkeypatch.setattr(Oracle, "ask", deny)
    denied = lint("check", "--isolated", "--confirm")
    assert (denied.code, "ABS101" in denied.out) == (0, False)
    # A report that was made without a second opinion is not one with it, nor the other way round.
    assert lint("check", "--isolated").code == 1
    assert lint("check", "--isolated", "--confirm").code == 0


LOADED = """
import atexit, sys
from worker_lint.cli.entry import run

atexit.register(lambda: print("astroid" in sys.modules, file=sys.stderr))
sys.argv[0] = "worker-lint"
run()
"""


@pytest.mark.parametrize(("options", "loaded"), [((), "False"), (("--confirm",), "True")])
def test_astroid_is_loaded_only_when_it_is_asked(
    start: Command, write: Write, options: tuple[str, ...], loaded: str
) -> None:
    write({"app.py": APP})
    result = start(
        "check", "--isolated", "--exit-zero", "--no-cache", *options, program=(sys.executable, "-P", "-c", LOADED)
    )
    assert result.err.splitlines()[-1] == loaded


def test_fix_repairs_only_what_is_not_contradicted(
    lint: Command, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write({"app.py": "raise NotImplemented\n"})
    ask = Oracle.ask
    monkeypatch.setattr(Oracle, "ask", lambda self, facts: Answer(tuple("contradicts" for _ in facts), (), (), 0))
    lint("fix", "--isolated", "--confirm", "--no-cache")
    assert (folder / "app.py").read_text(encoding="utf-8") == "raise NotImplemented\n"
    monkeypatch.setattr(Oracle, "ask", ask)
    lint("fix", "--isolated", "--confirm", "--no-cache")
    assert (folder / "app.py").read_text(encoding="utf-8") == "raise NotImplementedError\n"
