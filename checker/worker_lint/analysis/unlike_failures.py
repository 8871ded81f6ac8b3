"""
Whether a block can fail in several unlike ways, and whether somebody gets there: then a line that does not say how it
failed leaves a question open.

A library that is not known, input and output, and code of others fail in many ways. What only computes fails for one
value, a function that takes all its errors not at all, and one that keeps their cause itself leaves nothing open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.flow import Graph, find
from worker_lint.analysis.in_use import is_used
from worker_lint.analysis.tiers import TrySite
from worker_lint.analysis.tiers.guarded import guarded_spans, is_within
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.reasons import is_excused
from worker_lint.analysis.tiers.telling import tell_by_name, tells_its_errors
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

_OF_VALUES: Final = frozenset(
    {*dir(str), *dir(bytes), "get", "items", "keys", "values", "append", "add", "pop", "popleft"}
    | {"put_nowait", "get_nowait", "set_result"}
)
"""Methods of texts, collections and queues."""
_HANDED: Final = frozenset({"asyncio.to_thread", "asyncio.wait_for", "asyncio.shield", "asyncio.sleep"})
"""Functions that fail as what they are given fails, or in one way."""
_RELEASES: Final = frozenset(
    {"close", "stop", "shutdown", "disconnect", "release", "terminate", "kill", "cancel", "unlock", "join"}
)
_COMPUTING: Final = (
    *("builtins.", "json.", "ast.", "re.", "struct.", "base64.", "binascii.", "os.path.", "posixpath.", "typing."),
    *("time.", "collections.", "datetime.", "functools.", "itertools.", "operator.", "copy.", "math.", "string."),
    *("textwrap.", "threading.", "queue.", "logging.", "uuid.", "enum.", "weakref.", "types.", "traceback."),
    *("urllib.parse.", "hashlib.", "inspect.", "dataclasses.", "contextvars.", "random.", "warnings.", "decimal."),
    *("email.utils.", "email.header.", "calendar."),
    *("shlex.", "pprint.", "html.", "secrets.", "platform.", "locale.", "sys.", "os.cpu_count", "os.getpid"),
    *("multiprocessing.cpu_count", "multiprocessing.context.BaseContext.cpu_count", "os.sched_getaffinity"),
)
"""Parts of the standard library that work on values at hand."""
_INPUT: Final = frozenset({"builtins.open", "builtins.input", "json.load", "builtins.__import__", "builtins.exec"})
_OF_DATA: Final = frozenset({"AttributeError", "KeyError", "IndexError", "LookupError", "TypeError", "ValueError"})
_UNCOVERED: Final = "no cover"
_DEPTH: Final = 3


def is_open(site: TrySite, handler: ir.Handler) -> bool:
    """Whether it is open what failed when the clause runs, in code that somebody is seen to run."""
    return _fails_in_many_ways(site, handler) and _is_reached(site) and is_used(site.function)


def _fails_in_many_ways(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether unlike failures come out of the block into the clause. Behind a clause for every error only exits do, and
    behind one for errors of data, where one thing at most is called, there is a net into which nothing may ever fall.
    """
    before = site.node.handlers[: site.node.handlers.index(handler)]
    if any(site.scope.project.tiers.is_broad(site.scope, one) for one in before):
        return False
    calls = [call for call in find(ir.Call, site.node.body) if not is_logging(call)]
    if len(calls) < 2 and any(_is_about_data(site, one) for one in before):
        return False
    if calls and all(isinstance(call.func, ir.Attribute) and call.func.name in _RELEASES for call in calls):
        return False  # to end an object seldom fails, and nothing hangs on it
    if any(_waits_for_result(call) for call in calls):
        return False  # who does the work tells how it failed; what comes here is that it took too long
    return _is_risky(site.scope, site.node.body, _DEPTH)


def _waits_for_result(call: ir.Call) -> bool:
    """Whether a call waits for what others do, with a limit: `future.result(timeout=5)`."""
    is_result = isinstance(call.func, ir.Attribute) and call.func.name == "result"
    return is_result and bool(call.args or call.keywords)


def _is_reached(site: TrySite) -> bool:
    """
    Whether the code runs and its errors count, as far as one can see: no comment above says why they do not, no mark
    that no test gets there, and the clause that it stands in is entered.
    """
    if is_excused(site):
        return False
    text = site.scope.project.store.text(site.scope.path)
    lines = {site.node.at[0], *(one.at[0] for one in site.node.handlers), *_entered_at(site)}
    if any(_UNCOVERED in text.comment(line) for line in lines):
        return False
    for around in site.around:
        if isinstance(around.node, ir.Try) and around.part == "handler":
            if not all(_is_entered(site, one) for one in around.node.handlers if encloses(one.at, site.node.at)):
                return False
    return True


def _entered_at(site: TrySite) -> Iterator[int]:
    """The first lines of the function and of the branches and blocks that lead to the statement."""
    if site.function is not None:
        yield site.function.node.at[0]
    for one in site.around:
        yield one.node.at[0]


def _is_about_data(site: TrySite, handler: ir.Handler) -> bool:
    caught = site.scope.project.tiers.caught(site.scope, handler)
    return bool(caught) and all(name in _OF_DATA for name in caught)


def _is_entered(site: TrySite, handler: ir.Handler) -> bool:
    """Whether something brings an error to a clause; classes of the project come from its own code only."""
    tiers, function = site.scope.project.tiers, site.function
    named = tiers.caught(site.scope, handler)
    if function is None or any(name is None or tiers.errors.own(name) is None for name in named):
        return True
    graph = site.scope.project.routines.graph(function)
    if not isinstance(graph, Graph):
        return True
    catches = (block for block in graph.blocks if block.steps and block.steps[0].kind == "catch")
    return any(block.steps[0].node is handler for block in catches)


def _is_risky(scope: Scope, body: tuple[ir.Stmt, ...], depth: int) -> bool:
    """Whether a block waits for something that is no call, or a call of it may fail in many ways."""
    for node in find(ir.Await, body):
        if not isinstance(node.value, ir.Call):
            return True
    spans = guarded_spans(scope, body)
    return any(
        _may_be_any(scope, call, depth)
        for call in find(ir.Call, body)
        if not is_logging(call) and not is_within(spans, call.at)
    )


def _may_be_any(scope: Scope, call: ir.Call, depth: int) -> bool:
    callee = scope.project.calls.of(scope, call)
    if callee.model is not None and callee.model.raises == "never":
        return False
    if callee.dotted in _HANDED:
        return any(isinstance(one, ir.Attribute) and one.name not in _OF_VALUES for one in call.args[:1])
    if callee.dotted.startswith(_COMPUTING):
        return callee.dotted in _INPUT
    if callee.runs:
        silent = [runs.function for runs in callee.runs if not tells_its_errors(runs.function)]
        return any(depth == 0 or _is_risky(function, function.body, depth - 1) for function in silent)
    if isinstance(callee.creates, Class):
        return False
    if not isinstance(call.func, ir.Attribute) or callee.dotted:
        return True
    if tell_by_name(scope, call.func.name):
        return False
    return call.func.name not in _OF_VALUES and not _is_made_here(scope, call.func.value)


def _is_made_here(scope: Scope, expression: ir.Expr) -> bool:
    """Whether a name stands for a list, set or mapping that the function writes down."""
    if not isinstance(expression, ir.Name) or not isinstance(scope, Function):
        return False
    sources = scope.project.values.bindings(scope).places.get((expression.id,), ())
    displays = (ir.Collection, ir.Mapping, ir.Comprehension)
    return bool(sources) and all(isinstance(one.expr, displays) for one in sources)
