from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.diagnostic import Diagnostic, Span
from worker_lint.engine.suppression import RuleNames, apply_suppressions
from worker_lint.source.suppression import suppressions

NAMES = {
    "ABS101": "abstract-class-instantiated",
    "ABS103": "member-left-abstract",
    "STP102": "stop-may-skip-release",
    "WKL002": "unused-suppression",
    "WKL003": "unknown-name-in-suppression",
    "WKL004": "suppression-without-reason",
}
CODES = {**{code: code for code in NAMES}, **{name: code for code, name in NAMES.items()}}
ALL = RuleNames(CODES, set(NAMES) - {"WKL004"})


def diagnostic(line: int = 1, code: str = "ABS101", path: str = "a.py", end_line: int | None = None) -> Diagnostic:
    return Diagnostic(
        code=code,
        name=NAMES[code],
        severity="error",
        confidence="certain",
        path=path,
        span=Span(line, 1, end_line or line, 2),
        message="m",
        consequence="c",
        help="h",
        symbol="a",
    )


def kept_after(text: str, *diagnostics: Diagnostic, rules: RuleNames = ALL) -> list[tuple[str, int]]:
    kept, _ = apply_suppressions(diagnostics, {"a.py": suppressions(text)}, rules)
    return [(item.code, item.span.line) for item in kept]


@pytest.mark.parametrize("name", ["ABS101", "abstract-class-instantiated"])
def test_a_diagnostic_is_silenced_by_code_and_by_name(name: str) -> None:
    text = f"C()  # worker-lint: ignore[{name}] a test double\n"

    kept, used = apply_suppressions([diagnostic()], {"a.py": suppressions(text)}, ALL)

    assert kept == ()
    assert [(item.path, item.suppression.line, item.diagnostics) for item in used] == [("a.py", 1, (diagnostic(),))]


def test_another_rule_another_line_and_another_file_are_kept() -> None:
    text = "C()  # worker-lint: ignore[ABS101] why\nC()\n"
    others = [diagnostic(1, "STP102"), diagnostic(2), diagnostic(1, path="b.py")]

    kept, _ = apply_suppressions([diagnostic(1), *others], {"a.py": suppressions(text)}, ALL)

    assert set(kept) == set(others)


def test_a_diagnostic_over_many_lines_belongs_to_its_first() -> None:
    long = diagnostic(1, end_line=3)

    assert kept_after("class C(A):  # worker-lint: ignore[ABS101] why\n    x = 1\n    y = 2\n", long) == []
    assert kept_after("class C(A):\n    x = 1\n    y = 2  # worker-lint: ignore[ABS101] why\n", long) == [
        ("ABS101", 1),
        ("WKL002", 3),
    ]


def test_a_statement_of_many_lines_may_be_marked_at_its_end() -> None:
    assert kept_after("x = C(\n    1,\n)  # worker-lint: ignore[ABS101] why\n", diagnostic(2)) == []


def test_a_whole_file_is_silenced() -> None:
    text = "# worker-lint: ignore-file[ABS101] why\n" + "C()\n" * 30

    assert kept_after(text, diagnostic(2), diagnostic(31), diagnostic(5, "STP102")) == [("STP102", 5)]


class TestUnused:
    def test_it_is_reported_with_what_to_delete(self) -> None:
        text = "C()  # worker-lint: ignore[ABS101, STP102] why\n"

        kept, _ = apply_suppressions([diagnostic()], {"a.py": suppressions(text)}, ALL)

        (found,) = kept
        assert (found.code, found.name, found.severity) == ("WKL002", "unused-suppression", "warning")
        assert found.span == Span(1, 6, 1, 47)
        assert "`STP102`" in found.message
        assert found.help.startswith("delete STP102 from the comment")
        assert found.line_text == text.rstrip()

    def test_a_rule_that_did_not_run_is_not_judged(self) -> None:
        rules = RuleNames(CODES, {"WKL002", "STP102"})

        assert kept_after("C()  # worker-lint: ignore[ABS101] why\n", rules=rules) == []

    def test_a_whole_file_comment_too_far_down_silences_nothing(self) -> None:
        text = "C()\n" * 20 + "# worker-lint: ignore-file[ABS101] why\n"

        assert kept_after(text, diagnostic(1)) == [("ABS101", 1), ("WKL002", 21)]

    def test_it_can_be_silenced_by_name_only(self) -> None:
        assert kept_after("C()  # worker-lint: ignore[ABS101, WKL002] why\n") == []
        assert kept_after("C()  # worker-lint: ignore[ABS101, unused-suppression] why\n") == []
        assert kept_after("# worker-lint: ignore-file[WKL002] why\nC()  # worker-lint: ignore[ABS101] why\n") == []

    def test_it_is_not_made_when_switched_off(self) -> None:
        assert kept_after("C()  # worker-lint: ignore[ABS101]\n", rules=RuleNames(CODES, {"ABS101"})) == []


class TestUnknown:
    def test_an_unknown_name_is_reported_with_the_nearest(self) -> None:
        text = "C()  # worker-lint: ignore[abstract-class-instantiate] why\n"

        kept, _ = apply_suppressions([diagnostic()], {"a.py": suppressions(text)}, ALL)

        assert [item.code for item in kept] == ["ABS101", "WKL003"]
        assert kept[1].help == "did you mean abstract-class-instantiated?"

    @pytest.mark.parametrize("text", ["C()  # worker-lint: ignore\n", "C()  # worker-lint: ignore[] why\n"])
    def test_a_bare_comment_silences_nothing(self, text: str) -> None:
        assert kept_after(text, diagnostic()) == [("ABS101", 1), ("WKL003", 1)]

    def test_a_mistaken_word_silences_nothing(self) -> None:
        assert kept_after("C()  # worker-lint: disable[ABS101] why\n", diagnostic()) == [("ABS101", 1), ("WKL003", 1)]

    def test_control_characters_do_not_reach_the_message(self) -> None:
        kept, _ = apply_suppressions([], {"a.py": suppressions("x  # worker-lint: ignore[A\x1b[31m] why\n")}, ALL)

        assert kept
        assert not any("\x1b" in part for item in kept for part in (item.message, item.help))


class TestReason:
    RULES = RuleNames(CODES, set(NAMES))

    def test_a_missing_reason_is_reported_on_request(self) -> None:
        text = "C()  # worker-lint: ignore[ABS101]\n"

        assert kept_after(text, diagnostic(), rules=self.RULES) == [("WKL004", 1)]
        assert kept_after(text, diagnostic()) == []

    def test_a_reason_is_enough(self) -> None:
        assert kept_after("C()  # worker-lint: ignore[ABS101] why\n", diagnostic(), rules=self.RULES) == []

    def test_a_bare_comment_is_reported_once(self) -> None:
        assert kept_after("C()  # worker-lint: ignore\n", rules=self.RULES) == [("WKL003", 1)]


PLACES = st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["ABS101", "ABS103", "STP102"])), unique=True)


@given(PLACES, PLACES)
def test_suppressing_removes_exactly_what_is_named(found: list[tuple[int, str]], marked: list[tuple[int, str]]) -> None:
    lines = [f"C{number}()" for number in range(1, 9)]
    for line, code in marked:
        lines[line - 1] += f"  # worker-lint: ignore[{code}] why"
    diagnostics = [diagnostic(line, code) for line, code in found]

    kept, used = apply_suppressions(diagnostics, {"a.py": suppressions("\n".join(lines))}, ALL)

    ours = {(item.span.line, item.code) for item in kept if item.code != "WKL002"}
    assert ours == set(found) - set(marked)
    assert {(item.suppression.line, item.suppression.names[0]) for item in used} == set(found) & set(marked)
    idle = [item for item in kept if item.code == "WKL002"]
    assert sorted(item.span.line for item in idle) == sorted(line for line, _ in set(marked) - set(found))


@given(PLACES)
def test_the_order_of_the_diagnostics_does_not_matter(found: list[tuple[int, str]]) -> None:
    text = "".join(f"C()  # worker-lint: ignore[ABS101] why {number}\n" for number in range(8))
    diagnostics = [diagnostic(line, code) for line, code in found]
    shuffled = diagnostics[::-1]

    first, _ = apply_suppressions(diagnostics, {"a.py": suppressions(text)}, ALL)
    second, _ = apply_suppressions(shuffled, {"a.py": suppressions(text)}, ALL)

    assert first == second


def test_nothing_else_of_a_kept_diagnostic_changes() -> None:
    marked = replace(diagnostic(), fingerprint="abc")

    assert apply_suppressions([marked], {}, ALL) == ((marked,), ())
