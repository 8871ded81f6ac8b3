"""
A method calls the abstract member that it implements, and there is nothing there.

What it catches
    `super().m()` or `Base.m(self)` that reaches an abstract member whose body only raises
    NotImplementedError; or one whose body is empty, where the call's result is used.

Why it hurts in production
    The call either raises NotImplementedError each time, or gives None where a value is
    expected. Both show only when the method runs: in a stop method, when the worker is told to
    stop.

What to do instead
    Remove the call, or give the base a body that is worth calling.

When to ignore it
    When a class that is combined with this one stands between the two and has a body.

Limits
    A bare `super().m()` to an empty body does nothing and is let pass: it prepares for multiple
    inheritance. So is every class that a subclass combines with another base.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Found, Function, Member, walk_statements
from worker_lint.analysis.visit import expressions_of, subexpressions
from worker_lint.rule import Context, Finding, Marked, Note, Rule, bad, good, overrides, place_of
from worker_lint.source import ir

rule = Rule(
    code="ABS112",
    severity="warning",
    stage="preview",
    summary="A method calls the abstract member that it implements, and there is nothing there",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    yields_to=("STP113",),
    silences=("a body that does something",),
    examples=(
        bad(
            "the base raises",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self):
                    raise NotImplementedError

            class MailWorker(Worker):
                def stop(self):
                    super().stop()  # bad: Worker.stop
            """,
        ),
        bad(
            "the base gives nothing",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def settings(self):
                    ...

            class MailWorker(Worker):
                def settings(self):
                    found = Worker.settings(self)  # bad: Worker.settings
                    found["queue"] = "mail"
                    return found
            """,
        ),
        good(
            "the base has a body",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def settings(self):
                    return {}

            class MailWorker(Worker):
                def settings(self):
                    return super().settings() | {"queue": "mail"}
            """,
            silence="a body that does something",
        ),
        good(
            "the call is harmless",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            class MailWorker(Worker):
                def stop(self):
                    super().stop()
                    print("bye")
            """,
        ),
        good(
            "another base may come between",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self):
                    raise NotImplementedError

            class Logging(Worker):
                def stop(self):
                    super().stop()

            class Plain(Worker):
                def stop(self): ...

            class MailWorker(Logging, Plain):
                pass
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The methods that implement an abstract member by calling it."""
    hierarchy = cls.project.hierarchy
    names = {base.name for base in hierarchy.ancestors(cls) if isinstance(base, Class)}
    text, body = cls.project.store.text(cls.path), cls.node.body
    if not names or not any(text.has_word(word, body[0].at[0], cls.node.at[2]) for word in ("super", *names)):
        return
    for name, members in hierarchy.members(cls).items():
        found = _empty_base(cls, name)
        if found is not None and not _is_combined(cls):
            for member in members:
                yield from _calls(cls, member, found)


def _empty_base(cls: Class, name: str) -> Found | None:
    """The abstract member without a body that a call to the base reaches."""
    found = cls.project.hierarchy.find(cls, name, after=cls)
    if found is None or not found.sure or found.abstract is not True or not isinstance(found.member, Member):
        return None
    node = found.member.function
    empty = node is not None and not node.is_generator and node.shape != "other"
    return found if empty and found.member.kind in {"method", "classmethod"} else None


def _is_combined(cls: Class) -> bool:
    """Whether a subclass has further bases, which may come between this class and its base."""
    return any(len(item.node.bases) > 1 for item in cls.project.hierarchy.descendants(cls))


def _calls(cls: Class, member: Member, found: Found) -> Iterator[Finding]:
    node = member.function
    if node is None or not isinstance(found.member, Member) or found.member.function is None:
        return
    text = cls.project.store.text(cls.path)
    if not any(text.has_word(word, node.at[0], node.at[2]) for word in ("super", found.owner.name)):
        return
    function = cls.project.function_of(cls, node)
    raises = found.member.function.shape not in {"trivial", "abstract-docstring"}
    for statement in walk_statements(function.body):
        bare = _bare(statement)
        for expression in expressions_of(statement):
            for part in subexpressions(expression):
                if _reaches(function, part, cls, found) and (raises or part is not bare):
                    yield _finding(cls, member, found, part, raises=raises)


def _bare(statement: ir.Stmt) -> ir.Expr | None:
    """The call that a statement consists of, awaited or not."""
    value = statement.value if isinstance(statement, (ir.Expression, ir.Return)) else None
    return value.value if isinstance(value, ir.Await) else value


def _reaches(function: Function, part: ir.Expr, cls: Class, found: Found) -> bool:
    """Whether an expression is `super().m(…)` or `Base.m(…)` of the member found."""
    if not isinstance(part, ir.Call) or not isinstance(part.func, ir.Attribute) or part.func.name != found.member.name:
        return False
    receiver = part.func.value
    if isinstance(receiver, ir.Call):
        named = receiver.args[0] if receiver.args else None
        own = named is None or ir.dotted_name(named) == cls.name
        return ir.dotted_name(receiver.func) == "super" and own
    return cls.project.names.expr(function, receiver) == (found.owner,)


def _finding(cls: Class, member: Member, found: Found, part: ir.Expr, *, raises: bool) -> Finding:
    target = f"{found.owner.name}.{found.member.name}"
    effect = "raises NotImplementedError" if raises else "gives None"
    path = found.owner.path if isinstance(found.owner, Class) else ""
    where = found.member.at if isinstance(found.member, Member) else part.at
    return Finding(
        at=part.at,
        message=f"this call of the abstract `{target}` only {effect}",
        consequence=f"`{cls.name}.{member.name}` fails or goes on with None, and only when it runs.",
        help=f"remove the call, or give `{target}` a body",
        notes=(Note(path, where, f"`{target}` is abstract and has no body of its own"),),
        symbol=f"{cls.symbol}.{member.name}",
        culprit=("member", cls.symbol, member.name),
        facts=(
            *overrides(cls, found),
            *((Marked(place_of(found.owner), (member.name,)),) if isinstance(found.owner, Class) else ()),
        ),
    )
