"""
An implementation of an abstract member has no docstring.

What it catches
    A method or property that implements an abstract member and has no docstring, while its class
    has none that would speak for it.

Why it hurts in production
    The declaration says what every implementation does; only the implementation can say what
    this one does besides: which connection it closes, how long it may take, what it raises. In
    an incident that is what somebody reads at night.

What to do instead
    Write one sentence about what is special here.

When to ignore it
    Where tools show the docstring of the declaration; the rule is off unless it is selected.

Limits
    Whether a docstring says something is not judged.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.implementing import implementations
from worker_lint.analysis.listing import list_names
from worker_lint.rule import Context, Finding, Note, Rule, bad, good, overrides

rule = Rule(
    code="ABS202",
    severity="note",
    stage="opt-in",
    summary="An implementation of an abstract member has no docstring",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    product_only=True,
    examples=(
        bad(
            "one method",
            '''
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self):
                    """Stop the worker."""

            class MailWorker(Worker):
                def stop(self):  # bad: stop
                    print("bye")
            ''',
        ),
        bad(
            "some have one",
            '''
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                @abstractmethod
                def stop(self): ...

            class MailWorker(Worker):
                def run(self):
                    """Send what is in the queue."""
                    print("sending")

                async def stop(self):  # bad: stop
                    print("bye")
            ''',
        ),
        good(
            "documented",
            '''
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            class MailWorker(Worker):
                def stop(self):
                    """Close the connection after the last message is acknowledged."""
                    print("bye")
            ''',
        ),
        good(
            "the class speaks for its methods",
            '''
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            class NullWorker(Worker):
                """Does nothing, at once."""

                def stop(self):
                    print("bye")
            ''',
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """One diagnostic for all implementations of the class."""
    if cls.node.docstring:
        return
    bare = [item for item in implementations(cls) if not item.node.docstring]
    if not bare:
        return
    names = list_names(item.member.name for item in bare)
    yield Finding(
        at=bare[0].member.at,
        message=f"`{cls.name}` implements {names} without a docstring",
        consequence="What is special about this implementation is written nowhere.",
        help=f"write a sentence in `{bare[0].member.name}`, or about the class",
        notes=tuple(Note(context.path, item.member.at, f"`{item.member.name}` has none either") for item in bare[1:4]),
        culprit=("docstring", cls.symbol),
        facts=tuple(fact for item in bare for fact in overrides(cls, item.declared)),
    )
