"""Which members astroid sees a class left with, as `abc.ABCMeta` would work it out."""

from __future__ import annotations

from astroid import nodes
from astroid.typing import SuccessfulInferenceResult as Value

from worker_lint.confirm.lookup import UnsureError, order, values
from worker_lint.confirm.world import World

MARKS = frozenset({"abc.abstractmethod", "abc.abstractproperty", "abc.abstractclassmethod", "abc.abstractstaticmethod"})
_CARRIERS = frozenset({"builtins.property", "builtins.classmethod", "builtins.staticmethod", "abc.abstractmethod"})
_METACLASSES = frozenset({"abc.ABCMeta", "_py_abc.ABCMeta"})
_HARMLESS = frozenset({"typing.final", "typing.override", "typing_extensions.final", "typing_extensions.override"})


def left_abstract(world: World, cls: nodes.ClassDef, name: str) -> bool:
    """
    Whether a member is in `__abstractmethods__` of the class: ABCMeta takes the marks of the class body,
    and of each base those that ABCMeta took there. A mark in a base without it counts for nothing.

    Raises:
        UnsureError: it cannot be told.
    """
    if not finds_mark(world, cls, name) or not is_enforced(world, cls):
        return False
    bases = [value for base in cls.bases for value in values(base) if isinstance(value, nodes.ClassDef)]
    return name in cls.locals or any(left_abstract(world, base, name) for base in bases)


def finds_mark(world: World, cls: nodes.ClassDef, name: str) -> bool:
    """
    Whether the definition of a member that Python finds on the class is marked abstract.

    Raises:
        UnsureError: it cannot be told.
    """
    for owner in order(cls):
        if _is_remade(world, owner):
            raise UnsureError
        bindings = [node for node in owner.locals.get(name, ()) if isinstance(node, nodes.NodeNG) and _binds(node)]
        if bindings:
            return _is_abstract(bindings)
    return False


def is_enforced(world: World, cls: nodes.ClassDef) -> bool:
    """
    Whether the metaclass of a class is, or derives from, ABCMeta.

    Raises:
        UnsureError: it cannot be told.
    """
    enforced = False
    for owner in order(cls):
        if _is_remade(world, owner):
            raise UnsureError
        for keyword in owner.keywords or ():
            if keyword.arg is None:
                raise UnsureError
            if keyword.arg == "metaclass":
                enforced |= any(_is_abc(item) for item in values(keyword.value))
        declared = owner.declared_metaclass()
        enforced |= declared is not None and _is_abc(declared)
    return enforced


def _is_abc(meta: Value) -> bool:
    """The standard library has two ABCMeta, in C and in Python, and takes the one that it can import."""
    pending, seen = [meta], {meta}
    while pending:
        item = pending.pop()
        if not isinstance(item, nodes.ClassDef):
            raise UnsureError
        if item.qname() in _METACLASSES:
            return True
        for base in item.bases:
            found = values(base)
            if all(isinstance(value, nodes.ClassDef) and value.qname() in _METACLASSES for value in found):
                return True
            if len(found) > 1:
                raise UnsureError
            pending.extend(value for value in found if value not in seen)
            seen.update(found)
    return False


def _is_remade(world: World, owner: nodes.ClassDef) -> bool:
    """
    Whether a decorator from the project may hand back another class.

    Raises:
        UnsureError: a decorator cannot be told, such as `six.add_metaclass(ABCMeta)`.
    """
    for decorator in owner.decorators.nodes if owner.decorators else ():
        callee = decorator.func if isinstance(decorator, nodes.Call) else decorator
        if any(world.path_of(item) is not None for item in values(callee)):
            return True
    return False


def _binds(node: nodes.NodeNG) -> bool:
    """Whether a node gives the name a value; an annotation alone does not."""
    parent = node.parent
    return not (isinstance(node, nodes.AssignName) and isinstance(parent, nodes.AnnAssign) and parent.value is None)


def _is_abstract(bindings: list[nodes.NodeNG]) -> bool:
    """The last definition counts; the accessors of a property are one definition; branches must agree."""
    plain = all(isinstance(node.statement().parent, nodes.ClassDef) for node in bindings)
    chain = [bindings[-1]]
    while len(chain) < len(bindings) and _is_accessor(chain[-1]):
        chain.append(bindings[-1 - len(chain)])
    if plain:
        return any(_marked(node) for node in chain)
    answers = {_marked(node) for node in bindings}
    if len(answers) > 1:
        raise UnsureError
    return answers.pop()


def _is_accessor(node: nodes.NodeNG) -> bool:
    if not isinstance(node, nodes.FunctionDef) or node.decorators is None:
        return False
    return any(
        isinstance(item, nodes.Attribute)
        and item.attrname in {"setter", "deleter", "getter"}
        and item.expr.as_string() == node.name
        for item in node.decorators.nodes
    )


def _marked(node: nodes.NodeNG) -> bool:
    if isinstance(node, nodes.FunctionDef):
        return _marked_function(node)
    if isinstance(node, nodes.ClassDef):
        return False
    if isinstance(node, nodes.AssignName) and isinstance(node.parent, (nodes.Assign, nodes.AnnAssign)):
        return _marked_value(node.parent.value)
    raise UnsureError


def _marked_value(value: nodes.NodeNG | None) -> bool:
    """What an assignment in a class body binds: a call of a mark, an alias of a member, or plain data."""
    if isinstance(value, nodes.Call):
        callees = values(value.func)
        if any(item.qname() in MARKS for item in callees if isinstance(item, (nodes.FunctionDef, nodes.ClassDef))):
            return True
    found = values(value) if value is not None else []
    if any(isinstance(item, nodes.FunctionDef) for item in found):
        raise UnsureError
    return False


def _marked_function(node: nodes.FunctionDef) -> bool:
    """Whether the mark reaches the outside: decorators that are not known may drop it or carry it on."""
    abstract = False
    for decorator in reversed(node.decorators.nodes if node.decorators else []):
        if _is_accessor(node) and isinstance(decorator, nodes.Attribute) and decorator.attrname != node.name:
            if decorator.attrname in {"setter", "deleter", "getter"}:
                continue
        names = {item.qname() for item in values(decorator) if isinstance(item, (nodes.FunctionDef, nodes.ClassDef))}
        if names & MARKS:
            abstract = True
        elif not names or not names <= _CARRIERS | _HARMLESS:
            raise UnsureError
    return abstract
