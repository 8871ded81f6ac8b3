"""What a class sets going and keeps: threads, processes and timers in fields, with the code that they run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.calls import Callee, Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.loop_fields import field_named
from worker_lint.analysis.membership import collection_kind
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.resources import Held
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

ChildKind: TypeAlias = Literal["thread", "process", "timer"]

_DAEMON: Final = re.compile(r"\b(?:daemon|daemonic|setDaemon|is_daemon)\b(?!\s*=\s*False)")
_SERVES: Final = frozenset({"serve_forever", "run_forever", "start_consuming", "serve", "mainloop", "start"})
"""Methods of libraries that go round until they are told to end."""
_WAITS: Final = frozenset(
    {"join", "wait", "result", "get", "acquire", "wait_for", "gather", "shield", "communicate", "recv"}
)


class Child(NamedTuple):
    """
    A thread, process or timer in a field.

    Attributes:
        kind: What it is.
        held: The field, with all that ends it.
        runs: The code that it runs, where that is known for certain.
        is_daemon: It does not keep the process alive, or nobody knows.
    """

    kind: ChildKind
    held: Held
    runs: Runs | None
    is_daemon: bool


def children_of(cls: Class) -> Iterator[Child]:
    """The threads, processes and timers that methods of the class make and keep in fields."""
    for held in cls.project.resources.held(cls):
        kind = held.duty.role
        if kind in ("thread", "process", "timer") and held.created:
            yield Child(kind, held, run_by(held, cls), is_daemon(held))


def run_by(held: Held, me: Class | None) -> Runs | None:
    """The one function that a child runs, if that is known; `me` is the class whose methods make it."""
    if held.duty.cls is not None:
        own = held.duty.cls.project.calls.method(held.duty.cls, "run")
        return _only(own, held.duty.cls)
    found: set[Runs] = set()
    for site in held.created:
        for entry in site.function.project.workers.entries(site.function, me):
            if entry.call.at == site.at and entry.site.function is site.function:
                one = _only(entry.callee, me)
                if one is None:
                    return None
                found.add(one)
    return found.pop() if len(found) == 1 else None


def _only(callee: Callee, cls: Class | None) -> Runs | None:
    if not callee.is_single:
        return None
    function, me = callee.runs[0]
    return Runs(function, me if me is not None or function.owner is not cls else cls)


def is_daemon(held: Held) -> bool:
    """Whether anything near the child's creation speaks of daemons, other than `daemon=False`."""
    scopes: list[Class | Function] = [site.method.owner or site.method for site in held.created]
    if held.duty.cls is not None:
        scopes.append(held.duty.cls)
    for scope in scopes:
        lines = scope.project.store.text(scope.path).lines_between(scope.node.at[0], scope.node.at[2])
        if _DAEMON.search("\n".join(lines)):
            return True
    return False


def service_loops(runs: Runs) -> Iterator[tuple[Function, ir.While | ir.For]]:
    """The loops in the code of a child that go on until something ends them: any `while`, or an `async for`."""
    for here in reached_from(runs):
        for loop in find(ir.While, here.function.body):
            yield here.function, loop
        for each in find(ir.For, here.function.body):
            if each.is_async:
                yield here.function, each


def is_endless(loop: ir.While) -> bool:
    """Whether the loop's test never fails, so that only a jump or an exception ends it."""
    return isinstance(loop.test, ir.Constant) and bool(loop.test.value)


def is_service(function: Function, loop: ir.While) -> bool:
    """Whether nothing but a flag of the object, if anything, ends the loop; a collection comes to its end."""
    test = loop.test.operand if isinstance(loop.test, ir.Unary) and loop.test.op == "not" else loop.test
    if isinstance(test, ir.Call) and isinstance(test.func, ir.Attribute) and test.func.name == "is_set":
        test = test.func.value
    field = field_named(function, test)
    is_flag = bool(field) and (function.owner is None or collection_kind(function.owner, field) is None)
    return is_endless(loop) or is_flag


def goes_on(loop: ir.While) -> bool:
    """Whether no jump leaves the loop: one might stand for anything."""
    leaves = any(node.kind == "break" for node in find(ir.Simple, loop.body))
    return not leaves and not any(True for _ in find(ir.Return, loop.body))


def never_ends(runs: Runs) -> bool:
    """Whether the function has a loop that goes on for ever; not a generator, which goes on only when it is asked."""
    if runs.function.node.is_generator:
        return False
    return any(is_endless(loop) and goes_on(loop) for loop in find(ir.While, runs.function.body))


def serves(runs: Runs) -> bool:
    """Whether the child's code goes round until somebody ends it, by a loop of its own or one of a library."""
    if next(service_loops(runs), None) is not None:
        return True
    for here in reached_from(runs):
        for call in find(ir.Call, here.function.body):
            if isinstance(call.func, ir.Attribute) and call.func.name in _SERVES:
                model = here.function.project.calls.of(here.function, call, here.me).model
                if model is not None and model.facts.blocking:
                    return True
    return False


def is_daemon_call(call: ir.Call) -> bool:
    """Whether a constructor is told `daemon=True`."""
    return any(
        keyword.name == "daemon" and isinstance(keyword.value, ir.Constant) and keyword.value.value is True
        for keyword in call.keywords
    )


def has_cleanup(runs: Runs) -> ir.Stmt | None:
    """The `with` or `try … finally` of a child's code that has its service loop inside, so that it has to be left."""
    function, project = runs.function, runs.function.project
    blocks: list[ir.With | ir.Try] = [*find(ir.With, function.body), *find(ir.Try, function.body)]
    for node in blocks:
        if isinstance(node, ir.Try) and not any(True for _ in find(ir.Call, node.final)):
            continue
        if isinstance(node, ir.With) and all(_is_idle(item.context) for item in node.items):
            continue
        if any(True for _ in find(ir.While, node.body)):
            return node
        for entry in project.workers.entries(function, runs.me):
            inside = node.body[0].at[:2] <= entry.call.at[:2] and entry.call.at[2:] <= node.body[-1].at[2:]
            if inside and entry.kind == "pool" and any(serves(each) for each in entry.callee.runs):
                return node
    return None


def _is_idle(context: ir.Expr) -> bool:
    """Whether leaving the context loses nothing when it does not happen: locks, suppressed exceptions, warnings."""
    name = (ir.dotted_name(uncalled(context)) or "").lower()
    return any(
        word in name for word in ("lock", "suppress", "mutex", "warnings", "span", "semaphore", "cond", "tracer")
    )


def is_thread_class(cls: Class) -> bool:
    """Whether objects of the class are threads or processes themselves."""
    return cls.project.hierarchy.derives_from(cls, "threading.Thread", "multiprocessing.process.BaseProcess")


def is_dropped(function: Function, call: ir.Call) -> bool:
    """Whether the thread is started right away, or bound to a local that is only started or set up."""
    for node in find(ir.Call, function.body):
        if isinstance(node.func, ir.Attribute) and node.func.value is call:
            return node.func.name == "start"
    for made in find(ir.Assign, function.body):
        if made.value is call and len(made.targets) == 1 and isinstance(made.targets[0], ir.Name):
            name = made.targets[0].id
            uses = [use for use in function.project.places.uses(function) if use.place == (name,)]
            return all(
                use.how in {"called", "attribute"} and use.name in {"start", "daemon", "setDaemon"} for use in uses
            )
    return False


def waits_for_anything(stop: Runs) -> bool:
    """
    Whether a stop method waits for something, whatever it is: a call on a computed object may be a wait, too, and what
    is awaited without a call is a task or a future, which code that ends may have resolved.
    """
    for here in reached_from(stop):
        if any(not isinstance(one.value, ir.Call) for one in find(ir.Await, here.function.body)):
            return True
        for call in find(ir.Call, here.function.body):
            name = call.func.name if isinstance(call.func, ir.Attribute) else ir.dotted_name(call.func)
            if name is None or name in _WAITS:
                return True
    return False


def is_joined(child: Child) -> bool:
    """Whether a stop method waits for the child without limit."""
    cls = child.held.cls
    for end in child.held.ends if cls is not None else ():
        if end.name == "join" and is_stop_name(end.site.method.name):
            for use in end.site.method.project.places.uses(end.site.method):
                if use.at == end.site.at and use.call is not None and not use.call.args and not use.call.keywords:
                    return True
    return False


def joins_itself(cls: Class) -> bool:
    """Whether a stop method of a thread class waits for the thread without limit: `self.join()`."""
    for runs in cls.project.workers.stops(cls):
        for use in cls.project.places.uses(runs.function, cls):
            if use.place == ("self",) and use.name == "join" and use.call is not None:
                if not use.call.args and not use.call.keywords and runs.function.name != "join":
                    return True
    return False
