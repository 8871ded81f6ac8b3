"""The page of figures: both tables, links to known rules, and rules that are not good enough marked."""

from labels import Label, Score
from pages.precision import render, render_waiting, table

NAMES = {"ABS101": "short", "ABS115": "silent"}


def test_table_has_a_line_per_rule_and_totals() -> None:
    lines = table([Score("ABS101", 40, 29, 1, 0), Score("ABS102", 2, 0, 1, 1)], NAMES).splitlines()
    assert lines[2:] == [
        "| [ABS101](rules/short.md) short | 40 | 30 | 29 | 1 | 0 | 97% | 83% to 99% |",
        "| ABS102 (not enough) | 2 | 2 | 0 | 1 | 1 | 0% | 0% to 66% |",
        "| all | 42 | 32 | 29 | 2 | 1 | 91% | 76% to 97% |",
    ]


def test_rule_without_labels_has_no_share() -> None:
    assert table([Score("ABS101", 1, 0, 0, 0)], {}).splitlines()[2] == "| ABS101 | 1 | 0 | 0 | 0 | 0 |  |  |"


def test_hold_outs_come_first_and_silent_rules_are_named() -> None:
    frozen, first, second = ([Score("ABS101", hits, hits, 0, 0)] for hits in (1, 7, 9))
    page = render(frozen, [first, second], NAMES, (28, 30))
    assert page.index("| 9 | 9 |") < page.index("| 7 | 7 |") < page.index("| 1 | 1 |")
    assert "judged 30 of\nthese" in page
    assert "they agree on 28." in page
    assert "No finding on the frozen list: ABS115." in page


def test_rules_in_preview_show_all_that_was_judged() -> None:
    labels = [
        Label("arq", "a.py", 1, "STP102", f"{number:020}", "0" * 16, word, [], "so")
        for number, word in enumerate(("true", "false", "true", "true"))
    ]
    section = render_waiting(labels, {"STP102": "skipped", "STP104": "half-built"})
    assert "| [STP102](rules/skipped.md) skipped (not enough) | 4 | 4 | 3 | 1 | 0 | 75% |" in section
    assert "Nothing judged yet: STP104." in section
