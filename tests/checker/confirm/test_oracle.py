"""What astroid agrees with, contradicts, and does not know."""

from textwrap import indent
from typing import Any

import pytest

from worker_lint.confirm import Verdict
from worker_lint.rule.facts import Creates, Derives, Enforced, Fact, Finds, Lacks, LeftAbstract, Marked, Means

BASE = """
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

T = TypeVar("T")

class Worker(ABC, Generic[T]):
    @abstractmethod
    def run(self): ...

    @property
    @abstractmethod
    def name(self): ...

    @name.setter
    def name(self, value): ...

    def stop(self): ...

def marked(function):
    return function
"""
APP = """
import threading
from functools import cached_property
from abc import ABC, abstractmethod
from base import Worker, marked
from somewhere import Strange

class Mail(Worker[int]):
    def run(self): ...

class Post(Mail):
    name = "post"
    stop: int

class Odd(Worker, Strange): ...

class Wrapped(Worker):
    @marked
    def run(self): ...

class Loop(threading.Thread):
    def run(self):
        raise NotImplemented

class Plain:
    @abstractmethod
    def stop(self): ...

class Mixed(ABC, Plain): ...

class Broken(Exception): ...

chosen = Mail if input() else Post
one = Mail()
two = chosen()
ä, three = "ä", Post()
raise Broken
"""


@pytest.fixture(scope="module")
def tree(sources: Any) -> Any:
    return sources({"base.py": BASE, "app.py": APP})


def facts_of(tree: Any) -> dict[str, tuple[Fact, Verdict]]:
    """A statement in words, the fact, and what is to be said to it."""
    worker, mail, post = tree.cls("base.py", "Worker"), tree.cls("app.py", "Mail"), tree.cls("app.py", "Post")
    odd, loop, plain = tree.cls("app.py", "Odd"), tree.cls("app.py", "Loop"), tree.cls("app.py", "Plain")
    mixed = tree.cls("app.py", "Mixed")
    wrapped, broken = tree.cls("app.py", "Wrapped"), tree.cls("app.py", "Broken")

    def at(word: str, after: str = "") -> Any:
        return tree.at("app.py", word, after)

    return {
        "Mail() creates a Mail": (Creates("app.py", at("Mail()"), mail), "agrees"),
        "Mail() creates a Post": (Creates("app.py", at("Mail()"), post), "contradicts"),
        "a name for two classes": (Creates("app.py", at("chosen()"), mail), "unknown"),
        "columns are code points": (Creates("app.py", at("Post()"), post), "agrees"),
        "a raised class is created": (Creates("app.py", at("Broken", after="raise "), broken), "agrees"),
        "no call stands there": (Creates("app.py", (1, 1, 1, 3), mail), "unknown"),
        "name is left in Mail": (LeftAbstract(mail, ("name",)), "agrees"),
        "run is left in Mail": (LeftAbstract(mail, ("run",)), "contradicts"),
        "one of two is left in Mail": (LeftAbstract(mail, ("name", "run")), "unknown"),
        "both are left in Worker": (LeftAbstract(worker, ("name", "run")), "agrees"),
        "Post fills name by a value": (LeftAbstract(post, ("name",)), "contradicts"),
        "an annotation binds nothing": (LeftAbstract(post, ("stop",)), "contradicts"),
        "a base is not known": (LeftAbstract(odd, ("run",)), "unknown"),
        "a decorator may carry the mark": (LeftAbstract(wrapped, ("run",)), "unknown"),
        "nobody reads the mark of Plain": (LeftAbstract(plain, ("stop",)), "contradicts"),
        "nor in a class with ABCMeta below it": (LeftAbstract(mixed, ("stop",)), "contradicts"),
        "but it is there": (Marked(mixed, ("stop",)), "agrees"),
        "run of Mail has no mark": (Marked(mail, ("run",)), "contradicts"),
        "ABCMeta checks Mail": (Enforced(mail, yes=True), "agrees"),
        "nobody checks Mail": (Enforced(mail, yes=False), "contradicts"),
        "nobody checks Plain": (Enforced(plain, yes=False), "agrees"),
        "somebody may check Odd": (Enforced(odd, yes=False), "unknown"),
        "Post derives from Worker": (Derives(post, worker), "agrees"),
        "Odd derives from Worker all the same": (Derives(odd, worker), "agrees"),
        "Worker derives from Post": (Derives(worker, post), "contradicts"),
        "Loop is a Thread": (Derives(loop, "threading.Thread"), "agrees"),
        "Loop may be known by another name": (Derives(loop, "elsewhere.Thread"), "unknown"),
        "super().run of Loop is the library's": (Finds(loop, "run", "threading.Thread"), "agrees"),
        "super().run of Post is Mail's": (Finds(post, "run", mail), "agrees"),
        "super().run of Post is Worker's": (Finds(post, "run", worker), "contradicts"),
        "super().fly of Post is Worker's": (Finds(post, "fly", worker), "contradicts"),
        "Post has no fly": (Lacks(post, "fly"), "agrees"),
        "Post has no name": (Lacks(post, "name"), "contradicts"),
        "the bases of Loop have no run": (Lacks(loop, "run", behind=True), "contradicts"),
        "the bases of Worker have no run": (Lacks(worker, "run", behind=True), "agrees"),
        "Odd may have a fly": (Lacks(odd, "fly"), "unknown"),
        "NotImplemented is the constant": (Means("app.py", at("NotImplemented"), "builtins.NotImplemented"), "agrees"),
        "the mark is the one of abc": (
            Means("app.py", at("abstractmethod", after="@"), "abc.abstractmethod"),
            "agrees",
        ),
        "a decorator of the project": (Means("app.py", at("marked", after="@"), "abc.abstractmethod"), "contradicts"),
    }


def test_verdicts(tree: Any) -> None:
    wanted = facts_of(tree)
    found = {words: tree.ask(fact)[0] for words, (fact, _) in wanted.items()}
    assert found == {words: verdict for words, (_, verdict) in wanted.items()}


def test_the_order_of_facts_does_not_matter(tree: Any) -> None:
    wanted = list(facts_of(tree).values())
    backwards = tree.ask(*(fact for fact, _ in reversed(wanted)))
    assert list(backwards) == [verdict for _, verdict in reversed(wanted)]


def test_a_name_that_is_bound_anew_is_not_the_builtin(sources: Any) -> None:
    tree = sources({"app.py": "NotImplemented = ValueError\nraise NotImplemented\n"})
    fact = Means("app.py", (2, 7, 2, 21), "builtins.NotImplemented")
    assert tree.ask(fact) == ("contradicts",)


def test_a_stand_in_of_a_brain_plugin_is_no_answer(sources: Any) -> None:
    tree = sources(
        {
            "app.py": """
            from typing import Protocol, TypeVar
            T = TypeVar("T")
            class Shape(Protocol[T]): ...
            class Other(Protocol): ...
            """
        }
    )
    shape, other = tree.cls("app.py", "Shape"), tree.cls("app.py", "Other")
    assert tree.ask(Enforced(shape, yes=True), Enforced(other, yes=True)) == ("unknown", "agrees")


def test_a_class_that_a_decorator_may_replace_is_not_judged(sources: Any) -> None:
    tree = sources(
        {
            "app.py": """
            from abc import ABC, abstractmethod
            from functools import total_ordering
            def filled(cls): return cls
            class Base(ABC):
                @abstractmethod
                def run(self): ...
            @filled
            class One(Base): ...
            @total_ordering
            class Two(Base): ...
            """
        }
    )
    one, two = tree.cls("app.py", "One"), tree.cls("app.py", "Two")
    assert tree.ask(LeftAbstract(one, ("run",)), LeftAbstract(two, ("run",))) == ("unknown", "agrees")
    assert tree.ask(Enforced(one, yes=False), Enforced(two, yes=True)) == ("unknown", "agrees")


MARKED = "@abstractmethod\ndef run(self): ..."
GETTER, SETTER = "@property\ndef run(self): ...", "@run.setter\ndef run(self, value): ..."
MARKED_GETTER = GETTER.replace("def", "@abstractmethod\ndef")
MARKED_SETTER = SETTER.replace("def", "@abstractmethod\ndef")


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("if a:\n    def run(self): ...\nelse:\n    @abstractmethod\n    def run(self): ...", "unknown"),
        (f"def run(self): ...\n{MARKED}", "agrees"),
        (f"{MARKED}\ndef run(self): ...", "contradicts"),
        ("run = property(abstractmethod(lambda self: 1))", "unknown"),
        ("run = None", "contradicts"),
        ("run: int", "agrees"),
        ("class run: ...", "contradicts"),
        ("from os import getpid as run", "unknown"),
        (f"{MARKED_GETTER}\n{SETTER}", "agrees"),
        (f"{GETTER}\n{MARKED_SETTER}", "agrees"),
        (f"{GETTER}\n{SETTER}", "contradicts"),
        ("@staticmethod\ndef run(): ...", "contradicts"),
    ],
)
def test_what_a_class_body_binds(sources: Any, body: str, verdict: Verdict) -> None:
    head = "from abc import ABC, abstractmethod\nclass Base(ABC):\n    @abstractmethod\n    def run(self): ...\n"
    tree = sources({"app.py": f"{head}class Leaf(Base):\n{indent(body, '    ')}\n"})
    assert tree.ask(LeftAbstract(tree.cls("app.py", "Leaf"), ("run",))) == (verdict,)
