"""Rule pages are made from what the rule says about itself."""

import pytest

from pages.rules import render_docstring, render_index, render_rule
from worker_lint.rule import Rule, bad, good

PAGE = """
A worker is built that cannot stop.

What it catches
    A class with ``stop`` left abstract.

    It may be built in another file.

What to do instead
    Write it::

        def stop(self): ...
"""


@pytest.fixture
def rule() -> Rule:
    return Rule(
        code="ABS901",
        severity="error",
        summary="a worker that cannot stop",
        stage="preview",
        yields_to=("ABS101",),
        options={"strict": False},
        option_docs={"strict": "also where nobody stops it"},
        examples=(
            bad("nothing stops it", "Worker()  # bad\n", repaired="Worker(stop=1)\n", files={"pkg/a.py": "X = 1\n"}),
            good("stop comes from a mixin", "Worker()\n"),
        ),
        name="worker-without-end",
        page=PAGE,
    )


def test_docstring_headings_become_sections() -> None:
    assert render_docstring(PAGE) == (
        "A worker is built that cannot stop.\n\n"
        "## What it catches\n\nA class with `stop` left abstract.\n\nIt may be built in another file.\n\n"
        "## What to do instead\n\nWrite it:\n\n    def stop(self): ..."
    )


def test_page_tells_where_it_comes_from(rule: Rule) -> None:
    first = render_rule(rule, "rules/worker_lint_rules/contracts/worker_without_end.py", {}).splitlines()[0]
    assert "make docs" in first
    assert "worker_without_end.py" in first


def test_page_holds_facts_options_and_every_example(rule: Rule) -> None:
    page = render_rule(rule, "source.py", {"ABS101": "other-rule"})
    assert "| Stage | preview: only with `--preview`, or when asked for by name |" in page
    assert "| `rules.worker-without-end.strict` | `False` | also where nobody stops it |" in page
    assert "[other-rule](other-rule.md)" in page
    reported, _, silent = page.partition("## Not reported")
    assert "### nothing stops it\n\n`pkg/a.py`:\n\n```python\nX = 1\n```" in reported
    assert "After the repair:\n\n```python\nWorker(stop=1)\n```" in reported
    assert "### stop comes from a mixin\n\n```python\nWorker()\n```" in silent


def test_rule_without_a_page_is_named_without_a_link(rule: Rule) -> None:
    assert "| Gives way to | ABS101, where" in render_rule(rule, "source.py", {})


def test_index_lists_families_in_a_fixed_order(rule: Rule) -> None:
    own = Rule(code="WKL901", severity="note", summary="a file nobody can read", name="odd-file")
    index = render_index([rule, own])
    assert index.index("(WKL)") < index.index("(ABS)")
    row = "| ABS901 | [worker-without-end](worker-without-end.md) | error | preview | a worker that cannot stop |"
    assert row in index
