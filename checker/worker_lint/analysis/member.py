"""
The members that a class body defines, and what their decorators make of them.

Decorators are applied as Python applies them, from the innermost out, tracking the one bit that
matters here: whether the object ends up with `__isabstractmethod__`. True is carried by
`property`, `classmethod`, `staticmethod` and whatever copies the function's attributes
(`functools.wraps`); `functools.cached_property` loses it; of an unknown decorator it cannot be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from worker_lint.analysis.entity import Class, External, Function, Instance, ModuleScope, Unknown
from worker_lint.analysis.scope import Binding
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

Kind: TypeAlias = Literal["method", "classmethod", "staticmethod", "property", "attribute", "class", "unknown"]

_TYPING = ("typing.", "typing_extensions.")
_TYPING_MARKS: Final = frozenset({"final", "override", "overload"})
_CARRIES: Final = frozenset(
    {
        "contextlib.contextmanager",
        "contextlib.asynccontextmanager",
        "functools.lru_cache",
        "functools.cache",
        "functools.singledispatchmethod",
        "functools.partialmethod",
        "functools.wraps",
        "typing.no_type_check",
        "typing.type_check_only",
        "warnings.deprecated",
        "typing_extensions.deprecated",
        "asyncio.coroutine",
        "types.coroutine",
    }
)
_CACHED: Final = frozenset({"functools.cached_property", "django.utils.functional.cached_property"})
_ABSTRACT: Final[dict[str, Kind | None]] = {
    "abc.abstractmethod": None,
    "abc.abstractproperty": "property",
    "abc.abstractclassmethod": "classmethod",
    "abc.abstractstaticmethod": "staticmethod",
}
_PLAIN: Final[dict[str, Kind]] = {
    "builtins.property": "property",
    "builtins.classmethod": "classmethod",
    "builtins.staticmethod": "staticmethod",
    "enum.property": "property",
    "types.DynamicClassAttribute": "property",
}


class Member(msgspec.Struct, eq=False):
    """
    One member of a class body. `abstract` is None when it cannot be told. `parts` are the
    functions of a property (getter, setter, deleter) or the one function of a method; `accessors`
    says of each kind of them whether it is abstract.
    """

    name: str
    owner: Class
    kind: Kind
    at: ir.At
    node: ir.FunctionDef | ir.ClassDef | ir.Expr | ir.Stmt | None
    abstract: bool | None = False
    final: bool = False
    override: bool = False
    overload: bool = False
    opaque: bool = False
    parts: tuple[ir.FunctionDef, ...] = ()
    marked_at: ir.At | None = None
    accessors: dict[str, bool | None] = msgspec.field(default_factory=dict)

    @property
    def function(self) -> ir.FunctionDef | None:
        """The definition, when the member is one."""
        return self.parts[0] if self.parts else None

    @property
    def is_async(self) -> bool:
        """Whether a call gives a coroutine or an asynchronous generator."""
        return bool(self.parts) and self.parts[0].is_async


def members_of(cls: Class) -> dict[str, tuple[Member, ...]]:
    """The members that the class body binds, each with its alternatives of different branches."""
    found: dict[str, tuple[Member, ...]] = {}
    for name, bindings in cls.block.names.items():
        real = [binding for binding in bindings if binding.kind != "annotation" and not binding.type_checking]
        if not real:
            continue
        if len(real) > 1 and all(isinstance(b.node, ir.FunctionDef) for b in real) and _is_chain(real):
            found[name] = (_chained(cls, name, real),)
        else:
            found[name] = tuple(_member(cls, name, binding) for binding in real)
    for name in slot_names(cls):
        found.setdefault(name, (Member(name, cls, "attribute", cls.node.name_at, None),))
    return found


def slot_names(cls: Class) -> tuple[str, ...]:
    """Names in a literal `__slots__`: the descriptors that they become implement members."""
    names: list[str] = []
    for binding in cls.block.names.get("__slots__", ()):
        node = binding.node
        items = node.items if isinstance(node, ir.Collection) else (node,)
        names.extend(str(item.value) for item in items if isinstance(item, ir.Constant) and item.kind == "str")
    return tuple(names)


def _is_chain(bindings: list[Binding]) -> bool:
    return any(_accessor(binding.node) for binding in bindings)


def _accessor(node: object) -> str:
    """`setter` for `@x.setter`, and likewise."""
    if isinstance(node, ir.FunctionDef):
        for decorator in node.decorators:
            if isinstance(decorator, ir.Attribute) and decorator.name in {"setter", "getter", "deleter"}:
                return decorator.name
    return ""


def _chained(cls: Class, name: str, bindings: list[Binding]) -> Member:
    """A property built up by `@x.setter` and `@x.deleter`; abstract if any part is."""
    parts = [_member(cls, name, binding) for binding in bindings]
    first = parts[0]
    first.accessors = {kind: flag for part in parts for kind, flag in part.accessors.items()}
    first.abstract = _any_abstract([part.abstract for part in parts])
    first.parts = tuple(part.parts[0] for part in parts if part.parts)
    first.marked_at = next((part.marked_at for part in parts if part.marked_at), None)
    return first


def _member(cls: Class, name: str, binding: Binding) -> Member:
    node = binding.node
    if isinstance(node, ir.FunctionDef):
        return _decorated(cls, node)
    if isinstance(node, ir.ClassDef):
        return Member(name, cls, "class", node.name_at, node)
    if binding.kind == "value" and isinstance(node, (ir.Name, ir.Attribute, ir.Call)):
        return _assigned(cls, name, node)
    if binding.kind == "value" and node is not None:
        return Member(name, cls, "attribute", node.at, node)
    at = binding.imported.at if binding.imported else cls.node.name_at
    return Member(name, cls, "unknown" if binding.kind == "other" else "attribute", at, node, opaque=True)


def _decorated(cls: Class, node: ir.FunctionDef) -> Member:
    member = Member(node.name, cls, "method", node.name_at, node, parts=(node,))
    if node.name == "__new__":
        member.kind = "staticmethod"
    elif node.name in {"__init_subclass__", "__class_getitem__"}:
        member.kind = "classmethod"
    for decorator in reversed(node.decorators):
        _apply(cls, member, decorator)
    if member.kind == "property" and not member.accessors:
        member.accessors = {"getter": member.abstract}
    return member


def _apply(cls: Class, member: Member, decorator: ir.Expr) -> None:
    accessor = decorator.name if isinstance(decorator, ir.Attribute) else ""
    if accessor in {"setter", "getter", "deleter"} and isinstance(decorator, ir.Attribute):
        member.kind = "property"
        _inherit_accessor(cls, member, decorator)
        return
    dotted = decorator_name(cls, decorator)
    if dotted in _ABSTRACT:
        member.abstract = True
        member.marked_at = decorator.at
        member.kind = _ABSTRACT[dotted] or member.kind
    elif dotted in _PLAIN:
        member.kind = _PLAIN[dotted]
    elif dotted in _CACHED:
        member.kind, member.abstract = "property", False
    elif (
        dotted is not None
        and dotted.startswith(_TYPING)
        and dotted.rpartition(".")[2] in {"final", "override", "overload"}
    ):
        setattr(member, dotted.rpartition(".")[2], True)
    elif dotted not in _CARRIES:
        member.opaque = True
        if member.abstract:
            member.abstract = True if _copies_attributes(cls, decorator) else None


def _inherit_accessor(cls: Class, member: Member, decorator: ir.Attribute) -> None:
    """`@Base.x.setter` starts from the property of Base, whose other parts stay as they are."""
    member.accessors = {decorator.name: member.abstract}
    if isinstance(decorator.value, ir.Name):
        return
    if not isinstance(decorator.value, ir.Attribute):
        member.abstract = None
        return
    flags: set[bool | None] = set()
    for target in cls.project.names.at_definition(cls, decorator.value.value):
        inherited = cls.project.hierarchy.find(target, decorator.value.name) if isinstance(target, Class) else None
        if inherited is None or not isinstance(inherited.member, Member):
            flags.add(member.abstract or None)
        else:
            known = inherited.member.accessors or {"getter": inherited.member.abstract}
            flags.add(_any_abstract(list({**known, decorator.name: member.abstract}.values())))
            member.accessors = {**known, **member.accessors}
    member.abstract = flags.pop() if len(flags) == 1 else None  # bases in branches may disagree


def _any_abstract(flags: list[bool | None]) -> bool | None:
    """What a property is whose parts are so: abstract if one of them is, unknown if one may be."""
    return True if True in flags else None if None in flags else False


def decorator_name(scope: Class | ModuleScope | Function, decorator: ir.Expr) -> str | None:
    """The dotted name of a decorator, a call of it looked through; None when it cannot be told."""
    expr = uncalled(decorator)
    project: Project = scope.project
    for target in project.names.expr(scope, expr):
        if isinstance(target, External):
            return target.dotted
        if isinstance(target, Function):
            return target.symbol
    return None


def _copies_attributes(cls: Class, decorator: ir.Expr) -> bool:
    """Whether a decorator of the project is written with `functools.wraps`."""
    expr = uncalled(decorator)
    for target in cls.project.names.expr(cls, expr):
        if isinstance(target, Function):
            return cls.project.store.holds(target.path, target.node, "wraps(")
    return False


def _assigned(cls: Class, name: str, node: ir.Name | ir.Attribute | ir.Call) -> Member:
    """`__iter__ = keys`, `x = abstractproperty(…)`, `x = property(get)`, `x = Base.x`."""
    member = Member(name, cls, "attribute", node.at, node)
    if isinstance(node, ir.Name):
        same = _bound_before(cls, node)
        if same is not None:
            return _same_as(member, _member(cls, name, same))
        member.abstract, member.opaque = _abstract_of_targets(cls, node), True
    elif isinstance(node, ir.Call):
        _called(cls, member, node)
    else:
        member.abstract, member.opaque = _abstract_of_targets(cls, node), True
    return member


def _bound_before(cls: Class, node: ir.Name) -> Binding | None:
    """
    What the class body bound a name to before this use: in `x = property(x)` it is the function,
    which the assignment hides. A later binding is never taken, so that chains of names end.
    """
    for binding in reversed(cls.block.names.get(node.id, ())):
        if binding.node is not None and binding.node.at < node.at and not _holds(binding.node, node):
            return binding
    for statement in reversed(cls.node.body):
        if isinstance(statement, ir.FunctionDef) and statement.name == node.id and statement.at < node.at:
            return Binding("function", statement)
    return None


def _holds(outer: ir.Stmt | ir.Expr, inner: ir.Expr) -> bool:
    return outer.at[:2] <= inner.at[:2] and inner.at[2:] <= outer.at[2:]


def _same_as(member: Member, other: Member) -> Member:
    member.kind, member.abstract, member.parts, member.opaque = other.kind, other.abstract, other.parts, other.opaque
    return member


def _called(cls: Class, member: Member, node: ir.Call) -> None:
    dotted = decorator_name(cls, node)
    member.opaque = True
    if dotted in _ABSTRACT:
        member.abstract, member.kind = True, _ABSTRACT[dotted] or "method"
    elif dotted in _PLAIN:
        member.kind = _PLAIN[dotted]
        inner = [arg for arg in node.args if isinstance(arg, (ir.Name, ir.Call))]
        inner.extend(kw.value for kw in node.keywords if isinstance(kw.value, (ir.Name, ir.Call)))
        flags = [_assigned(cls, member.name, part).abstract for part in inner]
        member.abstract = _any_abstract(flags)


def _abstract_of_targets(cls: Class, node: ir.Expr) -> bool | None:
    """The abstractness of whatever an alias refers to."""
    if isinstance(node, ir.Attribute):
        for target in cls.project.names.expr(cls, node.value):
            if isinstance(target, Class):
                found = cls.project.hierarchy.find(target, node.name)
                if found is not None and isinstance(found.member, Member):
                    return found.member.abstract
                return None
        return False
    targets = cls.project.names.expr(cls, node)
    if any(isinstance(target, Function) for target in targets):
        return False
    return False if all(isinstance(t, (External, Class, Instance, Unknown, ModuleScope)) for t in targets) else None
