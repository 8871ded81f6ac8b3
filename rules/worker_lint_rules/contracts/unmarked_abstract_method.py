"""
A member of an abstract class is abstract in all but its mark.

What it catches
    A method or property that only raises NotImplementedError, in a class that is declared abstract or
    has abstract members, when every concrete subclass of the project overrides it. Also a setter or
    deleter without a body, and without the mark that its getter carries.

Why it hurts in production
    Python checks what is marked and nothing else. The next subclass that forgets the member can be
    created, passes its health check, and fails with NotImplementedError on the first message; a
    forgotten setter drops the value that it is given.

What to do instead
    Mark the member with `@abstractmethod`, below `@property` and the like. `worker-lint fix` does so.

When to ignore it
    When the member is an optional hook: say so in its docstring, and the rule is silent.

Limits
    A member that some concrete subclass leaves out counts as optional, and so does one whose text or
    whose callers say so. Where most members carry no mark, two subclasses must show what is meant.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Member
from worker_lint.analysis.contract import missing_members
from worker_lint.analysis.intent import is_declared_abstract, is_protocol, reads_as_abstract
from worker_lint.analysis.stub_member import StubMember, is_obligation, is_optional, own_stubs, unmarked_accessors
from worker_lint.rule import (
    AddDecorator,
    Context,
    Derives,
    Enforced,
    Finding,
    Fix,
    ImportNeed,
    Note,
    Rule,
    bad,
    good,
    place_of,
)
from worker_lint.source import ir

_MARK = ImportNeed("abc", "abstractmethod")

rule = Rule(
    code="ABS104",
    severity="warning",
    stage="preview",
    summary="A member of an abstract class lacks the abstract mark",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod", "ABC", "ABCMeta"),
    silences=("optional hook", "caller catches NotImplementedError", "documented default"),
    examples=(
        bad(
            "one of two hooks is not marked",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                @abstractmethod
                def drain(self): ...

                def stop(self):  # bad: stop
                    raise NotImplementedError

            class MailWorker(Worker):
                def run(self): print("sending")
                def drain(self): print("drained")
                def stop(self): print("stopped")
            """,
            repaired="""
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                @abstractmethod
                def drain(self): ...

                @abstractmethod
                def stop(self):  # bad: stop
                    raise NotImplementedError

            class MailWorker(Worker):
                def run(self): print("sending")
                def drain(self): print("drained")
                def stop(self): print("stopped")
            """,
        ),
        bad(
            "the class is declared abstract",
            """
            from abc import ABC

            class Worker(ABC):
                def run(self):
                    "Handles messages until stopped."
                    while True:
                        self.handle(None)

                def handle(self, message):  # bad: handle
                    raise NotImplementedError("implement me")

            class MailWorker(Worker):
                def handle(self, message): print(message)

            class PrintWorker(Worker):
                def handle(self, message): print("printing")
            """,
        ),
        bad(
            "the setter lacks the mark of its getter",
            """
            from abc import ABC, abstractmethod

            class Policy(ABC):
                @property
                @abstractmethod
                def cache(self): ...

                @cache.setter
                def cache(self, value):  # bad: setter
                    pass
            """,
        ),
        good(
            "a subclass can do without",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                def pause(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                def run(self): print("sending")

            class PrintWorker(Worker):
                def run(self): print("printing")
                def pause(self): print("paused")
            """,
            silence="optional hook",
        ),
        good(
            "the base is prepared",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                def run(self):
                    try:
                        self.prepare()
                    except NotImplementedError:
                        print("nothing to prepare")

                @abstractmethod
                def stop(self): ...

                def prepare(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                def stop(self): print("stopped")
                def prepare(self): print("prepared")
            """,
            silence="caller catches NotImplementedError",
        ),
        good(
            "the docstring says that it may be left out",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                def pause(self):
                    "Optional: workers that cannot pause leave it out."
                    raise NotImplementedError

            class MailWorker(Worker):
                def run(self): print("sending")
                def pause(self): print("paused")
            """,
            silence="documented default",
        ),
        good(
            "a flag tells which subclasses have it",
            """
            from abc import ABC, abstractmethod

            class Store(ABC):
                supports_batches = False

                @abstractmethod
                def read(self): ...

                @abstractmethod
                def write(self, item): ...

                def read_batch(self):
                    raise NotImplementedError

            class MemoryStore(Store):
                supports_batches = True
                def read(self): return None
                def write(self, item): print(item)
                def read_batch(self): return []
            """,
            silence="optional hook",
        ),
        good(
            "one subclass does not show what most members leave open",
            """
            from abc import ABC, abstractmethod

            class Store(ABC):
                @abstractmethod
                def search(self, text): ...

                def delete(self, item):
                    raise NotImplementedError

            class MemoryStore(Store):
                def search(self, text): return []
                def delete(self, item): print("deleted")
            """,
        ),
        good(
            "a protocol is a contract without marks",
            """
            from typing import Protocol

            class Stoppable(Protocol):
                def stop(self):
                    raise NotImplementedError

            class MailWorker(Stoppable):
                def stop(self): print("stopped")
            """,
        ),
        good(
            "a neighbour that raises too is left out by a finished worker: here, raising means optional",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                def pause(self): raise NotImplementedError

                def resume(self): raise NotImplementedError

            class MailWorker(Worker):
                def run(self): print("sending")

                def pause(self): print("paused")

                def resume(self): print("resumed")

            class PrintWorker(Worker):
                def run(self): print("printing")

                def pause(self): print("paused")
            """,
        ),
        good(
            "a setter that does something",
            """
            from abc import ABC, abstractmethod

            class Policy(ABC):
                @property
                @abstractmethod
                def cache(self): ...

                @cache.setter
                def cache(self, value):
                    self._cache = value
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Members without a mark in a class whose marks Python enforces."""
    hierarchy = cls.project.hierarchy
    if hierarchy.enforced(cls) != "yes":
        return
    for members in hierarchy.members(cls).values():
        for member in members:
            for part in unmarked_accessors(member):
                yield _accessor(cls, member, part)
    stubs = own_stubs(cls)
    if not stubs or not is_declared_abstract(cls) or is_protocol(cls):
        return
    forgotten = _marks_are_the_rule(cls, stubs)
    for stub in stubs:
        overriding = _overriding(cls, stub, forgotten=forgotten)
        if overriding is not None and not is_optional(stub) and (is_obligation(stub) or not _is_left_out(cls, stubs)):
            yield _unmarked(cls, stub, overriding)


def _overriding(cls: Class, stub: StubMember, *, forgotten: bool) -> Class | None:
    """
    A concrete subclass, if there are any and all of them override the member. Where the mark is not
    the rule among the members, one definition proves nothing: there must be a second.
    """
    hierarchy = cls.project.hierarchy
    concrete = [sub for sub in hierarchy.descendants(cls) if not missing_members(sub) and not is_declared_abstract(sub)]
    definitions: set[str] = set()
    for sub in concrete:
        held = hierarchy.find(sub, stub.name)
        if held is None or not held.sure or held.member is stub.member:
            return None
        definitions.add(held.owner.name)
    return concrete[0] if len(definitions) >= (1 if forgotten else 2) else None


def _is_left_out(cls: Class, stubs: tuple[StubMember, ...]) -> bool:
    """Whether a finished subclass does without one of the members: in this class, raising then means "optional"."""
    hierarchy = cls.project.hierarchy
    for sub in hierarchy.descendants(cls):
        if cls.project.store.role(sub.path) != "product" or missing_members(sub) or is_declared_abstract(sub):
            continue
        if hierarchy.subclasses(sub) or reads_as_abstract(sub):
            continue  # a half-way base may leave a member to its own subclasses
        held = [hierarchy.find(sub, stub.name) for stub in stubs]
        if any(found is not None and found.member is stub.member for found, stub in zip(held, stubs, strict=True)):
            return True
    return False


def _marks_are_the_rule(cls: Class, stubs: tuple[StubMember, ...]) -> bool:
    members = cls.project.hierarchy.members(cls).values()
    return sum(any(member.abstract for member in group) for group in members) > len(stubs)


def _unmarked(cls: Class, stub: StubMember, overriding: Class) -> Finding:
    return Finding(
        at=stub.at,
        message=f"`{stub.name}` only raises NotImplementedError but is not marked abstract",
        consequence=f"A subclass of `{cls.name}` without `{stub.name}` can be created, and fails at its first use.",
        help=f"mark `{stub.name}` with @abstractmethod",
        notes=(
            Note(
                overriding.path,
                overriding.node.name_at,
                f"`{overriding.name}` and all other concrete subclasses override it",
            ),
        ),
        symbol=f"{cls.symbol}.{stub.name}",
        culprit=("member", cls.symbol, stub.name),
        facts=(Enforced(place_of(cls), yes=True), Derives(place_of(overriding), place_of(cls))),
        fix=_fix(stub.member.parts[0], stub.name),
    )


def _accessor(cls: Class, member: Member, part: ir.FunctionDef) -> Finding:
    kind = next(
        node.name for node in part.decorators if isinstance(node, ir.Attribute) and node.name in {"setter", "deleter"}
    )
    return Finding(
        at=part.name_at,
        message=f"the {kind} of `{member.name}` is not marked abstract as its getter is",
        consequence=f"A subclass that forgets the {kind} inherits one that does nothing.",
        help=f"mark the {kind} with @abstractmethod, below @{member.name}.{kind}",
        notes=(Note(cls.path, member.at, "the getter is marked here"),),
        symbol=f"{cls.symbol}.{member.name}",
        culprit=("member", cls.symbol, member.name),
        facts=(Enforced(place_of(cls), yes=True),),
        fix=_fix(part, f"the {kind} of {member.name}"),
    )


def _fix(function: ir.FunctionDef, what: str) -> Fix:
    return Fix(f"mark {what} with @abstractmethod", (AddDecorator(function.at, "abstractmethod", _MARK),))
