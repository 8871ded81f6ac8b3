"""
A subclass overrides a method that its base declares final.

What it catches
    A member that a base marks `@final` and a subclass defines again; the same for methods that
    a modelled library, or the runtime of this tool, declares final, such as `stop`.

Why it hurts in production
    A base declares a method final because its own work depends on that version: the order in
    which it stops, a lock that it takes, a count that it keeps. Python does not enforce it. The
    override runs instead, and what the base relied on silently does not happen.

What to do instead
    Override the hook that the final method calls, or give the method another name.

When to ignore it
    In a test that replaces the method on purpose.

Limits
    The subclass of a `@final` class is left to type checkers. An override that carries a type
    checker's suppression (`# type: ignore`) is taken to be meant.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Member, ModelClass, ModelMember
from worker_lint.rule import Context, Derives, Finding, Note, Rule, bad, good, named, place_of

rule = Rule(
    code="ABS114",
    severity="error",
    stage="preview",
    summary="A subclass overrides a method that its base declares final",
    words=("final", "worker_lint_runtime"),
    silences=("name-mangled member", "unrelated class"),
    examples=(
        bad(
            "the base stops in a fixed order",
            """
            from typing import final

            class Worker:
                @final
                def stop(self):
                    self.on_stop()

                def on_stop(self): ...

            class MailWorker(Worker):
                def stop(self):  # bad: stop
                    print("bye")
            """,
        ),
        bad(
            "two levels and a module further",
            """
            from service import Service

            class MailWorker(Service):
                @property
                def name(self):  # bad: name
                    return "mail"
            """,
            files={
                "base.py": """
                import typing

                class Worker:
                    @property
                    @typing.final
                    def name(self):
                        return "worker"
                """,
                "service.py": """
                from base import Worker

                class Service(Worker):
                    pass
                """,
            },
        ),
        good(
            "each class has a private method of its own",
            """
            from typing import final

            class Worker:
                @final
                def __close(self): ...

            class MailWorker(Worker):
                def __close(self): ...
            """,
            silence="name-mangled member",
        ),
        good(
            "the class has another base",
            """
            from typing import final

            class Worker:
                @final
                def stop(self): ...

            class Plain:
                def stop(self): ...

            class MailWorker(Plain):
                def stop(self): ...
            """,
            silence="unrelated class",
        ),
        good(
            "the author knows",
            """
            from typing import final, override

            class Worker:
                @final
                def stop(self): ...

            class MailWorker(Worker):
                def stop(self):  # type: ignore[misc]
                    print("bye")

            class PrintWorker(Worker):
                @override  # type: ignore[misc]
                def stop(self):
                    print("bye")
            """,
        ),
        good(
            "the hook is overridden, not the method",
            """
            from typing import final

            class Worker:
                @final
                def stop(self):
                    self.on_stop()

                def on_stop(self): ...

            class MailWorker(Worker):
                def on_stop(self):
                    print("bye")
            """,
        ),
        good(
            "final here, overridden nowhere",
            """
            from typing import final

            class Worker:
                def stop(self): ...

            class MailWorker(Worker):
                @final
                def stop(self): ...
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The members of the class that a base wanted to be the last word."""
    found = [(members[0], _final_above(cls, name)) for name, members in _own(cls)]
    clashes = sorted(((own, *above) for own, above in found if above is not None), key=lambda item: item[0].at)
    if not clashes:
        return
    member, owner, final = clashes[0]
    more = f" and {len(clashes) - 1} more" if len(clashes) > 1 else ""
    base = owner.name.rpartition(".")[2]
    notes = [
        Note(where.path, theirs.at, f"`{theirs.name}` is declared final in `{where.name}`")
        for _, where, theirs in clashes
        if isinstance(where, Class) and isinstance(theirs, Member)
    ]
    yield Finding(
        at=member.at,
        message=f"`{cls.name}` overrides `{member.name}`{more}, final in `{base}`",
        consequence=f"Python runs the override, so what `{base}` does in `{final.name}` does not happen.",
        help=f"override a hook that `{base}.{final.name}` calls, or choose another name",
        notes=tuple(notes),
        culprit=("member", cls.symbol, member.name),
        facts=(Derives(place_of(cls), named(owner)),),
    )


def _own(cls: Class) -> Iterator[tuple[str, tuple[Member, ...]]]:
    """The class's own members but the private ones, whose names Python makes different."""
    for name, members in cls.project.hierarchy.members(cls).items():
        mangled = name.startswith("__") and not name.endswith("__")
        if not mangled and not any(_is_meant(cls, member) for member in members):
            yield name, members


def _is_meant(cls: Class, member: Member) -> bool:
    """Whether a line of the decorators or the header carries a type checker's suppression."""
    text = cls.project.store.text(cls.path)
    first = member.node.at[0] if member.node is not None else member.at[0]
    comments = (text.comment(line) for line in range(first, member.at[0] + 1))
    return any(comment.startswith(("type: ignore", "pyright: ignore")) for comment in comments)


def _final_above(cls: Class, name: str) -> tuple[Class | ModelClass, Member | ModelMember] | None:
    """The final definition of a member that the class hides, and its owner."""
    hierarchy = cls.project.hierarchy
    for ancestor in hierarchy.ancestors(cls):
        if not isinstance(ancestor, (Class, ModelClass)):
            continue
        members = hierarchy.own(ancestor, name)
        if members and all(member.final for member in members):
            return ancestor, members[0]
    return None
