"""The last lines of a run: how much was found, what could not be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker_lint.diagnostic import SEVERITIES, Problem, Report


def summary_line(report: Report, baselined: int = 0) -> str:
    """Say in one line how many diagnostics there are, in how many files, and how many the baseline hides."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for diagnostic in report.diagnostics:
        counts[diagnostic.severity] += 1
    found = ", ".join(counted(number, severity) for severity, number in counts.items() if number)
    hidden = f" ({baselined:,} more in the baseline)" if baselined else ""
    return f"{found or 'no errors or warnings'} in {counted(report.files, 'file')}{hidden}"


def fix_line(report: Report) -> str:
    """Say how many diagnostics `worker-lint fix` can repair; empty when none."""
    levels = [diagnostic.fix.level for diagnostic in report.diagnostics if diagnostic.fix]
    if not levels:
        return ""
    unsafe = levels.count("unsafe")
    doubt = f" ({unsafe} unsafe)" if unsafe else ""
    return f"{len(levels):,} can be repaired by `worker-lint fix`{doubt}"


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Describe what the run could not do, each with its remedy on the next line; for stderr."""
    for problem in problems:
        place = f"{problem.path}: " if problem.path else ""
        yield f"{'error' if problem.fatal else 'note'}: {place}{problem.message}"
        if problem.help:
            yield f"  help: {problem.help}"


def counted(number: int, noun: str, plural: str = "s") -> str:
    """Give a number with its noun, which takes the ending of the plural unless there is one."""
    return f"{number:,} {noun}{'' if number == 1 else plural}"
