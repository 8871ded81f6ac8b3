"""
An override of a stop method leaves out what the base's own method releases.

What it catches
    A subclass overrides `stop`, `close`, `shutdown` or another stop method without calling the base's: the thread,
    connection or file that the base opened is not released by the override either, or the flag that the base's
    thread reads is never set.

Why it hurts in production
    Whoever wrote the subclass saw only its own resources. Each of its objects leaves the base's behind: a socket that
    stays open, a thread that keeps the process from ending.

What to do instead
    End the override with `super().stop()`, in `finally` when its own steps may fail.

When to ignore it
    When the subclass never starts what the base would have to end.

Limits
    Only resources that the base itself makes and its method itself ends; a subclass that makes them in its own way
    is let pass.
"""

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.calls.callee import is_abstract
from worker_lint.analysis.children import children_of
from worker_lint.analysis.nesting import own_calls, with_inner
from worker_lint.analysis.resources import Held
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stopping import STOP_WORDS, is_stop_name
from worker_lint.analysis.touching import acts_of, code_of, done_by
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP113",
    severity="warning",
    stage="preview",
    closure="file",
    resumable="trail",
    summary="An override of a stop method leaves out what the base's own method releases",
    words=STOP_WORDS,
    product_only=True,
    silences=("trivial base", "same releases done"),
    examples=(
        bad(
            "the base's connection stays open",
            """
            import pika

            class Base:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)

                def stop(self):
                    self._connection.close()

            class Worker(Base):
                def __init__(self, parameters, path):
                    super().__init__(parameters)
                    self._file = open(path)

                def stop(self):  # bad: self._connection
                    self._file.close()
            """,
            repaired="""
            import pika

            class Base:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)

                def stop(self):
                    self._connection.close()

            class Worker(Base):
                def __init__(self, parameters, path):
                    super().__init__(parameters)
                    self._file = open(path)

                def stop(self):  # bad: self._connection
                    self._file.close()
                    super().stop()
            """,
        ),
        bad(
            "nobody tells the base's thread",
            """
            import threading

            class Base:
                def start(self):
                    self._running = True
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while self._running:
                        self.once()

                def once(self):
                    print("once")

                def stop(self):
                    self._running = False
                    self._thread.join()

            class Worker(Base):
                def stop(self):  # bad: self._thread
                    print("stopped")
            """,
        ),
        good(
            "it calls the base's",
            """
            import pika

            class Base:
                def __init__(self):
                    self._connection = pika.BlockingConnection()

                def stop(self):
                    self._connection.close()

            class Worker(Base):
                def stop(self):
                    print("stopping")
                    super().stop()
            """,
        ),
        good(
            "the base does nothing",
            """
            class Base:
                def stop(self):
                    pass

            class Worker(Base):
                def __init__(self, path):
                    self._file = open(path)

                def stop(self):
                    self._file.close()
            """,
            silence="trivial base",
        ),
        good(
            "it releases the same itself",
            """
            import pika

            class Base:
                def __init__(self):
                    self._connection = pika.BlockingConnection()

                def stop(self):
                    self._connection.close()

            class Worker(Base):
                def stop(self):
                    self._channel = None
                    self._connection.close(reply_code=320)
            """,
            silence="same releases done",
        ),
        good(
            "it opens nothing of the base",
            """
            import pika

            class Base:
                def start(self):
                    self._connection = pika.BlockingConnection()

                def stop(self):
                    self._connection.close()

            class Offline(Base):
                def start(self):
                    self._rows = []

                def stop(self):
                    self._rows.clear()
            """,
        ),
        good(
            "a method of the subclass closes it on the way",
            """
            import pika

            class Base:
                def __init__(self):
                    self._connection = pika.BlockingConnection()

                def stop(self):
                    self._connection.close()

            class Worker(Base):
                def stop(self):
                    self._leave()

                def _leave(self):
                    Base.stop(self)
            """,
        ),
    ),
)

_NOT_DUE: Final = frozenset({"lock", "event", "queue", "stack"})


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The stop methods that the class body overrides."""
    bases = [base for base in context.project.hierarchy.order(cls)[1:] if isinstance(base, Class)]
    if not bases:
        return
    for method in context.project.values.fields.methods(cls):
        if not is_stop_name(method.name) or is_abstract(method) or method.node.shape != "other":
            continue
        found = _overridden(cls, bases, method.name)
        if found is None or _calls_base(cls, method, found):
            continue
        left = _left_out(cls, method, found)
        if left is not None:
            yield _finding(method, found, *left, context)


def _overridden(cls: Class, bases: list[Class], name: str) -> Function | None:
    """The base's method that does something."""
    for base in bases:
        for method in cls.project.values.fields.methods(base):
            if method.name == name:
                plain = not method.node.decorators and method.node.shape == "other"
                return method if plain and not is_abstract(method) else None
    return None


def _calls_base(cls: Class, method: Function, base: Function) -> bool:
    """Whether the override, or a method of the class that it leads to, calls the base's or a part of it."""
    names = cls.project.resources.reached(cls, method.name)
    for one in cls.project.values.fields.methods(cls):
        if one.name not in names:
            continue
        for block in with_inner(one):
            for statement in walk_statements(block.body):
                if any(_is_upward(call, method.name) for call in own_calls(statement)):
                    return True
                if isinstance(statement, ir.With) and "super" in cls.project.store.text(cls.path).segment(statement.at):
                    return True
    return "super" in _text(method) or base.owner is None


def _is_upward(call: ir.Call, name: str) -> bool:
    """`Base.stop(self)`, by any name of the base."""
    return isinstance(call.func, ir.Attribute) and call.func.name == name and bool(call.args)


def _text(method: Function) -> str:
    return method.project.store.text(method.path).segment(method.node.at)


def _left_out(cls: Class, method: Function, base: Function) -> tuple[Held, ir.At] | None:
    """What the base's method ends and the override, with all that it may lead to, does not touch."""
    owner = base.owner
    if owner is None:
        return None
    mine = _touched_from(cls, method)
    ending = {act.name: act.at for act in done_by(Runs(base, owner)) if act.tells or act.called in {"join", "wait"}}
    holders = [each for each in cls.project.hierarchy.order(owner) if isinstance(each, Class)]
    for held in (one for each in holders for one in cls.project.resources.held(each)):
        name = held.place[1]
        due = held.duty.role not in _NOT_DUE and held.is_ours and held.acquired and held.derived_from is None
        if not due or name in mine or name not in ending or not _is_acquired(cls, held):
            continue
        if not any(end.site.method is base or end.site.function.path == base.path for end in held.ends):
            continue
        if any(end.site.method.owner is cls for end in held.ends) or _is_told(cls, owner, held, mine):
            continue
        return held, ending[name]
    return None


def _is_told(cls: Class, owner: Class, held: Held, mine: frozenset[str]) -> bool:
    """Whether the override sets what the code of the base's thread reads."""
    for child in children_of(owner):
        if child.held.place == held.place:
            return child.runs is None or any(act.name in mine for act in code_of(cls, child.runs))
    return False


def _touched_from(cls: Class, method: Function) -> frozenset[str]:
    """The fields that the override touches, with all methods that it may lead to but the one that it replaces."""
    names = _reached_without_self(cls, method)
    found: set[str] = set()
    for owner in (each for each in cls.project.hierarchy.order(cls) if isinstance(each, Class)):
        for each in cls.project.values.fields.methods(owner):
            if each is method or (each.name in names and each.name != method.name):
                found.update(act.name for act in acts_of(each, cls))
    return frozenset(found)


def _reached_without_self(cls: Class, method: Function) -> frozenset[str]:
    found: set[str] = set()
    for use in cls.project.places.uses(method, cls):
        name = use.name if use.place == ("self",) else use.place[1] if use.place[0] == "self" else ""
        if name and name != method.name:
            found |= cls.project.resources.reached(cls, name)
    return frozenset(found)


def _is_acquired(cls: Class, held: Held) -> bool:
    """Whether objects of the class run the base's code that opens it, as far as that can be told."""
    for site in held.acquired:
        name = site.method.name
        for owner in cls.project.hierarchy.order(cls):
            if not isinstance(owner, Class) or owner is site.method.owner:
                break
            own = next((one for one in cls.project.values.fields.methods(owner) if one.name == name), None)
            if own is not None and "super" not in _text(own) and f".{name}(self" not in _text(own):
                return False
    return True


def _finding(method: Function, base: Function, held: Held, at: ir.At, context: Context) -> Finding:
    owner = base.owner.name if base.owner is not None else "the base"
    call = f"super().{method.name}()"
    return Finding(
        at=method.node.name_at,
        message=f"`{method.name}` skips `{owner}.{method.name}`, which ends `{held.name}`",
        consequence=f"After `{method.name}` the {held.duty.role} of `{owner}` is left behind by each of these objects.",
        help=f"call `{'await ' if base.node.is_async else ''}{call}` at the end",
        notes=(
            Note(base.path, at, f"`{owner}.{method.name}` ends it here"),
            Note(held.acquired[0].function.path, held.acquired[0].at, "it begins here"),
        ),
        symbol=method.symbol,
        culprit=("resource", base.owner.symbol if base.owner is not None else "", held.place[-1]),
        fix=_fix(method, base, call, context),
    )


def _fix(method: Function, base: Function, call: str, context: Context) -> Fix | None:
    """The base's method called as the last statement, where nothing leaves the override before."""
    plain = len(method.node.params) == 1 == len(base.node.params) and method.node.is_async == base.node.is_async
    if not plain or not method.body or any(isinstance(node, ir.Return) for node in walk_statements(method.body)):
        return None
    last = method.body[-1]
    if last.at[0] == method.node.name_at[0] or isinstance(last, ir.Raise):
        return None
    indent = " " * (last.at[1] - 1)
    text = context.project.store.text(method.path).segment(last.at)
    written = f"{text}\n{indent}{'await ' if base.node.is_async else ''}{call}"
    return Fix(f"call `{call}` at the end", (Replace(last.at, written),))
