from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from worker_lint.analysis.flow import (
    READ,
    WRITE,
    Aliases,
    Effect,
    Graph,
    Policy,
    Raises,
    Routine,
    Step,
    Summaries,
    Summary,
    Thrown,
    Unknown,
    may_raise,
)
from worker_lint.source import ir

Functions = Callable[[str], dict[str, ir.FunctionDef]]


class Closing(Policy):
    def raises(self, step: Step) -> Raises:
        name = ir.dotted_name(step.node.func) if isinstance(step.node, ir.Call) else None
        return may_raise("OSError") if name is not None and name.endswith(".close") else super().raises(step)


class Module:
    """Functions of one module that call one another by name, methods by `self`."""

    def __init__(self, functions: dict[str, ir.FunctionDef], module: str = "m") -> None:
        self.routines = {
            name: Routine(name, found.params, found.body, found.is_async, found.is_generator, "." in name, module)
            for name, found in functions.items()
        }

    def policy(self, routine: Routine) -> Policy:
        del routine
        return Closing()

    def callee(self, routine: Routine, call: ir.Call) -> Routine | None:
        name = ir.dotted_name(call.func)
        if name is None:
            return None
        return self.routines.get(name.replace("self", routine.key.partition(".")[0], 1) if "self." in name else name)

    steps_limit = 50_000

    def shared(self, routine: Routine) -> set[str]:
        del routine
        return {"running"}

    def effects(self, routine: Routine, step: Step, aliases: Aliases) -> Iterable[Effect]:
        del routine
        node = step.node
        if step.kind == "call" and isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute):
            place = aliases.place(node.func.value)
            if node.func.name == "close" and place not in (None, ("self",)):
                yield Effect("release", place)


@pytest.fixture
def summary(functions: Functions) -> Callable[[str, str], Summary]:
    def make(source: str, key: str) -> Summary:
        module = Module(functions(source))
        found = Summaries(module).of(module.routines[key])
        assert isinstance(found, Summary)
        return found

    return make


def released(*places: str) -> set[Effect]:
    return {Effect("release", tuple(place.split("."))) for place in places}


HELPERS = """
class Worker:
    def stop(self):
        self._close(self.channel)
        self._quietly(self.connection)
        self.stopped = True

    def _close(self, thing):
        thing.close()

    def _quietly(self, thing):
        try:
            thing.close()
        except OSError:
            return False
        return True

    def both(self):
        try:
            self.a.close()
        finally:
            self.b.close()

    def maybe(self, other):
        if self.a:
            other.inner.close()

    def leave(self):
        self.both()
        raise SystemExit(1)

    def swap(self):
        conn, self.conn = self.conn, None
        if (c := self.chan) is not None:
            c.close()
        conn.close()

    def children(self):
        for name, child in list(self.parts.items()):
            child.close()
"""


def test_a_release_by_a_helper_is_one_of_the_field(summary: Callable[[str, str], Summary]) -> None:
    stop = summary(HELPERS, "Worker.stop")
    assert stop.must == released("self.channel", "self.connection")
    assert stop.must_raising == released("self.channel")
    assert stop.thrown == {Thrown("OSError")}
    assert Effect(WRITE, ("self", "stopped")) in stop.may
    assert Effect(READ, ("self", "channel")) in stop.may


def test_a_helper_that_swallows_throws_nothing(summary: Callable[[str, str], Summary]) -> None:
    quietly = summary(HELPERS, "Worker._quietly")
    assert not quietly.thrown
    assert quietly.must == released("thing")
    assert quietly.results == {"true", "false"}


def test_finally_is_done_also_when_it_raises(summary: Callable[[str, str], Summary]) -> None:
    both = summary(HELPERS, "Worker.both")
    assert both.must == both.must_raising == released("self.a", "self.b")
    leave = summary(HELPERS, "Worker.leave")
    assert not leave.returns
    assert leave.must_raising == released("self.a", "self.b")
    assert {one.name for one in leave.thrown} == {"OSError", "SystemExit"}


def test_a_branch_is_possible_not_sure(summary: Callable[[str, str], Summary]) -> None:
    maybe = summary(HELPERS, "Worker.maybe")
    assert released("other.inner") <= maybe.may
    assert not maybe.must
    assert maybe.results == {"none"}


def test_local_names_stand_for_fields(summary: Callable[[str, str], Summary]) -> None:
    swap = summary(HELPERS, "Worker.swap")
    assert swap.must == released("self.conn")
    assert released("self.chan") <= swap.may
    assert summary(HELPERS, "Worker.children").may >= released("self.parts.*")


CIRCLE = """
def even(n, conn):
    if n == 0:
        conn.close()
        return True
    return odd(n - 1, conn)

def odd(n, conn):
    return even(n - 1, conn)

def forever(conn):
    conn.close()
    forever(conn.inner)

def starts(conn):
    even(3, conn)
    forever(conn)

def deeper(conn):
    conn.close()
    if conn:
        deeper(conn.inner)
"""


def test_functions_that_call_one_another(summary: Callable[[str, str], Summary]) -> None:
    for name in ("even", "odd"):
        found = summary(CIRCLE, name)
        assert found.must == found.must_raising == released("conn")
        assert found.thrown == {Thrown("OSError")}
        assert found.returns


def test_endless_recursion_never_returns(summary: Callable[[str, str], Summary]) -> None:
    assert not summary(CIRCLE, "forever").returns
    assert not summary(CIRCLE, "starts").returns


def test_places_do_not_grow_without_end(summary: Callable[[str, str], Summary]) -> None:
    deeper = summary(CIRCLE, "deeper")
    assert deeper.must == released("conn")
    assert {len(place) for verb, place in deeper.may if verb == "release"} == {1, 2, 3, 4}


def test_the_order_of_the_questions_does_not_matter(functions: Functions) -> None:
    answers = []
    for order in (["even", "odd", "starts"], ["starts", "odd", "even"], ["odd", "starts", "even"]):
        module = Module(functions(CIRCLE))
        summaries = Summaries(module)
        answers.append({name: summaries.of(module.routines[name]) for name in order})
        for name in order:
            assert summaries.of(module.routines[name]) == answers[0][name]


ASYNC = """
class Worker:
    async def close(self):
        self.conn.close()

    async def waits(self):
        await self.close()

    async def forgets(self):
        self.close()

    def gives(self):
        yield self.conn.close()

    def takes(self):
        for item in self.gives():
            pass
"""


def test_a_coroutine_runs_where_it_is_awaited(summary: Callable[[str, str], Summary]) -> None:
    waits = summary(ASYNC, "Worker.waits")
    assert waits.must == released("self.conn")
    assert waits.thrown == {Thrown("OSError")}
    for name in ("forgets", "takes"):
        created = summary(ASYNC, f"Worker.{name}")
        assert not created.must
        assert not created.thrown
        assert released("self.conn") <= created.may


GLOBALS = """
running = True

def stop():
    global running
    running = False

def loops():
    while running:
        pass

def local():
    running = 3
    conn = make()
    conn.close()
"""


def test_globals_are_seen_by_callers_and_locals_are_not(summary: Callable[[str, str], Summary]) -> None:
    assert Effect(WRITE, ("running",)) in summary(GLOBALS, "stop").may
    assert Effect(READ, ("running",)) in summary(GLOBALS, "loops").may
    local = summary(GLOBALS, "local")
    assert not local.may
    assert not local.must


def test_a_body_that_cannot_be_read_makes_its_callers_incomplete(functions: Functions) -> None:
    module = Module(functions("def a():\n    b()\n\ndef b():\n    pass\n"))
    module.routines["b"] = Routine("b", (), None)
    summaries = Summaries(module)
    assert isinstance(summaries.of(module.routines["b"]), Unknown)
    found = summaries.of(module.routines["a"])
    assert isinstance(found, Summary)
    assert not found.complete
    assert found.returns


def test_a_large_circle_is_unknown(functions: Functions) -> None:
    source = "\n".join(f"def f{index}():\n    f{(index + 1) % 60}()\n" for index in range(60))
    module = Module(functions(source + "\ndef outside():\n    f0()\n"))
    summaries = Summaries(module)
    assert isinstance(summaries.of(module.routines["outside"]), Summary)
    assert isinstance(summaries.of(module.routines["f7"]), Unknown)


def test_a_long_chain_of_calls_needs_no_recursion(functions: Functions) -> None:
    source = "\n".join(f"def f{index}(c):\n    f{index + 1}(c)\n" for index in range(1500))
    module = Module(functions(source + "\ndef f1500(c):\n    c.close()\n"))
    found = Summaries(module).of(module.routines["f0"])
    assert isinstance(found, Summary)
    assert found.must == released("c")


def test_inside_gives_the_graph_with_what_callees_throw(functions: Functions) -> None:
    module = Module(functions(HELPERS))
    inside = Summaries(module).inside(module.routines["Worker.stop"])
    assert isinstance(inside.graph, Graph)
    raising = [edge.step for edge in inside.graph.raised.into]
    assert [step.node.at[0] for step in raising if step is not None] == [4]
