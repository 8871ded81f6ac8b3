"""
An override is of another kind than its base's code takes it for.

What it catches
    A coroutine function where the inherited code calls a plain one and drops or tests the result; a
    plain function where it awaits; a generator function whose call it drops; a function that returns
    nothing where it iterates; a property where it calls, a method where it reads a value; an instance
    method where it calls on the class. Also an abstract property that is called and implemented as a
    method.

Why it hurts in production
    A coroutine that nobody awaits, or a generator that nobody iterates, never runs: the connection is not
    closed, the message not stored, and no error says so. The other kinds raise TypeError at the call.

What to do instead
    Give the override the kind of its base; or await, call or iterate it in the base.

When to ignore it
    When a decorator or a metaclass makes the two fit.

Limits
    Only uses whose outcome is certain count: a result that is returned, passed on or assigned may be
    awaited elsewhere. Code that asks (`inspect.isawaitable`) is let pass.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Found, Member
from worker_lint.analysis.base_use import BaseUse, only_member, own_uses, uses_on_self
from worker_lint.analysis.outcome import may_be_awaitable, may_be_callable, returns_nothing
from worker_lint.analysis.self_assignment import may_gain_computed_names
from worker_lint.analysis.signature import arguments_of, signature_of
from worker_lint.rule import Context, Derives, Finding, Note, Rule, bad, good, overrides, place_of

rule = Rule(
    code="ABS108",
    severity="error",
    stage="preview",
    summary="An override is of another kind than its base's code takes it for",
    words=("abstractmethod", "abstractproperty", "NotImplementedError"),
    product_only=True,
    silences=("callers that handle both",),
    examples=(
        bad(
            "a coroutine that nobody awaits",
            """
            class Worker:
                def stop(self): self.close()
                def close(self): raise NotImplementedError

            class MailWorker(Worker):
                async def close(self):  # bad: close
                    print("closed")
            """,
        ),
        bad(
            "an await of nothing",
            """
            from base import Worker

            class MailWorker(Worker):
                def handle(self, message):  # bad: handle
                    print(message)
            """,
            files={
                "base.py": """
                from abc import ABC, abstractmethod

                class Worker(ABC):
                    async def run(self):
                        await self.handle("a")
                    @abstractmethod
                    async def handle(self, message): ...
                """
            },
        ),
        bad(
            "a generator that nobody iterates",
            """
            class Worker:
                def run(self):
                    self.handle("a")

                def handle(self, message):
                    raise NotImplementedError

            class MailWorker(Worker):
                def handle(self, message):  # bad: handle
                    yield message
            """,
        ),
        bad(
            "a property is called",
            """
            class Worker:
                def run(self):
                    print(self.queue())

                def queue(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                @property
                def queue(self):  # bad: queue
                    return "mail"
            """,
        ),
        bad(
            "a method is taken for its value",
            """
            class Worker:
                @property
                def queue(self):
                    raise NotImplementedError

                def run(self):
                    print("queue " + self.queue)

            class MailWorker(Worker):
                def queue(self):  # bad: queue
                    return "mail"
            """,
        ),
        bad(
            "an instance method is called on the class",
            """
            class Worker:
                @classmethod
                def create(cls):
                    return cls.options()

                @classmethod
                def options(cls):
                    raise NotImplementedError

            class MailWorker(Worker):
                def options(self):  # bad: options
                    return {}
            """,
        ),
        bad(
            "declared as a property, called and implemented as a method",
            """
            from abc import ABC, abstractproperty

            class Copy(ABC):
                @abstractproperty
                def path(self):  # bad: path
                    return None

                def run(self):
                    print(self.path())

            class DailyCopy(Copy):
                def path(self):
                    return "daily"
            """,
        ),
        good(
            "the base asks what it got",
            """
            import inspect

            class Worker:
                async def stop(self):
                    result = self.close()
                    if inspect.isawaitable(result):
                        await result

                def close(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                async def close(self):
                    print("closed")
            """,
            silence="callers that handle both",
        ),
        good(
            "the caller of the caller awaits",
            """
            class Worker:
                def stop(self): return self.close()

                def close(self): raise NotImplementedError

            class MailWorker(Worker):
                async def close(self): print("closed")
            """,
        ),
        good(
            "a plain function that gives something to await",
            """
            class Worker:
                async def run(self): await self.handle("a")

                async def handle(self, message): raise NotImplementedError

            class MailWorker(Worker):
                def __init__(self, pool): self.pool = pool

                def handle(self, message): return self.pool.submit(message)
            """,
        ),
        good(
            "a hook that the base does not have",
            """
            class Compiler:
                translate = None

                def compile(self, text):
                    if self.translate: text = self.translate(text)
                    return text

                def render(self, text): raise NotImplementedError

            class UpperCompiler(Compiler):
                def translate(self, text): return text.upper()
            """,
        ),
        good(
            "a property that gives a function",
            """
            class Worker:
                def run(self): self.handler("a")

                def handler(self, message): raise NotImplementedError

            class MailWorker(Worker):
                @property
                def handler(self): return print
            """,
        ),
        good(
            "the method that calls it is overridden too",
            """
            class Worker:
                def stop(self): self.close()

                def close(self): raise NotImplementedError

            class AsyncWorker(Worker):
                async def stop(self): await self.close()

                async def close(self): print("closed")
            """,
        ),
        good(
            "a function beside the class sets its methods",
            """
            class Files:
                def remove_all(self):
                    self.remove()

                def remove(self):
                    raise NotImplementedError

            class AsyncFiles(Files):
                def __init__(self):
                    mirror(self)

                async def remove(self):
                    print("removed")

            def mirror(target):
                for name in ("remove_all",):
                    setattr(target, name, print)
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The members of a class body whose kind does not fit the code of its bases."""
    hierarchy = cls.project.hierarchy
    for name in hierarchy.members(cls):
        member = only_member(cls, name)
        if member is None or name.startswith("__") or not member.parts:
            continue
        if member.abstract and member.kind == "property":
            yield from _declared_property(cls, member)
        if not cls.node.bases or member.abstract is not False or hierarchy.opaque_decorators(cls):
            continue
        found = hierarchy.find(cls, name, after=cls)
        if found is None or not found.sure or not isinstance(found.member, Member):
            continue
        if _differs(member, found.member) and not may_gain_computed_names(cls):
            yield from _judge(cls, member, found)


def _kind(member: Member) -> tuple[str, bool, bool]:
    """What a use meets: its kind, and whether a call gives a coroutine or a generator."""
    node = member.parts[0] if member.parts else None
    kind = "property" if member.kind in {"property", "attribute"} else member.kind
    return kind, node is not None and node.is_async, node is not None and node.is_generator


def _differs(member: Member, other: Member) -> bool:
    return not other.opaque and _kind(member) != _kind(other) and member.parts[0].shape != "not-implemented"


def _judge(cls: Class, member: Member, found: Found) -> Iterator[Finding]:
    bases = [base for base in cls.project.hierarchy.ancestors(cls) if isinstance(base, Class)]
    called = any(use.call is not None for base in bases for use, _ in own_uses(base, member.name))
    for reached in uses_on_self(cls, member.name):
        if reached.use.call is None and called and member.kind != "property":
            continue  # a base asks whether there is one, and calls it: a method is what it wants
        problem = _problem(cls, member, reached)
        if problem is not None:
            yield _finding(cls, member, found, reached, *problem)
            return


def _problem(cls: Class, member: Member, reached: BaseUse) -> tuple[str, str] | None:
    """What is wrong when the use meets the member: headline and consequence; None when it may be right."""
    use = reached.use
    function = cls.project.function_of(cls, member.parts[0])
    if use.call is None:
        if member.kind == "method" and use.fate in {"operated", "iterated"} and reached.receiver == "self":
            return "reads it as a value, but it is a method", "The code works on the bound method, not on its result."
        return None
    if member.kind == "property":
        if reached.receiver == "self" and not may_be_callable(function):
            return "calls it, but it is a property", "The call raises TypeError: the property gives no function."
        return None
    if member.kind == "method" and reached.receiver == "cls":
        signature = signature_of(member.parts[0], bound=False)
        refusal = signature.refusal(arguments_of(use.call)) if signature is not None else None
        return (
            ("calls it on the class, but it needs an object", f"The call raises TypeError: it {refusal}.")
            if refusal is not None
            else None
        )
    return _wrong_result(member, reached, nothing=returns_nothing(function), plain=not may_be_awaitable(function))


def _wrong_result(member: Member, reached: BaseUse, *, nothing: bool, plain: bool) -> tuple[str, str] | None:
    node, fate = member.parts[0], reached.use.fate
    if node.is_async and not node.is_generator:
        if fate == "dropped":
            return "calls it without await, but it is async", "Nobody awaits the coroutine: its body does not run."
        if fate in {"operated", "iterated"}:
            return "calls it without await, but it is async", "The code works on a coroutine whose body does not run."
    elif node.is_generator:
        if fate == "dropped":
            return "drops its result, but it is a generator", "The generator is never iterated: its body does not run."
        if fate == "awaited":
            return "awaits it, but it is a generator", "The await raises TypeError."
    elif fate == "awaited" and plain:
        return "awaits it, but it is not async", "The await raises TypeError after the body has run."
    elif fate in {"iterated", "async iterated"} and nothing:
        return "iterates over it, but it returns nothing", "The loop raises TypeError."
    return None


def _finding(cls: Class, member: Member, found: Found, reached: BaseUse, problem: str, consequence: str) -> Finding:
    owner = found.owner.name
    notes = [Note(reached.path, reached.use.at, f"`{reached.caller}` uses `{member.name}` here")]
    if isinstance(found.owner, Class) and isinstance(found.member, Member):
        notes.append(Note(found.owner.path, found.member.at, f"`{member.name}` as `{owner}` defines it"))
    return Finding(
        at=member.at,
        message=f"`{member.name}`: `{reached.caller}` {problem}",
        consequence=consequence,
        help=f"make `{member.name}` what it is in `{owner}`",
        notes=tuple(notes),
        symbol=f"{cls.symbol}.{member.name}",
        culprit=("member", cls.symbol, member.name),
        facts=overrides(cls, found, reached.base),
    )


def _declared_property(cls: Class, member: Member) -> Iterator[Finding]:
    """An abstract property that its own class calls without arguments, and every subclass writes as a method."""
    hierarchy, name = cls.project.hierarchy, member.name
    if member.parts[0].returns is not None:
        return
    written = [found for sub in hierarchy.descendants(cls) for found in hierarchy.members(sub).get(name, ())]
    if not written or any(found.kind != "method" or found.opaque for found in written):
        return
    for sub in hierarchy.descendants(cls):
        for reached in uses_on_self(sub, name):
            call = reached.use.call
            if reached.base is cls and call is not None and not call.args and not call.keywords:
                yield Finding(
                    at=member.at,
                    message=f"`{name}` is declared as a property, but `{reached.caller}` calls it",
                    consequence="A subclass that follows the declaration fails there with TypeError.",
                    help=f"declare `{name}` as an abstract method",
                    notes=(
                        Note(reached.path, reached.use.at, f"`{reached.caller}` calls it here"),
                        Note(written[0].owner.path, written[0].at, f"`{written[0].owner.name}` has it as a method"),
                    ),
                    symbol=f"{cls.symbol}.{name}",
                    culprit=("member", cls.symbol, name),
                    facts=(Derives(place_of(written[0].owner), place_of(cls)),),
                )
                return
