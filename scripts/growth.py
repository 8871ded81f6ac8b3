"""
How the time of a cold run grows with the tree: runs over parts of it, and a picture of them.

The picture is plain SVG in the colours of either theme; it holds no link to anything.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import bench_corpus
from stopwatch import Measurement

SEED = 48
PARTS = 5
WIDTH, HEIGHT, LEFT, BOTTOM = 640, 320, 56, 44
"""Of the picture, in its own units; the last two are the room that the axes' numbers take."""


LOOK = 'font-family="sans-serif" font-size="12" fill="#808080" stroke="none"'


class Point(NamedTuple):
    """A part of the tree and the cold run over it."""

    files: int
    lines: int
    run: Measurement


def parts(tree: Path, into: Path) -> Iterator[Path]:
    """
    Ever larger parts of the tree, the last one the whole: links to its files in a folder that is made anew each time.
    """
    folders = sorted(folder for folder in tree.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    random.Random(SEED).shuffle(folders)  # noqa: S311 - repeatable, no secret
    for end in sorted({max(1, round(len(folders) * part / PARTS)) for part in range(1, PARTS + 1)}):
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        for file in tree.glob("*.toml"):
            os.link(file, into / file.name)
        for folder in folders[:end]:
            shutil.copytree(folder, into / folder.name, copy_function=os.link)
        yield into


def points(tree: Path, into: Path, cold: Callable[[Path], Measurement]) -> list[Point]:
    """A cold run over each part."""
    found = []
    for part in parts(tree, into):
        files, lines, _ = bench_corpus.count(part)
        found.append(Point(files, lines, cold(part)))
    shutil.rmtree(into, ignore_errors=True)
    return found


def table(found: Sequence[Point]) -> str:
    """The points in Markdown, with what a million lines take at each size."""
    rows = [
        "| files | lines | wall, s | processor, s | processor, s, for a million lines |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    rows += [
        f"| {files:,} | {lines:,} | {run.wall:.1f} | {run.cpu:.1f} | {run.cpu / lines * 1e6:.1f} |"
        for files, lines, run in found
    ]
    return "\n".join(rows)


def drawn(found: Sequence[Point]) -> str:
    """The points as a picture: seconds of the clock over millions of lines."""
    most_lines = max(point.lines for point in found)
    most_seconds = _rounded_up(max(point.run.wall for point in found))

    def place(lines: float, seconds: float) -> tuple[float, float]:
        across = LEFT + lines / most_lines * (WIDTH - LEFT - 16)
        return round(across, 1), round((HEIGHT - BOTTOM) * (1 - seconds / most_seconds) + 12, 1)

    marks = [place(point.lines, point.run.wall) for point in found]
    zero, right, top = place(0, 0), place(most_lines, 0), place(0, most_seconds)
    pieces = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 12}" role="img" {LOOK}>',
        "<title>Seconds of a cold run over the lines of the tree</title>",
        f'<path d="M{top[0]} {top[1]}V{zero[1]}H{right[0]}" fill="none" stroke="#808080"/>',
        f'<path d="M{zero[0]} {zero[1]}L{marks[-1][0]} {marks[-1][1]}" stroke="#808080" stroke-dasharray="4 4"/>',
    ]
    for share in (0.25, 0.5, 0.75, 1.0):
        across, down = place(share * most_lines, 0)[0], place(0, share * most_seconds)[1]
        pieces.append(
            f'<text x="{across}" y="{zero[1] + 18}" text-anchor="middle">{share * most_lines / 1e6:.1f}</text>'
        )
        pieces.append(f'<text x="{LEFT - 8}" y="{down + 4}" text-anchor="end">{share * most_seconds:g}</text>')
    pieces += [f'<circle cx="{across}" cy="{down}" r="4" fill="#3b82f6"/>' for across, down in marks]
    pieces.append(f'<text x="{right[0]}" y="{zero[1] + 36}" text-anchor="end">million lines</text>')
    pieces.append(f'<text x="{LEFT + 8}" y="{top[1] + 8}">seconds</text>')
    return "\n".join([*pieces, "</svg>"]) + "\n"


def _rounded_up(seconds: float) -> float:
    """The end of an axis: one, two or four times a power of ten."""
    step = 1.0
    while True:
        for times in (1, 2, 4):
            if seconds <= step * times:
                return step * times
        step *= 10
