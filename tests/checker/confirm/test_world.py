"""What astroid gets to see: the run's files by the run's layout, the standard library, nothing else."""

from typing import Any

import pytest
from astroid.exceptions import AstroidBuildingError, AstroidImportError

from worker_lint.confirm import Oracle
from worker_lint.confirm.sealing import sealed
from worker_lint.confirm.world import MAX_FILES, OverBudgetError, World
from worker_lint.rule.facts import Creates, Derives, Enforced, Finds, LeftAbstract
from worker_lint.testing import tree_of

HEAD = "from abc import ABC, abstractmethod\n"
WORKER = HEAD + "class Worker(ABC):\n    @abstractmethod\n    def run(self): ...\n"


@pytest.mark.parametrize(
    ("statement", "files"),
    [
        ("from base import Worker", {"app/base.py": WORKER}),
        ("from .base import Worker", {"app/__init__.py": "", "app/base.py": WORKER}),
        ("from ..base import Worker", {"__init__.py": "", "base.py": WORKER, "app/__init__.py": ""}),
        ("from . import Worker", {"app/__init__.py": "from .base import *", "app/base.py": WORKER}),
        ("from app import base; Worker = base.Worker", {"app/__init__.py": "", "app/base.py": WORKER}),
        ("import app.base; Worker = app.base.Worker", {"app/__init__.py": "from . import base", "app/base.py": WORKER}),
    ],
)
def test_imports_get_the_files_of_the_layout(sources: Any, statement: str, files: dict[str, str]) -> None:
    tree = sources({**files, "app/main.py": f"{statement}\nclass Mail(Worker): ...\n"})
    assert tree.ask(LeftAbstract(tree.cls("app/main.py", "Mail"), ("run",))) == ("agrees",)


def test_two_roots_with_modules_of_one_name(sources: Any) -> None:
    main = "from base import Worker\nclass Mail(Worker): ...\n"
    plain = "class Worker: ...\n"
    tree = sources({"a/base.py": WORKER, "a/main.py": main, "b/base.py": plain, "b/main.py": main})
    one, two = tree.cls("a/main.py", "Mail"), tree.cls("b/main.py", "Mail")
    assert tree.ask(Enforced(one, yes=True), Enforced(two, yes=False)) == ("agrees", "agrees")


def test_a_file_named_like_a_module_of_the_standard_library(sources: Any) -> None:
    tree = sources(
        {
            "threading.py": "class Thread: ...\nclass Lock: ...\n",
            "main.py": "from threading import Thread\nclass Loop(Thread): ...\n",
        }
    )
    loop = tree.cls("main.py", "Loop")
    facts = Derives(loop, tree.cls("threading.py", "Thread")), Derives(loop, "threading.Thread")
    assert tree.ask(*facts) == ("agrees", "unknown")


def test_files_that_import_each_other(sources: Any) -> None:
    tree = sources(
        {
            "a.py": "from b import *\nfrom b import Mail\nclass Worker: ...\nclass Loud(Mail): ...\n",
            "b.py": "from a import *\nimport a\nclass Mail(a.Worker): ...\n",
        }
    )
    assert tree.ask(Derives(tree.cls("a.py", "Loud"), tree.cls("a.py", "Worker"))) == ("agrees",)


def test_a_file_that_cannot_be_read_is_no_answer(sources: Any) -> None:
    tree = sources({"base.py": "class Worker(\n", "app.py": "from base import Worker\nclass Mail(Worker): ...\n"})
    assert tree.ask(Enforced(tree.cls("app.py", "Mail"), yes=False)) == ("unknown",)


def chain(length: int) -> dict[str, str]:
    links = {f"m{i}.py": f"from m{i + 1} import C{i + 1}\nclass C{i}(C{i + 1}): ...\n" for i in range(length)}
    return {**links, f"m{length}.py": f"class C{length}: ...\n"}


@pytest.mark.parametrize(("files", "verdict"), [(MAX_FILES, "agrees"), (MAX_FILES + 1, "unknown")])
def test_the_number_of_files_is_limited(sources: Any, files: int, verdict: str) -> None:
    tree = sources(chain(files - 1))
    bottom, top = tree.cls("m0.py", "C0"), tree.cls(f"m{files - 1}.py", f"C{files - 1}")
    assert tree.ask(Derives(bottom, top)) == (verdict,)


def test_after_the_limit_nothing_is_answered(sources: Any) -> None:
    tree = sources({**chain(MAX_FILES), "easy.py": "class Easy: ...\n"})
    deep, easy = tree.cls("m0.py", "C0"), tree.cls("easy.py", "Easy")
    assert tree.ask(Enforced(easy, yes=False), Enforced(deep, yes=False), Enforced(easy, yes=False)) == (
        "agrees",
        "unknown",
        "unknown",
    )


def test_the_number_of_steps_is_limited(sources: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = sources({"app.py": f"{WORKER}class Mail(Worker): ...\nMail()\n"})
    mail = tree.cls("app.py", "Mail")
    fact = Creates("app.py", tree.at("app.py", "Mail()"), mail)
    assert tree.ask(fact) == ("agrees",)
    monkeypatch.setattr("worker_lint.confirm.world.MAX_STEPS", 0)
    assert tree.ask(fact) == ("unknown",)


def test_nothing_of_one_question_is_left_for_the_next(sources: Any) -> None:
    """The project sets attributes on a class of the standard library; the next project does not."""
    first = sources({"app.py": "import queue\nqueue.Queue.fly = 1\nclass Mine(queue.Queue): ...\n"})
    second = sources({"app.py": "import queue\nclass Mine(queue.Queue): ...\n"})
    facts = [Finds(tree.cls("app.py", "Mine"), "fly", "queue.Queue") for tree in (first, second)]
    assert first.ask(facts[0]) == ("contradicts",)  # what is set from outside is not seen
    assert second.ask(facts[1]) == ("contradicts",)


def test_attributes_set_on_the_projects_own_classes_are_seen(sources: Any) -> None:
    text = f"{WORKER}class Mail(Worker): ...\ndef run(self): ...\nMail.run = run\n"
    tree = sources({"app.py": text})
    assert tree.ask(LeftAbstract(tree.cls("app.py", "Mail"), ("run",))) != ("agrees",)


def test_an_answer_names_what_it_was_made_from(sources: Any) -> None:
    tree = sources(
        {"base.py": WORKER, "app.py": "from base import Worker\nimport gone\nclass Mail(Worker, gone.X): ..."}
    )
    answer = Oracle(tree_of(tree.files)).ask((Enforced(tree.cls("app.py", "Mail"), yes=True),))
    assert answer.files == ("app.py", "base.py")
    assert {(0, "base", "app.py", "base.py"), (0, "gone", "app.py", None)} <= set(answer.looks)
    assert 0 < answer.steps < 1_000


def test_only_the_standard_library_is_there_besides_the_project() -> None:
    world = World(tree_of({"app.py": ""}))
    with sealed(world):
        assert world.standard("collections.abc").name == "collections.abc"
        for name in ("astroid", "msgspec", "worker_lint", "collections.gone", "site-packages", "_ssl", "", "..os"):
            with pytest.raises(AstroidImportError):
                world.standard(name)
        with pytest.raises(AstroidBuildingError):
            world.imported(world.module("app.py"), "astroid", 0)


def test_building_over_the_limit_says_so() -> None:
    world = World(tree_of({f"m{i}.py": "" for i in range(MAX_FILES + 1)}))
    with sealed(world):
        for number in range(MAX_FILES):
            world.module(f"m{number}.py")
        with pytest.raises(OverBudgetError):
            world.module(f"m{MAX_FILES}.py")
    assert world.exhausted
