"""
The abstract mark stands on the wrong side of another decorator.

What it catches
    `@abstractmethod` outside of `@property`, `@classmethod`, `@staticmethod`, a setter or a
    deleter; and `@abstractmethod` inside of `functools.cached_property`, which loses the mark.

Why it hurts in production
    In the first case Python raises AttributeError when the class is created: the module cannot
    be imported, and a worker that loads its handlers late dies at that moment. In the second
    case nothing fails: the member is simply not abstract, and incomplete subclasses are created.

What to do instead
    Make `@abstractmethod` the innermost decorator. An abstract cached property is declared as
    `@property` over `@abstractmethod`; subclasses may implement it as a cached property.

When to ignore it
    Never.

Limits
    Decorators other than those named are not judged: most copy the mark.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, definitions
from worker_lint.analysis.member import decorator_name
from worker_lint.rule import Context, Finding, Fix, Means, MoveDecorator, Note, Rule, bad, good
from worker_lint.source import ir

_WRAPPERS = frozenset({"builtins.property", "builtins.classmethod", "builtins.staticmethod"})

rule = Rule(
    code="ABS115",
    severity="error",
    stage="preview",
    summary="The abstract mark stands on the wrong side of another decorator",
    words=("abstractmethod",),
    closure="file",
    examples=(
        bad(
            "outside of a property",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod  # bad: property
                @property
                def name(self): ...
            """,
            repaired="""
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @property
                @abstractmethod  # bad: property
                def name(self): ...
            """,
        ),
        bad(
            "outside of a class method and of a setter",
            """
            import abc

            class Worker(abc.ABC):
                @abc.abstractmethod  # bad: classmethod
                @classmethod
                def create(cls): ...

                @property
                @abc.abstractmethod
                def size(self): ...

                @abc.abstractmethod  # bad: size.setter
                @size.setter
                def size(self, value): ...
            """,
        ),
        bad(
            "lost in a cached property",
            """
            from abc import ABC, abstractmethod
            from functools import cached_property

            class Worker(ABC):
                @cached_property
                @abstractmethod  # bad: cached_property
                def connection(self): ...
            """,
        ),
        good(
            "innermost",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @property
                @abstractmethod
                def name(self): ...

                @classmethod
                @abstractmethod
                def create(cls): ...
            """,
        ),
        good(
            "outside of decorators that only wrap the function",
            """
            from abc import ABC, abstractmethod
            from contextlib import contextmanager
            from functools import cached_property

            class Worker(ABC):
                @abstractmethod
                @contextmanager
                def session(self):
                    yield

                @abstractmethod
                @cached_property
                def connection(self): ...
            """,
        ),
        good(
            "another decorator of that name",
            """
            from abc import ABC, abstractmethod
            from fields import property

            class Worker(ABC):
                @abstractmethod
                @property
                def name(self): ...
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Every decorated method of the class body."""
    for node in definitions(cls.node.body):
        if isinstance(node, ir.FunctionDef) and len(node.decorators) > 1:
            yield from _judge(cls, node, context)


def _judge(cls: Class, node: ir.FunctionDef, context: Context) -> Iterator[Finding]:
    names = [decorator_name(cls, decorator) for decorator in node.decorators]
    if "abc.abstractmethod" not in names:
        return
    place = names.index("abc.abstractmethod")
    mark = node.decorators[place]
    for name, decorator in zip(names[place + 1 :], node.decorators[place + 1 :], strict=True):
        if name in _WRAPPERS or _is_accessor(node, decorator):
            yield _outside(cls, node, mark, decorator, context)
            return
    if "functools.cached_property" in names[:place]:
        yield _lost(cls, node, mark, node.decorators[names.index("functools.cached_property")], context)


def _is_accessor(node: ir.FunctionDef, decorator: ir.Expr) -> bool:
    """`@name.setter` or `@name.deleter` above a function of that name."""
    owner, _, accessor = (ir.dotted_name(decorator) or "").rpartition(".")
    return owner == node.name and accessor in {"setter", "deleter", "getter"}


def _outside(cls: Class, node: ir.FunctionDef, mark: ir.Expr, wrapper: ir.Expr, context: Context) -> Finding:
    name = ir.dotted_name(wrapper) or "the other decorator"
    return Finding(
        at=mark.at,
        message=f"`@abstractmethod` stands outside of `@{name}` on `{node.name}`",
        consequence="Python raises AttributeError when the class is created, so its module cannot be imported.",
        help="make `@abstractmethod` the innermost decorator",
        notes=(Note(context.path, wrapper.at, f"`@{name}` must be applied after the mark"),),
        culprit=("member", cls.symbol, node.name),
        facts=(Means(cls.path, mark.at, "abc.abstractmethod"),),
        fix=Fix("make `@abstractmethod` the innermost decorator", (MoveDecorator(node.at, mark.at),), "safe"),
    )


def _lost(cls: Class, node: ir.FunctionDef, mark: ir.Expr, wrapper: ir.Expr, context: Context) -> Finding:
    return Finding(
        at=mark.at,
        message=f"`@cached_property` loses the abstract mark of `{node.name}`",
        consequence=f"`{node.name}` is not abstract, so Python creates objects of incomplete subclasses.",
        help="declare it with `@property` over `@abstractmethod`; a subclass may cache it",
        notes=(Note(context.path, wrapper.at, "this decorator does not carry the mark on"),),
        culprit=("member", cls.symbol, node.name),
        facts=(
            Means(cls.path, mark.at, "abc.abstractmethod"),
            Means(cls.path, wrapper.at, "functools.cached_property"),
        ),
    )
