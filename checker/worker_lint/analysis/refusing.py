"""
Errors that are no failure of the world: a function refuses what it is given, or what state its object is in.

A teardown prepares for a peer that has gone, not for a wrong argument of its own: that is a mistake in the
code, found on the first run. A raise counts as such by the test it stands under.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.guard import handler_names, within
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.visit import encloses, given_to, is_none, last_name, method_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.springs import Spring

Refusal: TypeAlias = Literal["argument", "state"]

MISTAKES: Final = frozenset(
    {"TypeError", "ValueError", "AssertionError", "NotImplementedError", "KeyError", "IndexError", "AttributeError"}
    | {"RuntimeError", "RecursionError", "LookupError", "UnicodeDecodeError", "JSONDecodeError"}
)
"""Signs of a mistake in the code, or of a call in the wrong state: nobody prepares for them in a teardown."""

_ASKS_KIND: Final = frozenset({"isinstance", "issubclass", "callable", "hasattr"})
_CONVERTS: Final = frozenset({"encode", "decode", "strip", "lower", "upper", "startswith", "endswith", "bit_length"})
_PLAIN: Final = frozenset({*_ASKS_KIND, *_CONVERTS, "len", "type", "int", "str", "float", "bool", "min", "max", "abs"})
_WAITS: Final = frozenset({"wait", "join", "poll", "acquire", "recv", "get", "read"})
_COMPARES: Final = frozenset({"<", ">", "<=", ">="})
_DEPTH: Final = 3


def refusal(spring: Spring) -> Refusal | None:
    """What a raise refuses; None when it tells of something that has happened."""
    node, function = spring.step.node, spring.function
    if not isinstance(node, (ir.Raise, ir.Assert)):
        return None
    handler = handler_around(function, node)
    if handler is not None:
        return "argument" if set(handler_names(handler)) <= MISTAKES else None
    found = _test_over(function, node)
    if found is None:
        return None
    test, holds = found
    if _asks_kind(test, holds=holds) or _asks_size(function, test):
        return "argument"
    return "state" if _asks_state(function, test) else None


def is_mistake(spring: Spring) -> bool:
    """
    Whether this can only be raised by a mistake in the code, or not at all: a wrong argument, a state that was ruled
    out, the end of a limit that is not given.
    """
    found = refusal(spring)
    return found == "argument" or (found == "state" and _was_asked(spring)) or _has_no_limit(spring)


def _has_no_limit(spring: Spring) -> bool:
    """Whether it tells that a wait took too long, whose limit is a parameter left out by the call, and None then."""
    node, function = spring.step.node, spring.function
    found = _test_over(function, node) if isinstance(node, ir.Raise) else None
    call = spring.above[-1][1] if spring.above else None
    if found is None or not isinstance(call, ir.Call):
        return False
    waits = [one for one in find(ir.Call, (found[0],)) if method_name(one) in _WAITS]
    limits = {word.id for one in waits for word in given_to(one) if isinstance(word, ir.Name)}
    return any(
        param.name in limits and is_none(param.default) and not _may_give(call, param.name, index)
        for index, param in enumerate(function.node.params[function.owner is not None :])
    )


def _may_give(call: ir.Call, name: str, index: int) -> bool:
    """Whether a call gives a parameter a value, by its place or name, or in a way that does not tell."""
    return (
        len(call.args) > index
        or any(isinstance(one, ir.Starred) for one in call.args)
        or any(one.name in (name, None) for one in call.keywords)
    )


def handler_around(function: Function, node: ir.Node) -> ir.Handler | None:
    """The innermost clause in whose body a node stands."""
    for tried in find(ir.Try, function.statements):
        for handler in tried.handlers:
            if within(handler.body, node):
                return handler
    return None


def _test_over(function: Function, node: ir.Node) -> tuple[ir.Expr, bool] | None:
    """The innermost test that decides whether the node is reached, and how it came out then."""
    if isinstance(node, ir.Assert):
        return node.test, False
    found, block = None, function.statements
    while True:
        before = None
        for statement in block:
            if encloses(statement.at, node.at):
                break
            before = statement
        else:
            return found
        if isinstance(before, ir.If) and not before.orelse and isinstance(before.body[-1], ir.Return):
            found = before.test, False
        if isinstance(statement, ir.If):
            found = statement.test, within(statement.body, node)
        block = next((inner for inner in inner_blocks(statement) if within(inner, node)), ())


def _asks_kind(test: ir.Expr, *, holds: bool) -> bool:
    """Whether the test says that a value is not of the wanted class."""
    match test:
        case ir.Unary(op="not", operand=inner):
            return _asks_kind(inner, holds=not holds)
        case ir.Call(func=ir.Name(id=name)):
            return name in _ASKS_KIND and not holds
        case ir.BoolOp(values=values):
            return any(_asks_kind(value, holds=holds) for value in values)
        case _:
            return False


def _asks_size(function: Function, test: ir.Expr) -> bool:
    """
    Whether the test is about the size of what the function was given, and nothing else: another value of an argument
    may be an answer that the caller has got from somebody.
    """
    compares = [node for node in walk(test) if isinstance(node, ir.Compare)]
    if not compares or any(op not in _COMPARES for one in compares for op in one.ops):
        return False
    return _is_given(function, test, _DEPTH) and _measures(function, test, _DEPTH)


def _measures(function: Function, expr: ir.Expr, depth: int) -> bool:
    """Whether a length is in the expression, or in what its names stand for."""
    bindings = function.project.values.bindings(function).places
    for node in walk(expr):
        if isinstance(node, ir.Call) and last_name(node.func) == "len":
            return True
        sources = bindings.get((node.id,), ()) if isinstance(node, ir.Name) and depth else ()
        if any(one.expr is not None and _measures(function, one.expr, depth - 1) for one in sources):
            return True
    return False


def _is_given(function: Function, expr: ir.Expr, depth: int) -> bool:
    """Whether a value follows from the arguments alone."""
    params = {param.name for param in function.node.params[function.owner is not None :]}
    bindings = function.project.values.bindings(function).places
    found = False
    for node in walk(expr):
        if isinstance(node, (ir.Await, ir.Yield, ir.Subscript)):
            return False
        if isinstance(node, ir.Call) and last_name(node.func) not in _PLAIN:
            return False
        if isinstance(node, ir.Attribute) and not node.name.isupper() and node.name not in _CONVERTS:
            return False
        if isinstance(node, ir.Name) and node.id in params:
            found = True
        elif isinstance(node, ir.Name) and (node.id,) in bindings:
            sources = bindings[node.id,]
            for source in sources:
                if depth == 0 or source.how != "value" or source.expr is None:
                    return False
                if not _is_given(function, source.expr, depth - 1):
                    return False
            found = True
    return found


def _asks_state(function: Function, test: ir.Expr) -> bool:
    """Whether the test asks for nothing but what the object itself holds."""
    if any(isinstance(node, ir.Call) and (node.args or method_name(node) in _WAITS) for node in walk(test)):
        return False  # it asks the world
    names = set(_asked_of(function, test))
    return bool(names) and all(name != "" for name in names)


def _asked_of(function: Function, test: ir.Expr) -> Iterator[str]:
    """The names of members of the object that a test asks for; "" for anything else."""
    params = function.node.params
    owner = params[0].name if function.owner is not None and params else ""
    attributes = [node for node in walk(test) if isinstance(node, ir.Attribute)]
    for node in walk(test):
        if isinstance(node, ir.Name) and node.id != owner:
            yield "" if not node.id.isupper() else node.id
    for attribute in attributes:
        yield attribute.name


def _was_asked(spring: Spring) -> bool:
    """Whether a caller has asked the object for the same: a test around the call, or one that returns before it."""
    found = _test_over(spring.function, spring.step.node)
    names = set(_asked_of(spring.function, found[0])) if found is not None else set()
    for caller, call in reversed(spring.above):
        if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attribute):
            return False
        subject = ir.dotted_name(call.func.value)
        if subject is None:
            return False
        if any(_asks_for(branch.test, subject, names) for branch in _deciding(caller, call)):
            return True
        if caller.owner is None or not caller.node.params or subject != caller.node.params[0].name:
            return False
    return False


def _deciding(function: Function, call: ir.Call) -> Iterator[ir.If]:
    """The branches by which a call is reached: those it stands in, and those that leave the function before it."""
    for branch in find(ir.If, function.statements):
        leaves = isinstance(branch.body[-1], (ir.Return, ir.Raise)) and branch.at[2:] <= call.at[:2]
        if leaves or within(branch.body, call):
            yield branch


def _asks_for(test: ir.Expr, subject: str, names: set[str]) -> bool:
    """Whether a test looks at one of these members of the subject."""
    attributes = (node for node in walk(test) if isinstance(node, ir.Attribute) and node.name in names)
    return any(ir.dotted_name(node.value) == subject for node in attributes)
