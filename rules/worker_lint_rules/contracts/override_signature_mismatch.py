"""
An override cannot take a call that is made through its base.

What it catches
    A method that overrides one of a base and refuses the arguments of a call that certainly reaches it:
    `self.m(…)` in an inherited method, or `x.m(…)` where `x` is annotated with the base. Also an override
    of an abstract method that lacks an argument of it which the project passes, and an override of a
    modelled library's hook that the library cannot call.

Why it hurts in production
    The class loads, and the call raises TypeError: when the connection is reset, on the first failed
    message, in the middle of a shutdown. The other classes of the kind work, so tests pass.

What to do instead
    Give the override the parameters of the base, with the same names and defaults, or `*args, **kwargs`.

When to ignore it
    When the class is never used where its base is expected.

Limits
    Starred arguments may bring anything, and methods under unknown decorators take anything. Calls behind
    a question about the object, such as `isinstance`, are let pass.
"""

from collections.abc import Iterator
from itertools import chain

from worker_lint.analysis import Class, Found, Member, ModelClass, ModelMember
from worker_lint.analysis.base_use import BaseUse, only_member, own_uses, uses_on_annotated, uses_on_self
from worker_lint.analysis.promise import promised_uses
from worker_lint.analysis.signature import Signature, arguments_of, passes_all_on, signature_of, signature_of_model
from worker_lint.rule import Context, Finding, Note, Rule, bad, good, overrides

rule = Rule(
    code="ABS107",
    severity="error",
    stage="preview",
    summary="An override cannot take a call that is made through its base",
    words=("abstractmethod", "NotImplementedError"),
    product_only=True,
    silences=("compatible *args, **kwargs", "never called through the base"),
    examples=(
        bad(
            "the base passes an argument that the override dropped",
            """
            class Pool:
                def reset(self):
                    self.disconnect(inuse=False)

                def disconnect(self, inuse=True):
                    raise NotImplementedError

            class BlockingPool(Pool):
                def disconnect(self):  # bad: takes no argument `inuse`
                    print("closed")
            """,
        ),
        bad(
            "the override needs more than it is given",
            """
            from base import Worker

            class MailWorker(Worker):
                def handle(self, message, topic):  # bad: needs `topic`
                    print(message, topic)
            """,
            files={
                "base.py": """
                from abc import ABC, abstractmethod

                class Worker(ABC):
                    def run(self):
                        for message in ("a", "b"):
                            self.handle(message)

                    @abstractmethod
                    def handle(self, message): ...
                """
            },
        ),
        bad(
            "called on a parameter that may be any channel",
            """
            from abc import ABC, abstractmethod

            class Channel(ABC):
                @abstractmethod
                def ack(self, tag, multiple=False): ...

            class LocalChannel(Channel):
                def ack(self, tag):  # bad: multiple
                    print(tag)

            def ack_all(channel: Channel, tag):
                channel.ack(tag, multiple=True)
            """,
        ),
        bad(
            "a parameter of the abstract method that the project passes",
            """
            from abc import ABC, abstractmethod

            class Pool(ABC):
                @abstractmethod
                def disconnect(self, inuse=True): ...

            class PlainPool(Pool):
                def disconnect(self, inuse=True):
                    print(inuse)

            class BlockingPool(Pool):
                def disconnect(self):  # bad: inuse
                    print("closed")

            def rotate(reference):
                pool = reference()
                pool.disconnect(inuse=False)
            """,
        ),
        bad(
            "a hook that the library calls with one argument",
            """
            import logging

            class QueueHandler(logging.Handler):
                def emit(self):  # bad: emit
                    print("sent")
            """,
        ),
        bad(
            "the declaration takes nothing, its caller passes anything",
            """
            class Actor:
                def __call__(self, *args, **kwargs):
                    return self.perform(*args, **kwargs)

                def perform(self):  # bad: perform
                    raise NotImplementedError

            class Add(Actor):
                def perform(self, x, y):
                    return x + y
            """,
        ),
        good(
            "a hook whose arguments the program chooses",
            """
            from tornado.web import RequestHandler

            class RpcHandler(RequestHandler):
                def initialize(self, scheduler):
                    self.scheduler = scheduler

                def get(self):
                    raise NotImplementedError
            """,
        ),
        good(
            "the override takes anything",
            """
            class Worker:
                def run(self):
                    self.handle("a", topic="mail")

                def handle(self, message, topic):
                    raise NotImplementedError

            class AnyWorker(Worker):
                def handle(self, *args, **kwargs):
                    print(args, kwargs)
            """,
            silence="compatible *args, **kwargs",
        ),
        good(
            "only its own code calls it",
            """
            class Worker:
                def run(self):
                    self.handle("a")

                def handle(self, message):
                    raise NotImplementedError

                def load(self, path):
                    raise NotImplementedError

            class MailWorker(Worker):
                def handle(self, message):
                    self.load()

                def load(self):
                    print("loaded")
            """,
            silence="never called through the base",
        ),
        good(
            "the method that calls it is overridden too",
            """
            class Worker:
                def run(self):
                    self.handle("a")

                def handle(self, message):
                    raise NotImplementedError

            class PollingWorker(Worker):
                def run(self):
                    self.handle()

                def handle(self):
                    print("polled")
            """,
        ),
        good(
            "the base asks first",
            """
            class Worker:
                takes_topic = True

                def run(self):
                    if self.takes_topic:
                        self.handle("a", topic="mail")
                    else:
                        self.handle("a")

                def handle(self, message, topic=None):
                    raise NotImplementedError

            class PlainWorker(Worker):
                takes_topic = False

                def handle(self, message):
                    print(message)
            """,
        ),
        good(
            "the arguments are not known",
            """
            class Worker:
                def __call__(self, *args):
                    self.handle(*args)

                def handle(self, message, topic):
                    raise NotImplementedError

            class PlainWorker(Worker):
                def handle(self, message):
                    print(message)
            """,
        ),
        good(
            "another class has a method of that name",
            """
            from abc import ABC, abstractmethod

            class Pool(ABC):
                @abstractmethod
                def disconnect(self, inuse=True): ...

            class PlainPool(Pool):
                def disconnect(self): ...

            class Client:
                def disconnect(self, inuse=True): ...

            def stop(client):
                client.disconnect(inuse=False)
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The overrides of a class body that refuse a call."""
    hierarchy = cls.project.hierarchy
    for name in hierarchy.members(cls):
        member = only_member(cls, name) if not name.startswith("__") else None
        signature = _signature(member) if member is not None else None
        if member is None or signature is None:
            continue
        if member.abstract is not False or all(part.shape == "not-implemented" for part in member.parts):
            yield from _declared_without(cls, member, signature)
            continue
        if not cls.node.bases or hierarchy.opaque_decorators(cls):
            continue
        found = hierarchy.find(cls, name, after=cls)
        if found is not None and _differs(found, signature):
            finding = _judge(cls, member, signature, found)
            if finding is not None:
                yield finding


def _signature(member: Member) -> Signature | None:
    if member.kind not in {"method", "classmethod", "staticmethod"} or member.function is None:
        return None
    return signature_of(member.function, bound=member.kind != "staticmethod")


def _differs(found: Found, signature: Signature) -> bool:
    """Whether some call that the base takes may be refused: the cheap question before the search for calls."""
    theirs = _base_signature(found)
    return theirs is None or not signature.accepts_all_of(theirs)


def _base_signature(found: Found) -> Signature | None:
    if isinstance(found.member, ModelMember):
        return signature_of_model(found.member)
    return None if found.member.opaque else _signature(found.member)


def _judge(cls: Class, member: Member, signature: Signature, found: Found) -> Finding | None:
    if _is_of_other_kind(member, found):
        return None  # a diagnostic of override-kind-mismatch
    if isinstance(found.owner, ModelClass):
        return _judge_hook(cls, member, signature, found)
    name = member.name
    searches = (uses_on_self(cls, name), uses_on_annotated(cls, name), promised_uses(cls, found, signature))
    for reached in chain.from_iterable(searches):
        call = reached.use.call
        refusal = signature.refusal(arguments_of(call)) if call is not None else None
        if refusal is not None:
            return _finding(cls, member, found, refusal, reached)
    return None


def _is_of_other_kind(member: Member, found: Found) -> bool:
    kinds = {"method", "async method", "generator", "async generator", "classmethod", "staticmethod"}
    return found.member.kind not in kinds or (
        member.kind == "method" and found.member.kind in {"classmethod", "staticmethod"}
    )


def _finding(cls: Class, member: Member, found: Found, refusal: str, reached: BaseUse) -> Finding:
    owner = found.owner.name
    notes = [Note(reached.path, reached.use.at, f"`{reached.caller}` calls `{member.name}` here")]
    if isinstance(found.owner, Class) and isinstance(found.member, Member):
        notes.append(Note(found.owner.path, found.member.at, f"`{member.name}` as `{owner}` defines it"))
    return Finding(
        at=member.at,
        message=f"`{reached.caller}` calls `{member.name}`, which {refusal} here",
        consequence=f"The call raises TypeError when it meets a `{cls.name}`.",
        help=f"give `{member.name}` the parameters that it has in `{owner}`",
        notes=tuple(notes),
        symbol=f"{cls.symbol}.{member.name}",
        culprit=("member", cls.symbol, member.name),
        confidence="certain" if reached.receiver in {"self", "cls"} else "likely",
        facts=overrides(cls, found, reached.base),
    )


def _declared_without(cls: Class, member: Member, signature: Signature) -> Iterator[Finding]:
    """A method left to subclasses that is declared without parameters, though its caller passes all of its own on."""
    if signature.slots or member.abstract is None:
        return
    for use, caller in own_uses(cls, member.name):
        if use.call is not None and passes_all_on(use.call, caller.node):
            yield Finding(
                at=member.at,
                message=f"`{caller.name}` passes any arguments to `{member.name}`, which declares none",
                consequence="A subclass that follows the declaration fails with TypeError on the first argument.",
                help=f"declare `{member.name}` with `*args, **kwargs`",
                notes=(Note(cls.path, use.at, f"`{caller.name}` passes its own arguments on here"),),
                symbol=f"{cls.symbol}.{member.name}",
                culprit=("member", cls.symbol, member.name),
                confidence="likely",
            )
            return


def _judge_hook(cls: Class, member: Member, signature: Signature, found: Found) -> Finding | None:
    """An override of a hook that the library calls: with at least what is required, by position."""
    theirs = _base_signature(found)
    if theirs is None or not found.sure or not _is_hook(found):
        return None
    refusal = signature.refusal_of_all(theirs)
    if refusal is None:
        return None
    library = found.owner.name
    return Finding(
        at=member.at,
        message=f"`{member.name}` {refusal}, unlike in `{library.rpartition('.')[2]}`",
        consequence=f"`{library}` calls it with its own arguments, and the call raises TypeError.",
        help=f"give `{member.name}` the parameters that it has in `{library}`",
        symbol=f"{cls.symbol}.{member.name}",
        culprit=("member", cls.symbol, member.name),
        facts=overrides(cls, found),
    )


def _is_hook(found: Found) -> bool:
    owner, member = found.owner, found.member
    if not isinstance(owner, ModelClass) or not isinstance(member, ModelMember):
        return False
    return member.abstract or member.stub or member.name in {*owner.hooks.required, *owner.hooks.optional}
