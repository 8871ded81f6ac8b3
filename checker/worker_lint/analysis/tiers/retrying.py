"""Retries that a clause makes: what they are handed, and whether they are reached while the trouble lasts."""

from __future__ import annotations

from collections.abc import Iterator

from worker_lint.analysis.flow import Summary, find
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.source import ir


def counts_up(params: ir.Parameters, call: ir.Call) -> bool:
    """Whether an argument is a parameter changed by a number: `retry=retry + 1`."""
    names = {param.name for param in params}
    values = (*call.args, *(keyword.value for keyword in call.keywords))
    return any(
        isinstance(value, ir.Binary)
        and value.op in ("+", "-")
        and isinstance(value.left, ir.Name)
        and value.left.id in names
        and isinstance(value.right, ir.Constant)
        for value in values
    )


def left_out(node: ir.FunctionDef, call: ir.Call) -> Iterator[str]:
    """The parameters with a default to which a call hands nothing."""
    if any(keyword.name is None for keyword in call.keywords) or any(isinstance(one, ir.Starred) for one in call.args):
        return
    given = {keyword.name for keyword in call.keywords}
    params = [param for param in node.params if param.kind in ("positional-only", "positional", "keyword-only")]
    if isinstance(call.func, ir.Attribute):
        params = params[1:]
    by_position = [param.name for param in params if param.kind != "keyword-only"][: len(call.args)]
    for param in params:
        if param.default is not None and param.name not in given and param.name not in by_position:
            yield param.name


def fails_first(site: TrySite, handler: ir.Handler, again: ir.Call) -> bool:
    """Whether a statement of the clause before the retry, such as a new connection, raises what the clause is for."""
    project, function = site.scope.project, site.function
    caught = [name for name in project.tiers.caught(site.scope, handler) if name is not None]
    for statement in handler.body:
        if statement.at[2:] >= again.at[2:] or not isinstance(statement, (ir.Expression, ir.Assign)):
            break
        for call in find(ir.Call, (statement,)):
            for runs in project.calls.of(site.scope, call).runs:
                summary = project.routines.summary(*runs) if runs.function is not function else None
                thrown = summary.thrown if isinstance(summary, Summary) else ()
                if any(project.tiers.is_class(one.name, name) for one in thrown for name in caught):
                    return True
    return False
