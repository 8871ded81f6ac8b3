"""
A class is created although its base calls a method that it lacks.

What it catches
    A class of the project that is instantiated and inherits a method whose body only raises
    NotImplementedError, when an inherited method calls it on `self` without a condition.

Why it hurts in production
    Nothing fails when the class is loaded or created. The NotImplementedError comes when the base
    calls the hook: on the first message, or in the middle of a shutdown.

What to do instead
    Implement the method in the class, and mark it with `@abstractmethod` in the base.

When to ignore it
    When the inherited method that calls the hook is never used with this class.

Limits
    A call under a condition, or one whose NotImplementedError is caught, is not counted. Objects
    that only tests create are not counted either.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Member
from worker_lint.analysis.contract import missing_members
from worker_lint.analysis.intent import is_declared_abstract
from worker_lint.analysis.stub_member import SelfUse, StubMember, inherited_stubs, is_optional, self_uses
from worker_lint.analysis.uses import Call
from worker_lint.rule import Context, Finding, Note, Rule, bad, good

rule = Rule(
    code="ABS105",
    severity="error",
    summary="A class is created although its base calls a method that it lacks",
    words=("NotImplementedError",),
    yields_to=("ABS101",),
    product_only=True,
    confidence="likely",
    silences=("optional hook", "caller catches NotImplementedError", "documented default"),
    examples=(
        bad(
            "the loop of the base needs the handler",
            """
            class Worker:
                def run(self):
                    while True:
                        self.handle()

                def handle(self):
                    raise NotImplementedError

            class MailWorker(Worker):  # bad: handle
                pass

            MailWorker().run()
            """,
        ),
        bad(
            "the base lives in another module",
            """
            from base import Worker

            class MailWorker(Worker):  # bad: close
                def handle(self):
                    print("sending")

            def main():
                worker = MailWorker()
                worker.stop()
            """,
            files={
                "base.py": """
                class Worker:
                    def stop(self):
                        self.close()
                        print("stopped")

                    def handle(self):
                        raise NotImplementedError()

                    def close(self):
                        raise NotImplementedError()
                """
            },
        ),
        good(
            "called only where it is asked for",
            """
            class Worker:
                def run(self, drain=False):
                    if drain:
                        self.drain()

                def drain(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                pass

            MailWorker().run()
            """,
            silence="optional hook",
        ),
        good(
            "the base is prepared",
            """
            class Worker:
                def __del__(self):
                    try:
                        self.close()
                    except NotImplementedError:
                        pass

                def close(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                pass

            MailWorker()
            """,
            silence="caller catches NotImplementedError",
        ),
        good(
            "the docstring says that it may be left out",
            """
            class Worker:
                def run(self):
                    self.prepare()

                def prepare(self):
                    "Optional, for workers that are started with a plan."
                    raise NotImplementedError

            class MailWorker(Worker):
                pass

            MailWorker()
            """,
            silence="documented default",
        ),
        good(
            "the caller is overridden too",
            """
            class Worker:
                def run(self):
                    self.handle()

                def handle(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                def run(self):
                    print("no messages")

            MailWorker().run()
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The stubs that a created class is left with and that a method it inherits calls."""
    if not cls.node.bases:
        return
    stubs = inherited_stubs(cls)
    if not stubs or is_declared_abstract(cls) or missing_members(cls) or cls.project.hierarchy.is_dynamic(cls):
        return
    needed = [(stub, use) for stub in stubs if (use := _need(cls, stub)) is not None and not is_optional(stub)]
    creation = _creation(cls) if needed else None
    if creation is not None:
        yield _finding(cls, needed, creation)


def _need(cls: Class, stub: StubMember) -> tuple[str, SelfUse] | None:
    """The first unconditional use of the stub on `self`, in a method that the class really has, with its file."""
    hierarchy = cls.project.hierarchy
    for ancestor in hierarchy.order(cls):
        if not isinstance(ancestor, Class):
            continue
        for name, members in hierarchy.members(ancestor).items():
            held = hierarchy.find(cls, name)
            if len(members) == 1 and held is not None and held.sure and held.member is members[0]:
                use = _use_in(ancestor, members[0], stub)
                if use is not None:
                    return ancestor.path, use
    return None


def _use_in(owner: Class, member: Member, stub: StubMember) -> SelfUse | None:
    text = owner.project.store.text(owner.path)
    for part in member.parts:
        if member.kind not in {"method", "property"} or not text.has_word(f".{stub.name}", part.at[0], part.at[2]):
            continue
        for use in self_uses(owner.project.function_of(owner, part)):
            if use.name == stub.name and not use.guarded and (use.called or stub.member.kind == "property"):
                return use
    return None


def _creation(cls: Class) -> Call | None:
    project = cls.project
    for call in project.uses.creations(cls):
        if project.store.role(call.scope.path) == "product":
            return call
    return None


def _finding(cls: Class, needed: list[tuple[StubMember, tuple[str, SelfUse]]], creation: Call) -> Finding:
    stub, (path, use) = needed[0]
    names = " and ".join(f"`{item.name}`" for item, _ in needed[:2])
    return Finding(
        at=cls.node.name_at,
        message=f"`{cls.name}` is created but lacks {names}, which its base calls",
        consequence=f"The call raises NotImplementedError while `{cls.name}` is at work.",
        help=f"implement {names} in `{cls.name}`",
        notes=(
            Note(path, use.at, f"`{stub.name}` is called on self here"),
            *(Note(item.owner.path, item.at, f"`{item.name}` only raises NotImplementedError in `{item.owner.name}`") for item, _ in needed),
            Note(creation.scope.path, creation.node.at, f"`{cls.name}` is created here"),
        ),
        symbol=cls.symbol,
        culprit=("class", cls.symbol),
    )
