"""
A base class asks for a method by raising NotImplementedError, and nothing marks it abstract.

What it catches
    A class without any abstract mark whose methods only raise NotImplementedError, when subclasses of
    the project override them and nobody creates the class itself.

Why it hurts in production
    The contract exists, but Python does not know it. A subclass without the method is created without
    complaint and fails when the method is first called.

What to do instead
    Derive the class from `ABC` and mark the methods with `@abstractmethod`.

When to ignore it
    When the methods are optional: say so in their docstrings, and the rule is silent.

Limits
    A method counts only if every leaf among the subclasses overrides it.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.stub_member import StubMember, is_optional, own_stubs
from worker_lint.rule import Context, Derives, Enforced, Finding, Note, Rule, bad, good, place_of

rule = Rule(
    code="ABS119",
    severity="note",
    summary="A base asks for methods by raising NotImplementedError, and nothing marks them abstract",
    stage="preview",
    words=("NotImplementedError",),
    yields_to=("ABS104", "ABS105"),
    product_only=True,
    examples=(
        bad(
            "a base in name only",
            """
            class Worker:  # bad: handle
                def run(self):
                    while True:
                        self.handle(None)

                def handle(self, message):
                    raise NotImplementedError

            class MailWorker(Worker):
                def handle(self, message):
                    print(message)
            """,
        ),
        bad(
            "two methods, one diagnostic",
            """
            class Exporter:  # bad: export
                def export(self, item):
                    raise NotImplementedError("subclasses implement this")

                def close(self):
                    raise NotImplementedError

            class CsvExporter(Exporter):
                def export(self, item): print(item)
                def close(self): print("closed")
            """,
        ),
        good(
            "the class is created itself",
            """
            class Worker:
                def handle(self, message):
                    raise NotImplementedError

            class MailWorker(Worker):
                def handle(self, message):
                    print(message)

            idle = Worker()
            """,
        ),
        good(
            "a leaf does without",
            """
            class Worker:
                def pause(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                def pause(self): print("paused")

            class PrintWorker(Worker):
                pass
            """,
        ),
        good(
            "refusing what the base could do is no contract",
            """
            class Store:
                def write(self, item):
                    print(item)

            class ReadOnlyStore(Store):
                def write(self, item):
                    raise NotImplementedError

            class LoggingStore(ReadOnlyStore):
                def write(self, item):
                    print("logged")
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The unmarked stubs of a plain base."""
    hierarchy = cls.project.hierarchy
    stubs = own_stubs(cls)
    if not stubs or not hierarchy.subclasses(cls) or _has_marks(cls):
        return
    leaves = [sub for sub in hierarchy.descendants(cls) if not hierarchy.subclasses(sub) and _is_product(sub.path, cls)]
    asked = [stub for stub in stubs if _is_demanded(stub, leaves)]
    if asked and not any(_is_product(call.scope.path, cls) for call in cls.project.uses.creations(cls)):
        yield _finding(cls, asked, leaves[0])


def _is_product(path: str, cls: Class) -> bool:
    return cls.project.store.role(path) == "product"


def _has_marks(cls: Class) -> bool:
    """Whether Python already enforces something here, or the class marks members in vain (ABS103 speaks of that)."""
    hierarchy = cls.project.hierarchy
    if hierarchy.enforced(cls) == "yes":
        return True
    return any(member.abstract is not False for members in hierarchy.members(cls).values() for member in members)


def _is_demanded(stub: StubMember, leaves: list[Class]) -> bool:
    hierarchy = stub.owner.project.hierarchy
    if hierarchy.may_inherit(stub.owner, stub.name) or not leaves:
        return False
    for leaf in leaves:
        held = hierarchy.find(leaf, stub.name)
        if held is None or not held.sure or held.member is stub.member:
            return False
    return not is_optional(stub)


def _finding(cls: Class, asked: list[StubMember], leaf: Class) -> Finding:
    names = ", ".join(f"`{stub.name}`" for stub in asked[:3]) + (
        f" and {len(asked) - 3} more" if len(asked) > 3 else ""
    )
    return Finding(
        at=cls.node.name_at,
        message=f"`{cls.name}` demands {names}, but marks nothing abstract",
        consequence=f"A subclass of `{cls.name}` that forgets one fails at the first call, not at its creation.",
        help=f"derive `{cls.name}` from ABC and mark {names} with @abstractmethod",
        notes=(
            *(Note(cls.path, stub.at, f"`{stub.name}` only raises NotImplementedError") for stub in asked),
            Note(leaf.path, leaf.node.name_at, f"`{leaf.name}` and all other leaves override it"),
        ),
        symbol=cls.symbol,
        culprit=("class", cls.symbol),
        facts=(Enforced(place_of(cls), yes=False), Derives(place_of(leaf), place_of(cls))),
    )
