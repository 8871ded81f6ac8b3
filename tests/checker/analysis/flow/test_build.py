"""What the oracle cannot run, or hits too rarely: single shapes of code and the graph they give."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator

import pytest

from worker_lint.analysis.flow import (
    HALTS,
    NEVER,
    Graph,
    Hierarchy,
    Path,
    Policy,
    Raises,
    Step,
    Thrown,
    Unknown,
    Watch,
    build,
    find,
    find_path,
    may_raise,
)
from worker_lint.source import ir

Functions = Callable[[str], dict[str, ir.FunctionDef]]


class Named(Policy):
    """`boom()` may raise anything, `value_error()` a ValueError, `key_error()` a KeyError, `halt()` never returns."""

    observed = frozenset({ir.Subscript, ir.Binary})

    def raises(self, step: Step) -> Raises:
        name = ir.dotted_name(step.node.func) if isinstance(step.node, ir.Call) else None
        known = {
            "boom": may_raise(),
            "value_error": may_raise("ValueError"),
            "key_error": may_raise("KeyError"),
            "halt": HALTS,
            "grouped": may_raise("ExceptionGroup"),
        }
        if name is not None:
            return known.get(name, NEVER)
        if step.kind == "yield":
            return may_raise("GeneratorExit")
        if step.awaits:
            return may_raise("asyncio.CancelledError")
        return super().raises(step)


@pytest.fixture
def graph(functions: Functions) -> Callable[[str], Graph]:
    def make(body: str, head: str = "def program():") -> Graph:
        source = head + "\n" + "\n".join("    " + line for line in body.strip("\n").split("\n"))
        built = build(functions(source)["program"].body or (), Named(Hierarchy()))
        assert isinstance(built, Graph)
        return built

    return make


def names(graph: Graph) -> set[str]:
    """The names of the functions that are called somewhere in the graph."""
    found = (ir.dotted_name(step.node.func) for step in graph.steps() if isinstance(step.node, ir.Call))
    return {name for name in found if name is not None}


def escaping(graph: Graph) -> set[str]:
    return {one.name for one in graph.escaping}


class Calls(Watch[tuple[str, ...]]):
    """The calls that completed, in order."""

    def __init__(self) -> None:
        super().__init__(start=())

    def step(self, step: Step, state: tuple[str, ...]) -> tuple[str, ...]:
        called = step.node.func if step.kind == "call" and isinstance(step.node, ir.Call) else None
        name = ir.dotted_name(called)
        return state if name is None or len(state) > 6 else (*state, name)

    def interrupted(self, step: Step, state: tuple[str, ...]) -> tuple[str, ...]:
        del step
        return state


def runs(graph: Graph, *calls: str, raising: bool = False) -> bool:
    end = graph.raised if raising else graph.exit
    return isinstance(find_path(graph, Calls(), lambda block, state: block is end and state == calls), Path)


def test_what_cannot_be_reached_is_left_out(graph: Callable[[str], Graph]) -> None:
    assert names(graph("a()\nreturn\nb()")) == {"a"}
    assert names(graph("while True:\n    a()\nb()")) == {"a"}
    assert names(graph("if 0:\n    a()\nelse:\n    b()")) == {"b"}
    assert names(graph("halt()\nb()")) == {"halt"}
    assert not graph("while True:\n    a()").returns


@pytest.mark.parametrize("jump", ["break", "continue"])
def test_loops_are_left_through_finally_and_contexts(graph: Callable[[str], Graph], jump: str) -> None:
    built = graph(
        f"""
for x in y:
    try:
        with c():
            if x:
                {jump}
            a()
    finally:
        b()
    d()
"""
    )
    assert runs(built, "c", "b")
    assert runs(built, "c", "a", "b", "d")
    assert runs(built, "c", "b", "c", "b") == (jump == "continue")
    kinds: list[str] = [edge.kind for block in built.blocks for edge in block.out]
    assert kinds.count(jump) == 1
    assert kinds.count("finally") == 2


def test_a_jump_in_finally_drops_what_was_pending(graph: Callable[[str], Graph]) -> None:
    built = graph("for x in y:\n    try:\n        boom()\n    finally:\n        break\na()")
    assert not escaping(built)
    assert runs(built, "a")
    assert not escaping(graph("try:\n    boom()\nfinally:\n    return"))


def test_a_handler_that_raises_again_keeps_the_classes_apart(graph: Callable[[str], Graph]) -> None:
    built = graph(
        """
try:
    try:
        value_error()
        a()
        key_error()
    except (ValueError, KeyError):
        raise
except ValueError:
    b()
"""
    )
    assert runs(built, "b")
    assert not runs(built, "value_error", "a", "b")
    assert escaping(built) == {"KeyError"}


def test_a_name_that_is_no_class_may_catch_anything(graph: Callable[[str], Graph]) -> None:
    built = graph("try:\n    value_error()\nexcept errors:\n    a()")
    assert runs(built, "a")
    assert escaping(built) == {"ValueError"}


def test_an_unknown_exception_may_be_any_narrower_class(graph: Callable[[str], Graph]) -> None:
    built = graph("try:\n    boom()\nexcept ValueError:\n    raise\nexcept Exception:\n    a()")
    assert runs(built, "a")
    assert escaping(built) == {"ValueError"}


def test_base_exceptions_pass_except_exception(functions: Functions) -> None:
    source = """
    async def program():
        try:
            await a()
        except Exception:
            b()
    """
    built = build(functions(source)["program"].body or (), Named())
    assert isinstance(built, Graph)
    assert escaping(built) == {"asyncio.CancelledError"}
    assert "b" not in names(built)


def test_a_generator_can_be_closed_at_its_yield(graph: Callable[[str], Graph]) -> None:
    built = graph("try:\n    yield 1\nfinally:\n    a()\nb()")
    assert runs(built, "a", raising=True)
    assert runs(built, "a", "b")
    assert escaping(built) == {"GeneratorExit"}


def test_every_wait_of_a_coroutine_is_marked(functions: Functions) -> None:
    source = """
    async def program():
        async with a() as b, c():
            async for d in e():
                await f()
        return [g async for g in h()]
    """
    built = build(functions(source)["program"].body or (), Policy())
    assert isinstance(built, Graph)
    waits = {(step.kind, type(step.node)) for step in built.steps() if step.awaits}
    assert waits == {
        ("enter", ir.WithItem),
        ("exit", ir.WithItem),
        ("next", ir.For),
        ("next", ir.Generator),
        ("await", ir.Await),
    }


def test_a_group_may_enter_several_handlers(graph: Callable[[str], Graph]) -> None:
    built = graph("try:\n    grouped()\nexcept* ValueError:\n    a()\nexcept* KeyError:\n    b()\nelse:\n    c()")
    for calls in (("grouped", "c"), ("a",), ("b",), ("a", "b")):
        assert runs(built, *calls)
    assert not runs(built)
    assert escaping(built) == {"ExceptionGroup"}


def test_a_single_exception_enters_one_group_handler(graph: Callable[[str], Graph]) -> None:
    built = graph("try:\n    value_error()\nexcept* ValueError:\n    a()\nexcept* Exception:\n    b()")
    assert runs(built, "a")
    assert not runs(built, "a", "b")
    assert not escaping(built)


def test_what_a_group_handler_raises_comes_out_at_the_end(graph: Callable[[str], Graph]) -> None:
    built = graph("try:\n    grouped()\nexcept* ValueError:\n    key_error()\nexcept* Exception:\n    b()")
    assert runs(built, "b", raising=True)
    assert escaping(built) == {"ExceptionGroup"}


def test_the_rest_of_a_chained_comparison_is_skipped(graph: Callable[[str], Graph]) -> None:
    built = graph("x = a() < b() < c()")
    assert runs(built, "a", "b")
    assert runs(built, "a", "b", "c")


def test_a_generator_expression_runs_where_it_is_consumed(graph: Callable[[str], Graph]) -> None:
    assert runs(graph("any(a(x) for x in b())"), "b", "a", "any")
    assert names(graph("x = (a(y) for y in b())")) == {"b"}


def test_lambdas_and_inner_functions_do_not_run_where_they_stand(graph: Callable[[str], Graph]) -> None:
    assert names(graph("x = lambda y=a(): b()")) == {"a"}
    assert names(graph("@c()\ndef inner(x=a()):\n    b()")) == {"a", "c"}
    assert names(graph("class Inner(a()):\n    x = b()\n    def f(self):\n        d()")) == {"a", "b"}


def test_a_failing_assert_evaluates_its_message(graph: Callable[[str], Graph]) -> None:
    built = graph("assert a(), b()")
    assert runs(built, "a")
    assert runs(built, "a", "b", raising=True)
    assert built.escaping == {Thrown("AssertionError", exact=True)}


def test_a_context_may_swallow(graph: Callable[[str], Graph]) -> None:
    built = graph("with contextlib.suppress(ValueError, TypeError):\n    value_error()\n    a()\nb()")
    assert runs(built, "contextlib.suppress", "b")
    assert not escaping(built)
    assert escaping(graph("with contextlib.suppress(KeyError):\n    value_error()")) == {"ValueError"}


def test_the_last_case_may_take_everything(graph: Callable[[str], Graph]) -> None:
    built = graph("match x:\n    case 1 if a():\n        b()\n    case _:\n        c()")
    assert {calls for calls in ((), ("c",), ("a", "b"), ("a", "c")) if runs(built, *calls)} == {
        ("c",),
        ("a", "b"),
        ("a", "c"),
    }


def test_many_kinds_of_exceptions_share_a_copy_of_finally(graph: Callable[[str], Graph]) -> None:
    classes = [name for name in dir(builtins) if name.endswith("Error")][:20]
    raising = "\n".join(f"    if x == {index}:\n        raise {name}" for index, name in enumerate(classes))
    built = graph(f"try:\n{raising}\nfinally:\n    a()")
    assert len([step for step in built.steps() if isinstance(step.node, ir.Call)]) == 2
    assert runs(built, "a", raising=True)


def test_long_chains_need_no_recursion() -> None:
    at = (1, 1, 1, 1)
    call = ir.Call(at, ir.Name(at, "a"), (), ())
    total: ir.Expr = call
    chain: tuple[ir.Stmt, ...] = ()
    for _ in range(3000):
        total = ir.Binary(at, total, "+", call)
        chain = (ir.If(at, ir.Name(at, "x"), (ir.Expression(at, call),), chain),)
    for body in ((ir.Expression(at, total),), chain):
        built = build(body, Policy())
        assert isinstance(built, Graph)
        assert names(built) == {"a"}


@pytest.fixture
def usual_recursion_limit() -> Iterator[None]:
    """A run raises the limit for the whole process, so an earlier test may have done so."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("usual_recursion_limit")
def test_too_deep_is_unknown() -> None:
    at = (1, 1, 1, 1)
    deep: ir.Expr = ir.Name(at, "x")
    for _ in range(5000):
        deep = ir.Attribute(at, deep, "y")
    assert isinstance(build((ir.Expression(at, deep),), Policy()), Unknown)


def test_every_exception_edge_names_its_step(graph: Callable[[str], Graph]) -> None:
    built = graph("try:\n    boom()\nfinally:\n    key_error()\nraise ValueError")
    edges = [edge for block in built.blocks for edge in block.out if edge.kind == "exception"]
    assert len(edges) == 4
    for edge in edges:
        assert edge.step is edge.source.steps[-1]
        assert edge.thrown
        assert edge.is_interrupted == (not isinstance(edge.step.node, ir.Raise))


def test_deleting_and_augmenting_evaluate_their_targets(graph: Callable[[str], Graph]) -> None:
    built = graph("a()[b()] += c()\ndel d()[e()]\nf().x = g()")
    assert runs(built, "a", "b", "c", "d", "e", "g", "f")
    assert [step.kind for step in built.steps() if step.kind == "bind"] == ["bind"] * 3
    assert len(list(find(ir.Call, [ir.Name((1, 1, 1, 1), "x")]))) == 0
