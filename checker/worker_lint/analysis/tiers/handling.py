"""
What an except clause does, by its own statements: raise, log, end the process, hand the exception on.

Inner functions do not count: they run later, or never.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import External
from worker_lint.analysis.flow import children, find, walk
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope

LEVELS: Final = {
    "debug": 10,
    "info": 20,
    "warning": 30,
    "warn": 30,
    "error": 40,
    "exception": 40,
    "critical": 50,
    "fatal": 50,
    "log": 40,
}
"""Methods of loggers by the severity that they stand for; that of `log` is an argument."""

_ENDINGS: Final = frozenset(
    {
        "sys.exit",
        "os._exit",
        "os.abort",
        "os.kill",
        "os.execv",
        "os.execvp",
        "os.execve",
        "builtins.exit",
        "builtins.quit",
        "signal.raise_signal",
        "_thread.interrupt_main",
        "posix._exit",
        "posix.abort",
        "posix.kill",
    }
)
_TELLING: Final = frozenset(
    {"exc_info", "format_exc", "print_exc", "format_exception", "print_exception", "last_traceback"}
)
"""Names whose mere use shows that the exception in flight is looked at."""

_QUIET: Final = frozenset({"open", "suppress", "Lock", "RLock", "lock", "acquire", "redirect_stdout", "nullcontext"})
_TEXT_OF: Final = frozenset({"str", "repr", "format", "type"})


def clause_at(handler: ir.Handler) -> ir.At:
    """The span of what an except clause names, or of the word `except` itself."""
    if handler.exception is not None:
        return handler.exception.at
    line, column = handler.at[:2]
    return (line, column, line, column + len("except"))


def clause_shown(handler: ir.Handler) -> str:
    """The clause as a message shows it: `except CancelledError`, with one class of several."""
    exception = handler.exception
    if exception is None:
        return "bare `except`"
    if isinstance(exception, ir.Collection):
        exception = next((item for item in exception.items), exception)
    name = (ir.dotted_name(exception) or "…").rpartition(".")[2]
    return f"`except {name}`"


def raises_anything(body: Iterable[ir.Node]) -> bool:
    """
    Whether a statement of the block raises, on whatever condition. A context made by a call may
    raise again when it is left (`save_and_reraise_exception()`), so it counts, but for locks and files.
    """
    body = tuple(body)
    if any(True for _ in find(ir.Raise, body)):
        return True
    contexts = (item.context for item in find(ir.WithItem, body))
    return any(isinstance(each, ir.Call) and _last_word(each.func) not in _QUIET for each in contexts)


def may_look_at_it(body: Iterable[ir.Node]) -> bool:
    """Whether a call gets options at most, and so may look at the exception in flight, as `Failure()` does."""
    return any(not call.args and not is_logging(call) for call in find(ir.Call, body))


def calls_of(body: Iterable[ir.Node]) -> Iterator[ir.Call]:
    """The calls in a block."""
    return find(ir.Call, body)


def awaits_in(body: Iterable[ir.Node]) -> bool:
    """Whether the block waits at a point where a task can be cancelled."""
    for node in walk(*body, inner=False):
        if isinstance(node, ir.Await) or (isinstance(node, (ir.For, ir.With, ir.Generator)) and node.is_async):
            return True
    return False


def ends_process(scope: Scope, body: Iterable[ir.Node]) -> bool:
    """
    Whether a call of the block ends the process or asks it to end. The method `exit` of an object that is not of the
    project does: those of argparse, click and traitlets raise SystemExit.
    """
    names = scope.project.names
    for call in find(ir.Call, body):
        targets = names.expr(scope, call.func)
        if any(isinstance(one, External) and one.dotted in _ENDINGS for one in targets):
            return True
        is_exit = isinstance(call.func, ir.Attribute) and call.func.name == "exit"
        if is_exit and not scope.project.calls.of(scope, call).runs:
            return True
    return False


def is_logging(call: ir.Call) -> bool:
    """Whether this is a method call on something that is named as a logger."""
    if not isinstance(call.func, ir.Attribute) or call.func.name not in LEVELS:
        return False
    owner = call.func.value
    while isinstance(owner, ir.Call):  # logging.getLogger(…).error, logger.bind(…).error
        owner = owner.func
    return "log" in (ir.dotted_name(owner) or "").lower()


def log_calls(body: Iterable[ir.Node]) -> Iterator[ir.Call]:
    """The calls of loggers in a block."""
    return (call for call in find(ir.Call, body) if is_logging(call))


def log_level(call: ir.Call) -> int:
    """The severity of a logger's call, as the standard library counts."""
    if not isinstance(call.func, ir.Attribute):
        return 0
    if call.func.name == "log" and call.args:
        return LEVELS.get((ir.dotted_name(call.args[0]) or "").rpartition(".")[2].lower(), 40)
    return LEVELS.get(call.func.name, 0)


def mentions(nodes: Iterable[ir.Node], name: str | None) -> bool:
    """Whether a name is read or written in these nodes, inner functions included."""
    if name is None:
        return False
    for node in walk(*nodes):
        if isinstance(node, ir.Name) and node.id == name:
            return True
        if isinstance(node, (ir.Opaque, ir.Lambda)) and name in getattr(node, "names", getattr(node, "captured", ())):
            return True
    return False


def tells_exception(handler: ir.Handler, nodes: Iterable[ir.Node]) -> bool:
    """Whether something in these nodes says which exception it was: its name, `exc_info`, `logger.exception`."""
    nodes = tuple(nodes)
    if mentions(nodes, handler.name):
        return True
    for node in walk(*nodes):
        if isinstance(node, (ir.Name, ir.Attribute)) and _last(node) in _TELLING:
            return True
        if isinstance(node, ir.Keyword) and node.name == "exc_info" and not _is_false(node.value):
            return True
        if isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.name == "exception":
            return True
    return False


def hands_on(handler: ir.Handler) -> bool:
    """
    Whether the exception leaves the clause by another way than raising: as an argument, a value
    that is stored, returned or yielded. What goes into a log line or a text stays behind.
    """
    return hands_on_in(handler, handler.body)


def hands_on_in(handler: ir.Handler, body: tuple[ir.Stmt, ...]) -> bool:
    """The same of some statements of the clause."""
    if any(_last(node) == "exc_info" for node in find(ir.Attribute, body)):
        return True
    return handler.name is not None and any(_hands_on(node, handler.name) for node in body)


def _hands_on(node: ir.Node, name: str) -> bool:
    if isinstance(node, ir.Call):
        if is_logging(node) or (ir.dotted_name(node.func) or "") in (*_TEXT_OF, "print"):
            return False
        if isinstance(node.func, ir.Name) and node.func.id in ("isinstance", "getattr", "hasattr"):
            return False
        given = given_to(node)
        return any(_is(value, name) or _hands_on(value, name) for value in given) or _hands_on(node.func, name)
    if isinstance(node, (ir.Assign, ir.Return, ir.Yield, ir.Raise)):
        value = node.exception if isinstance(node, ir.Raise) else node.value
        return _is(value, name) or (value is not None and _hands_on(value, name))
    if isinstance(node, (ir.FunctionDef, ir.Lambda)):
        return mentions((node,), name)
    if isinstance(node, (ir.Collection, ir.Mapping, ir.Starred)):
        return mentions((node,), name)
    return any(_hands_on(child, name) for child in children(node))


def is_bare_reaction(body: Iterable[ir.Stmt]) -> bool:
    """Whether a clause does nothing at all about what it caught: it passes, goes on, or gives a constant."""
    return all(_is_nothing(statement) for statement in body)


def _is_nothing(statement: ir.Stmt) -> bool:
    match statement:
        case ir.Simple():
            return True
        case ir.Expression(value=ir.Constant()):
            return True
        case ir.Return(value=None | ir.Constant()):
            return True
        case _:
            return False


def _is(node: ir.Node | None, name: str) -> bool:
    return isinstance(node, ir.Name) and node.id == name


def _is_false(value: ir.Expr) -> bool:
    return isinstance(value, ir.Constant) and not value.value


def _last_word(expression: ir.Expr) -> str:
    return (ir.dotted_name(expression) or "").rpartition(".")[2]


def _last(node: ir.Name | ir.Attribute) -> str:
    return node.id if isinstance(node, ir.Name) else node.name
