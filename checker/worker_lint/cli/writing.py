"""Reports on their way out: to standard output or into a file, in any format."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO

from worker_lint.cli.version import VERSION
from worker_lint.cli.workbench import Refused, Workbench
from worker_lint.diagnostic import Problem, Report
from worker_lint.report import RenderContext, RuleMeta, load_renderer, terminal_of
from worker_lint.report.terminal import ColourChoice


def write_report(  # noqa: PLR0913  # all by name
    bench: Workbench,
    report: Report,
    read_line: Callable[[str, int], str | None],
    *,
    form: str,
    baselined: int = 0,
    colour: ColourChoice = "auto",
    output_file: Path | None = None,
) -> None:
    """
    Writes a report in the format `form`.

    Raises:
        Refused: the file, or standard output, cannot be written.
    """
    render = load_renderer(form)
    try:
        target: Any = output_file.open("w", encoding="utf-8", newline="\n") if output_file else nullcontext(sys.stdout)
        with target as out:
            render(report, _context(bench, read_line, out, colour, baselined), out)
            out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        place, remedy = str(output_file or "standard output"), "choose another place or free some space"
        raise Refused([Problem(f"cannot be written: {error.strerror or error}", place, remedy)]) from None


def _context(
    bench: Workbench,
    read_line: Callable[[str, int], str | None],
    out: TextIO,
    colour: ColourChoice,
    baselined: int,
) -> RenderContext:
    metas = _Metas(bench)
    terminal = terminal_of(out, os.environ, colour)
    return RenderContext(VERSION, "worker-lint", metas, read_line, terminal, repository_prefix(bench.root), baselined)


def repository_prefix(root: Path) -> str:
    """The project root as seen from the root of its repository, with a slash at the end; empty if it is that root."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            inside = root.relative_to(folder).as_posix()
            return "" if inside == "." else f"{inside}/"
    return ""


class _Metas(Mapping[str, RuleMeta]):
    """What reports say about rules, made when asked for: most say nothing, and a page costs an import."""

    def __init__(self, bench: Workbench) -> None:
        self._rules = {rule.code: rule for rule in bench.packs.rules}
        self._url_of = bench.plan().url_of

    def __getitem__(self, code: str) -> RuleMeta:
        rule = self._rules[code]
        return RuleMeta(rule.code, rule.name, rule.summary, rule.severity, self._url_of(rule.name), rule.page)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)
