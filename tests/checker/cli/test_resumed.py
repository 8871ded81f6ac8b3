"""
A run that goes on from an earlier one says what a whole run says, after every kind of edit.

The edits are those that change the answer to a question which another file asks: what a name
means, who derives from a class, who creates it, what is left in it.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from worker_lint.engine.session import Session
from worker_lint.source import content

Command = Callable[..., Any]
Files = Mapping[str, str | None]

BASE = "from abc import ABC, abstractmethod\n\n\nclass Base(ABC):\n    @abstractmethod\n    def stop(self): ...\n"
TWO = f"{BASE}\n    @abstractmethod\n    def run(self): ...\n"
PLAIN = "class Base:\n    def stop(self): ...\n"
LEAF = "from pkg.base import Base\n\n\nclass Leaf(Base):\n    def stop(self):\n        return 1\n"
BARE = "from pkg.base import Base\n\n\nclass Leaf(Base):\n    pass\n"
MAIN = "from pkg.leaf import Leaf\n\n\ndef main():\n    return Leaf()\n"
MIXIN = "class Mixin:\n    def stop(self):\n        return 2\n"
MIXED = "from pkg.base import Base\nfrom pkg.mixin import Mixin\n\n\nclass Leaf(Mixin, Base):\n    pass\n"
TWIG = "from pkg.leaf import Leaf\n\n\nclass Twig(Leaf): pass\n\n\nTwig()\n"
TOP = "class Top(Base):\n    @abstractmethod\n    def run(self): ...\n\n\nclass"
TREE = {
    "alone.py": "import os, json, abc\n",
    "other.py": "import os, json, abc\n",
    "third.py": "import os, json\n",
    "pkg/__init__.py": "",
    "pkg/base.py": BASE,
    "pkg/leaf.py": LEAF,
    "main.py": MAIN,
}


class Chain(NamedTuple):
    """A tree and the edits made to it, one after the other; None deletes a file. `before` is laid over TREE."""

    name: str
    before: Files
    edits: tuple[Files, ...]


CHAINS = (
    Chain("a body is edited", {}, ({"main.py": f"# moved down\n{MAIN}"}, {"pkg/leaf.py": f"\n\n{LEAF}"})),
    Chain("a base gains an abstract member", {}, ({"pkg/base.py": TWO}, {"pkg/base.py": BASE})),
    Chain("a base is abstract no more", {"pkg/leaf.py": BARE}, ({"pkg/base.py": PLAIN}, {"pkg/base.py": BASE})),
    Chain(
        "an incomplete class comes before another that nobody creates",
        {"alone.py": BASE},
        ({"alone.py": f"{BASE.replace('Base', 'First')}\n\n{BASE}\n\nFirst()\nBase()\n"}, {"alone.py": BASE}),
    ),
    Chain(
        "an incomplete class comes before one that inherits what it lacks",
        {"pkg/leaf.py": BARE},
        (
            {"pkg/leaf.py": f"from abc import abstractmethod\n{BARE.replace('class', TOP)}\n\nTop()\n"},
            {"pkg/leaf.py": BARE},
        ),
    ),
    Chain(
        "a file that other rules look at gains an incomplete class",
        {"alone.py": "import signal\nsignal.signal(signal.SIGTERM, print)\n"},
        ({"alone.py": f"import signal\nsignal.signal(signal.SIGTERM, print)\n\n\n{BASE}\n\nBase()\n"},),
    ),
    Chain("an implementation goes", {}, ({"pkg/leaf.py": BARE}, {"pkg/leaf.py": LEAF})),
    Chain(
        "a mixin is deleted",
        {"pkg/leaf.py": MIXED, "pkg/mixin.py": MIXIN},
        ({"pkg/mixin.py": None}, {"pkg/mixin.py": MIXIN}, {"pkg/mixin.py": "class Mixin: pass\n"}),
    ),
    Chain(
        "a new file shadows a module",
        {"pkg/leaf.py": BARE},
        ({"pkg/sub/base.py": PLAIN, "pkg/base.pyi": PLAIN}, {"base.py": PLAIN}, {"pkg/base.py": None}),
    ),
    Chain(
        "the same name nearer to the importer",
        {"app/main.py": "from lib import Base\nBase()\n", "lib.py": BASE},
        ({"app/lib.py": PLAIN}, {"app/lib.py": BASE}, {"app/lib.py": None}),
    ),
    Chain(
        "an import alias is changed",
        {"pkg/leaf.py": "from pkg.base import Base as Root\n\n\nclass Leaf(Root): pass\n"},
        (
            {"pkg/leaf.py": "from pkg.other import Base as Root\n\n\nclass Leaf(Root): pass\n", "pkg/other.py": PLAIN},
            {"pkg/other.py": "from pkg.base import Base\n"},
            {"pkg/leaf.py": "import pkg.base as Root\n\n\nclass Leaf(Root.Base): pass\n"},
        ),
    ),
    Chain(
        "a star import",
        {"pkg/leaf.py": BARE, "main.py": "from pkg.leaf import *\n\nLeaf()\n"},
        (
            {"pkg/leaf.py": f"__all__ = ['Base']\n{BARE}"},
            {"pkg/leaf.py": f"{BARE}\n\n__all__ = ['Leaf']\n"},
            {"main.py": "from pkg.base import *\n\nLeaf()\n"},
            {"pkg/base.py": f"{BASE}\n\nfrom pkg.leaf import *\n"},
            {"pkg/base.py": BASE, "main.py": "from pkg import *\nLeaf()\n", "pkg/__init__.py": "from .leaf import *\n"},
        ),
    ),
    Chain(
        "a class is created elsewhere",
        {"pkg/leaf.py": BARE, "main.py": ""},
        (
            {"other.py": "import pkg.leaf\n\npkg.leaf.Leaf()\n"},
            {"other.py": "from pkg import leaf\n\nLEAVES = [leaf.Leaf]\nLEAVES[0]()\n"},
            {"main.py": "from other import LEAVES\n\nLEAVES[0]()\n"},
            {"other.py": None},
        ),
    ),
    Chain(
        "a re-export moves",
        {
            "pkg/__init__.py": "from pkg.leaf import Leaf\n",
            "pkg/leaf.py": BARE,
            "main.py": "import pkg\n\npkg.Leaf()\n",
        },
        (
            {"pkg/__init__.py": "from pkg.other import Leaf\n", "pkg/other.py": "from pkg.leaf import Leaf\n"},
            {"pkg/other.py": "class Leaf: pass\n"},
            {"pkg/other.py": None},
        ),
    ),
    Chain(
        "a new package and its end",
        {"pkg/leaf.py": BARE},
        (
            {
                "more/__init__.py": "",
                "more/twig.py": TWIG,
            },
            {"more/__init__.py": None},
            {"more/twig.py": None},
        ),
    ),
    Chain(
        "a file that cannot be parsed",
        {"pkg/leaf.py": BARE},
        (
            {"pkg/base.py": "class Base(:\n"},
            {"pkg/leaf.py": f"\n{BARE}"},
            {"pkg/base.py": BASE},
            {
                "other.py": "class Twig(:\n    pass\n",
                "main.py": "from other import Twig\nfrom pkg.leaf import Leaf\nLeaf()\n",
            },
            {"main.py": TWIG},
        ),
    ),
    Chain(
        "a comment that silences",
        {"pkg/leaf.py": BARE, "main.py": "from pkg.leaf import Leaf\n\nLeaf()  # worker-lint: ignore[ABS101] known\n"},
        ({"pkg/leaf.py": LEAF}, {"pkg/leaf.py": BARE}, {"main.py": "from pkg.leaf import Leaf\n\nLeaf()\n"}),
    ),
    Chain(
        "a class before the others",
        {"pkg/leaf.py": BARE},
        ({"pkg/leaf.py": f"class First: pass\n\n\n{BARE}"}, {"pkg/base.py": f"class Zero: pass\n\n\n{BASE}"}),
    ),
    Chain(
        "a generated file",
        {"pkg/leaf.py": BARE},
        ({"main.py": f"# Generated by a tool; do not edit.\n{MAIN}"}, {"main.py": MAIN}),
    ),
)


@pytest.fixture(autouse=True)
def _known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each write below gets a time of its own, so no file has to be left alone for two seconds.
    monkeypatch.setattr(content, "SETTLING_NANOSECONDS", 0)


@pytest.fixture
def clock() -> Iterator[int]:
    """Times of writing that never come twice."""
    return iter(range(1_000_000_000, 2_000_000_000, 1_000))


def edit(root: Path, files: Files, clock: Iterator[int]) -> None:
    """Writes and deletes files."""
    for name, text in files.items():
        path = root / name
        if text is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (now := next(clock), now))


def git(*steps: str) -> None:
    """Does some of the steps in the working directory."""
    for step in steps:
        subprocess.run(["git", *GIT[step]], check=True)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_every_edit(
    lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Iterator[int], chain: Chain
) -> None:
    monkeypatch.chdir(tmp_path)
    edit(tmp_path, {**TREE, **chain.before}, clock)
    options = ("check", "-f", "json")
    assert lint(*options) == lint(*options, "--no-cache")
    for files in chain.edits:
        edit(tmp_path, files, clock)
        assert lint(*options) == lint(*options, "--no-cache")


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": f"# moved down\n{MAIN}"},
        {"main.py": f"{MAIN}\nmain()\n"},
        {"main.py": f"import json\nimport os\n{MAIN}"},
        {"pkg/base.py": f"# moved down\n{BASE}"},
        {"pkg/leaf.py": LEAF.replace("1", "2")},
        {"alone.py": f"{BASE}\n\nBase()\n"},
        {"alone.py": "class Plain:\n    def stop(self):\n        pass\n\n\nPlain()\n"},
        {"alone.py": "raise NotImplemented\n"},
    ],
    ids=str,
)
def test_an_edit_is_no_whole_run(
    lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Iterator[int], files: Files
) -> None:
    monkeypatch.chdir(tmp_path)
    edit(tmp_path, TREE, clock)
    lint("check", "-f", "json")
    edit(tmp_path, files, clock)
    cold = lint("check", "-f", "json", "--no-cache")
    monkeypatch.setattr(Session, "_whole", None)
    assert lint("check", "-f", "json") == cold


def test_a_damaged_state_costs_a_whole_run(
    lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Iterator[int]
) -> None:
    monkeypatch.chdir(tmp_path)
    edit(tmp_path, {**TREE, "pkg/leaf.py": BARE}, clock)
    lint("check", "-f", "json")
    (state,) = (tmp_path / ".worker-lint-cache").glob("state-*")
    whole = state.read_bytes()
    for damage in (b"", b"\x00", b"no state at all", whole[:-9], whole[:20], whole.replace(b"main.py", b"\xffain.py")):
        edit(tmp_path, {"main.py": f"# {len(damage)}\n{MAIN}"}, clock)
        state.write_bytes(damage)
        assert lint("check", "-f", "json") == lint("check", "-f", "json", "--no-cache")


def test_answers_made_in_a_circle_are_not_taken_apart(
    lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Iterator[int]
) -> None:
    # Each module gets names from the other: what a name means may depend on where one begins.
    monkeypatch.chdir(tmp_path)
    circle = {
        "pkg/base.py": f"from pkg.leaf import *\n{BASE}",
        "pkg/leaf.py": "from pkg.base import *\nclass Leaf(Base): pass\n",
    }
    edit(tmp_path, {**TREE, **circle, "main.py": "from pkg.base import *\nLeaf()\nGone()\n"}, clock)
    lint("check", "-f", "json")
    for text in ("from pkg.leaf import *\nLeaf()\n", "from pkg.base import Leaf\nLeaf()\n"):
        edit(tmp_path, {"main.py": text}, clock)
        assert lint("check", "-f", "json") == lint("check", "-f", "json", "--no-cache")


GIT = {
    "init": ("init", "-q"),
    "add": ("add", "-A"),
    "commit": ("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", "step", "--allow-empty"),
}
LINES = (
    "from abc import ABC, abstractmethod",
    "from pkg.base import Base",
    "from pkg.base import *",
    "from pkg.leaf import Leaf",
    "from pkg import leaf, base",
    "from . import base",
    "import pkg.base as root",
    "from pkg.mixin import Mixin",
    "from .mixin import *",
    "class Base(ABC):\n    @abstractmethod\n    def stop(self): ...",
    "class Base(ABC):\n    @abstractmethod\n    def stop(self): ...\n    @abstractmethod\n    def run(self): ...",
    "class Base:\n    def stop(self):\n        raise NotImplementedError",
    "class Mixin:\n    def stop(self): return 1",
    "class Leaf(Base): pass",
    "class Leaf(Mixin, Base): pass",
    "class Leaf(base.Base):\n    def stop(self): return 1",
    "class Twig(Leaf):\n    def run(self, more): return 1",
    "Root = Leaf",
    "class Twig(Root): pass",
    "Leaf()",
    "leaf.Leaf()",
    "Twig()  # worker-lint: ignore[ABS101] known",
    "ALL = [Leaf]\nALL[0]()",
    "raise NotImplemented",
    "def torn(:",
)
PATHS = (
    *("pkg/__init__.py", "pkg/base.py", "pkg/leaf.py", "pkg/mixin.py", "pkg/base/__init__.py", "pkg/leaf.pyi"),
    *("main.py", "base.py", "pkg/sub/leaf.py", "tests/test_leaf.py", "other/pkg/base.py"),
)
TEXTS = st.lists(st.sampled_from(LINES), max_size=5).map(lambda lines: "\n".join((*lines, "")))
EDITS = st.dictionaries(st.sampled_from(PATHS), st.none() | TEXTS, min_size=1, max_size=2)


@pytest.mark.parametrize("staged", [False, True])
def test_a_hook_goes_on_from_the_last_commit(
    lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Iterator[int], *, staged: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    edit(tmp_path, {**TREE, "pkg/leaf.py": BARE}, clock)
    git("init", "add", "commit")
    lint("check", "-f", "json")
    for name, text in (
        ("alone.py", f"import abc\n{BASE}\n\nBase()\n"),
        ("pkg/leaf.py", f"\n{BARE}\n\nLeaf()\n"),
        ("main.py", f"# moved down\n{MAIN}"),
    ):
        edit(tmp_path, {name: text}, clock)
        if staged:
            git("add")
        options = ("check", "-f", "json", "--changed", name)
        assert lint(*options) == lint(*options, "--no-cache")


TORN = {
    "base.py": "from pkg.mixin import Mixin\n",
    "pkg/leaf.pyi": "class Base(ABC):\n    @abstractmethod\n    def stop(self): ...\n"
    "class Leaf(base.Base):\n    def stop(self): return 1\n"
    "class Base:\n    def stop(self):\n        raise NotImplementedError\nfrom pkg.base import *\n",
    "pkg/base.py": "",
    "pkg/mixin.py": "Twig()\nfrom pkg.leaf import Leaf\nleaf.Leaf()\nRoot = Leaf\nfrom pkg.base import *\n",
    "tests/test_leaf.py": "Leaf()\n",
}
TORN_EDITS: list[Files] = [
    {"pkg/base.py": None},
    {"pkg/sub/leaf.py": "Twig()\nfrom pkg.leaf import Leaf\n", "pkg/mixin.py": None},
    {
        "pkg/leaf.py": "from pkg.base import Base\n",
        "other/pkg/base.py": "class Twig(Root): pass\nclass Twig(Leaf):\n    def run(self): pass\ndef torn(:\n",
    },
    {"pkg/leaf.pyi": "class Twig(Leaf):\n    def run(self, more): return 1\n"},
]
"""A file that cannot be parsed is asked for, and later not any more."""


@pytest.mark.slow
@pytest.mark.parametrize("with_git", [False, True])
@given(
    start=st.dictionaries(st.sampled_from(PATHS), TEXTS, min_size=4),
    edits=st.lists(EDITS, min_size=1, max_size=6),
)
@example(start=TORN, edits=TORN_EDITS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_chain_of_edits(
    lint: Command,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    with_git: bool,  # noqa: FBT001  # a parameter of the test
    start: Files,
    edits: list[Files],
) -> None:
    root, clock = tmp_path_factory.mktemp("tree"), iter(range(1_000_000_000, 2_000_000_000, 1_000))
    monkeypatch.chdir(root)
    if with_git:
        git("init")
    edit(root, {"anchor.py": "raise NotImplemented\n", **start}, clock)
    lint("check", "-f", "json")
    for files in edits:
        edit(root, files, clock)
        if with_git:
            git("add")
        assert lint("check", "-f", "json") == lint("check", "-f", "json", "--no-cache")
