"""What a `try` body binds before anything can fail in the way that a clause is for."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.tiers.guarded import takes_every_error
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_SAFE: Final = frozenset(
    {f"time.{name}" for name in ("time", "monotonic", "perf_counter", "process_time", "time_ns", "monotonic_ns")}
    | {f"builtins.{name}" for name in ("list", "dict", "set", "object", "id", "bool", "repr", "str", "type", "super")}
    | {"datetime.datetime.now", "datetime.datetime.utcnow", "uuid.uuid4", "collections.defaultdict"}
)
"""Functions that raise nothing for any argument of the right form."""

_LOCAL: Final = (
    *("builtins.", "urllib.parse.", "os.path.", "posixpath.", "re.", "json.", "string.", "copy.", "math.", "base64."),
    *("hashlib.", "datetime.", "time.", "struct.", "collections.", "itertools.", "functools.", "textwrap.", "uuid."),
)
"""Parts of the standard library without input and output."""

_INPUT: Final = frozenset({"builtins.open", "builtins.input", "builtins.print", "json.load", "json.dump"})
_OF_TEXTS: Final = (frozenset(dir(str)) - {"index"}) | {
    *("get", "items", "keys", "values", "append", "copy", "len", "str", "repr", "bool", "isinstance", "getattr"),
}
"""What is asked of texts and collections and seldom fails."""
_OF_DATA: Final = frozenset({"KeyError", "IndexError", "LookupError", "TypeError", "AttributeError"})
_TAKING: Final = frozenset({"pop", "popitem", "popleft", "remove", "index", "getattr", "itemgetter", "next"})
_HARMLESS: Final = (ir.Assign, ir.Expression, ir.Simple, ir.Import, ir.FunctionDef)


def bound_in_any_case(site: TrySite, handler: ir.Handler) -> frozenset[str]:
    """
    The names that the first statements of the body have bound whenever the clause runs, because those statements
    raise nothing that it takes: nothing at all; no error of input and output where the clause is for those; and no
    KeyError or TypeError, for a clause that is about the data, out of a call that is not known.
    """
    bound: set[str] = set()
    for statement in site.node.body:
        if not isinstance(statement, _HARMLESS) or _may_raise(site, handler, statement):
            break
        bound |= bound_names(statement)
    return frozenset(bound)


def surely_unbound_with(site: TrySite, name: str, names: frozenset[str]) -> frozenset[str]:
    """The names of some that are unbound where one is: the same statement binds them, or a later one."""
    body = site.node.body
    places = {one: _place_of(body, one) for one in names | {name}}
    own = places.pop(name)
    if own is None:
        return frozenset()
    alone = isinstance(body[own], ir.Assign)
    return frozenset(one for one, place in places.items() if place is not None and place + alone > own)


def _place_of(body: tuple[ir.Stmt, ...], name: str) -> int | None:
    """The first statement of a block in which a name is bound."""
    return next(
        (place for place, one in enumerate(body) if any(name in bound_names(node) for node in find(ir.Node, (one,)))),
        None,
    )


def fails_before(site: TrySite, handler: ir.Handler, name: str) -> bool:
    """
    Whether the clause surely runs for a failure that came before a name was bound: nothing that fails stands behind
    the statement that binds it, or something does before it and the clause takes every error. To make an object of
    another library is taken not to fail, unless its model says so: most such objects only hold what they are given.
    """
    body = site.node.body
    place = _place_of(body, name)
    if place is None:
        return False
    binding = body[place]
    text = site.scope.project.store.text(site.scope.path)
    if "no cover" in text.comment(handler.at[0]):
        return False  # nobody has ever seen it run
    if site.scope.project.tiers.is_broad(site.scope, handler) and _fails(site, body[:place], _OF_TEXTS):
        return True
    return (
        isinstance(binding, ir.Assign)
        and not _only_makes(site, handler, binding)
        and not _fails(site, body[place + 1 :])
    )


def _only_makes(site: TrySite, handler: ir.Handler, binding: ir.Assign) -> bool:
    """
    Whether all that is called to bind a name makes objects; one of the project counts where the clause names classes
    of errors, which its maker need not raise.
    """
    calls = list(find(ir.Call, (binding,)))
    is_broad = site.scope.project.tiers.is_broad(site.scope, handler)
    return bool(calls) and all(
        _makes_object(site, call)
        or _is_safe(site, call)
        or (not is_broad and isinstance(site.scope.project.calls.of(site.scope, call).creates, Class))
        for call in calls
    )


def _makes_object(site: TrySite, call: ir.Call) -> bool:
    """Whether a call makes an object of a class outside the project, by its name, of which no error is known."""
    callee = site.scope.project.calls.of(site.scope, call)
    if callee.runs or (callee.model is not None and isinstance(callee.model.raises, tuple)):
        return False
    return last_name(call.func).strip("_")[:1].isupper() and not last_name(call.func).isupper()


def _fails(site: TrySite, block: tuple[ir.Stmt, ...], mild: frozenset[str] = frozenset()) -> bool:
    """Whether a call of the block may raise, but for methods of the mild names, or a statement of it does."""
    if any(isinstance(node, (ir.Raise, ir.Await, ir.Yield, ir.Assert)) for node in find(ir.Node, block)):
        return True
    calls = [one for one in find(ir.Call, block) if last_name(one.func) not in mild]
    if mild:
        calls = [one for one in calls if not _makes_object(site, one)]
    return any(not _is_safe(site, call) and not is_logging(call) for call in calls)


def _may_raise(site: TrySite, handler: ir.Handler, statement: ir.Stmt) -> bool:
    caught = site.scope.project.tiers.caught(site.scope, handler)
    nodes = tuple(find(ir.Node, (statement,)))
    if isinstance(statement, ir.Import):
        return True
    calls = [node for node in nodes if isinstance(node, ir.Call)]
    if caught and all(name in _OF_DATA for name in caught):
        return _takes_out(statement) or not any(_takes_out(one) for one in site.node.body if one.at > statement.at)
    if any(isinstance(node, (ir.Await, ir.Yield)) for node in nodes):
        return True
    if caught and all(_is_of_input(site, name) for name in caught):
        return not all(_is_local(site, call) or _is_safe(site, call) for call in calls)
    if any(isinstance(node, (ir.Subscript, ir.Binary, ir.Comprehension)) for node in nodes) or _unpacks(statement):
        return True
    return not all(_is_safe(site, call) for call in calls)


def _takes_out(statement: ir.Stmt) -> bool:
    """Whether a statement takes a part out of something: by a key, an index, or as many as there are names."""
    for node in find(ir.Node, (statement,)):
        if isinstance(node, ir.Subscript) or (isinstance(node, ir.Call) and last_name(node.func) in _TAKING):
            return True
    return _unpacks(statement)


def _unpacks(statement: ir.Stmt) -> bool:
    return isinstance(statement, ir.Assign) and any(isinstance(one, ir.Collection) for one in statement.targets)


def _is_of_input(site: TrySite, name: str | None) -> bool:
    return name is not None and site.scope.project.tiers.is_class(name, "OSError")


def _is_local(site: TrySite, call: ir.Call) -> bool:
    dotted = site.scope.project.calls.of(site.scope, call).dotted
    return dotted.startswith(_LOCAL) and dotted not in _INPUT


def _is_safe(site: TrySite, call: ir.Call) -> bool:
    """
    Whether the call raises nothing: a clock, an empty collection, an object that only stores what it is given, a
    function that takes all its own errors.
    """
    callee = site.scope.project.calls.of(site.scope, call)
    if callee.dotted in _SAFE:
        return True
    if len(callee.runs) != 1:
        return False
    function = callee.runs[0].function
    return _only_stores(function) if isinstance(callee.creates, Class) else _takes_its_errors(function)


def _takes_its_errors(function: Function) -> bool:
    """Whether all calls of a function stand in a `try` statement at its end that takes every error and raises none."""
    if function.node.is_async or function.node.is_generator or not isinstance(function.statements[-1], ir.Try):
        return False
    last = function.statements[-1]
    if any(True for _ in find(ir.Call, (*function.statements[:-1], *last.orelse, *last.final))):
        return False
    return takes_every_error(function, last)


def _only_stores(function: Function) -> bool:
    for statement in walk_statements(function.body):
        if isinstance(statement, ir.Expression) and isinstance(statement.value, ir.Constant):
            continue
        stored = (ir.Name, ir.Constant, ir.Attribute, ir.Collection, ir.Mapping)
        if not isinstance(statement, ir.Assign) or not (statement.value is None or isinstance(statement.value, stored)):
            return False
        if any(isinstance(node, (ir.Call, ir.Subscript)) for node in find(ir.Node, (statement,))):
            return False
    return True
