"""
A class is instantiated although abstract members are left in it.

What it catches
    A call `C()` where C, or a class that C stands for, has abstract members that nothing in its method resolution order
    implements. It is found through imports, re-exports, aliases, class attributes, and displays of classes.

Why it hurts in production
    Python raises TypeError at that call, and only there. In a worker this is often when a rarely used queue or
    fallback is first needed: the process starts, passes its health check, and dies on the first message of that kind.

What to do instead
    Implement the members that the message names (`worker-lint fix` writes their signatures), or create a subclass.

When to ignore it
    Never in product code; in a test, `pytest.raises(TypeError)` around the call silences it.

Limits
    A class whose bases cannot be resolved, that has its own `__new__`, or whose decorator may add members is not
    judged. `cls()` in a class method is not judged: a subclass may stand for it. In code of tests it is only likely: a
    test that runs it fails, so what stays there is hardly ever run.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, ModuleScope
from worker_lint.analysis.contract import Missing, list_members, missing_members, refuses_as_protocol
from worker_lint.analysis.creation import Creation
from worker_lint.rule import Context, Creates, Derives, Finding, Note, Rule, bad, good, incomplete, place_of
from worker_lint.rule.stubs import members_fix

rule = Rule(
    code="ABS101",
    severity="error",
    stage="certain",
    summary="A class is instantiated although abstract members are left in it",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    closure="open",
    resumable="records",
    silences=(
        "cls() in a class method",
        "type[T] parameter",
        "__subclasses__() loop",
        "__new__ factory",
        "field of a decorator",
        "virtual subclass",
        "test that expects the TypeError",
        "implicit Protocol member",
    ),
    examples=(
        bad(
            "a worker without its stop method",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                @abstractmethod
                def stop(self): ...

            class MailWorker(Worker):
                def run(self):
                    print("sending")

            worker = MailWorker()  # bad: stop
            """,
        ),
        bad(
            "the signature comes from another module",
            """
            from base import Worker

            class MailWorker(Worker):
                def run(self) -> None:
                    print("sending")

            worker = MailWorker()  # bad: handle
            """,
            files={
                "base.py": """
                from abc import ABC, abstractmethod
                from collections.abc import AsyncIterator
                from decimal import Decimal

                DELAY = 3.0

                class Message: ...

                class Worker(ABC):
                    @abstractmethod
                    async def handle(self, message: "Message", *, delay: float = DELAY) -> Decimal | None:
                        \"\"\"Handle one message.\"\"\"

                    @property
                    @abstractmethod
                    def name(self) -> str: ...
                """
            },
            repaired="""
            from decimal import Decimal

            from base import DELAY, Message, Worker

            class MailWorker(Worker):
                def run(self) -> None:
                    print("sending")

                async def handle(
                    self,
                    message: "Message",
                    *,
                    delay: float = DELAY,
                ) -> Decimal | None:
                    \"\"\"Handle one message.\"\"\"
                    raise NotImplementedError

                @property
                def name(self) -> str:
                    \"\"\"Required by Worker.\"\"\"
                    raise NotImplementedError

            worker = MailWorker()  # bad: handle
            """,
        ),
        bad(
            "the base lives in another module",
            """
            from base import Worker as Base

            class MailWorker(Base):
                pass

            def main():
                MailWorker().run()  # bad: run
            """,
            files={
                "base.py": """
                import abc

                class Worker(metaclass=abc.ABCMeta):
                    @abc.abstractmethod
                    def run(self): ...
                """
            },
        ),
        bad(
            "picked from a table of classes",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            class Mail(Worker):
                pass

            class Print(Worker):
                def stop(self): ...

            WORKERS = {"mail": Mail, "print": Print}
            worker = WORKERS["mail"]()  # bad: stop
            """,
        ),
        bad(
            "an abstract class of the standard library",
            """
            from collections.abc import Mapping

            class Settings(Mapping):
                def __getitem__(self, key):
                    return None

                def __iter__(self):
                    return iter(())

            settings = Settings()  # bad: __len__
            """,
        ),
        bad(
            "a protocol is no class to create objects of",
            """
            from typing import Protocol

            class Stoppable(Protocol):
                def stop(self): ...

            worker = Stoppable()  # bad: Protocol
            """,
        ),
        bad(
            "a double that no test asks for",
            """
            from typing import Protocol

            class Driver(Protocol):
                def allocate(self): ...

            driver = Driver()  # bad: Protocol
            """,
            path="tests/fake_driver.py",
            is_likely=True,
        ),
        good(
            "any subclass may stand for cls",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @classmethod
                def create(cls):
                    return cls()

                @abstractmethod
                def stop(self): ...
            """,
            silence="cls() in a class method",
        ),
        good(
            "the parameter is a class to be chosen by the caller",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            def start(kind: type[Worker]):
                return kind()
            """,
            silence="type[T] parameter",
        ),
        good(
            "only the concrete ones are listed",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            def start_all():
                return [kind() for kind in Worker.__subclasses__()]
            """,
            silence="__subclasses__() loop",
        ),
        good(
            "a base that chooses the subclass",
            """
            from abc import ABC, abstractmethod

            class Path(ABC):
                def __new__(cls, *args):
                    return object.__new__(PosixPath if cls is Path else cls)

                @abstractmethod
                def root(self): ...

            class PosixPath(Path):
                def root(self):
                    return "/"

            here = Path()
            """,
            silence="__new__ factory",
        ),
        good(
            "a data class field with a default",
            """
            from abc import ABC, abstractmethod
            from dataclasses import dataclass

            class Named(ABC):
                @property
                @abstractmethod
                def name(self): ...

            @dataclass
            class Queue(Named):
                name: str = "default"

            queue = Queue()
            """,
            silence="field of a decorator",
        ),
        good(
            "registered, not derived",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            @Worker.register
            class Foreign:
                pass

            worker = Foreign()
            """,
            silence="virtual subclass",
        ),
        good(
            "the error is what the test wants",
            """
            from abc import ABC, abstractmethod
            import pytest

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            def test_cannot_be_created():
                with pytest.raises(TypeError):
                    Worker()
            """,
            silence="test that expects the TypeError",
            path="tests/test_worker.py",
        ),
        good(
            "a protocol member without a mark has a body of its own",
            """
            from typing import Protocol

            class Stoppable(Protocol):
                def stop(self): ...

            class Mail(Stoppable):
                pass

            mail = Mail()
            """,
            silence="implicit Protocol member",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every call in the module that creates an object of an abstract class or of a protocol."""
    for creation in context.project.creations.in_file(module.path):
        missing = missing_members(creation.cls)
        if creation.expects_error:
            continue
        if missing:
            yield _finding(creation, missing, context)
        elif refuses_as_protocol(creation.cls):
            yield _protocol(creation, context)


def _stands_unrun(context: Context) -> bool:
    """Whether it is code of tests, in which each run would have shown it: what stays there is not run by any."""
    return context.project.store.role(context.path) == "test"


def _protocol(creation: Creation, context: Context) -> Finding:
    cls = creation.cls
    return Finding(
        at=creation.at,
        message=f"`{cls.name}` is instantiated but it is a Protocol",
        consequence="Python raises TypeError at this call, so nothing behind it runs.",
        help=f"create an object of a class that implements `{cls.name}`",
        notes=(Note(cls.path, cls.node.name_at, f"`{cls.name}` is declared as a Protocol here"),),
        symbol=creation.scope.symbol,
        culprit=("class", cls.symbol),
        confidence="likely" if _stands_unrun(context) else None,
        facts=(
            Creates(creation.scope.path, creation.at, place_of(cls)),
            Derives(place_of(cls), "typing.Protocol"),
        ),
    )


def _finding(creation: Creation, missing: tuple[Missing, ...], context: Context) -> Finding:
    cls: Class = creation.cls
    members, verb = list_members(missing), "is" if len(missing) == 1 else "are"
    return Finding(
        at=creation.at,
        message=f"`{cls.name}` is instantiated but {members} {verb} abstract",
        consequence="Python raises TypeError at this call, so nothing behind it runs.",
        help=f"implement {members} in `{cls.name}`, or create a subclass that does",
        notes=(
            *(
                Note(item.path, item.at, f"`{item.name}` is declared abstract in `{item.owner}`")
                for item in missing
                if item.path
            ),
            Note(
                cls.path, cls.node.name_at, f"`{cls.name}` does not implement {'it' if len(missing) == 1 else 'them'}"
            ),
        ),
        symbol=creation.scope.symbol,
        culprit=("class", cls.symbol),
        confidence="likely" if _stands_unrun(context) else creation.confidence,
        facts=(Creates(creation.scope.path, creation.at, place_of(cls)), *incomplete(cls, missing)),
        fix=members_fix(cls, missing, context.path),
    )
