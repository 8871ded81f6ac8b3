"""`try` and `with`: what runs on every way out, in one copy for each kind of way."""

from __future__ import annotations

from collections.abc import Sequence

from worker_lint.analysis.flow.cursor import ALL_JUMPS, Caught, Jump, sorted_by_exceptions
from worker_lint.analysis.flow.exceptions import NOTHING
from worker_lint.analysis.flow.graph import Block
from worker_lint.analysis.flow.groups import GroupHandling
from worker_lint.source import ir


class Protection(GroupHandling):
    """Builds the statements that jumps run through."""

    def tried(self, node: ir.Try) -> None:
        """`try`, with its finally body once for each way in which it is reached."""
        if not node.final:
            self.handled(node)
            return
        frame = self.open(ALL_JUMPS)
        self.handled(node)
        jumps = self.close(frame)
        self.stmts(node.final)
        after = self.here
        for group in sorted_by_exceptions(jumps):
            thrown = self.arrive(group)
            if thrown:
                self.caught.append(Caught(None, thrown))
            self.stmts(node.final)
            if thrown:
                self.caught.pop()
            self.resume(group[0], thrown)
        self.here = after

    def handled(self, node: ir.Try) -> None:
        """`try` without its finally."""
        if not node.handlers:
            self.stmts(node.body)
            self.stmts(node.orelse)
            return
        frame = self.open({"exception"})
        self.stmts(node.body)
        jumps = self.close(frame)
        self.stmts(node.orelse)
        after = self.block()
        self.connect(self.here, after)
        if node.is_group:
            self.catch_groups(node.handlers, jumps, after)
        else:
            self.catch(node.handlers, jumps, after)
        self.enter(after)

    def managed(self, node: ir.With) -> None:
        """`with`: several items are nested statements."""
        self.context(node, 0)

    def context(self, node: ir.With, index: int) -> None:
        """One item and all inside it."""
        if index == len(node.items):
            self.stmts(node.body)
            return
        item = node.items[index]
        self.eval(item.context)
        self.emit("enter", item, awaits=node.is_async)
        frame = self.open(ALL_JUMPS)
        if item.target is not None:
            self.store(item.target)
            self.emit("bind", item)
        self.context(node, index + 1)
        jumps = self.close(frame)
        self.emit("exit", item, awaits=node.is_async)
        after = self.block()
        self.connect(self.here, after)
        for group in sorted_by_exceptions(jumps):
            self.leave_context(item, group, after, awaits=node.is_async)
        self.enter(after)

    def leave_context(self, item: ir.WithItem, group: Sequence[Jump], after: Block, *, awaits: bool) -> None:
        """The exit of a context for jumps of one kind."""
        thrown = self.arrive(group)
        self.emit("exit", item, awaits=awaits, pending=thrown)
        parts = [self.policy.suppressed(item, one) for one in thrown]
        if any(part.caught for part in parts):
            self.connect(self.here, after)
        rest = NOTHING.union(*(part.rest for part in parts))
        if rest or group[0].kind != "exception":
            self.resume(group[0], rest)
