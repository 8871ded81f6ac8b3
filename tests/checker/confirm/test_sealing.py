"""astroid's own ways to files and modules are shut while it is asked, and open again afterwards."""

import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest
from astroid import manager, modutils, nodes
from astroid.exceptions import AstroidImportError

from worker_lint.confirm import sealing
from worker_lint.confirm.sealing import sealed
from worker_lint.confirm.world import World
from worker_lint.testing import tree_of


@pytest.mark.parametrize(("owner", "name"), sealing._DOORS)
def test_every_door_is_shut_and_opens_again(owner: object, name: str) -> None:
    before = getattr(owner, name)
    with sealed(World(tree_of({}))), pytest.raises(AstroidImportError):
        getattr(owner, name)("audioop", "audioop")
    assert getattr(owner, name) is before


def test_all_is_as_before_when_the_question_fails() -> None:
    before = nodes.NodeNG.infer, nodes.Module.import_module, sys.getrecursionlimit()
    with pytest.raises(ZeroDivisionError), sealed(World(tree_of({}))):
        raise ZeroDivisionError
    assert (nodes.NodeNG.infer, nodes.Module.import_module, sys.getrecursionlimit()) == before
    assert modutils.load_module_from_name is not sealing.refuse


def test_modules_of_the_project_do_not_stay() -> None:
    world = World(tree_of({"kept.py": "x = 1\n"}))
    with sealed(world):
        world.module("kept.py")
    assert "kept" not in manager.AstroidManager().astroid_cache


WATCHED = """
import sys
from pathlib import Path

from worker_lint.confirm import Oracle
from worker_lint.rule.facts import Creates, Derives, Enforced, Finds, Lacks, LeftAbstract, Place
from worker_lint.testing import tree_of

tree = Path(sys.argv[1])
sys.path.insert(0, str(tree))
store = tree_of({"app.py": (tree / "app.py").read_text(encoding="utf-8")})
mail = Place("app.py", (10, 7, 10, 11), "Mail")
facts = (
    Creates("app.py", (12, 1, 12, 7), mail),
    LeftAbstract(mail, ("stop",)),
    Enforced(mail, yes=True),
    Finds(mail, "stop", "audioop.Thing"),
    Lacks(mail, "run"),
    Derives(mail, "click.Group"),
)
seen, imported = [], []


def watch(event, given):
    if event == "import":
        imported.append(given[0])
    else:
        seen.append((event, str(given)))


sys.addaudithook(watch)
print(Oracle(store).ask(facts).verdicts)
assert any(event == "open" for event, _ in seen), "the hook sees what is opened"
print([pair for pair in seen if str(tree) in pair[1] or pair[0] in {"subprocess.Popen", "ctypes.dlopen"}])
print(*imported)
"""
APP = """\
import audioop, conftest, pkg.inner
from sitecustomize import *
from abc import ABC, abstractmethod
audioop.thing.value = 1
conftest.thing.value = pkg.inner.thing.value = 2
class Base(ABC):
    @conftest.mark
    @abstractmethod
    def stop(self): ...
class Mail(Base, audioop.Thing, metaclass=pkg.inner.Meta):
    stop = audioop.stop()
Mail()
"""


@pytest.mark.slow
def test_with_the_tree_on_the_import_path_nothing_of_it_is_opened_or_loaded(tmp_path: Path) -> None:
    trap = "raise SystemExit('the analysed code was run')\n"
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    files = {"app.py": APP, "conftest.py": trap, "sitecustomize.py": trap, "pkg/__init__.py": trap}
    files |= {"pkg/inner.py": trap, f"audioop{suffix}": "no library", "watch.py": WATCHED}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
    folder = tmp_path.with_name(tmp_path.name + "-program")
    folder.mkdir()
    program = (tmp_path / "watch.py").rename(folder / "watch.py")
    done = subprocess.run([sys.executable, "-P", program, tmp_path], capture_output=True, text=True, check=False)
    verdicts, touched, imported = done.stdout.splitlines() or [done.stderr, "", ""]
    assert "contradicts" not in verdicts
    assert touched == "[]"
    assert {"audioop", "conftest", "sitecustomize", "pkg"}.isdisjoint(imported.split())
