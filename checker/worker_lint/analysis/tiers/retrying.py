"""Retries that a clause makes: what they are handed, and whether they are reached while the trouble lasts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import Summary, find
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.analysis.visit import given_to, last_name
from worker_lint.source import ir

_ASKING: Final = (ir.If, ir.While, ir.Conditional, ir.Assert)
_LIMIT: Final = re.compile(r"attempt|retr|tries|try|count|max|limit|left|remain|timeout|deadline|elapsed|expire|time")


def counts_up(params: ir.Parameters, call: ir.Call) -> bool:
    """Whether an argument is a parameter changed by a number: `retry=retry + 1`."""
    names = {param.name for param in params}
    values = given_to(call)
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
    """
    Whether a statement of the clause before the retry, such as a new connection, raises what the clause is for, or
    leaves the function when that comes.
    """
    project, function = site.scope.project, site.function
    caught = [name for name in project.tiers.caught(site.scope, handler) if name is not None]
    for statement in handler.body:
        if statement.at[2:] >= again.at[2:]:
            break
        if isinstance(statement, ir.Try) and _leaves_at(site, statement, caught):
            return True
        if not isinstance(statement, (ir.Expression, ir.Assign)):
            break
        for call in find(ir.Call, (statement,)):
            for runs in project.calls.of(site.scope, call).runs:
                summary = project.routines.summary(*runs) if runs.function is not function else None
                thrown = summary.thrown if isinstance(summary, Summary) else ()
                if any(project.tiers.is_class(one.name, name) for one in thrown for name in caught):
                    return True
    return False


def _leaves_at(site: TrySite, node: ir.Try, caught: list[str]) -> bool:
    """Whether a clause of a further `try` statement takes one of these classes and ends with a `return` or `raise`."""
    tiers = site.scope.project.tiers
    return any(
        isinstance(one.body[-1], (ir.Return, ir.Raise))
        and any(name is not None and tiers.is_class(each, name) for name in tiers.caught(site.scope, one))
        for one in node.handlers
        for each in caught
    )


def gives_up_first(handler: ir.Handler) -> bool:
    """Whether the clause raises under a condition: what that asks for, such as a count, bounds the retries."""
    return any(isinstance(node, ir.Raise) for node in _ends_of_branches(handler))


def _ends_of_branches(handler: ir.Handler) -> Iterator[ir.Stmt]:
    for branch in find(ir.If, handler.body):
        yield from (*branch.body[-1:], *branch.orelse[-1:])


def uses_something_up(function: Function) -> bool:
    """Whether each call takes something off a list, or counts it as tried: there is an end to that."""
    names = {call.func.name for call in find(ir.Call, function.statements) if isinstance(call.func, ir.Attribute)}
    return not names.isdisjoint({"pop", "popleft", "remove", "append", "add"})


def compares_count(handler: ir.Handler) -> bool:
    """Whether the clause compares something by its size, such as the number of attempts."""
    return any(_orders(node) for node in find(ir.Compare, handler.body))


def hands_on_the_same(function: Function, call: ir.Call) -> bool:
    """
    Whether every argument hands on a parameter as it came: under its own name, and where nothing of the function
    binds that name anew, such as the clause itself by `except Error as error`.
    """
    names = {param.name for param in function.node.params} - _bound_anew(function)
    given = given_to(call)
    plain = [one.value if isinstance(one, ir.Starred) else one for one in given]
    renamed = [one for one in call.keywords if one.name is not None and ir.dotted_name(one.value) != one.name]
    return not renamed and all(isinstance(one, ir.Name) and one.id in names for one in plain)


def _bound_anew(function: Function) -> set[str]:
    """The names that clauses, loops and assignments of a function bind; one that is made of itself is the same."""
    found: set[str] = set()
    for node in find(ir.Node, function.statements):
        found |= bound_names(node) - _read_in(node)
    return found


def _read_in(node: ir.Node) -> set[str]:
    """What an assignment makes its value of: `address = address or default` says nothing new the second time."""
    value = node.value if isinstance(node, ir.Assign) else None
    return {read.id for read in find(ir.Name, (value,))} if value is not None else set()


def is_waited_out(site: TrySite, handler: ir.Handler, again: ir.Call) -> bool:
    """
    Whether the clause is written for trouble that lasts, and nothing but its end ends the retries: it sleeps before
    the next attempt, or takes nothing but the end of a wait; no count or limit is asked for; and what is left out of
    the call decides nothing.
    """
    function = site.function
    if function is None or _decides_by(function, set(left_out(function.node, again))) or _asks_for_limit(handler):
        return False
    caught = site.scope.project.tiers.caught(site.scope, handler)
    return _waits_first(handler, again) or all(name is not None and name.endswith("TimeoutError") for name in caught)


def _waits_first(handler: ir.Handler, again: ir.Call) -> bool:
    return any(last_name(call.func) == "sleep" and call.at[:2] < again.at[:2] for call in find(ir.Call, handler.body))


def _asks_for_limit(handler: ir.Handler) -> bool:
    """Whether a condition of the clause is about a number of attempts or a time, by the names that it reads."""
    read = [node for node in find(ir.Node, _tests(handler.body)) if isinstance(node, (ir.Name, ir.Attribute))]
    return any(_LIMIT.search(last_name(node).lower()) for node in read)


def _decides_by(function: Function, names: set[str]) -> bool:
    """Whether a condition of the function asks for one of its parameters: other calls then go another way."""
    return any(read.id in names for read in find(ir.Name, _tests(function.statements)))


def _tests(body: tuple[ir.Stmt, ...]) -> list[ir.Expr]:
    return [node.test for node in find(ir.Node, body) if isinstance(node, _ASKING)]


def is_read(function: Function, name: str) -> bool:
    """Whether a function reads a parameter and never binds it anew."""
    reads = [node for node in find(ir.Name, function.body, inner=True) if node.id == name]
    bound = {target.at for node in find(ir.Assign, function.body) for target in node.targets}
    return bool(reads) and not any(node.at in bound for node in reads)


def is_handed_to(site: TrySite, name: str) -> bool:
    """Whether what is tried is handed a parameter that is no switch: those may be meant for the first attempt alone."""
    params = site.function.node.params if site.function is not None else ()
    switches = {
        param.name for param in params if isinstance(param.default, ir.Constant) and param.default.kind == "bool"
    }
    given = (value for call in find(ir.Call, site.node.body) for value in given_to(call))
    return name not in switches and any(read.id == name for value in given for read in find(ir.Name, (value,)))


def is_folded_in(function: Function, call: ir.Call, name: str) -> bool:
    """Whether what is handed on was made of the parameter: `name = prefix + name` needs it no more."""
    given = {node.id for node in find(ir.Name, (*call.args, *call.keywords))}
    for node in find(ir.Assign, function.statements):
        made = any(isinstance(target, ir.Name) and target.id in given for target in node.targets)
        if made and node.value is not None and any(read.id == name for read in find(ir.Name, (node.value,))):
            return True
    return False


def limit_setting(site: TrySite) -> ir.Attribute | None:
    """The setting that a count is compared with, in a clause that sleeps before the next attempt."""
    for handler in site.node.handlers:
        sleeps = any(
            (ir.dotted_name(call.func) or "").rpartition(".")[2] == "sleep" for call in find(ir.Call, handler.body)
        )
        for compare in find(ir.Compare, handler.body) if sleeps else ():
            sides = (compare.left, *compare.operands)
            settings = [side for side in sides if isinstance(side, ir.Attribute)]
            if len(settings) == 1 and any(isinstance(side, ir.Name) for side in sides) and _orders(compare):
                return settings[0]
    return None


def _orders(compare: ir.Compare) -> bool:
    return not {"<", "<=", ">", ">="}.isdisjoint(compare.ops)
