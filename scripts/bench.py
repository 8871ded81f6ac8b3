"""
Time and memory of worker-lint beside ruff and pylint, on the tree of bench.toml; prints a table in Markdown.

    python scripts/bench.py [--runs 5] [--skip hook --skip pylint] [--page docs/speed.md]

ruff and worker-lint run in turn, so that a noisy moment hits both; the best run of each counts. Both write JSON to a
file and use every core. worker-lint runs cold (its cache removed each time), warm (nothing changed) and as a hook (the
tree as a git repository, one changed file with one candidate, the process alone). pylint runs on a sample, scaled by
lines.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import bench_corpus
import growth
from stopwatch import CommandFailed, Measurement, measure, memory

RUFF_RULES = "B,BLE,E722,F901,PLE,PLW,RUF006,S110,S112,SIM115,TRY,ASYNC"
RUFF = [
    "ruff",
    "check",
    "--no-cache",
    "--isolated",
    "--preview",
    "--select",
    RUFF_RULES,
    "--output-format",
    "json",
    ".",
]
PYLINT_CHECKS = (
    "abstract-class-instantiated,abstract-method,arguments-differ,notimplemented-raised,raising-non-exception,"
    "signature-differs,invalid-overridden-method,overridden-final-method,subclassed-final-class"
)
PYLINT = ["pylint", "--rcfile=/dev/null", "--persistent=n", "--jobs=0", "--score=n", "--disable=all"]
PYLINT += [f"--enable={PYLINT_CHECKS}"]
OWN = [sys.executable, "-P", "-m", "worker_lint", "check"]
STEPS = ("cold", "preview", "warm", "hook", "pylint", "memory", "growth", "stages")
IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false")
SAMPLE = 150  # files that pylint is timed on
SEED = 48
EDITED = "homeassistant-*/homeassistant/util/uuid.py"
CANDIDATE = """

import abc as _abc


class _Sender{0}(_abc.ABC):
    @_abc.abstractmethod
    def send(self) -> None: ...


sender_{0} = _Sender{0}()
"""

NAVIGATION = Path(__file__).parents[1] / "mkdocs.yml"
PICTURE = Path("images/speed.svg")
"""Of time over size, from where the page is."""

HEAD = """\
# How fast it is

Measured by one command, `make bench ARGS="--page docs/speed.md"`, on pinned releases of eleven projects. *Cold* is a
run without a cache, *warm* one in which nothing has changed, *hook* is `check --changed` with one changed file in a git
repository, the process alone. The last column is the clock time as a multiple of that of ruff, cold, with those of its
rules that are nearest to ours.
"""

Row = tuple[str, Measurement]


class Bench:
    """The tree, the place for caches and output, and the rows measured so far."""

    def __init__(self, tree: Path, scratch: Path, runs: int) -> None:
        self.tree = tree
        self.scratch = scratch
        self.runs = runs
        self.cache = scratch / "cache"
        # As installed tools are, compiled: what is worked on in place may not be, by the caller's environment.
        self.variables = {"WORKER_LINT_CACHE": str(self.cache), "PYTHONDONTWRITEBYTECODE": ""}
        self.rows: list[Row] = []
        self.notes: list[str] = []
        self.points: list[growth.Point] = []

    def own(self, *arguments: str, folder: Path | None = None) -> Measurement:
        """One run of worker-lint."""
        command = [*OWN, "--format", "json", *arguments]
        return measure(command, folder or self.tree, self.scratch / "own.json", variables=self.variables)

    def best(self, name: str, action: Callable[[], Measurement], runs: int = 0) -> Measurement:
        """Do it several times and keep the fastest as a row."""
        results = [action() for _ in range(runs or self.runs)]
        fastest = min(results, key=lambda result: result.wall)
        self.rows.append((name, fastest))
        return fastest

    def cold(self) -> None:
        """Ruff and worker-lint in turn, each from nothing."""
        ruff, own = [], []
        for _ in range(self.runs):
            ruff.append(measure(tool(RUFF), self.tree, self.scratch / "ruff.json"))
            shutil.rmtree(self.cache, ignore_errors=True)
            own.append(self.own("."))
        for name, results in (("ruff, cold", ruff), ("worker-lint, cold", own)):
            self.rows.append((name, min(results, key=lambda result: result.wall)))

    def preview(self) -> None:
        """From nothing, with the rules that are on trial too; once, it is no target."""

        def once() -> Measurement:
            shutil.rmtree(self.cache, ignore_errors=True)
            return self.own("--preview", ".")

        self.best("worker-lint, cold, `--preview`", once, runs=1)
        shutil.rmtree(self.cache, ignore_errors=True)

    def warm(self) -> None:
        """Nothing changed since the last run."""
        self.own(".")
        self.best("worker-lint, warm", lambda: self.own("."))

    def hook(self) -> None:
        """One changed file in a git repository, with a warm cache."""
        repository = self.scratch / "repository"
        shutil.copytree(self.tree, repository)
        for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "the tree"]):
            subprocess.run(["git", *IDENTITY, *arguments], cwd=repository, check=True)
        (edited,) = repository.glob(EDITED)
        original = edited.read_text(encoding="utf-8")
        changed = edited.relative_to(repository).as_posix()
        self.own(".", folder=repository)
        self.own("--changed", changed, folder=repository)
        step = iter(range(self.runs))

        def edit_and_check() -> Measurement:
            edited.write_text(original + CANDIDATE.format(next(step)), encoding="utf-8")
            return self.own("--changed", changed, folder=repository)

        self.best("worker-lint, hook, one changed file", edit_and_check)
        if '"ABS101"' not in (self.scratch / "own.json").read_text(encoding="utf-8"):
            self.notes.append("The hook run did not report the candidate, so its time means nothing.")

    def pylint(self) -> None:
        """A sample of files, scaled to the lines of the whole tree."""
        files = sorted(path for path in self.tree.rglob("*.py") if path.stat().st_size)
        sample = random.Random(SEED).sample(files, SAMPLE)  # noqa: S311 - repeatable, no secret
        names = [path.relative_to(self.tree).as_posix() for path in sample]
        result = measure([*tool(PYLINT), *names], self.tree, self.scratch / "pylint.txt", good=range(32))
        share = sum(path.read_bytes().count(b"\n") for path in sample) / bench_corpus.count(self.tree)[1]
        scaled = Measurement(result.wall / share, result.cpu / share, result.peak)
        self.rows.append((f"pylint, related checks, scaled from {SAMPLE} files", scaled))
        if own := dict(self.rows).get("worker-lint, cold"):
            self.notes.append(f"pylint takes {scaled.wall / own.wall:,.0f} times as long as worker-lint, cold.")

    def memory(self) -> None:
        """What worker-lint and its processes hold together on a cold run."""
        shutil.rmtree(self.cache, ignore_errors=True)
        command = [*OWN, "--format", "json", "."]
        most = memory(command, self.tree, self.scratch / "memory.json", self.variables)
        self.notes.append(f"Peak memory of all worker-lint processes together, cold: {most / 2**20:,.0f} MiB.")

    def growth(self) -> None:
        """How the time grows with the tree."""

        def cold(part: Path) -> Measurement:
            shutil.rmtree(self.cache, ignore_errors=True)
            return self.own(".", folder=part)

        self.points = growth.points(self.tree, self.scratch / "part", cold)
        self.notes.append(f"## Time over size\n\n![Time over size]({PICTURE})\n\n{growth.table(self.points)}")

    def stages(self) -> None:
        """What the time of a cold run goes into, in the tool's own words."""
        shutil.rmtree(self.cache, ignore_errors=True)
        self.own("--statistics", ".")
        words = (self.scratch / "own.err").read_text(encoding="utf-8").strip()
        self.notes.append(f"## What a cold run's time goes into\n\n```text\n{words}\n```")

    def table(self) -> str:
        """Everything measured, as Markdown; the last column is the clock time by that of ruff, cold."""
        yardstick = dict(self.rows).get("ruff, cold")
        lines = [
            "| run | wall, s | processor, s | largest process, MiB | by ruff |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for name, row in self.rows:
            relative = f"{row.wall / yardstick.wall:.2f}" if yardstick else ""
            lines.append(f"| {name} | {row.wall:.2f} | {row.cpu:.2f} | {row.peak / 2**20:,.0f} | {relative} |")
        return "\n".join(lines) + "".join(f"\n\n{note}" for note in self.notes)


def tool(command: Sequence[str]) -> list[str]:
    """
    The command with its program looked up beside this Python first.

    Raises:
        CommandFailed: it is not installed.
    """
    beside = Path(sys.executable).with_name(command[0])
    found = str(beside) if beside.exists() else shutil.which(command[0])
    if not found:
        raise CommandFailed(f"{command[0]} is not installed: pip install {command[0]}")
    return [found, *command[1:]]


def circumstances(tree: Path) -> str:
    """What was measured, with what, on what."""
    files, lines, size = bench_corpus.count(tree)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("worker-lint", "ruff"))
    machine = f"Python {platform.python_version()}, {len(os.sched_getaffinity(0))} cores, {platform.system()}"
    return f"{files:,} files, {lines:,} lines, {size / 1e6:,.0f} MB. {versions}. {machine}."


def with_page(navigation: str) -> str:
    """The site's settings with the page in their navigation, where mkdocs wants every page and nothing else."""
    entry = "  - How fast it is: speed.md\n"
    before = "  - Command line: cli.md\n"
    return navigation if entry in navigation else navigation.replace(before, entry + before)


def main(arguments: Sequence[str] | None = None) -> int:
    """Lay out the tree if needed, measure, print; exit code 2 when a tool failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, default=Path(".corpus/bench"), help="the tree (default %(default)s)")
    parser.add_argument("--wheels", type=Path, default=Path(".corpus/wheels"), help="wheels (default %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the best counts (default %(default)s)")
    parser.add_argument("--skip", action="append", choices=STEPS, default=[], help="leave a step out; may be repeated")
    parser.add_argument("--page", type=Path, help="write the result to this page too, and list it in mkdocs.yml")
    options = parser.parse_args(arguments)
    if not options.tree.exists():
        code = bench_corpus.main(["--into", str(options.tree), "--wheels", str(options.wheels)])
        if code:
            return code
    with tempfile.TemporaryDirectory(dir=options.tree.resolve().parent) as scratch:
        bench = Bench(options.tree.resolve(), Path(scratch), options.runs)
        try:
            for step in STEPS:
                if step not in options.skip:
                    print(f"bench: {step}", file=sys.stderr)
                    getattr(bench, step)()
        except CommandFailed as error:
            print(f"bench: {error}", file=sys.stderr)
            return 2
        result = f"{circumstances(bench.tree)}\n\n{bench.table()}\n"
        print(result, end="")
        if options.page is not None:
            options.page.write_text(f"{HEAD}\n{result}", encoding="utf-8")
            if bench.points:
                (options.page.parent / PICTURE).write_text(growth.drawn(bench.points), encoding="utf-8")
            NAVIGATION.write_text(with_page(NAVIGATION.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
