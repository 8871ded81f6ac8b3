from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.diagnostic import Span
from worker_lint.source.suppression import FILE_WIDE_LINES, Suppression, suppressions


def only(text: str) -> Suppression:
    (found,) = suppressions(text)
    return found


def test_names_reason_and_place_are_read() -> None:
    found = only("x = 1  # worker-lint: ignore[ABS101, some-name] the broker does it\n")

    assert found == Suppression(
        names=("ABS101", "some-name"),
        reason="the broker does it",
        span=Span(1, 8, 1, 67),
        covers=(1, 1),
        line_text="x = 1  # worker-lint: ignore[ABS101, some-name] the broker does it",
    )
    assert found.line == 1


def test_columns_count_code_points() -> None:
    assert only("x = 'ü😀'  # worker-lint: ignore[A]").span == Span(1, 11, 1, 35)


@pytest.mark.parametrize(
    ("comment", "names", "reason"),
    [
        ("#worker-lint:ignore[A]", ("A",), ""),
        ("# worker-lint: ignore [ A , B, ]", ("A", "B"), ""),
        ("# worker-lint: ignore[A] - see #12", ("A",), "see #12"),
        ("# worker-lint: ignore[A]: why", ("A",), "why"),
        ("# worker-lint: ignore[A] why  # noqa: E501", ("A",), "why"),
        ("# noqa: E501  # worker-lint: ignore[A] why", ("A",), "why"),
        ("# worker-lint: ignore[A", ("A",), ""),
        ("# worker-lint: ignore[]", (), ""),
        ("# worker-lint: ignore", (), ""),
        ("# worker-lint: ignore everything", (), "everything"),
    ],
)
def test_the_ways_to_write_it(comment: str, names: tuple[str, ...], reason: str) -> None:
    found = only(f"x = 1  {comment}\n")

    assert (found.names, found.reason, found.bare) == (names, reason, not names)
    assert found.is_directive


def test_two_in_one_comment_are_both_read() -> None:
    found = suppressions("x = 1  # worker-lint: ignore[A] one  # worker-lint: ignore[B] two\n")

    assert [(item.names, item.reason) for item in found] == [(("A",), "one"), (("B",), "two")]


@pytest.mark.parametrize(
    "text",
    [
        "x = '# worker-lint: ignore[A]'\n",
        '"""\n# worker-lint: ignore[A]\n"""\n',
        "x = f'''\n# worker-lint: ignore[A] {1}\n'''\n",
        "# the words worker-lint: mean nothing here\n",
        "# worker-lint: runs in CI\n",
        "x = 1\n",
    ],
)
def test_strings_and_prose_are_none(text: str) -> None:
    assert suppressions(text) == ()


@pytest.mark.parametrize("word", ["disable", "noqa", "ingore[A]", "ignore-next-line[A]"])
def test_a_mistaken_word_is_kept_for_a_complaint(word: str) -> None:
    found = only(f"x = 1  # worker-lint: {word}\n")

    assert not found.is_directive
    assert found.word == word.partition("[")[0]


class TestCovers:
    @pytest.mark.parametrize(
        ("text", "covers"),
        [
            ("x = 1  {}\ny = 2\n", (1, 1)),
            ("x = (  {}\n    1,\n    2,\n)\n", (1, 4)),
            ("x = (\n    1,\n    2,\n)  {}\n", (1, 4)),
            ("x = (\n    1,  {}\n    2,\n)\n", (2, 2)),
            ("x = (\n    1,\n    {}\n    2,\n)\n", (3, 3)),
            ("x = 1 + \\\n    2  {}\n", (1, 2)),
            ("x = '''\na\n'''  {}\n", (1, 3)),
            ("class A(\n    B,\n):  {}\n    x = 1\n", (1, 3)),
            ("class A(B):  {}\n    x = 1\n", (1, 1)),
            ("@decorated\ndef f(\n    a,\n):  {}\n    return (\n        a\n    )\n", (2, 4)),
            ("def f():\n    if a:\n        b(\n            1\n        )  {}\n    return 2\n", (3, 5)),
            ("try:\n    a()\nexcept (\n    B,\n):  {}\n    pass\n", (3, 5)),
            ("{}\nx = 1\n", (1, 1)),
            ("x = 1\n{}", (2, 2)),
            ("x = (1,\r\n     2)  {}\r\n", (1, 2)),
            ("x = (1,\r     2)  {}\r", (1, 2)),
        ],
    )
    def test_a_comment_at_either_end_covers_the_statement(self, text: str, covers: tuple[int, int]) -> None:
        assert only(text.format("# worker-lint: ignore[A]")).covers == covers

    def test_a_whole_file_comment_covers_the_file(self) -> None:
        found = only("x = 1\n# worker-lint: ignore-file[A] made by a tool\ny = 2\n")

        assert (found.whole_file, found.covers, found.misplaced) == (True, (1, 4), False)
        assert found.reason == "made by a tool"

    def test_a_whole_file_comment_counts_only_at_the_top(self) -> None:
        last, late = "\n" * (FILE_WIDE_LINES - 1), "\n" * FILE_WIDE_LINES

        assert not only(f"{last}# worker-lint: ignore-file[A]").misplaced
        assert only(f"{late}# worker-lint: ignore-file[A]").misplaced


@pytest.mark.parametrize(
    "text", ["x = (\n{}\n", "print 'a'  {}\n\tif:\n  '''\n", "  x\n y  {}\n", "x = '\n{}\n", "?  {}\n"]
)
def test_a_file_that_no_tokenizer_reads_still_has_its_comments(text: str) -> None:
    found = only(text.format("# worker-lint: ignore[A] why"))

    assert (found.names, found.reason) == (("A",), "why")
    assert found.covers == (found.line, found.line)


def test_the_tokenizer_does_not_warn_about_the_code_it_reads() -> None:
    assert only("x = 1if y else '\\d'  # worker-lint: ignore[A]\n").names == ("A",)


NAMES = st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True), min_size=1, max_size=4)
REASONS = st.from_regex(r"([A-Za-z0-9üé(][A-Za-z0-9üé().,;#]*( [A-Za-z0-9üé(]+){0,3})?", fullmatch=True)
STATEMENTS = st.sampled_from(["x = 1", "f(a)", "x = '#'", "s = 'worker-lint: no'", "pass", "x = '日本'"])


@given(st.lists(st.tuples(STATEMENTS, NAMES, REASONS), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_is_written_is_what_is_read(lines: list[tuple[str, list[str], str]], newline: str) -> None:
    written = [f"{code}  # worker-lint: ignore[{', '.join(names)}] {reason}" for code, names, reason in lines]

    found = suppressions(newline.join(written) + newline)

    assert [(list(item.names), item.reason) for item in found] == [(names, reason) for _, names, reason in lines]
    assert [item.covers for item in found] == [(number, number) for number in range(1, len(lines) + 1)]
    for item, line in zip(found, written, strict=True):
        assert line[item.span.column - 1 : item.span.end_column - 1] == line[line.index("  # ") + 2 :].rstrip()


@given(st.integers(2, 5), st.integers(0, 5), st.sampled_from([0, -1]))
def test_a_statement_is_covered_as_the_parser_sees_it(length: int, before: int, marked: int) -> None:
    """The lines that `ast` gives for a call are those that a comment at one of its ends covers."""
    body = [f"    {number}," for number in range(length - 2)]
    lines = ["call(", *body, ")"]
    lines[marked] += "  # worker-lint: ignore[A]"
    text = "\n".join(["x = 0"] * before + lines) + "\n"

    node = ast.parse(text).body[before]

    assert only(text).covers == (node.lineno, node.end_lineno)


@given(st.text(max_size=120))
def test_any_text_can_be_asked(text: str) -> None:
    for found in suppressions(f"{text} # worker-lint: ignore[A]\n"):
        assert found.covers[0] <= found.line <= found.covers[1] or found.whole_file
