"""From the statements of one function to its control-flow graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from worker_lint.analysis.budget import STEPS_LIMIT
from worker_lint.analysis.flow.cursor import Frame, JumpKind, OverBudgetError
from worker_lint.analysis.flow.exceptions import NOTHING
from worker_lint.analysis.flow.graph import Block, Graph, Unknown
from worker_lint.analysis.flow.policy import Policy
from worker_lint.analysis.flow.protect import Protection
from worker_lint.source import ir

_LOOP_JUMPS: Final[frozenset[JumpKind]] = frozenset({"break", "continue"})


def build(body: Iterable[ir.Stmt], policy: Policy, *, budget: int = STEPS_LIMIT) -> Graph | Unknown:
    """
    The graph of a function body (or of any block outside a function).

    Exact for the language: `finally` on every way out, `else` of loops and `try`, `except*`,
    contexts that swallow, short circuits. What can raise, and what is caught, is the policy's word.
    Left out: that a name is unbound, memory runs out, or a signal handler raises.
    """
    builder = _Builder(policy, budget)
    try:
        builder.stmts(body)
        return builder.finish()
    except OverBudgetError:
        return Unknown(f"the function has more than {budget:,} steps")
    except RecursionError:
        return Unknown("the function is nested too deeply")


class _Builder(Protection):
    """Builds statements."""

    def stmts(self, body: Iterable[ir.Stmt]) -> None:
        """The statements of a block; those that cannot be reached are left out."""
        for statement in body:
            if self.here is None:
                return
            handler = _STMT.get(type(statement))
            if handler is not None:
                handler(self, statement)

    def assigned(self, node: ir.Assign) -> None:
        if node.value is not None:
            self.eval(node.value)
            for target in node.targets:
                self.store(target)
            self.emit("bind", node)

    def augmented(self, node: ir.AugAssign) -> None:
        self.eval(node.target)
        self.eval(node.value)
        self.emit("bind", node)

    def deleted(self, node: ir.Delete) -> None:
        for target in node.targets:
            self.store(target)
        self.emit("bind", node)

    def returned(self, node: ir.Return) -> None:
        self.eval(node.value)
        self.leave("return", self.emit("return", node))

    def raised_by(self, node: ir.Raise) -> None:
        again = node.exception is None or self._is_caught(node.exception)
        self.eval(node.exception)
        self.eval(node.cause)
        self.fail(node, self.current_exception() if again else NOTHING)

    def _is_caught(self, exception: ir.Expr) -> bool:
        """Whether this is the name of the innermost handler."""
        name = self.caught[-1].name if self.caught else None
        return name is not None and isinstance(exception, ir.Name) and exception.id == name

    def asserted(self, node: ir.Assert) -> None:
        holds, fails = self.block(), self.block()
        self.decide(node.test, holds, fails)
        self.enter(fails)
        self.eval(node.message)
        self.fail(node)
        self.enter(holds)

    def looped(self, node: ir.For) -> None:
        self.eval(node.iter)
        frame = self.open(_LOOP_JUMPS)
        head, done = self.iterate(node)
        self.stmts(node.body)
        self.end_loop(frame, head, done, node.orelse)

    def repeated(self, node: ir.While) -> None:
        head, inside, done = self.block(), self.block(), self.block()
        self.connect(self.here, head)
        self.enter(head)
        frame = self.open(_LOOP_JUMPS)
        self.decide(node.test, inside, done)
        self.enter(inside)
        self.stmts(node.body)
        self.end_loop(frame, head, done, node.orelse)

    def end_loop(self, frame: Frame, head: Block, done: Block, orelse: Iterable[ir.Stmt]) -> None:
        """The way back to the head, the else branch, and where `break` leads."""
        self.connect(self.here, head)
        jumps = self.close(frame)
        self.enter(done)
        self.stmts(orelse)
        after = self.block()
        self.connect(self.here, after)
        for jump in jumps:
            self.land(jump, head if jump.kind == "continue" else after)
        self.enter(after)

    def branched(self, node: ir.If) -> None:
        """Goes along a chain of `elif` without recursion."""
        after = self.block()
        link: ir.If | None = node
        while link is not None:
            first, second = self.block(), self.block()
            self.decide(link.test, first, second)
            self.enter(first)
            self.stmts(link.body)
            self.connect(self.here, after)
            self.enter(second)
            orelse, link = link.orelse, None
            if len(orelse) == 1 and isinstance(orelse[0], ir.If):
                link = orelse[0]
            else:
                self.stmts(orelse)
        self.connect(self.here, after)
        self.enter(after)

    def matched(self, node: ir.Match) -> None:
        self.eval(node.subject)
        after = self.block()
        for case in node.cases:
            further = self.block()
            self.case(case, further)
            self.stmts(case.body)
            self.connect(self.here, after)
            self.enter(further)
        self.connect(self.here, after)
        self.enter(after)

    def case(self, node: ir.Case, further: Block) -> None:
        """Goes on where the case applies."""
        applies, matched = self.block(), self.block()
        step = self.emit("case", node)
        self.connect(self.here, matched, "true", step)
        if not node.irrefutable:
            self.connect(self.here, further, "false", step)
        self.enter(matched)
        if node.guard is not None:
            self.decide(node.guard, applies, further)
            self.enter(applies)

    def defined(self, node: ir.FunctionDef) -> None:
        self.eval_all(node.decorators)
        self.eval_all(param.default for param in node.params)
        self.emit("bind", node)

    def declared(self, node: ir.ClassDef) -> None:
        self.eval_all(node.decorators)
        self.eval_all(node.bases)
        self.eval_all(keyword.value for keyword in node.keywords)
        self.stmts(node.body)
        self.emit("bind", node)


_STMT: Final[dict[type[ir.Node], Callable[[_Builder, Any], object]]] = {
    ir.FunctionDef: _Builder.defined,
    ir.ClassDef: _Builder.declared,
    ir.Import: lambda at, node: at.emit("bind", node),
    ir.Expression: lambda at, node: at.eval(node.value),
    ir.Assign: _Builder.assigned,
    ir.AugAssign: _Builder.augmented,
    ir.Delete: _Builder.deleted,
    ir.Return: _Builder.returned,
    ir.Raise: _Builder.raised_by,
    ir.Try: _Builder.tried,
    ir.For: _Builder.looped,
    ir.While: _Builder.repeated,
    ir.With: _Builder.managed,
    ir.If: _Builder.branched,
    ir.Match: _Builder.matched,
    ir.Assert: _Builder.asserted,
    ir.Simple: lambda at, node: None if node.kind == "pass" else at.leave(node.kind),
}
