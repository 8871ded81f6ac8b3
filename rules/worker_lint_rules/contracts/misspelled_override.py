"""
A method is named almost like the one that its base demands, and that one is missing.

What it catches
    A method one or two letters away from an abstract member, or from a method that only raises
    NotImplementedError in a base, when the class leaves that member unimplemented.

Why it hurts in production
    The base never calls the misspelled method. If Python enforces the contract the class cannot be
    created; if it does not, the hook fails with NotImplementedError when it is first called.

What to do instead
    Rename the method. `worker-lint fix --unsafe` does so at its definition.

When to ignore it
    When both names are meant: call the method somewhere, and the rule is silent.

Limits
    Names that differ by a leading underscore, by the `a` of an asynchronous twin or in a whole word
    are taken to be meant. A method that code of the same or a base's file calls is not reported.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import Class, Member
from worker_lint.analysis.spelling import closest
from worker_lint.analysis.stub_member import inherited_stubs
from worker_lint.rule import Context, Finding, Fix, Lacks, Note, Replace, Rule, bad, good, place_of
from worker_lint.source import ir

rule = Rule(
    code="ABS109",
    severity="warning",
    stage="preview",
    summary="A method is named almost like the one that its base demands",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod", "NotImplementedError"),
    silences=("both names exist in the base",),
    examples=(
        bad(
            "two letters swapped",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def shutdown(self): ...

            class MailWorker(Worker):
                def shutdwon(self):  # bad: shutdown
                    print("stopped")
            """,
            repaired="""
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def shutdown(self): ...

            class MailWorker(Worker):
                def shutdown(self):  # bad: shutdown
                    print("stopped")
            """,
        ),
        bad(
            "camel case in place of underscores",
            """
            class Worker:
                def on_message(self, body):
                    raise NotImplementedError

            class MailWorker(Worker):
                def onMessage(self, body):  # bad: on_message
                    print(body)
            """,
        ),
        good(
            "the base has both",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def handle(self, message): ...

                def handled(self, message):
                    print("done")

            class MailWorker(Worker):
                def handled(self, message):
                    print("sent")
            """,
            silence="both names exist in the base",
        ),
        good(
            "an asynchronous twin, and a helper that is called",
            """
            class Store:
                def read(self):
                    raise NotImplementedError

                def parse_line(self, line):
                    raise NotImplementedError

            class FileStore(Store):
                async def aread(self):
                    return [self.parse_lines(line) for line in "ab"]

                def parse_lines(self, lines):
                    return lines
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Own methods beside the members that the class is left with."""
    demanded = _demanded(cls)
    if not demanded:
        return
    hierarchy = cls.project.hierarchy
    for name, members in hierarchy.members(cls).items():
        meant = closest(name, demanded) if len(members) == 1 and members[0].function is not None else None
        if meant is None or members[0].opaque or hierarchy.may_inherit(cls, name) or _is_called(cls, name):
            continue
        if not any(meant in hierarchy.members(sub) for sub in hierarchy.descendants(cls)):
            yield _finding(cls, members[0], meant, demanded[meant])
            return


def _demanded(cls: Class) -> dict[str, tuple[str, str, ir.At] | None]:
    """The members left, each with the class that demands it and the place, if that is in the project."""
    hierarchy = cls.project.hierarchy
    if not cls.node.bases:
        return {}
    found: dict[str, tuple[str, str, ir.At] | None] = {}
    for name, left in hierarchy.abstract(cls).left.items():
        if left.owner is not cls:
            project_owner = isinstance(left.owner, Class) and isinstance(left.member, Member)
            found[name] = (left.owner.name, left.owner.path, left.member.at) if project_owner else None  # type: ignore[union-attr]
    for stub in inherited_stubs(cls):
        found[stub.name] = (stub.owner.name, stub.owner.path, stub.at)
    return found


def _is_called(cls: Class, name: str) -> bool:
    """Whether a file of the class or its bases calls the method, or names it as text."""
    word = re.compile(rf"\.{re.escape(name)}\b|['\"]{re.escape(name)}['\"]")
    paths = {owner.path for owner in cls.project.hierarchy.order(cls) if isinstance(owner, Class)}
    return any(word.search(cls.project.store.text(path).source) for path in sorted(paths))


def _finding(cls: Class, member: Member, meant: str, origin: tuple[str, str, ir.At] | None) -> Finding:
    owner = f"`{origin[0]}`" if origin else "the base"
    return Finding(
        at=member.at,
        message=f"`{member.name}` looks like a slip for `{meant}`, which {owner} demands",
        consequence=f"`{cls.name}` is left without `{meant}`, and nothing calls `{member.name}`.",
        help=f"rename `{member.name}` to `{meant}`",
        notes=(Note(origin[1], origin[2], f"`{meant}` is demanded here"),) if origin else (),
        symbol=f"{cls.symbol}.{member.name}",
        culprit=("class", cls.symbol),
        facts=(Lacks(place_of(cls), member.name, behind=True),),
        fix=Fix(f"rename {member.name} to {meant}", (Replace(member.at, meant),)),
    )
