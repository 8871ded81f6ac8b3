from __future__ import annotations

import io

from worker_lint.report import Terminal
from worker_lint.report.statistics import RuleCost, Statistics, render_statistics


def rendered(statistics: Statistics, terminal: Terminal | None = None) -> str:
    out = io.StringIO()
    render_statistics(statistics, terminal or Terminal(), out)
    return out.getvalue()


def test_stages_cache_and_unknown() -> None:
    statistics = Statistics(
        stages={"discover": 0.25, "extract": 0.75},
        cache_hits=3,
        cache_misses=1,
        unknown={"base outside the project": 2, "budget exceeded": 1_000},
        processes=2,
        peak_memory=312_000_000,
    )
    assert rendered(statistics) == (
        "stages 1.000 s in 2 processes\n"
        "  discover                                      0.250 s   25% ━━━━━\n"
        "  extract                                       0.750 s   75% ━━━━━━━━━━━━━━━\n"
        "\n"
        "cache    3 of 4 answers (75%)\n"
        "memory   312 MB at most\n"
        "unknown  1,002 places without a verdict\n"
        "      1,000  budget exceeded\n"
        "          2  base outside the project\n"
    )


def test_dearest_rules_come_first_and_the_rest_is_summed() -> None:
    rules = [RuleCost(f"ABS{number}", "name", number / 1000, 1) for number in range(101, 121)]
    lines = rendered(Statistics(rules=rules), Terminal(drawing=False, encoding="ascii")).splitlines()
    start = lines.index("rules 2.210 s")
    assert lines[start + 1].split() == ["ABS120", "name", "0.120", "s", "5%", "#", "1", "diagnostic"]
    assert lines[start + 16].split() == ["5", "other", "rules", "0.515", "s", "23%", "#####", "5", "diagnostics"]


def test_functions_with_the_most_steps_are_shown_with_their_places() -> None:
    largest = [(12_345, "jobs/run.py:8", "jobs.run.Runner.run"), (7, "a.py:1", "a.f")]
    lines = rendered(Statistics(largest=largest)).splitlines()
    start = lines.index("functions with the most steps to follow")
    assert lines[start + 1 : start + 3] == ["     12,345  jobs/run.py:8 jobs.run.Runner.run", "          7  a.py:1 a.f"]


def test_run_without_measures() -> None:
    assert rendered(Statistics()) == (
        "stages 0.000 s in 1 process\n\ncache    0 of 0 answers\nunknown  0 places without a verdict\n"
    )
