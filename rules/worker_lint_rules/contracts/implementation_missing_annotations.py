"""
An implementation of an abstract member lacks type annotations.

What it catches
    A method or property that implements an abstract member, where a parameter or the result has
    no annotation.

Why it hurts in production
    Type checkers compare an implementation with its declaration only as far as it is annotated,
    and many do not look into bodies without annotations at all. A worker that returns None where
    its base promises a message passes every check and fails on the first call.

What to do instead
    Annotate each parameter but the receiver, and the result.

When to ignore it
    In code that does without annotations as a whole; the rule is off unless it is selected.

Limits
    Special methods such as `__len__` and private parameters of the form `_` are let pass.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.implementing import Implementation, implementations
from worker_lint.analysis.listing import list_names
from worker_lint.rule import Context, Finding, Note, Rule, bad, good, overrides

rule = Rule(
    code="ABS201",
    severity="note",
    stage="opt-in",
    summary="An implementation of an abstract member lacks type annotations",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    product_only=True,
    examples=(
        bad(
            "parameter and result",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def handle(self, message: str) -> None: ...

            class MailWorker(Worker):
                def handle(self, message):  # bad: handle
                    print(message)
            """,
        ),
        bad(
            "only the result",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

                @property
                @abstractmethod
                def name(self): ...

            class MailWorker(Worker):
                def stop(self):  # bad: `stop` and `name`
                    print("bye")

                @property
                def name(self):
                    return "mail"
            """,
        ),
        good(
            "all annotated",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def handle(self, message, *rest): ...

                @classmethod
                @abstractmethod
                def create(cls): ...

            class MailWorker(Worker):
                def handle(self, message: str, *rest: object, _=None) -> None:
                    print(message)

                @classmethod
                def create(cls) -> "MailWorker":
                    return cls()
            """,
        ),
        good(
            "a method that implements nothing",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self) -> None: ...

            class MailWorker(Worker):
                def stop(self) -> None:
                    self.say("bye")

                def say(self, text):
                    print(text)
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """One diagnostic for all implementations of the class."""
    lacking = [item for item in implementations(cls) if _lacking(item)]
    if not lacking:
        return
    names = list_names(item.member.name for item in lacking)
    yield Finding(
        at=lacking[0].member.at,
        message=f"`{cls.name}` implements {names} without annotations",
        consequence="Type checkers do not compare it with what the base declares.",
        help=f"annotate {', '.join(_lacking(lacking[0]))} of `{lacking[0].member.name}`",
        notes=tuple(
            Note(context.path, item.member.at, f"`{item.member.name}` lacks {', '.join(_lacking(item))}")
            for item in lacking[1:4]
        ),
        culprit=("annotations", cls.symbol),
        facts=tuple(fact for item in lacking for fact in overrides(cls, item.declared)),
    )


def _lacking(item: Implementation) -> list[str]:
    """What is not annotated: names of parameters, and `the result`."""
    params = item.node.params if item.member.kind == "staticmethod" else item.node.params[1:]
    found = [f"`{part.name}`" for part in params if part.annotation is None and part.name.strip("_")]
    return found if item.node.returns is not None else [*found, "the result"]
