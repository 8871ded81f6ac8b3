"""
No test names a class that implements abstract members.

What it catches
    A class that implements abstract members and that no test file of the project mentions.

Why it hurts in production
    An implementation is called through its base, so tests of the base pass although this class
    is broken. The first one to run its stop method is production.

What to do instead
    Write a test that creates the class and calls each member that it implements.

When to ignore it
    Where tests find the classes by themselves; the rule is off unless it is selected.

Limits
    A test that gets the class through a factory or a registry, and never names it, is not seen.
    Test files are those that the configuration takes for tests.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.implementing import implementations
from worker_lint.analysis.listing import list_names
from worker_lint.rule import Context, Finding, Note, Rule, bad, good, overrides

_BASE = """
from abc import ABC, abstractmethod

class Worker(ABC):
    @abstractmethod
    def stop(self): ...
"""

rule = Rule(
    code="ABS204",
    severity="note",
    stage="opt-in",
    summary="No test names a class that implements abstract members",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    product_only=True,
    examples=(
        bad(
            "no tests at all",
            """
            from base import Worker

            class MailWorker(Worker):  # bad: MailWorker
                def stop(self):
                    print("bye")
            """,
            files={"base.py": _BASE},
        ),
        bad(
            "the test is about another class",
            """
            from base import Worker

            class MailWorker(Worker):
                def stop(self):
                    print("bye")

            class PrintWorker(Worker):  # bad: PrintWorker
                def stop(self):
                    print("bye")
            """,
            files={
                "base.py": _BASE,
                "tests/test_worker.py": """
                from example import MailWorker

                def test_stop():
                    MailWorker().stop()
                """,
            },
        ),
        good(
            "a test names it",
            """
            from base import Worker

            class MailWorker(Worker):
                def stop(self):
                    print("bye")
            """,
            files={
                "base.py": _BASE,
                "tests/test_worker.py": """
                import example

                def test_stop():
                    example.MailWorker().stop()
                """,
            },
        ),
        good(
            "a subclass is tested",
            """
            from base import Worker

            class QueueWorker(Worker):
                def stop(self):
                    print("bye")

            class MailWorker(QueueWorker):
                pass
            """,
            files={
                "base.py": _BASE,
                "tests/test_worker.py": """
                from example import MailWorker

                def test_stop():
                    MailWorker().stop()
                """,
            },
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The class, if neither it nor a subclass of it occurs in a test."""
    found = implementations(cls)
    if not found or any(_is_tested(item) for item in (cls, *cls.project.hierarchy.descendants(cls))):
        return
    names = list_names(item.member.name for item in found)
    yield Finding(
        at=cls.node.name_at,
        message=f"no test names `{cls.name}`",
        consequence=f"Tests of the base do not run its {names}.",
        help=f"write a test that creates `{cls.name}` and calls {names}",
        notes=tuple(Note(context.path, item.member.at, "implemented here") for item in found[:3]),
        culprit=("test", cls.symbol),
        facts=tuple(fact for item in found for fact in overrides(cls, item.declared)),
    )


def _is_tested(cls: Class) -> bool:
    """Whether a test file names the class, or is where it is defined."""
    store, users = cls.project.store, cls.project.uses.files_using(cls)
    return any(store.role(path) == "test" and store.mentions(path, cls.name) for path in users)
