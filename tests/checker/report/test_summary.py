from __future__ import annotations

from dataclasses import replace

from worker_lint.diagnostic import Diagnostic, FixOffer, Problem, Report
from worker_lint.report import problem_lines, summary_line
from worker_lint.report.summary import fix_line


def test_counts_by_severity(report: Report, abstract_call: Diagnostic) -> None:
    assert summary_line(report) == "1 error, 1 warning, 1 note in 12 files"
    two = Report((abstract_call, abstract_call), files=1)
    assert summary_line(two, baselined=1_500) == "2 errors in 1 file (1,500 more in the baseline)"
    assert summary_line(Report((), files=2)) == "no errors or warnings in 2 files"


def test_fixes_are_counted(abstract_call: Diagnostic, late_pool: Diagnostic) -> None:
    safe = replace(abstract_call, fix=FixOffer("safe", "x"))
    assert fix_line(Report((late_pool,))) == ""
    assert fix_line(Report((safe, late_pool))) == "1 can be repaired by `worker-lint fix`"
    assert fix_line(Report((safe, abstract_call))) == "2 can be repaired by `worker-lint fix` (1 unsafe)"


def test_problems_come_with_place_and_remedy() -> None:
    problems = [Problem("cannot be read", "a.py", "mend its permissions"), Problem("cache is full", fatal=False)]
    assert list(problem_lines(problems)) == [
        "error: a.py: cannot be read",
        "  help: mend its permissions",
        "note: cache is full",
    ]
