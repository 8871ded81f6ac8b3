"""Expressions in the order in which Python evaluates them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from worker_lint.analysis.flow.cursor import Cursor
from worker_lint.analysis.flow.graph import Block
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir


class Evaluation(Cursor):
    """Builds the steps of expressions."""

    def eval(self, node: ir.Node | None) -> None:
        """The steps of an expression whose value is used."""
        if node is None or self.here is None:
            return
        handler = _EVAL.get(type(node))
        if handler is not None:
            handler(self, node)
        if type(node) in self.policy.observed:
            self.emit("read", node)

    def eval_all(self, nodes: Iterable[ir.Node | None]) -> None:
        """Expressions from left to right."""
        for node in nodes:
            self.eval(node)

    def decide(self, node: ir.Expr, yes: Block, no: Block) -> None:
        """The steps of a condition; ends the open block."""
        if isinstance(node, ir.Unary) and node.op == "not":
            self.decide(node.operand, no, yes)
        elif isinstance(node, ir.BoolOp):
            for value in node.values[:-1]:
                further = self.block()
                self.decide(value, *((further, no) if node.op == "and" else (yes, further)))
                self.enter(further)
            self.decide(node.values[-1], yes, no)
        elif isinstance(node, ir.Conditional):
            first, second = self.block(), self.block()
            self.decide(node.test, first, second)
            for block, arm in ((first, node.body), (second, node.orelse)):
                self.enter(block)
                self.decide(arm, yes, no)
        elif isinstance(node, ir.Constant) and node.kind not in ("ellipsis", "other"):
            self.connect(self.here, yes if node.value else no, "true" if node.value else "false")
            self.here = None
        else:
            self.eval(node)
            self.branch("test", node, yes, no)

    # --- kinds of expressions ---

    def called(self, node: ir.Call) -> None:
        """A generator expression given to a call is taken to be consumed by it; elsewhere it only begins."""
        self.eval(node.func.value if isinstance(node.func, ir.Attribute) else node.func)
        arguments = given_to(node)
        self.eval_all(arguments)
        for argument in arguments:
            if isinstance(argument, ir.Comprehension) and argument.kind == "generator":
                self.run_through(argument)
        self.emit("call", node)

    def awaited(self, node: ir.Await) -> None:
        """`await`: a coroutine can be cancelled there."""
        self.eval(node.value)
        self.emit("await", node, awaits=True)

    def yielded(self, node: ir.Yield) -> None:
        """`yield`: the consumer may close or throw there."""
        self.eval(node.value)
        self.emit("yield", node)

    def bound(self, node: ir.Walrus) -> None:
        """`name := value`."""
        self.eval(node.value)
        self.emit("bind", node)

    def chosen(self, node: ir.Conditional) -> None:
        """One arm of `body if test else orelse`."""
        first, second, after = self.block(), self.block(), self.block()
        self.decide(node.test, first, second)
        for block, arm in ((first, node.body), (second, node.orelse)):
            self.enter(block)
            self.eval(arm)
            self.connect(self.here, after)
        self.enter(after)

    def joined(self, node: ir.BoolOp) -> None:
        """`a and b or c` as a value: what comes later may be skipped."""
        after = self.block()
        for value in node.values[:-1]:
            further = self.block()
            self.decide(value, *((further, after) if node.op == "and" else (after, further)))
            self.enter(further)
        self.eval(node.values[-1])
        self.connect(self.here, after)
        self.enter(after)

    def compared(self, node: ir.Compare) -> None:
        """`a < b < c` looks at `c` only when `a < b`."""
        self.eval(node.left)
        self.eval(node.operands[0])
        if len(node.operands) == 1:
            return
        after = self.block()
        for operand in node.operands[1:]:
            further = self.block()
            self.branch("test", node, further, after)
            self.enter(further)
            self.eval(operand)
        self.connect(self.here, after)
        self.enter(after)

    def operated(self, node: ir.Binary) -> None:
        """Long sums lean to the left: no recursion along them."""
        operands: list[ir.Binary] = [node]
        while isinstance(operands[-1].left, ir.Binary):
            operands.append(operands[-1].left)
        self.eval(operands[-1].left)
        for operation in reversed(operands):
            self.eval(operation.right)
            if operation is not node and ir.Binary in self.policy.observed:
                self.emit("read", operation)

    def mapped(self, node: ir.Mapping) -> None:
        """Keys and values by turns."""
        for key, value in zip(node.keys, node.values, strict=True):
            self.eval(key)
            self.eval(value)

    def function(self, node: ir.Lambda) -> None:
        """A lambda: its defaults, not its body."""
        self.eval_all(param.default for param in node.params)

    def comprehended(self, node: ir.Comprehension) -> None:
        """A comprehension; a generator expression only begins."""
        self.eval(node.generators[0].iter)
        if node.kind != "generator":
            self.run_through(node)

    def run_through(self, node: ir.Comprehension) -> None:
        """The loops of a comprehension whose first iterable is evaluated."""
        ends: list[tuple[Block, Block]] = []
        for index, generator in enumerate(node.generators):
            if index:
                self.eval(generator.iter)
            ends.append(self.iterate(generator))
            for condition in generator.conditions:
                further = self.block()
                self.decide(condition, further, ends[-1][0])
                self.enter(further)
        self.eval(node.element)
        self.eval(node.value)
        if node.kind == "generator":  # `any`, `next` and their kin stop when they please
            self.connect(self.here, ends[0][1])
        for head, done in reversed(ends):
            self.connect(self.here, head)
            self.enter(done)

    def iterate(self, node: ir.For | ir.Generator) -> tuple[Block, Block]:
        """An iteration whose iterable is evaluated: goes on with an item bound; gives its head and its end."""
        head, item, done = self.block(), self.block(), self.block()
        self.connect(self.here, head)
        self.enter(head)
        self.branch("next", node, item, done, awaits=node.is_async)
        self.enter(item)
        self.store(node.target)
        self.emit("bind", node)
        return head, done

    def store(self, target: ir.Expr) -> None:
        """What is evaluated of a target before it is bound."""
        if isinstance(target, ir.Attribute):
            self.eval(target.value)
        elif isinstance(target, ir.Subscript):
            self.eval(target.value)
            self.eval(target.index)
        elif isinstance(target, ir.Starred):
            self.store(target.value)
        elif isinstance(target, ir.Collection):
            for item in target.items:
                self.store(item)


_EVAL: Final[dict[type[ir.Node], Callable[[Evaluation, Any], None]]] = {
    ir.Attribute: lambda at, node: at.eval(node.value),
    ir.Subscript: lambda at, node: at.eval_all((node.value, node.index)),
    ir.Call: Evaluation.called,
    ir.Starred: lambda at, node: at.eval(node.value),
    ir.Compare: Evaluation.compared,
    ir.BoolOp: Evaluation.joined,
    ir.Unary: lambda at, node: at.eval(node.operand),
    ir.Binary: Evaluation.operated,
    ir.Await: Evaluation.awaited,
    ir.Yield: Evaluation.yielded,
    ir.Collection: lambda at, node: at.eval_all(node.items),
    ir.Mapping: Evaluation.mapped,
    ir.Comprehension: Evaluation.comprehended,
    ir.Formatted: lambda at, node: at.eval_all(node.parts),
    ir.Conditional: Evaluation.chosen,
    ir.Walrus: Evaluation.bound,
    ir.Lambda: Evaluation.function,
}
