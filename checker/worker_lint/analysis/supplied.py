"""Whether a step of a teardown runs code that others write: what a user registers, or derives from a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import is_abstract, is_stand_in
from worker_lint.analysis.entity import Class, Function, Instance
from worker_lint.analysis.flow import Summary, find, walk
from worker_lint.analysis.in_use import is_called
from worker_lint.analysis.looping import loops_around, roots, targets
from worker_lint.analysis.membership import changes_in, field_of
from worker_lint.analysis.skipping import Skip, Skipping, to_prepare_for
from worker_lint.analysis.statements import plain_call
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import encloses, method_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope
    from worker_lint.analysis.project import Project


def is_for_others(skipping: Skipping, skip: Skip) -> bool:
    """
    Whether the class of what is ended leaves this to those who derive from it, or the object, or the callback, comes in
    from outside: given to a public function, or registered by one.
    """
    project, function, me = skipping.project, skipping.function, skipping.me
    call = skip.cause
    if not isinstance(call, ir.Call) or (skip.is_loop and _works_first(function, call)):
        return False
    if not isinstance(call.func, ir.Attribute):
        return _comes_in(skipping, call.func, call)
    kind = project.values.of(function, call.func.value, me)
    if isinstance(kind, Instance) and isinstance(kind.of, Class):
        is_open = is_stand_in(project.calls.handed(function, call.func, me))
        return is_open and not _is_calm_below(project, kind.of, call.func.name)
    return skip.is_loop and _comes_in(skipping, call.func.value, call) and not _may_be_calm(skipping, call.func.name)


def _works_first(function: Function, end: ir.Call) -> bool:
    """Whether the loop has each item do something else before it ends it: such work is meant to end with an error."""
    names = set(roots(end.func))
    for loop in find(ir.For, function.statements):
        if names & set(targets(loop.target)) and encloses(loop.at, end.at):
            plain = (plain_call(one) for one in loop.body if one.at < end.at)
            done = (call for call in plain if call is not None and names & set(roots(call.func)))
            if any(call.at < end.at and not _prepares_end(method_name(call)) for call in done):
                return True
    return False


def _prepares_end(name: str) -> bool:
    return is_stop_name(name) or name.strip("_") in _BEFORE_END


_BEFORE_END: Final = frozenset({"flush", "drain", "force_flush", "set", "clear", "wait"})


def _comes_in(skipping: Skipping, expr: ir.Expr, call: ir.Call) -> bool:
    """Whether an object, or the collection that a loop takes it from, is given by the user of the code."""
    function = skipping.function
    names = set(roots(expr))
    for loop in loops_around(function.statements, call.at):
        if names & set(targets(loop.target)):
            return _is_given(skipping, loop.iter)
    return _is_given(skipping, expr)


def _is_given(skipping: Skipping, expr: ir.Expr) -> bool:
    """Whether it is a parameter of a public function, or a field that public methods fill with theirs."""
    function, me = skipping.function, skipping.me
    while isinstance(expr, ir.Call) and (isinstance(expr.func, ir.Attribute) or len(expr.args) == 1):
        is_view = isinstance(expr.func, ir.Attribute) and not expr.args
        expr = expr.func.value if is_view and isinstance(expr.func, ir.Attribute) else expr.args[0]
    if isinstance(expr, ir.Name) and expr.id in {param.name for param in function.node.params[_first(function) :]}:
        return not function.name.startswith("_") and not is_called(function)  # else the project knows what it gives
    subject = function.node.params[0].name if function.owner is not None and function.node.params else ""
    field = field_of(function, expr, subject)
    return me is not None and bool(field) and _is_filled_from_outside(me, field)


def _first(function: Function) -> int:
    """How many parameters stand for the object itself."""
    return 1 if function.owner is not None else 0


def _is_filled_from_outside(cls: Class, field: str) -> bool:
    """Whether a public method puts what it is given into the field, or the constructor of a class for others to use."""
    for method in cls.project.values.fields.methods(cls):
        if method.name.startswith("_") and method.name != "__init__":
            continue
        given = {param.name for param in method.node.params[1:]}
        added = (one.item for one in changes_in(method) if one.field == field and one.kind == "adds")
        if any(isinstance(item, ir.Name) and item.id in given for item in added):
            return not _is_filled_by_constructor(cls, method.name) and not _is_given_own(cls, method)
        if method.name == "__init__" and any(_assigns_given(one, field, given) for one in find(ir.Assign, method.body)):
            if next(cls.project.uses.creations(cls), None) is None:  # else the project knows what it gives
                return True
    return False


def _is_filled_by_constructor(cls: Class, name: str) -> bool:
    """Whether the constructor calls the method on new objects of the project: what it collects is the project's own."""
    for method in cls.project.values.fields.methods(cls):
        if method.name == "__init__" and method.node.params:
            own = f"{method.node.params[0].name}.{name}"
            calls = (call for call in find(ir.Call, method.body) if ir.dotted_name(call.func) == own)
            given = (one for call in calls for one in call.args if isinstance(one, ir.Call))
            if any(isinstance(cls.project.calls.of(method, one, cls).creates, Class) for one in given):
                return True
    return False


def _is_given_own(cls: Class, method: Function) -> bool:
    """Whether other product code calls the method with an object of its own, and so knows what the class is given."""
    project, name = cls.project, method.name
    whole = [path for path, _ in project.uses.places(cls.path, name)]
    project.store.trail.looked_at_users(cls.path, name, whole)
    for path in sorted({*project.uses.files_using(cls), *whole} - {cls.path}):
        if project.store.role(path) == "product":
            project.store.rely_on(path)
            calls = project.uses.calls_naming(path, name)
            if any(_gives_own(cls, one.scope, one.node) for one in calls):
                return True
    return False


def _gives_own(cls: Class, scope: Scope, call: ir.Call) -> bool:
    """
    Whether a call of this name, on an object of the class as far as is known, gives a new object of the project; on
    one that is known to be of the class, what a call of the code itself has made is the project's own as well.
    """
    if not isinstance(scope, Function) or not isinstance(call.func, ir.Attribute):
        return False
    values = cls.project.values
    on = values.of(scope, call.func.value)
    if isinstance(on, Instance):
        if on.of is not cls and on.of not in cls.project.hierarchy.descendants(cls):
            return False
        if any(_is_made_here(scope, one) for one in call.args):
            return True
    given = (values.of(scope, one) for one in call.args if isinstance(one, (ir.Name, ir.Call)))
    return any(isinstance(kind, Instance) and isinstance(kind.of, Class) and kind.exact for kind in given)


def _is_made_here(scope: Function, given: ir.Expr) -> bool:
    """Whether a call of the function itself gives the value, be it in a local."""
    if isinstance(given, ir.Name):
        bound = scope.project.values.bindings(scope).places.get((given.id,), ())
        values = [source.expr for source in bound if source.how == "value"]
        return bool(values) and len(values) == len(bound) and all(_is_result(one) for one in values)
    return _is_result(given)


def _is_result(expr: ir.Expr | None) -> bool:
    return isinstance(expr.value if isinstance(expr, ir.Await) else expr, ir.Call)


def _assigns_given(statement: ir.Assign, field: str, given: set[str]) -> bool:
    is_field = any(isinstance(one, ir.Attribute) and one.name == field for one in statement.targets)
    names = (node.id for node in walk(statement.value) if isinstance(node, ir.Name)) if statement.value else ()
    return is_field and not given.isdisjoint(names)


def _is_calm_below(project: Project, cls: Class, name: str) -> bool:
    """Whether the project has classes below that do it, and in none of them anything comes of it."""
    below = [one for one in project.hierarchy.descendants(cls) if project.hierarchy.own(one, name)]
    done = [one for one in below if any(_does(method, name) for method in project.values.fields.methods(one))]
    return bool(done) and all(_is_calm(project, one, name) for one in done)


def _does(method: Function, name: str) -> bool:
    return method.name == name and not is_abstract(method) and _does_anything(method)


def _may_be_calm(skipping: Skipping, name: str) -> bool:
    """
    Whether the file has, or imports, a class that stands alone and whose method of this name throws nothing: the
    items may be of that. A class with others above or below it is there to be derived from.
    """
    project, me = skipping.project, skipping.me
    module = project.module(skipping.function.path)
    imports = find(ir.Import, module.statements) if module is not None else ()
    bound = [one.bound for node in imports for one in node.names]
    named = [target for one in bound if module is not None for target in project.names.name(module, one)]
    near = (*project.classes_in(skipping.function.path), *(one for one in named if isinstance(one, Class)))
    return any(_is_calm(project, cls, name) for cls in near if cls is not me and not _has_family(project, cls))


def _is_calm(project: Project, cls: Class, name: str) -> bool:
    for method in project.values.fields.methods(cls):
        if method.name == name and not is_abstract(method) and _does_anything(method):
            summary = project.routines.summary(method, cls)
            return isinstance(summary, Summary) and not to_prepare_for(summary.thrown)
    return False


def _does_anything(method: Function) -> bool:
    """Whether it is no empty hook."""
    is_empty = (
        isinstance(one, ir.Simple) or (isinstance(one, ir.Expression) and isinstance(one.value, ir.Constant))
        for one in method.statements
    )
    return not all(is_empty)


def _has_family(project: Project, cls: Class) -> bool:
    """Whether the class derives from one of the project, or one of its file derives from it."""
    hierarchy = project.hierarchy
    if any(isinstance(base, Class) for base in hierarchy.bases(cls)):
        return True
    return any(cls in hierarchy.bases(other) for other in project.classes_in(cls.path))
