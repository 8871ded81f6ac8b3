"""
Something is marked abstract and final at once.

What it catches
    A member that is both `@abstractmethod` and `@final`; and a `@final` class in which abstract
    members are left.

Why it hurts in production
    An abstract member must be implemented by a subclass, and a final one must not. No class can
    keep both promises: whoever implements the member breaks the base's word, and whoever does
    not gets TypeError when the object is created.

What to do instead
    Decide: remove `@final` where subclasses are meant to implement the member, or remove
    `@abstractmethod` and give the member its body.

When to ignore it
    Never.

Limits
    A `@final` Protocol is let pass: nobody creates or derives from it, it only describes.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Member
from worker_lint.analysis.contract import list_members, missing_members
from worker_lint.rule import Context, Finding, Marked, Note, Rule, bad, good, incomplete, place_of

_FINAL = frozenset({"typing.final", "typing_extensions.final"})
_PROTOCOL = ("typing.Protocol", "typing_extensions.Protocol")

rule = Rule(
    code="ABS117",
    severity="error",
    stage="preview",
    summary="Something is marked abstract and final at once",
    words=("final",),
    closure="file",
    silences=("final Protocol",),
    examples=(
        bad(
            "a member with both marks",
            """
            from abc import ABC, abstractmethod
            from typing import final

            class Worker(ABC):
                @final
                @abstractmethod
                def stop(self): ...  # bad: stop
            """,
        ),
        bad(
            "a final class that is not complete",
            """
            from abc import ABC, abstractmethod
            from typing import final

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                @abstractmethod
                def stop(self): ...

            @final
            class MailWorker(Worker):  # bad: stop
                def run(self): ...
            """,
        ),
        good(
            "a final class that implements all",
            """
            from abc import ABC, abstractmethod
            from typing import final

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            @final
            class MailWorker(Worker):
                @final
                def stop(self): ...
            """,
        ),
        good(
            "a shape that nobody derives from",
            """
            from abc import abstractmethod
            from typing import Protocol, final

            @final
            class Stoppable(Protocol):
                @abstractmethod
                def stop(self): ...
            """,
            silence="final Protocol",
        ),
        good(
            "different members",
            """
            from abc import ABC, abstractmethod
            from typing import final

            class Worker(ABC):
                @final
                def stop(self):
                    self.close()

                @abstractmethod
                def close(self): ...
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """A final class with members left, or each member with both marks."""
    hierarchy = cls.project.hierarchy
    if _FINAL.intersection(hierarchy.decorator_names(cls)):
        missing = missing_members(cls)
        if missing and not hierarchy.derives_from(cls, *_PROTOCOL):
            members, verb = list_members(missing), "is" if len(missing) == 1 else "are"
            yield Finding(
                at=cls.node.name_at,
                message=f"`{cls.name}` is final, but {members} {verb} abstract",
                consequence="No object of it can be created, and no subclass may complete it.",
                help=f"implement {members} in `{cls.name}`, or remove `@final`",
                notes=tuple(
                    Note(item.path, item.at, f"`{item.name}` is declared abstract in `{item.owner}`")
                    for item in missing
                    if item.path
                ),
                culprit=("class", cls.symbol),
                facts=incomplete(cls, missing),
            )
            return
    for members_of_name in hierarchy.members(cls).values():
        for member in members_of_name:
            if member.final and member.abstract:
                yield _finding(cls, member)


def _finding(cls: Class, member: Member) -> Finding:
    return Finding(
        at=member.at,
        message=f"`{member.name}` is marked abstract and final",
        consequence="A subclass must implement it and must not: no class can do both.",
        help="remove `@final`, or remove `@abstractmethod` and write the body",
        culprit=("member", cls.symbol, member.name),
        facts=(Marked(place_of(cls), (member.name,)),),
    )
