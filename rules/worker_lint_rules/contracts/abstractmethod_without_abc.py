"""
A class marks members abstract, but its metaclass is not ABCMeta.

What it catches
    `@abstractmethod` in a class of which neither itself nor a base has ABCMeta as metaclass. The
    attribute `__metaclass__ = ABCMeta` counts as none: it is Python 2, and Python 3 ignores it.

Why it hurts in production
    Only ABCMeta reads the marks. Without it Python creates objects of the class and of every
    subclass that lacks a member. A worker without its stop method starts, runs, and fails when
    it is told to stop: the call reaches the empty method of the base, which does nothing.

What to do instead
    Derive the class from `abc.ABC`, or give it `metaclass=ABCMeta`. `worker-lint fix --unsafe`
    does so; it is not a safe fix because incomplete subclasses then fail when they are created.

When to ignore it
    When the marks are meant for type checkers alone. Say so in the suppression's reason.

Limits
    A class with a base or a class decorator that cannot be resolved is not judged, nor is one
    whose every subclass brings ABCMeta, although Python does not enforce its marks even there.
    Bodies that raise show the gap by themselves: such marks count once a subclass lacks one.
    Stub files (`.pyi`) are left to type checkers. A class whose only subclass stands in the same
    file and provides all that is marked is one class cut in two: the marks only declare there.
    ABCMeta checks when an object is created: marks on class and static methods alone, and a class
    below which another metaclass stands that ABCMeta cannot be combined with, are left alone.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Member, ModelClass
from worker_lint.analysis.implementing import is_gap_open
from worker_lint.analysis.intent import is_for_type_checkers
from worker_lint.analysis.metaclass import metaclass_exprs, named_metaclass, python2_metaclass
from worker_lint.analysis.unread_marks import (
    are_marks_unread,
    has_another_metaclass,
    is_one_half,
    marked_members,
    unchecked_base,
)
from worker_lint.rule import (
    AddBase,
    Context,
    Edit,
    Enforced,
    Finding,
    Fix,
    ImportNeed,
    Note,
    RemoveStatement,
    Rule,
    bad,
    good,
    place_of,
)
from worker_lint.source import ir

rule = Rule(
    code="ABS103",
    severity="error",
    stage="preview",
    product_only=True,
    summary="A class marks members abstract, but its metaclass is not ABCMeta",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    closure="file",
    yields_to=("ABS116",),
    silences=(
        "a base brings ABCMeta",
        "mixin combined with an abstract class",
        "the other half is beside it",
        "bodies that raise",
        "members of the class alone",
        "another metaclass below",
    ),
    examples=(
        bad(
            "a plain class with marks",
            """
            from abc import abstractmethod

            class Worker:  # bad: Worker
                @abstractmethod
                def stop(self): ...

            class MailWorker(Worker): ...
            """,
            repaired="""
            from abc import ABC, abstractmethod

            class Worker(ABC):  # bad: Worker
                @abstractmethod
                def stop(self): ...

            class MailWorker(Worker): ...
            """,
        ),
        bad(
            "the metaclass of Python 2",
            '''
            import abc

            class Target(object):
                __metaclass__ = abc.ABCMeta  # bad: __metaclass__

                @abc.abstractmethod
                def exists(self):
                    """Whether it is there."""
            ''',
            repaired='''
            import abc

            class Target(object, metaclass=abc.ABCMeta):
                @abc.abstractmethod
                def exists(self):
                    """Whether it is there."""
            ''',
        ),
        bad(
            "the base in another module has none either",
            """
            import abc
            from base import Service

            class Worker(Service):  # bad: Worker
                @property
                @abc.abstractmethod
                def name(self): ...
            """,
            files={"base.py": "class Service:\n    pass\n"},
        ),
        bad(
            "no metaclass helps where an exception creates the objects",
            """
            from abc import abstractmethod

            class WorkerError(Exception):  # bad: WorkerError
                @abstractmethod
                def code(self): ...
            """,
        ),
        good(
            "a mixin of test cases: a case without the member fails in its own test",
            """
            from abc import abstractmethod
            from unittest import TestCase

            class EndpointMixin:
                @abstractmethod
                def endpoint(self): ...

            class TestLocal(EndpointMixin, TestCase):
                def endpoint(self):
                    return "local"
            """,
            path="tests/test_endpoints.py",
        ),
        good(
            "classes of the standard library bring it too",
            """
            from abc import abstractmethod
            from collections.abc import Iterable
            from typing import Protocol

            class Batch(Iterable):
                @abstractmethod
                def size(self): ...
            class Stoppable(Protocol):
                @abstractmethod
                def stop(self): ...
            """,
            silence="a base brings ABCMeta",
        ),
        good(
            "a metaclass set for both Python lines",
            """
            import abc
            import six

            @six.add_metaclass(abc.ABCMeta)
            class Worker(object):
                @abc.abstractmethod
                def stop(self): ...
            class Queue(six.with_metaclass(abc.ABCMeta, object)):
                @abc.abstractmethod
                def get(self): ...
            """,
            silence="a base brings ABCMeta",
        ),
        good(
            "a base made by hand",
            """
            from abc import ABCMeta, abstractmethod

            class Worker(ABCMeta("Base", (object,), {})):
                @abstractmethod
                def stop(self): ...
            """,
            silence="a base brings ABCMeta",
        ),
        bad(
            "another metaclass does not read the marks",
            """
            from abc import abstractmethod

            class Registry(type): ...
            class Worker(metaclass=Registry):  # bad: Worker
                @abstractmethod
                def stop(self): ...
            """,
        ),
        good(
            "part of an abstract class",
            """
            from abc import ABC, abstractmethod

            class Stopping:
                @abstractmethod
                def stop(self): ...

            class Pausing(Stopping):
                def pause(self): ...

            class Worker(ABC, Pausing):
                def run(self): ...
            """,
            silence="mixin combined with an abstract class",
        ),
        good(
            "the bodies raise, and every subclass is complete",
            """
            from abc import abstractmethod

            class Worker:
                @abstractmethod
                def stop(self): raise NotImplementedError
            class MailWorker(Worker):
                def stop(self): ...
            """,
            silence="bodies that raise",
        ),
        good(
            "one class in two halves",
            """
            from abc import abstractmethod

            class _Reconnecting:
                @abstractmethod
                def connect(self): ...

            class Connection(_Reconnecting):
                def connect(self): ...
            """,
            silence="the other half is beside it",
        ),
        good(
            "what the class itself offers: ABCMeta looks at objects only",
            """
            from abc import abstractmethod

            class Profile:
                @classmethod
                @abstractmethod
                def checksum(cls, data): ...

            class Md5(Profile): ...
            """,
            silence="members of the class alone",
        ),
        good(
            "a mixin of classes with another metaclass: with `ABC` the module could not be imported",
            """
            from abc import abstractmethod

            class Fields(type): ...

            class Drawn:
                @abstractmethod
                def canvas(self): ...

            class Packet(Drawn, metaclass=Fields): ...
            class Frame(Drawn, metaclass=Fields): ...
            """,
            silence="another metaclass below",
        ),
        good(
            "a base from a package that is not there",
            """
            from abc import abstractmethod
            from framework import Service

            class Worker(Service):
                @abstractmethod
                def stop(self): ...
            """,
        ),
        good(
            "a name for annotations: its text says so, nothing derives from it, and nothing creates one",
            """
            from abc import abstractmethod

            class Score:
                \"\"\"The protocol of what a scorer returns: anything that can be ordered.\"\"\"

                @abstractmethod
                def __lt__(self, other: "Score"): ...

            def best(scores: list[Score]) -> Score:
                return max(scores)
            """,
        ),
        good(
            "a class that exists for type checkers alone",
            """
            from typing import TYPE_CHECKING

            if TYPE_CHECKING:
                from abc import abstractmethod

                class Stoppable:
                    @abstractmethod
                    def stop(self): ...
            """,
        ),
        good("a stub", "import abc\nclass Job:\n    @abc.abstractmethod\n    def stop(self): ...\n", path="job.pyi"),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The topmost class of a hierarchy whose own marks nobody reads."""
    marked = marked_members(cls)
    if all(item.kind in ("classmethod", "staticmethod") for item in marked):
        return  # no object, no check
    if context.path.endswith(".pyi") or not are_marks_unread(cls) or is_for_type_checkers(cls):
        return
    hierarchy = cls.project.hierarchy
    if any(isinstance(base, Class) and marked_members(base) for base in hierarchy.ancestors(cls)):
        return  # the base is reported, and mending it mends this class
    below = hierarchy.descendants(cls)
    if any(has_another_metaclass(item) for item in below) and not has_another_metaclass(cls):
        return
    leaves = [item for item in below if not hierarchy.subclasses(item)]
    is_enforced = bool(leaves) and all(hierarchy.enforced(item) != "no" for item in leaves)
    if not is_enforced and is_gap_open(cls, marked) and not is_one_half(cls, marked):
        yield _finding(cls, marked, context)


def _finding(cls: Class, marked: list[Member], context: Context) -> Finding:
    dead = python2_metaclass(cls)
    unread = f"the abstract marks in `{cls.name}` have no effect at run time"
    builtin = unchecked_base(cls)
    notes = [Note(context.path, item.at, f"`{item.name}` is marked abstract") for item in marked[:3]]
    if dead is not None:
        message = "`__metaclass__` has no effect in Python 3, nor have the abstract marks at run time"
        remedy = f"write `class {cls.name}(metaclass=ABCMeta)` and remove `__metaclass__`"
    elif builtin:
        message = unread
        remedy = f"raise NotImplementedError in these members: for a `{builtin}` ABCMeta checks nothing either"
    else:
        message = unread
        meta = named_metaclass(cls)
        remedy = f"derive the metaclass `{meta}` from `abc.ABCMeta`" if meta else f"derive `{cls.name}` from `abc.ABC`"
    return Finding(
        at=dead.at if dead is not None else cls.node.name_at,
        message=message,
        consequence="Python creates objects of incomplete subclasses; the gap shows when a member is called.",
        help=remedy,
        notes=tuple(notes),
        culprit=("class", cls.symbol),
        facts=(Enforced(place_of(cls), yes=False),),
        fix=None if builtin else _fix(cls, dead),
    )


def _fix(cls: Class, dead: ir.Assign | None) -> Fix | None:
    """The metaclass, where no other one stands in its way."""
    hierarchy = cls.project.hierarchy
    family = (cls, *hierarchy.descendants(cls))
    related = (*family, *hierarchy.ancestors(cls))
    others = [item for item in related if isinstance(item, Class) and metaclass_exprs(item)]
    models = [item for item in hierarchy.ancestors(cls) if isinstance(item, ModelClass)]
    if others or any(item.metaclass != "builtins.type" for item in models):
        return None
    if dead is None:
        base = AddBase(cls.node.at, "ABC", ImportNeed("abc", "ABC"))
        return Fix(f"derive `{cls.name}` from `ABC`", (base,))
    if len(dead.targets) > 1 or len(cls.node.body) == 1:
        return None
    keyword = AddBase(cls.node.at, "ABCMeta", ImportNeed("abc", "ABCMeta"), keyword="metaclass")
    edits: tuple[Edit, ...] = (keyword, RemoveStatement(dead.at))
    return Fix(f"make ABCMeta the metaclass of `{cls.name}`", edits)
