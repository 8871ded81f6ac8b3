"""Exit codes, formats, and what a stream can show."""

import json
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from worker_lint.analysis.budget import STEPS_LIMIT
from worker_lint.config.settings import DEFAULT_LIMITS
from worker_lint.report import FORMATS

Files = dict[str, str]
Command = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

CLEAN = {"clean.py": "x = 1\n"}


def found(result: Any) -> list[tuple[str, int]]:
    return [(row["code"], row["line"]) for row in json.loads(result.out)["diagnostics"]]


def test_clean_code_gives_0(lint: Command, write: Write) -> None:
    write(CLEAN)
    result = lint("check")
    assert (result.code, result.err) == (0, "")


def test_a_person_is_told_of_preview_where_nothing_was_found(
    lint: Command, write: Write, worker: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    write(CLEAN)
    assert lint("check").err == "what is only likely, and rules that are still tried out, come with --preview\n"
    assert lint("check", "--preview").err == ""
    write(worker)
    assert lint("check").err == ""


def test_a_diagnostic_gives_1(lint: Command, write: Write, worker: Files) -> None:
    write(worker)
    result = lint("check", "-f", "concise")
    assert result.code == 1
    assert result.out.startswith("app.py:9:8: ABS101 abstract-class-instantiated: ")
    assert result.err == "1 error in 2 files\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "missing.py"],
        ["check", "--select", "NOPE"],
        ["check", "--format", "nope"],
        ["check", "--nope"],
        ["nope"],
        ["check", "--config", "missing.toml"],
        ["check", "--changed"],  # no repository
        ["fix", "missing.py"],
        ["baseline", "missing.py"],
        ["explain", "ABS999"],
        ["explain"],
        ["rules", "nope"],
        ["new", "rule", "Not A Name"],
        ["new", "worker", "not-a-class"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_gives_2_and_no_traceback(lint: Command, write: Write, arguments: list[str]) -> None:
    write(CLEAN)
    result = lint(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err
    assert "Traceback" not in result.err


def test_an_empty_folder_gives_2_and_a_remedy(lint: Command) -> None:
    result = lint("check")
    assert result.code == 2
    assert "no Python file to check" in result.err
    assert "help:" in result.err


def test_a_broken_configuration_gives_2_and_its_line(lint: Command, write: Write) -> None:
    write({**CLEAN, "worker-lint.toml": "\nselekt = ['ABS']\n"})
    result = lint("check")
    assert result.code == 2
    assert "worker-lint.toml:2" in result.err
    assert "select" in result.err


def test_a_broken_baseline_gives_2(lint: Command, write: Write) -> None:
    write({**CLEAN, ".worker-lint-baseline.json": "<<<<<<< HEAD\n"})
    result = lint("check")
    assert result.code == 2
    assert "is damaged" in result.err


def test_fail_on_decides_what_fails(lint: Command, write: Write) -> None:
    write({"note.py": "x = 1  # worker-lint: ignore[raise-notimplemented-constant] nothing here\n"})
    assert lint("check").code == 1
    assert lint("check", "--fail-on", "error").code == 0
    assert lint("check", "--exit-zero").code == 0


def test_every_unfinished_class_is_reported_at_the_class_when_asked_for(lint: Command, write: Write) -> None:
    module = """
    from abc import ABC, abstractmethod

    class Worker(ABC):
        @abstractmethod
        def shutdown(self): ...

    class Mail(Worker):
        pass

    class Slip(Worker):
        def shutdwon(self): ...

    mail = Mail()
    """
    write({"app.py": textwrap.dedent(module), "worker-lint.toml": ""})
    assert found(lint("check", "-f", "json")) == [("ABS101", 14)]
    write({"worker-lint.toml": 'rules.abstract-method-unimplemented.evidence = "any"\n'})
    assert found(lint("check", "-f", "json")) == [("ABS102", 8), ("ABS102", 11), ("ABS101", 14)]
    assert found(lint("check", "-f", "json", "--preview")) == [("ABS102", 8), ("ABS109", 12), ("ABS101", 14)]


def test_unparsable_files_fail_only_when_asked(lint: Command, write: Write) -> None:
    write({"torn.py": "def f(:  # raise NotImplemented\n"})
    assert "WKL001" in lint("check", "-f", "concise").out
    assert lint("check").code == 0
    assert lint("check", "--strict-parse").code == 1


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written(lint: Command, write: Write, worker: Files, form: str) -> None:
    write(worker)
    result = lint("check", "-f", form)
    assert result.code == 1
    assert "ABS101" in result.out or "abstract-class-instantiated" in result.out
    if form in {"json", "sarif", "gitlab"}:
        assert json.loads(result.out)
    if form == "junit":
        assert ET.fromstring(result.out).tag == "testsuites"  # noqa: S314  # our own output


def test_a_report_goes_into_a_file(lint: Command, write: Write, worker: Files) -> None:
    root = write(worker)
    result = lint("check", "-f", "json", "-o", "out.json")
    assert (result.code, result.out) == (1, "")
    assert json.loads((root / "out.json").read_text(encoding="utf-8"))["summary"]["diagnostics"] == 1


@pytest.mark.parametrize("place", ["missing/out.json", "."])
def test_a_file_that_cannot_be_written_gives_2(lint: Command, write: Write, place: str) -> None:
    write(CLEAN)
    assert lint("check", "-o", place).code == 2


def test_the_second_run_says_the_same_from_the_cache(lint: Command, write: Write, worker: Files) -> None:
    write(worker)
    assert lint("check", "-f", "json") == lint("check", "-f", "json")


def test_statistics_go_to_stderr(lint: Command, write: Write) -> None:
    write(CLEAN)
    result = lint("check", "--statistics")
    assert "read" in result.err
    assert lint("check").out == result.out


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8", "cp932"])
def test_output_fits_the_encoding_of_the_stream(start: Command, write: Write, worker: Files, encoding: str) -> None:
    write({name: text.replace("Mail", "Mäil名") for name, text in worker.items()})
    result = start("check", PYTHONIOENCODING=encoding)
    assert result.code == 1
    assert "ABS101" in result.out
    assert "Traceback" not in result.err


@pytest.mark.slow
def test_the_c_locale_gets_ascii_frames(start: Command, write: Write, worker: Files) -> None:
    write(worker)
    result = start("check", LC_ALL="C", PYTHONIOENCODING=None, PYTHONUTF8=None)
    assert result.code == 1
    assert result.out.isascii()


@pytest.mark.slow
def test_colours_follow_the_environment(start: Command, write: Write, worker: Files) -> None:
    write(worker)
    assert "\x1b[" not in start("check").out
    assert "\x1b[" in start("check", FORCE_COLOR="1").out
    assert "\x1b[" not in start("check", FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b[" not in start("check", "--color", "never", FORCE_COLOR="1").out
    assert "\x1b[" in start("check", "--color", "always", NO_COLOR="1").out


@pytest.mark.slow
def test_check_never_loads_the_heavy_libraries(start: Command, write: Write, worker: Files) -> None:
    write(worker)
    code = (
        "import sys; from worker_lint.cli.entry import run\n"
        "try: run()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    result = start("-c", code, "check", program=(sys.executable,))
    loaded = set(result.err.split())
    assert "worker_lint.cli.check" in loaded
    assert loaded.isdisjoint({"libcst", "rich", "astroid", "worker_lint.fixing"})


@pytest.mark.slow
def test_what_is_over_the_budget_is_counted_and_shown_on_request(lint: Command, write: Write) -> None:
    first = "from abc import ABC, abstractmethod\nclass C0(ABC):\n    @abstractmethod\n    def run(self): ...\n"
    rest = "".join(f"class C{number}(C{number - 1}): ...\n" for number in range(1, 1_100))
    write({"deep.py": f"{first}{rest}C1099()\n"})
    before = sys.getrecursionlimit()
    plain, again = lint("check", "-f", "json"), lint("check", "-f", "json")
    assert sys.getrecursionlimit() == before
    assert (found(plain), plain.out) == ([], again.out)
    assert json.loads(plain.out)["summary"]["unknown"] == 1
    for _ in range(2):  # from the cache too
        shown = lint("check", "-f", "json", "--statistics", "--fail-on", "note")
        assert (shown.code, found(shown)) == (0, [("WKL005", 1)])
        assert "1  too many classes stand above a class" in shown.err
    assert found(lint("check", "-f", "json", "--statistics", "--ignore", "WKL005")) == []


def test_a_long_function_is_not_followed_and_said_to_be_so(lint: Command, write: Write) -> None:
    code = """
    import pika

    class Links:
        def __init__(self, parameters):
            self.first = pika.BlockingConnection(parameters)
            self.second = pika.BlockingConnection(parameters)

        def close(self):
            self.first.close()
            self.second.close()
    """
    write({"link.py": textwrap.dedent(code)})
    chosen = ("check", "-f", "json", "--preview", "--select", "STP102,WKL005", "--statistics")
    assert found(lint(*chosen)) == [("STP102", 10)]
    write({"worker-lint.toml": "limits.function-steps = 2\n"})
    assert found(lint(*chosen, "--fail-on", "note")) == [("WKL005", 1)]


def test_the_limit_of_steps_is_that_of_the_analysis() -> None:
    assert DEFAULT_LIMITS["function-steps"] == STEPS_LIMIT
