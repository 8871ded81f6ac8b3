"""
Writes the [[class]] tables of library models from what interpreters see.

    python scripts/model_skeleton.py collections pika

A model file has two parts. The upper one is written by hand: head, aliases, hooks, workers,
resources, errors, calls. The lower one, after the marker line, is replaced by this tool. The
sources of each file are in scripts/model_sources.toml; the standard library needs `python3.11`
and its successors (found with --pythons), a third party is installed into throw-away
environments. Read the difference before you commit it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODELS = HERE.parent / "rules" / "worker_lint_rules" / "models"
COLLECTOR = HERE / "introspect_classes.py"
MARKER = "# Shapes: written by scripts/model_skeleton.py, checked by tests. Facts go above this line."
FLAGS = ("solid", "unchecked", "protocol", "final", "enum")
Shape = Mapping[str, Any]


def main() -> None:
    """Reads the arguments and rewrites the models named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="model files, without .toml; none is all of the standard library")
    parser.add_argument("--pythons", nargs="+", default=["python3.11", "python3.12", "python3.13"])
    parser.add_argument("--environments", type=Path, help="folder that keeps environments between runs")
    options = parser.parse_args()
    sources = read_sources()
    for name in options.names or sources["stdlib"]:
        if name in sources["stdlib"]:
            seen = _see_stdlib(name, sources["stdlib"][name], options.pythons)
            path = MODELS / "stdlib" / f"{name}.toml"
            head = {"library": "python", "modules": sources["stdlib"][name].get("modules", [name])}
        elif sources["libraries"][name].get("shapes", True):
            source = sources["libraries"][name]
            seen = _see_library(name, source, options.environments or Path(tempfile.mkdtemp()))
            path = MODELS / f"{name}.toml"
            head = {"library": source.get("library", name), "modules": source.get("modules", [name])}
        else:
            parser.error(f"{name} is written by hand")
        _write(path, head, seen)


def read_sources() -> dict[str, Any]:
    """What to introspect for each model: tables `stdlib` and `libraries`, by file name."""
    return tomllib.loads((HERE / "model_sources.toml").read_text(encoding="utf-8"))


def _see_stdlib(name: str, source: Mapping[str, Any], pythons: Sequence[str]) -> dict[str, Any]:
    version = "import sys; print('%d.%d' % sys.version_info[:2])"
    seen = {}
    for python in pythons:
        release = subprocess.run([python, "-c", version], check=True, capture_output=True, text=True).stdout.strip()
        seen[release] = _see(python, name, source)
    return seen


def _see_library(name: str, source: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    seen = {}
    for release in source["versions"]:
        python = environment(folder / f"{name}-{release}", source, release)
        seen[release] = _see(str(python), name, source)
        if not seen[release]["classes"]:
            raise SystemExit(f"{name} {release}: nothing could be imported")
    return seen


def environment(home: Path, source: Mapping[str, Any], release: str) -> Path:
    """
    The interpreter of an environment with the library in it; one that exists is used as it is.

    Raises:
        subprocess.CalledProcessError: The library could not be installed.
    """
    python, done = home / "bin" / "python", home / "complete"
    if not done.exists():
        creator = shutil.which(source.get("python", "python3.12")) or sys.executable
        subprocess.run([creator, "-m", "venv", "--clear", home], check=True)
        wanted = [requirement.replace("VERSION", release) for requirement in source["requires"]]
        subprocess.run([python, "-m", "pip", "install", "-q", "--prefer-binary", *wanted], check=True)
        done.touch()
    return python


def _see(python: str, name: str, source: Mapping[str, Any]) -> Any:
    request = {
        "modules": source.get("modules", [name]),
        "load": source.get("load", [name]),
        "only": source.get("only", ""),
        "private": source.get("private", []),
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(request, file)
        file.flush()
        command: list[str | Path] = [python, COLLECTOR, file.name]
        variables = {**os.environ, **source.get("environment", {})}
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd="/", env=variables)
    return json.loads(answer.stdout)


def _write(path: Path, head: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
    releases = list(seen)
    _drop_ambiguous(seen)
    if path.exists():
        by_hand = path.read_text(encoding="utf-8").partition(MARKER)[0].rstrip() + "\n"
    else:
        keys = {**head, "lowest": releases[0], "newest": releases[-1]}
        by_hand = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        aliases = dict(sorted({**seen[releases[0]]["aliases"], **seen[releases[-1]]["aliases"]}.items()))
        if aliases:
            by_hand += "\n[aliases]\n" + "".join(f'"{name}" = "{target}"\n' for name, target in aliases.items())
    stated = set(re.findall(r'^\[\[class\]\]\nname = "(.+)"$', by_hand, re.MULTILINE))
    tables = [text for name, text in sorted(_tables(seen)) if name not in stated]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{by_hand}\n{MARKER}\n" + "".join(f"\n{table}" for table in tables), encoding="utf-8")
    print(f"{path.name}: {len(tables)} tables")


def _drop_ambiguous(seen: Mapping[str, Any]) -> None:
    """Takes out other names that stood for another class in a release that had this one, too."""
    meanings = {release: _meanings(answer) for release, answer in seen.items()}
    for answer in seen.values():
        answer["aliases"] = {
            other: name
            for other, name in answer["aliases"].items()
            if all(meaning.get(other, name) == name for meaning in meanings.values())
        }
        for name, shape in answer["classes"].items():
            with_class = [meanings[release] for release in seen if name in seen[release]["classes"]]
            shape["also"] = [
                other for other in shape["also"] if all(meaning.get(other, name) == name for meaning in with_class)
            ]


def _meanings(answer: Mapping[str, Any]) -> dict[str, str]:
    meanings = dict(answer["aliases"])
    for name, shape in answer["classes"].items():
        meanings.update(dict.fromkeys((name, *shape["also"]), name))
    return meanings


def _tables(seen: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """One table for each stretch of releases over which bases and flags stay."""
    releases = list(seen)
    for name in {name for answer in seen.values() for name in answer["classes"]}:
        shapes = [seen[release]["classes"].get(name) for release in releases]
        first = 0
        while first < len(releases):
            last = first
            while last + 1 < len(releases) and _frame(shapes[last + 1]) == _frame(shapes[first]):
                last += 1
            if shapes[first] is not None:
                yield name, _table(name, shapes, releases, first, last)
            first = last + 1


def _frame(shape: Shape | None) -> object:
    return shape and (shape["bases"], shape["metaclass"], *(shape[flag] for flag in FLAGS))


def _table(name: str, shapes: Sequence[Shape | None], releases: Sequence[str], first: int, last: int) -> str:
    shape = shapes[last] or {}
    lines = ["[[class]]", f'name = "{name}"']
    lines += _range_lines(releases, first, last)
    also = sorted({other for one in shapes[first : last + 1] for other in (one or {})["also"]})
    if also:
        lines.append(f"also = {json.dumps(also)}")
    if shape["bases"] not in ([], ["builtins.object"]):
        lines.append(f"bases = {json.dumps(shape['bases'])}")
    if shape["metaclass"] != "builtins.type":
        lines.append(f'metaclass = "{shape["metaclass"]}"')
    lines += [f"{flag} = true" for flag in FLAGS if shape[flag]]
    if not shape["enum"]:
        lines.append("complete = true")
        members = _member_lines([one["members"] for one in shapes[first : last + 1] if one], releases[first : last + 1])
        if members:
            lines += ["members = '''", *members, "'''"]
    return "\n".join(lines) + "\n"


def _range_lines(releases: Sequence[str], first: int, last: int) -> Iterator[str]:
    if first > 0:
        yield f'since = "{_change(releases, first)}"'
    if last < len(releases) - 1:
        yield f'until = "{_change(releases, last + 1)}"'


def _change(releases: Sequence[str], index: int) -> str:
    """Minor releases of the language follow one another; elsewhere a change lies between two that were seen."""
    before, after = releases[index - 1], releases[index]
    (major, minor, *more), (next_major, next_minor, *_) = before.split("."), after.split(".")
    exact = not more and major == next_major == "3" and int(next_minor) == int(minor) + 1
    return after if exact else f"{before}..{after}"


def _member_lines(members: Sequence[Sequence[str]], releases: Sequence[str]) -> list[str]:
    order = list(members[-1])
    for earlier in reversed(members[:-1]):
        order += [line for line in earlier if line not in order]
    written = []
    for line in order:
        present = [line in one for one in members]
        start = 0
        while start < len(present):
            end = start
            while end + 1 < len(present) and present[end + 1] == present[start]:
                end += 1
            if present[start]:
                since = f" since {_change(releases, start)}" if start else ""
                until = f" until {_change(releases, end + 1)}" if end + 1 < len(present) else ""
                written.append(f"{line}{since}{until}")
            start = end + 1
    return _joined(written)


def _joined(lines: Sequence[str]) -> list[str]:
    """Members that differ in nothing but the name share a line, some names to each."""
    groups: dict[str, list[str]] = {}
    joined = []
    for line in lines:
        match = re.fullmatch(r"((?:\w+ )*(?:property|attribute|field)) (\w+)", line)
        if match is None:
            joined.append(line)
        else:
            groups.setdefault(match[1], []).append(match[2])
    for words, names in groups.items():
        joined += [f"{words} {', '.join(names[start : start + 8])}" for start in range(0, len(names), 8)]
    return joined


if __name__ == "__main__":
    main()
