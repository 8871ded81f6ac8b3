"""Clean-up that a cancellation cuts at an `await`: whether what stands below it is lost beyond doubt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.assigned import assigned_at
from worker_lint.analysis.demonstrating import is_demonstration
from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nobody_waits import is_run_whole
from worker_lint.analysis.process_start import runs_only_at_start
from worker_lint.analysis.resources.duty import modelled_duty
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stopping import ends_object
from worker_lint.analysis.visit import last_name, uncalled
from worker_lint.source import ir

_FIELD: Final = 2
"""Dots in the name of a method of a field."""
_ASKS: Final = frozenset({"isinstance", "hasattr", "getattr", "callable"})
_APPLICATIONS: Final = frozenset({"Application", "FastAPI", "FastMCP", "Litestar", "Quart", "Sanic", "Starlette"})
"""What a lifespan is given: it is left when the server ends."""
_SOURCES: Final = frozenset({"AsyncGenerator", "AsyncIterable", "AsyncIterator"})
_SERVED: Final = frozenset({"WebSocketResponse", "WebSocket", "StreamResponse", "WebSocketServerProtocol"})
"""Ends of a connection that a web server hands to its handler, and closes when the handler is left."""


def harm_is_sure(
    scope: Function, block: tuple[ir.Stmt, ...], later: ir.Stmt, exposed: ir.Await, release: ir.Call
) -> bool:
    """
    Whether nobody has thought of it and it does harm: the release is no attempt that may fail, no comment in the
    clean-up speaks of cancelling, and the coroutine is no inner one, which others run as they like, nor one whose end
    is that of the program. What is left open is nothing that somebody else closes: the threads of a pool are joined at
    the end of the process anyway, a web server ends the connections of its handlers, CPython closes what goes with
    the frame, the loop ends an asynchronous generator as soon as it is dropped, and a stop of the object may end what
    is in its fields.
    """
    text = scope.project.store.text(scope.path)
    said = (text.comment(number) for number in range(block[0].at[0] - 1, block[-1].at[2] + 1))
    return (
        not any(isinstance(one, ir.Try) for one in walk_statements((later,)))
        and not isinstance(scope.parent, Function)
        and not any("cancel" in remark.lower() for remark in said)
        and not (isinstance(exposed.value, ir.Call) and _may_be_generator(scope, exposed.value))
        and not _ends_without(scope, release)
        and not is_demonstration(scope.path, scope)
        and not _lasts_with_program(scope)
    )


def _lasts_with_program(scope: Function) -> bool:
    """Whether the coroutine ends with the program, the loop, the server or the test that it is the frame of."""
    if scope.node.is_generator and any(_is_application(param) for param in scope.node.params):
        return True
    is_fixture = any(last_name(uncalled(one)) == "fixture" for one in scope.node.decorators)
    return is_fixture or is_run_whole(scope) or runs_only_at_start(scope)


def _is_application(param: ir.Parameter) -> bool:
    return param.name == "app" or (param.annotation is not None and last_name(param.annotation) in _APPLICATIONS)


def is_plain_generator_end(scope: Function, exposed: ir.Await) -> bool:
    """
    Whether the `await` ends an asynchronous generator of the project that has nothing to do at its end: no block
    around its `yield` takes the GeneratorExit, so it is over without a turn for anybody else.
    """
    call = exposed.value
    if not isinstance(call, ir.Call) or not _is_aclose(call) or not isinstance(call.func, ir.Attribute):
        return False
    made = list(_sources(scope, call.func.value))
    if not made:
        return False
    for source in (_iterated(scope, one) for one in made):
        callee = scope.project.calls.of(scope, source, scope.owner) if isinstance(source, ir.Call) else None
        if callee is None or not callee.runs or not all(_only_yields(one.function) for one in callee.runs):
            return False
    return True


def _iterated(scope: Function, source: ir.Expr | None) -> ir.Expr | None:
    """What the builtin `aiter` is asked for: a generator gives itself."""
    if isinstance(source, ir.Call) and len(source.args) == 1 and last_name(source.func) == "aiter":
        if scope.project.calls.of(scope, source, scope.owner).dotted == "builtins.aiter":
            return source.args[0]
    return source


def _only_yields(function: Function) -> bool:
    """Whether an asynchronous generator is at its end at once when it is told to end."""
    if not (function.node.is_async and function.node.is_generator):
        return False
    blocks = (*find(ir.Try, function.body), *find(ir.With, function.body))
    return not any(True for block in blocks for _ in find(ir.Yield, (block,)))


def _sources(scope: Function, subject: ir.Expr) -> Iterator[ir.Expr | None]:
    """What a local or a field is assigned."""
    for place in scope.project.places.denotes(scope, subject, scope.owner):
        yield from assigned_at(scope, place) or ()


def _is_aclose(call: ir.Call) -> bool:
    return isinstance(call.func, ir.Attribute) and call.func.name == "aclose"


def _may_be_generator(scope: Function, release: ir.Call) -> bool:
    """
    Whether it ends what may be an asynchronous generator, of which no more may be known than that it is a source of
    items, or an object that holds nothing but such.
    """
    if not isinstance(release.func, ir.Attribute) or not _is_aclose(release):
        return False
    kind = scope.project.values.of(scope, release.func.value, scope.owner)
    if not isinstance(kind, Instance):
        return True
    if isinstance(kind.of, External) and kind.of.dotted.rpartition(".")[2] in _SOURCES:
        return True
    runs = scope.project.calls.of(scope, release, scope.owner).runs
    return bool(runs) and all(_ends_only_generators(one.function) for one in runs)


def _ends_only_generators(function: Function) -> bool:
    """Whether all that a method does is to end, one after the other, what may be asynchronous generators."""
    awaited = [one.value for one in find(ir.Await, function.body)]
    calls = [one for one in find(ir.Call, function.body) if last_name(one.func) not in _ASKS]
    if not awaited or len(calls) > len(awaited):
        return False
    return all(
        isinstance(one, ir.Call)
        and isinstance(one.func, ir.Attribute)
        and _is_aclose(one)
        and not isinstance(function.project.values.of(function, one.func.value, function.owner), Instance)
        for one in awaited
    )


def _ends_without(scope: Function, release: ir.Call) -> bool:
    """Whether what is to be released is ended without it, by somebody else or by being dropped."""
    model = scope.project.calls.of(scope, release, scope.owner).model
    if model is not None and model.name.startswith("concurrent.futures."):
        return True
    if not isinstance(release.func, ir.Attribute):
        return False
    subject = release.func.value
    if _may_be_generator(scope, release) or _is_served(scope, subject) or _is_ended_by_stop(scope, release):
        return True
    kind = scope.project.values.of(scope, subject, scope.owner)
    duty = modelled_duty(scope.project, kind)
    if duty is not None and duty.collected and isinstance(subject, ir.Name):
        return True
    return release.func.name == "stop" and isinstance(kind, Instance) and _holds_nothing(scope, kind, subject)


def _is_ended_by_stop(scope: Function, release: ir.Call) -> bool:
    """Whether a stop method of the object calls the same on the same field, so that its owner may still end it."""
    called = ir.dotted_name(release.func) or ""
    if scope.owner is None or called.count(".") < _FIELD or not called.startswith("self."):
        return False
    return any(
        ends_object(method.name) and any(ir.dotted_name(call.func) == called for call in find(ir.Call, method.body))
        for method in scope.project.values.fields.methods(scope.owner)
        if method is not scope
    )


def _holds_nothing(scope: Function, kind: Instance, subject: ir.Expr) -> bool:
    """
    Whether an object of the project, other than the own one, has nothing in its fields that has to be released: what
    is stopped then is a display or a clock. A `close` may pass on to what the object was given.
    """
    if not isinstance(kind.of, Class) or ir.dotted_name(subject) == "self":
        return False
    return not scope.project.resources.held(kind.of)


def _is_served(scope: Function, subject: ir.Expr) -> bool:
    """Whether it is the connection of a request, by what makes it or by the annotation of a parameter."""
    if any(isinstance(one, ir.Call) and last_name(one.func) in _SERVED for one in _sources(scope, subject)):
        return True
    return any(
        isinstance(subject, ir.Name)
        and param.name == subject.id
        and param.annotation is not None
        and last_name(param.annotation) in _SERVED
        for param in scope.node.params
    )
