"""
Python does not check an abstract class because it is also an exception, dict or the like.

What it catches
    A class with abstract members left that derives from a built-in class with a layout of its
    own (`Exception`, `int`, `str`, `dict`, `list` …), and of which an object is created.

Why it hurts in production
    Python refuses to create objects of abstract classes in `object.__new__`. Built-in classes
    have a `__new__` of their own that does not look. The incomplete object is created without a
    word, and the first call of the missing member runs the empty body of the base.

What to do instead
    Implement the members, or keep the built-in as a field instead of a base.

When to ignore it
    When the members are never called on these objects.

Limits
    A class that is created only through a variable or a factory is not seen. Product code only: tests make
    incomplete objects on purpose, to see what happens.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Found, Member, ModelClass, walk_statements
from worker_lint.analysis.creation import expects_type_error
from worker_lint.analysis.listing import list_names
from worker_lint.rule import Context, Creates, Derives, Enforced, Finding, LeftAbstract, Note, Rule, bad, good, place_of
from worker_lint.source import ir

rule = Rule(
    code="ABS116",
    severity="warning",
    stage="preview",
    summary="Python does not check an abstract class that derives from a built-in class",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    closure="open",
    resumable="records",
    product_only=True,
    silences=("no member left",),
    examples=(
        good(
            "a test makes an incomplete object on purpose",
            """
            from abc import ABC, abstractmethod

            class WorkerError(ABC, Exception):
                @abstractmethod
                def code(self): ...

            class StopError(WorkerError):
                pass

            def test_it_has_no_code():
                assert StopError("too late").code() is None
            """,
            path="tests/test_errors.py",
        ),
        bad(
            "an abstract exception is raised",
            """
            from abc import ABC, abstractmethod

            class WorkerError(ABC, Exception):
                @abstractmethod
                def code(self): ...

            class StopError(WorkerError):  # bad: code
                pass

            def stop():
                raise StopError("too late")
            """,
        ),
        bad(
            "raised without a call",
            """
            from abc import ABCMeta, abstractmethod

            class WorkerError(Exception, metaclass=ABCMeta):  # bad: code
                @abstractmethod
                def code(self): ...

            def stop():
                raise WorkerError
            """,
        ),
        bad(
            "a dictionary with a contract",
            """
            from abc import ABC, abstractmethod

            class Settings(ABC, dict):
                @abstractmethod
                def reload(self): ...

                @abstractmethod
                def save(self): ...

            class FileSettings(Settings):  # bad: save
                def reload(self): ...

            settings = FileSettings()
            """,
        ),
        good(
            "all members are there",
            """
            from abc import ABC, abstractmethod

            class WorkerError(ABC, Exception):
                @abstractmethod
                def code(self): ...

            class StopError(WorkerError):
                def code(self):
                    return 3

            def stop():
                raise StopError("too late")
            """,
            silence="no member left",
        ),
        good(
            "nobody creates the abstract one",
            """
            from abc import ABC, abstractmethod

            class WorkerError(ABC, Exception):
                @abstractmethod
                def code(self): ...

            def guard(call):
                try:
                    call()
                except WorkerError as error:
                    return error.code()
            """,
            silence="no member left",
        ),
        good(
            "a class without such a base is checked by Python itself",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            worker = Worker()
            """,
        ),
        good(
            "a base that chooses what is created",
            """
            from abc import ABC, abstractmethod

            class Text(ABC, str):
                def __new__(cls, value):
                    return str.__new__(Plain, value)

                @abstractmethod
                def shout(self): ...

            class Plain(Text):
                def shout(self):
                    return self.upper()

            text = Text("a")
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """A class with members left whose objects Python would create all the same."""
    left = cls.project.hierarchy.abstract(cls)
    if not left.left or left.enforced != "yes":
        return
    builtin = _unchecked_base(cls)
    if builtin is None or _chooses_class(cls):
        return
    creation = next(_creations(cls), None)
    if creation is not None:
        yield _finding(cls, left.left, builtin, creation)


def _unchecked_base(cls: Class) -> ModelClass | None:
    for base in cls.project.hierarchy.ancestors(cls):
        if isinstance(base, ModelClass) and base.unchecked:
            return base
    return None


def _chooses_class(cls: Class) -> bool:
    """Whether a `__new__` of the project may create an object of another class."""
    hierarchy = cls.project.hierarchy
    return any(isinstance(base, Class) and "__new__" in hierarchy.members(base) for base in hierarchy.order(cls))


def _creations(cls: Class) -> Iterator[tuple[str, ir.At]]:
    """Where objects of exactly this class are created, by a call or by `raise C`."""
    project = cls.project
    for call in project.uses.creations(cls):
        if not expects_type_error(call):
            yield call.scope.path, call.node.at
    for path in project.uses.files_using(cls):
        for scope in project.uses.scopes_with(path, cls.name):
            for node in walk_statements(scope.statements):
                raised = node.exception if isinstance(node, ir.Raise) else None
                if isinstance(raised, (ir.Name, ir.Attribute)) and project.names.expr(scope, raised) == (cls,):
                    yield path, raised.at


def _finding(cls: Class, left: dict[str, Found], builtin: ModelClass, creation: tuple[str, ir.At]) -> Finding:
    members, verb = list_names(left, 2), "is" if len(left) == 1 else "are"
    base = builtin.name.rpartition(".")[2]
    declared = [
        Note(found.owner.path, found.member.at, f"`{name}` is declared abstract in `{found.owner.name}`")
        for name, found in left.items()
        if isinstance(found.owner, Class) and isinstance(found.member, Member)
    ]
    return Finding(
        at=cls.node.name_at,
        message=f"`{cls.name}` is created although {members} {verb} abstract",
        consequence=f"`{base}.__new__` does not check abstract members, so the incomplete object comes into being.",
        help=f"implement {members} in `{cls.name}`, or hold the `{base}` in a field",
        notes=(Note(*creation, f"`{cls.name}` is created here"), *declared),
        culprit=("class", cls.symbol),
        facts=(
            Creates(*creation, place_of(cls)),
            LeftAbstract(place_of(cls), tuple(sorted(left))),
            Enforced(place_of(cls), yes=True),
            Derives(place_of(cls), builtin.name),
        ),
    )
