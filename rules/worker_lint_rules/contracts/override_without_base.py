"""
A member is marked as an override, and no base has such a member.

What it catches
    `@override` (of `typing` or `typing_extensions`) on a method or property whose name no base class
    defines or declares.

Why it hurts in production
    The mark says that the base calls this method. It does not: it was renamed or removed there, or
    the name is misspelled here. A stop or message hook that nobody calls fails silently.

What to do instead
    Use the name that the base has, or drop the mark.

When to ignore it
    Never, as long as all bases can be seen.

Limits
    Classes with a base that cannot be resolved are not judged, nor are those whose base looks up
    methods by computed names.
"""

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Ancestor, Class, Member, ModelClass, Opaque, Scope
from worker_lint.analysis.self_assignment import assigned_names
from worker_lint.analysis.spelling import closest
from worker_lint.rule import Context, Finding, Fix, Lacks, Note, Replace, Rule, bad, good, place_of
from worker_lint.source import ir

_BY_NAME: Final[dict[str, tuple[str, ...]]] = {
    "ast.NodeVisitor": ("visit_",),
    "ast.NodeTransformer": ("visit_",),
    "cmd.Cmd": ("do_", "help_", "complete_"),
    "http.server.BaseHTTPRequestHandler": ("do_",),
    "http.server.SimpleHTTPRequestHandler": ("do_",),
    "unittest.TestCase": ("test",),
    "unittest.case.TestCase": ("test",),
}
"""Classes of the standard library that find methods by a computed name, with its beginnings."""

rule = Rule(
    code="ABS118",
    severity="error",
    stage="preview",
    summary="A member is marked as an override, and no base has it",
    words=("override",),
    yields_to=("ABS109",),
    silences=("unknown bases",),
    examples=(
        bad(
            "the base has renamed its hook",
            """
            from typing_extensions import override

            class Worker:
                def shut_down_now(self): ...

            class MailWorker(Worker):
                @override
                def stop(self):  # bad: stop
                    print("stopped")
            """,
        ),
        bad(
            "a property that was removed from the base",
            """
            import typing
            from base import Worker

            class MailWorker(Worker):
                @property
                @typing.override
                def queue(self) -> str:  # bad: queue
                    return "mail"
            """,
            files={"base.py": "class Worker:\n    def run(self): ...\n"},
        ),
        good(
            "a base from elsewhere",
            """
            from framework import Worker
            from typing_extensions import override

            class MailWorker(Worker):
                @override
                def stop(self):
                    print("stopped")
            """,
            silence="unknown bases",
        ),
        good(
            "the base only declares the attribute",
            """
            from collections.abc import Callable
            from typing_extensions import override

            class Worker:
                on_stop: Callable[[], None]

                def __init__(self) -> None:
                    self.on_start = print

            class MailWorker(Worker):
                @override
                def on_stop(self) -> None:
                    print("stopped")

                @override
                def on_start(self) -> None:
                    print("started")
            """,
        ),
        good(
            "a base that finds methods by computed names",
            """
            import ast
            from typing_extensions import override

            class Handler:
                def handle(self, kind):
                    getattr(self, f"on_{kind}")()

            class MailHandler(Handler):
                @override
                def on_mail(self) -> None:
                    print("mail")

            class Names(ast.NodeVisitor):
                @override
                def visit_Name(self, node: ast.Name) -> None:
                    print(node.id)
            """,
        ),
        good(
            "a mixin whose base is another one for type checkers",
            """
            from typing import TYPE_CHECKING, Protocol
            from typing_extensions import override

            if TYPE_CHECKING:
                class Flow(Protocol):
                    def names(self) -> dict[str, str]: ...
            else:
                Flow = object

            class NamingMixin(Flow):
                @override
                def names(self) -> dict[str, str]:
                    return {"queue": "mail"}

            class CountingMixin:
                @override
                def count(self) -> int:
                    return super().count() + 1
            """,
        ),
        good(
            "a special method that every object has",
            """
            from typing_extensions import override

            class Worker:
                @override
                def __repr__(self) -> str:
                    return "Worker()"
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The members with a mark that no base answers."""
    hierarchy = cls.project.hierarchy
    for name, members in hierarchy.members(cls).items():
        marked = next((member for member in members if member.override), None)
        if marked is None or hierarchy.may_inherit(cls, name):
            continue
        if not _has_other_base(cls, name) and not any(_may_call(base, name) for base in hierarchy.ancestors(cls)):
            yield _finding(cls, marked)


def _has_other_base(cls: Class, name: str) -> bool:
    """Whether a base is another one for type checkers, or `super()` shows that a class beside it has the member."""
    for expr in cls.node.bases:
        top = (ir.dotted_name(expr) or "").partition(".")[0]
        scope: Scope | None = cls.parent
        while scope is not None:
            if any(binding.type_checking for binding in scope.block.names.get(top, ())):
                return True
            scope = scope.parent
    return cls.project.store.text(cls.path).has_word(f"super().{name}", cls.node.at[0], cls.node.at[2])


def _may_call(base: Ancestor, name: str) -> bool:
    """Whether the base sets the attribute on objects, or looks up methods by computed names."""
    if isinstance(base, Class):
        text = base.project.store.text(base.path)
        return name in assigned_names(base) or text.has_word("getattr(", base.node.at[0], base.node.at[2])
    return name.startswith(_BY_NAME.get(base.name, ()))


def _finding(cls: Class, member: Member) -> Finding:
    hierarchy = cls.project.hierarchy
    bases = [base for base in hierarchy.ancestors(cls) if isinstance(base, Class)]
    known = {name for base in bases for name in hierarchy.members(base)} - hierarchy.members(cls).keys()
    meant = closest(member.name, sorted(known))
    above = ", ".join(
        f"`{base.name}`" for base in hierarchy.bases(cls) if not isinstance(base, Opaque) and _is_named(base)
    )
    return Finding(
        at=member.at,
        message=f"`{member.name}` is marked as an override, but no base has it",
        consequence=f"Nothing that works with {above or 'the bases'} calls it.",
        help=f"rename it to `{meant}`, which the base has"
        if meant
        else "use the name that the base has, or drop the mark",
        notes=tuple(Note(base.path, base.node.name_at, f"`{base.name}` has no `{member.name}`") for base in bases[:2]),
        symbol=f"{cls.symbol}.{member.name}",
        culprit=("class", cls.symbol) if meant else ("member", cls.symbol, member.name),
        fix=Fix(f"rename it to {meant}", (Replace(member.at, meant),)) if meant else None,
        facts=(Lacks(place_of(cls), member.name, behind=True),),
    )


def _is_named(base: Class | ModelClass) -> bool:
    return isinstance(base, Class) or base.name != "builtins.object"
