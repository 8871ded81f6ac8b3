"""
A class is created although its base calls a method that it lacks.

What it catches
    A class of the project that is instantiated and inherits a method whose body only raises
    NotImplementedError, when a method that runs calls it on `self` without a condition. A method runs
    if Python calls it, if the code that creates the object calls it, or if a method that runs does.

Why it hurts in production
    Nothing fails when the class is loaded or created. The NotImplementedError comes when the base
    calls the hook: on the first message, or in the middle of a shutdown.

What to do instead
    Implement the method in the class, and mark it with `@abstractmethod` in the base.

When to ignore it
    When something else replaces the method before it is called.

Limits
    A call under a condition, or one whose NotImplementedError is caught, is not counted. Objects
    that only tests create are not counted either.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.contract import missing_members
from worker_lint.analysis.intent import is_declared_abstract
from worker_lint.analysis.lifecycle import ReachedUse, reached_uses
from worker_lint.analysis.self_assignment import sets_computed_names
from worker_lint.analysis.stub_member import StubMember, inherited_stubs, is_optional
from worker_lint.analysis.uses import Call
from worker_lint.rule import Context, Creates, Finding, Finds, Note, Rule, bad, good, place_of

rule = Rule(
    code="ABS105",
    severity="error",
    stage="preview",
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
            "nobody runs the method that needs the hook",
            """
            class FileSystem:
                def rename(self, path, target):
                    self.move(path, target)

                def move(self, path, target):
                    raise NotImplementedError

            class RemoteFileSystem(FileSystem):
                def read(self, path):
                    return path

            print(RemoteFileSystem().read("a"))
            """,
        ),
        good(
            "the methods are set by name",
            """
            class Worker:
                def run(self):
                    self.handle()

                def handle(self):
                    raise NotImplementedError

            class Wrapper(Worker):
                def __init__(self, inner):
                    for name in dir(inner):
                        setattr(self, name, getattr(inner, name))

            Wrapper(print).run()
            """,
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
    """The stubs that a created class is left with and that a method in use calls."""
    if not cls.node.bases:
        return
    stubs = {stub.name: stub for stub in inherited_stubs(cls) if _is_named_in_bases(cls, stub)}
    if not stubs or is_declared_abstract(cls) or missing_members(cls) or cls.project.hierarchy.is_dynamic(cls):
        return
    creations = _creations(cls)
    if not creations or sets_computed_names(cls):
        return
    needed: dict[str, ReachedUse] = {}
    for reached in reached_uses(cls, creations):
        stub = stubs.get(reached.use.name)
        if stub is not None and (reached.use.called or stub.member.kind == "property") and not is_optional(stub):
            needed.setdefault(stub.name, reached)
    if needed:
        yield _finding(cls, [(stubs[name], reached) for name, reached in needed.items()], creations[0])


def _is_named_in_bases(cls: Class, stub: StubMember) -> bool:
    """Whether a class of the resolution order reads the attribute of anything: cheap to ask, and often no."""
    for owner in cls.project.hierarchy.order(cls):
        if isinstance(owner, Class):
            text = owner.project.store.text(owner.path)
            if text.has_word(f".{stub.name}", owner.node.at[0], owner.node.at[2]):
                return True
    return False


def _creations(cls: Class) -> list[Call]:
    project = cls.project
    return [call for call in project.uses.creations(cls) if project.store.role(call.scope.path) == "product"]


def _finding(cls: Class, needed: list[tuple[StubMember, ReachedUse]], creation: Call) -> Finding:
    names = " and ".join(f"`{stub.name}`" for stub, _ in needed[:2])
    notes = []
    for stub, reached in needed:
        notes.append(Note(reached.path, reached.use.at, f"`{reached.method}` uses `self.{stub.name}` here"))
        notes.append(
            Note(stub.owner.path, stub.at, f"`{stub.name}` only raises NotImplementedError in `{stub.owner.name}`")
        )
    return Finding(
        at=cls.node.name_at,
        message=f"`{cls.name}` is created but lacks {names}, which its base calls",
        consequence=f"The call raises NotImplementedError while `{cls.name}` is at work.",
        help=f"implement {names} in `{cls.name}`",
        notes=(*notes, Note(creation.scope.path, creation.node.at, f"`{cls.name}` is created here")),
        symbol=cls.symbol,
        culprit=("class", cls.symbol),
        facts=(
            Creates(creation.scope.path, creation.node.at, place_of(cls)),
            *(Finds(place_of(cls), stub.name, place_of(stub.owner)) for stub, _ in needed),
        ),
    )
