"""
An abstract member is "implemented" by an assignment on the instance.

What it catches
    A class that has abstract members left and assigns them as `self.name = …` in a method. Python looks
    for the implementation on the class, so the assignment does not count.

Why it hurts in production
    The class looks complete to a reader, and Python still raises TypeError when it is created: the
    line that was to implement the member is never reached.

What to do instead
    Give the class an attribute of that name (`name = ""` in the class body, or a property that
    returns what `__init__` stores under another name).

When to ignore it
    Never: the class cannot be created.

Limits
    Classes that stay abstract on purpose, or have concrete subclasses, are not judged.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.contract import Missing, missing_members
from worker_lint.analysis.intent import has_concrete_descendant, is_declared_abstract
from worker_lint.analysis.self_assignment import assignments
from worker_lint.rule import Context, Finding, Note, Rule, bad, good, incomplete
from worker_lint.source import ir

rule = Rule(
    code="ABS110",
    severity="error",
    stage="preview",
    summary="An abstract member is implemented only by an assignment on the instance",
    words=("abstractmethod", "abstractproperty"),
    yields_to=("ABS101",),
    silences=("Protocol attribute",),
    examples=(
        bad(
            "the property is set in __init__",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @property
                @abstractmethod
                def queue(self): ...

            class MailWorker(Worker):
                def __init__(self):
                    self.queue = "mail"  # bad: queue
            """,
        ),
        bad(
            "a callback in place of a method",
            """
            import abc

            class Consumer(metaclass=abc.ABCMeta):
                @abc.abstractmethod
                def on_message(self, body): ...

            class Forwarder(Consumer):
                def __init__(self, callback):
                    self.calls = 0
                    self.on_message = callback  # bad: on_message
            """,
        ),
        good(
            "a protocol asks for an attribute, and an instance has it",
            """
            from typing import Protocol

            class Named(Protocol):
                name: str

            class Worker(Named):
                def __init__(self, name: str) -> None:
                    self.name = name
            """,
            silence="Protocol attribute",
        ),
        good(
            "the class has a default",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @property
                @abstractmethod
                def queue(self): ...

            class MailWorker(Worker):
                queue = ""

                def __init__(self):
                    self.queue = "mail"
            """,
        ),
        good(
            "a half-way base that leaves the member to its subclasses",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @property
                @abstractmethod
                def queue(self): ...

            class Storing(Worker):
                def __init__(self):
                    self.queue = "stored"

            class MailWorker(Storing):
                queue = ""
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Assignments on the instance to members that the class leaves abstract."""
    missing = {item.name: item for item in missing_members(cls)}
    if not missing or is_declared_abstract(cls) or has_concrete_descendant(cls):
        return
    found = dict(reversed(list(assignments(cls, missing))))
    if found:
        first = min(found, key=lambda name: found[name])
        yield _finding(cls, missing[first], found[first], [missing[name] for name in missing if name not in found])


def _finding(cls: Class, item: Missing, at: ir.At, others: list[Missing]) -> Finding:
    notes = [Note(item.path, item.at, f"`{item.name}` is declared abstract in `{item.owner}`")] if item.path else []
    notes.extend(Note(other.path, other.at, f"`{other.name}` is left abstract too") for other in others if other.path)
    return Finding(
        at=at,
        message=f"`{item.name}` is set on the instance, but `{cls.name}` leaves it abstract",
        consequence=f"Python raises TypeError when `{cls.name}` is created, before this line is reached.",
        help=f"define `{item.name}` in the body of `{cls.name}`",
        notes=tuple(notes),
        symbol=cls.symbol,
        culprit=("class", cls.symbol),
        facts=incomplete(cls, (item, *others)),
    )
