"""
The test data of other checkers as an oracle for abstract classes: bring it, cut it into cases, find the truth of each.

    python scripts/suites.py fetch                       # into .suites/sources; --mirror reads bare clones instead
    python scripts/suites.py cut                         # into .suites/cases/SUITE/CASE
    python scripts/suites.py run --python python3.13     # what really happens
    python scripts/suite_peers.py --bin VENV/bin         # what the other checkers say
    python scripts/suites.py expect                      # writes tests/corpus/suites.json from all three
    python scripts/suite_score.py                        # what worker-lint says

Only line numbers are stored in the repository. A line is

* instantiated: the suite expects an error there, and the call really raises the TypeError of an abstract class;
* left: the suite expects an error at a class that really has abstract members left;
* implicit: another checker says something there, and so it is;
* soft: it expects one at a class for methods that only raise NotImplementedError;
* fails: a call there raises that TypeError, whatever the suite says;
* created: a class that really has abstract members left, whose call at a line of `fails` in the same file names it;
* flagged: the suite, or a peer that was run (suite_peers.py), says anything there.

All other lines are clean.
"""

from __future__ import annotations

import argparse
import fnmatch
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

from suite_cases import READERS, Case, unique

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "corpus" / "suites.toml"
STORED = ROOT / "tests" / "corpus" / "suites.json"
PROBE = Path(__file__).with_name("suite_probe.py")
CLONES = "https://github.com/{}"
TIMEOUT = 60


class SuiteError(Exception):
    """A suite that cannot be used; the text says which and what to do."""


def suites() -> dict[str, dict[str, Any]]:
    """The suites by name, as suites.toml describes them."""
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def git(*arguments: str) -> bytes:
    """
    Standard output of a git command.

    Raises:
        SuiteError: git failed.
    """
    done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    if done.returncode:
        raise SuiteError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout


def fetch(work: Path, mirror: Path | None) -> None:
    """Write the files of every suite, at its pinned commit, under `sources`."""
    for name, suite in suites().items():
        target = work / "sources" / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        if mirror:
            store = str(mirror / suite["repository"].replace("/", "+") / "repo")
        else:
            store = str(work / "clones" / name)
            git("init", "--quiet", "--bare", store)
            git(
                "--git-dir", store, "fetch", "--quiet", "--depth=1", CLONES.format(suite["repository"]), suite["commit"]
            )
        archive = git("--git-dir", store, "archive", suite["commit"], *suite["files"], *suite.get("siblings", ()))
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(target, filter="data")
        print(f"{name}: {sum(path.is_file() for path in target.rglob('*'))} files")


def cases(work: Path, name: str) -> Iterator[Case]:
    """The cases of one suite, read from `sources`."""
    sources = work / "sources" / name
    if not sources.is_dir():
        raise SuiteError(f"{sources} is missing: run `suites.py fetch` first")

    def read() -> Iterator[Case]:
        for path in sorted(path for path in sources.rglob("*") if path.is_file()):
            inside = path.relative_to(sources).as_posix()
            if any(fnmatch.fnmatch(inside, pattern) for pattern in suites()[name]["files"]):
                beside = {
                    near.name: near.read_text(encoding="utf-8", errors="replace")
                    for near in path.parent.iterdir()
                    if near.is_file()
                }
                yield from READERS[name](path.name, beside[path.name], beside)

    return unique(read())


def cut(work: Path) -> None:
    """Lay out every case in a folder of its own, and keep what its suite expects beside them."""
    shutil.rmtree(work / "cases", ignore_errors=True)
    expected: dict[str, dict[str, str]] = {}
    for name in suites():
        for case in cases(work, name):
            folder = work / "cases" / name / case.name
            for path, text in case.files.items():
                if ".." in PurePosixPath(path).parts or path.startswith("/"):
                    continue
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, encoding="utf-8")
            expected[f"{name}/{case.name}"] = {f"{path}:{line}": words for (path, line), words in case.expected.items()}
    (work / "expected.json").write_text(json.dumps(expected, indent=0), encoding="utf-8")
    print(f"{len(expected)} cases, {sum(map(len, expected.values()))} expected lines")


def probe(folder: Path, python: str, isolate: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """What happens when the case is run, see suite_probe.py; nothing when it took too long or died."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py*"))
    with tempfile.TemporaryDirectory() as home:
        command = [*isolate, python, "-I", str(PROBE), str(folder.resolve()), *files]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=home, env={"HOME": home}
            )
            result = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return {}
    return dict(result)


def without_network() -> list[str]:
    """The command that starts a process in a network of its own, where the system allows it."""
    command = ["unshare", "--net", "--map-root-user"]
    try:
        works = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    return command if works else []


def judged(
    words: dict[str, str], ran: dict[str, dict[str, list[int]]], peers: Sequence[str]
) -> dict[str, dict[str, list[int]]]:
    """The lines of one case by file and kind (see the module's docstring)."""
    kinds: defaultdict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    fails: defaultdict[str, set[int]] = defaultdict(set)
    for how in ("failed", "late"):
        for path, lines in ran.get(how, {}).items():
            fails[path] |= set(lines)
            kinds[path]["fails"] |= set(lines)
    for place, text in words.items():
        path, _, number = place.rpartition(":")
        line = int(number)
        kinds[path]["flagged"].add(line)
        if line in fails[path]:
            kinds[path]["instantiated"].add(line)
        elif line in ran.get("abstract", {}).get(path, ()):
            kinds[path]["left"].add(line)
        elif "abstract-method" in text and line in ran.get("classes", {}).get(path, ()):
            kinds[path]["soft"].add(line)
    for place in peers:
        path, _, number = place.rpartition(":")
        kinds[path]["flagged"].add(int(number))
        if int(number) in ran.get("abstract", {}).get(path, ()):
            kinds[path]["implicit"].add(int(number))
    return {path: {kind: sorted(lines) for kind, lines in sorted(rows.items())} for path, rows in sorted(kinds.items())}


def created(source: str, abstract: Sequence[int], fails: Sequence[int]) -> list[int]:
    """The lines of unfinished classes whose name is called on a line that fails."""
    lines = ["", *source.splitlines()]
    called = "\n".join(lines[line] for line in fails)
    names = {line: re.match(r"\s*class\s+(\w+)", lines[line]) for line in abstract}
    return [line for line, name in names.items() if name and re.search(rf"\b{name[1]}\(", called)]


def kept(path: Path, step: str) -> Any:
    """
    What an earlier step wrote.

    Raises:
        SuiteError: that step was not taken.
    """
    if not path.exists():
        raise SuiteError(f"{path} is missing: run `suites.py {step}` first")
    return json.loads(path.read_text(encoding="utf-8"))


def run(work: Path, python: str, jobs: int) -> None:
    """Run every case and keep what happened."""
    names = list(kept(work / "expected.json", "cut"))
    isolate = without_network()
    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda name: probe(work / "cases" / name, python, isolate), names))
    (work / "ran.json").write_text(json.dumps(dict(zip(names, results, strict=True)), indent=0), encoding="utf-8")
    for name, result in zip(names, results, strict=True):
        if not result:
            print(f"not run: {name}", file=sys.stderr)


def expect(work: Path) -> None:
    """Store the lines of each kind, from what the suites expect, what happened, and what the peers say."""
    expected, ran = kept(work / "expected.json", "cut"), kept(work / "ran.json", "run")
    peers = kept(work / "peers.json", "cut` and then `suite_peers.py")
    judgements = {name: judged(words, ran[name], peers.get(name, ())) for name, words in expected.items()}
    for name, rows in judgements.items():
        for path, found in rows.items():
            source = (work / "cases" / name / path).read_text(encoding="utf-8")
            lines = created(source, ran[name].get("abstract", {}).get(path, ()), found.get("fails", ()))
            found.update({"created": lines} if lines else {})
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in sorted(judgements.items()) if rows)
    STORED.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
    for suite in suites():
        files = [file for name, rows in judgements.items() if name.startswith(f"{suite}/") for file in rows.values()]
        kinds = ("instantiated", "fails", "left", "soft", "implicit")
        print(suite, {kind: sum(len(file.get(kind, ())) for file in files) for kind in kinds})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step; a suite that cannot be used ends with exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("fetch", "cut", "run", "expect"))
    parser.add_argument(
        "--work", type=Path, default=Path(".suites"), help="where everything goes (default %(default)s)"
    )
    parser.add_argument("--mirror", type=Path, help="folder of bare clones OWNER+NAME/repo to read instead of fetching")
    parser.add_argument(
        "--python", default=sys.executable, help="runs the cases; 3.13 or newer, with typing_extensions"
    )
    parser.add_argument("-j", type=int, default=2, help="cases run at once (default %(default)s)")
    options = parser.parse_args(arguments)
    try:
        match options.step:
            case "fetch":
                fetch(options.work, options.mirror)
            case "cut":
                cut(options.work)
            case "run":
                run(options.work, options.python, options.j)
            case _:
                expect(options.work)
    except SuiteError as error:
        print(f"suites: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
