"""
What one message can make fail in a function: parsing it, unpacking it, looking up by it, running
what it names.

A guard anywhere in the function silences: a test of membership or of the length, a pattern, an
entry that the function itself puts in. A test of a part guards all names that are taken from the
same value.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.entity import Class, Function, Instance
from worker_lint.analysis.escaping.delivered import Delivered
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.escaping.parsing import DECODING, LIBRARY_NAMES, MALFORMED, NUMBERS, PARSERS, PICKLES, READING
from worker_lint.analysis.flow import Step
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.values import Items
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

FailureKind: TypeAlias = Literal["decode", "lookup", "key", "unpack", "dispatch", "job", "refusal", "loss", "opening"]

_CHECKS: Final = frozenset({"len", "isinstance", "hasattr", "callable"})

_ASKING: Final = frozenset({"setdefault", "count", "startswith", "endswith", "find", "rfind"})
"""Methods that tell about an entry or a separator, or put it in, before it is relied upon."""

_RUNNING: Final = frozenset({"fn", "func", "function", "callback", "callable", "handler", "target"})
"""Attributes that hold a bare callable; a method such as `run` may take its errors itself."""


class Failure(NamedTuple):
    """
    What a message makes fail: how, in the words of the code, and the classes that come up; whether it is the parts of
    a text that are missing.
    """

    kind: FailureKind
    shown: str
    classes: tuple[str, ...]
    is_of_text: bool = False

    @property
    def sort(self) -> FailureKind:
        """The kind as a message tells it: a missing key of the message is looked up in vain, too."""
        return "lookup" if self.kind == "key" else self.kind


class Failures:
    """The failures of one function with what its parameters carry."""

    def __init__(self, delivered: Delivered) -> None:
        self.delivered = delivered
        self.body = delivered.function.statements

    def of(self, step: Step) -> Failure | None:
        """How a message makes this step fail; None when it does not, as far as is known."""
        node = step.node
        if step.kind == "call" and isinstance(node, ir.Call):
            return self.called(node)
        if step.kind == "read" and isinstance(node, ir.Subscript):
            return self._subscript(node)
        if step.kind == "bind" and isinstance(node, ir.Assign):
            return self._unpacked(node)
        return None

    def refusal(self, node: ir.Raise) -> bool:
        """Whether an exception that is raised tells about the message: it is made with a part of it."""
        made = node.exception
        return isinstance(made, ir.Call) and any(self.delivered.level(arg).is_sent for arg in made.args)

    # --- calls: what a peer of the program's own sends has the form that this program gives it ---

    def called(self, call: ir.Call) -> Failure | None:
        """How a message makes this call fail."""
        callee = self.delivered.callee(call)
        shown = f"`{_written(call.func)}`"
        first = call.args[0] if call.args else None
        level = self.delivered.level(first)
        if callee.dotted in PARSERS:
            is_given = level > Level.CHOSEN and not (callee.dotted in PICKLES and level is Level.RAW)
            return Failure("decode", shown, PARSERS[callee.dotted]) if is_given else None
        if callee.dotted in NUMBERS:
            is_text = level.is_sent and not isinstance(first, ir.Attribute)
            return Failure("decode", shown, ("ValueError",)) if is_text else None
        if callee.is_known and callee.model is None and callee.is_sure:
            return None
        if self._runs_chosen(call, callee):
            if self._is_job(call):
                return Failure("job", shown, ("Exception",))
            return Failure("dispatch", shown, ("Exception",)) if self._is_dispatch(call) else None
        return self._taken_out(call, level) or self._decoded(call, callee, shown, level)

    def _taken_out(self, call: ir.Call, level: Level) -> Failure | None:
        """`table.pop(key)` without a default."""
        if (
            last_name(call.func) != "pop"
            or len(call.args) != 1
            or call.keywords
            or not isinstance(call.func, ir.Attribute)
        ):
            return None
        place = ir.dotted_name(call.func.value)
        if place is None or place in self._guarded or not level.is_sent or self.delivered.level(call.func.value):
            return None
        return Failure("lookup", f"`{place}.pop`", ("KeyError",))

    def _decoded(self, call: ir.Call, callee: Callee, shown: str, level: Level) -> Failure | None:
        name = last_name(call.func)
        if name in READING and not callee.runs:
            return Failure("decode", shown, (MALFORMED,))
        if name not in DECODING or _has_keyword(call, "errors"):
            return None
        if level > Level.CHOSEN and level is not Level.RAW and callee.model is None:
            return Failure("decode", shown, (MALFORMED,))
        if name == "decode" and isinstance(call.func, ir.Attribute) and len(call.args) < 2:
            mine = call.func.value
            if self.delivered.level(mine) > Level.RAW and not _is_chosen_by_us(mine):
                return Failure("decode", shown, ("UnicodeDecodeError",))
        return None

    def _runs_chosen(self, call: ir.Call, callee: Callee) -> bool:
        """Whether the call runs something that was looked up or taken from a queue."""
        if isinstance(call.func, ir.Attribute) and call.func.name not in _RUNNING:
            return False
        return not callee.is_known and self.delivered.level(call.func) is Level.CHOSEN

    def _is_dispatch(self, call: ir.Call) -> bool:
        """Whether what is run was named by a message, in a table that others fill."""
        table = _table(call.func, self.body)
        if table is None:
            return False
        values = self.delivered.escaping.project.values
        kind = values.of(self.delivered.function, table, self.delivered.me)
        return not (isinstance(kind, Items) and isinstance(kind.of, (Function, Class)))

    def _is_job(self, call: ir.Call) -> bool:
        """Whether what is called came out of a queue as it is, or as a part of what did."""
        root = call.func.value if isinstance(call.func, ir.Attribute) else call.func
        if _table(call.func, self.body) is not None:
            return False
        return isinstance(root, ir.Name) and root.id not in self._own

    @cached_property
    def _own(self) -> frozenset[str]:
        """The parameters: what they are called with is looked at where it comes from."""
        return frozenset(param.name for param in self.delivered.function.node.params)

    # --- subscripts ---

    def _subscript(self, node: ir.Subscript) -> Failure | None:
        index, value = self.delivered.level(node.index), self.delivered.level(node.value)
        place = ir.dotted_name(node.value)
        if place is None or place in self._guarded:
            return None
        if value is Level.DECODED and isinstance(node.index, ir.Constant) and node.index.kind == "str":
            return Failure("key", f"`{place}[{node.index.value!r}]`", ("KeyError",))
        if value or not index.is_sent or isinstance(node.index, ir.Opaque):
            return None
        return None if self._has_default(node) else Failure("lookup", f"`{place}[…]`", ("KeyError",))

    def _has_default(self, node: ir.Subscript) -> bool:
        """Whether the table makes up what is missing, or is of a class with its own idea of it."""
        project, function, me = self.delivered.escaping.project, self.delivered.function, self.delivered.me
        kind = project.values.of(function, node.value, me)
        if isinstance(kind, (Instance, Class, Function)):
            return True
        owner = me or function.owner
        if isinstance(node.value, ir.Attribute) and owner is not None:
            for one in project.values.fields.assigned(owner, node.value.name):
                made = one.source.expr
                if isinstance(made, ir.Call) and last_name(made.func) in ("defaultdict", "Counter"):
                    return True
        return False

    @cached_property
    def _guarded(self) -> frozenset[str]:
        """What the function tests for membership, length or form, or fills by itself."""
        found = frozenset(name for name in _guards(self.body) if name is not None)
        return found | _taken_from(frozenset(_tested_by_parts(self.body)), self.body)

    # --- unpacking ---

    def _unpacked(self, node: ir.Assign) -> Failure | None:
        target, value = node.targets[0], node.value
        if not isinstance(target, ir.Collection) or isinstance(value, ir.Collection):
            return None
        if any(isinstance(item, ir.Starred) for item in target.items):
            return None
        subject: ir.Expr | None = value
        is_split = isinstance(value, ir.Call)
        if isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute):
            if value.func.name not in ("split", "rsplit"):
                return None
            subject = value.func.value
        elif not isinstance(value, ir.Name):
            return None
        shown = ir.dotted_name(subject) or ""
        level = self.delivered.level(subject)
        if not level.is_sent or level is Level.FORMED or shown in self._guarded:
            return None
        return Failure("unpack", f"`{shown}`" if shown else "the message", ("ValueError",), is_split)


def _guards(body: tuple[ir.Stmt, ...]) -> Iterator[str | None]:
    for compare in find(ir.Compare, body):
        yield from _membership(compare)
    for call in find(ir.Call, body):
        if isinstance(call.func, ir.Name) and call.func.id in _CHECKS and call.args:
            yield ir.dotted_name(call.args[0])
        elif isinstance(call.func, ir.Attribute) and call.func.name in _ASKING:
            yield ir.dotted_name(call.func.value)
    for choice in find(ir.Match, body):
        yield ir.dotted_name(choice.subject)
    targets = (target for assign in find(ir.Assign, body) for target in assign.targets)
    yield from (ir.dotted_name(target.value) for target in targets if isinstance(target, ir.Subscript))


def _membership(compare: ir.Compare) -> Iterator[str | None]:
    for op, operand in zip(compare.ops, compare.operands, strict=True):
        if op in ("in", "not in"):
            yield ir.dotted_name(operand)
            if isinstance(operand, ir.Call) and isinstance(operand.func, ir.Attribute):
                yield ir.dotted_name(operand.func.value)  # name in table.keys()


def _tested_by_parts(body: tuple[ir.Stmt, ...]) -> Iterator[str]:
    """The names of values of which a part is tested for what it holds: `"." in frame[0]`."""
    for compare in find(ir.Compare, body):
        for op, operand in zip(compare.ops, compare.operands, strict=True):
            if op in ("in", "not in") and isinstance(operand, ir.Subscript) and isinstance(operand.value, ir.Name):
                yield operand.value.id


def _taken_from(names: frozenset[str], body: tuple[ir.Stmt, ...]) -> frozenset[str]:
    """The names that an assignment takes out of a value of one of these names, as a part of it."""
    found: set[str] = set()
    for assign in find(ir.Assign, body) if names else ():
        value = assign.value.value if isinstance(assign.value, ir.Subscript) else assign.value
        if isinstance(value, ir.Name) and value.id in names:
            found.update(one.id for target in assign.targets for one in find(ir.Name, (target,)))
    return frozenset(found)


def _table(func: ir.Expr, body: tuple[ir.Stmt, ...]) -> ir.Expr | None:
    """The table that a called value was looked up in."""
    for _ in range(4):
        match func:
            case ir.Subscript(value=table):
                return table
            case ir.Call(func=ir.Attribute(name="get", value=table), args=(_, *_)):
                return table
            case ir.Attribute(value=inner):
                func = inner
            case ir.Name(id=name):
                made = next((node.value for node in find(ir.Assign, body) if _binds(node, name)), None)
                if made is None:
                    return None
                func = made
            case _:
                return None
    return None


def _binds(node: ir.Assign, name: str) -> bool:
    return any(isinstance(target, ir.Name) and target.id == name for target in node.targets)


def _is_chosen_by_us(expr: ir.Expr) -> bool:
    if isinstance(expr, ir.Attribute):
        return expr.name in LIBRARY_NAMES
    return isinstance(expr, ir.Subscript) and isinstance(expr.index, ir.Constant) and expr.index.value in LIBRARY_NAMES


def _written(called: ir.Expr) -> str:
    """What is called, in the words of the code; an entry of a table by the table."""
    if isinstance(called, ir.Subscript):
        return f"{ir.dotted_name(called.value) or last_name(called.value)}[…]"
    return ir.dotted_name(called) or last_name(called)


def _has_keyword(call: ir.Call, name: str) -> bool:
    return any(keyword.name in (name, None) for keyword in call.keywords)
