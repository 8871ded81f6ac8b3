"""
The members that a live class itself defines, in the notation of model files.

Part of introspect_classes.py, which runs it in any interpreter: standard library alone.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path

# What creating a class adds by itself; it says nothing about the class.
BOOKKEEPING = frozenset(
    {
        "__module__",
        "__doc__",
        "__dict__",
        "__weakref__",
        "__slots__",
        "__qualname__",
        "__abstractmethods__",
        "_abc_impl",
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__firstlineno__",
        "__static_attributes__",
        "__orig_bases__",
        "__parameters__",
        "__type_params__",
        "__classcell__",
        "__classdictcell__",
        "__match_args__",
        "__dataclass_params__",
        "__dataclass_fields__",
        "__final__",
        "_is_protocol",
        "_is_runtime_protocol",
        "__protocol_attrs__",
        "__non_callable_proto_members__",
        "__callable_proto_members_only__",
        "__deprecated__",
        "__test__",
        "__slotnames__",
        "__builtins__",
        "__implemented__",
        "__providedBy__",
        "__provides__",
    }
)

_CACHED = type(functools.lru_cache(lambda: None))
_METHODS = (types.FunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)


def member_lines(cls: type) -> Iterator[str]:
    """The lines of the class's own members: methods in order of definition, then the rest."""
    own = {name: value for name, value in vars(cls).items() if name not in BOOKKEEPING and not _mangled(name)}
    loose: dict[str, list[str]] = {}
    for name, value in own.items():
        line = _method_line(name, value)
        if line:
            yield line
        else:
            loose.setdefault(_loose_kind(name, value), []).append(name)
    fields = sorted(set(_fields(cls)) - own.keys())
    if fields:
        loose["field "] = fields
    for kind, names in loose.items():
        if kind == "none":
            yield from (f"attribute {name} = None" for name in names)
        else:
            yield from (f"{kind}{name}" for name in names)


def _mangled(name: str) -> bool:
    return bool(re.match(r"_[A-Za-z]\w*?__\w", name)) and not name.endswith("__")


def _loose_kind(name: str, value: object) -> str:
    if value is None:
        return "none" if name.startswith("__") else "attribute "
    if isinstance(value, (property, functools.cached_property)):
        words = "abstract " if getattr(value, "__isabstractmethod__", False) else ""
        settable = isinstance(value, functools.cached_property) or value.fset is not None
        return words + ("settable " if settable else "") + "property "
    return "abstract attribute " if getattr(value, "__isabstractmethod__", False) is True else "attribute "


def _method_line(name: str, value: object) -> str:
    words = []
    function = value
    if isinstance(value, (classmethod, types.ClassMethodDescriptorType)):
        words.append("class")
        function = getattr(value, "__func__", value)
    elif isinstance(value, (staticmethod, types.BuiltinFunctionType)) or (
        name == "__new__" and not isinstance(value, types.FunctionType)
    ):
        words.append("static")
        function = getattr(value, "__func__", value)
    elif isinstance(value, (functools.partialmethod, functools.singledispatchmethod)):
        return f"def {name}"
    elif isinstance(value, _CACHED):
        return f"def {name}{signature_text(value.__wrapped__)}"
    elif not isinstance(value, _METHODS) and type(value).__name__ != "cython_function_or_method":
        return ""
    if isinstance(function, type):
        return " ".join([*words, f"def {name}"])
    words = [*_body_words(function), *words]
    if getattr(value, "__isabstractmethod__", False):
        words.insert(0, "abstract")
    if getattr(value, "__final__", False):
        words.insert(0, "final")
    signature = signature_text(function)
    if signature == "()" and "static" not in words:  # it can only be called on the class
        signature = ""
    return " ".join([*words, f"def {name}{signature}"])


def signature_text(function: object) -> str:
    """The parameters with simple defaults spelt out; "" when the signature is hidden."""
    try:
        signature = inspect.signature(function, follow_wrapped=False)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - text signatures of compiled code may name what does not exist
        return ""
    parts = []
    for parameter in signature.parameters.values():
        default = parameter.default
        if default is not inspect.Parameter.empty:
            default = _Shown(default)
        parts.append(parameter.replace(annotation=inspect.Parameter.empty, default=default))
    text = str(signature.replace(parameters=parts, return_annotation=inspect.Signature.empty))
    try:
        ast.parse(f"def f{text}: ...")
    except SyntaxError:
        return ""
    return text


class _Shown:
    """A default as models show it."""

    def __init__(self, value: object) -> None:
        plain = type(value) in {type(None), bool, int, str, bytes} or value == ()
        text = repr(value).replace(str(Path.home()), "~") if plain else "..."
        self.text = text if len(text) <= 30 and "'''" not in text and text.isascii() else "..."

    def __repr__(self) -> str:
        return self.text


def _body_words(function: object) -> Iterator[str]:
    plain = inspect.unwrap(function) if isinstance(function, types.FunctionType) else None
    if not isinstance(plain, types.FunctionType) or not isinstance(function, types.FunctionType):
        return
    node = _definitions(plain.__code__.co_filename).get((plain.__code__.co_firstlineno, plain.__name__))
    if node is not None:
        yield from _emptiness(node)
    flags = function.__code__.co_flags
    if flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR) or inspect.iscoroutinefunction(function):
        yield "async"
    if flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
        yield "generator"


def _emptiness(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    body = [statement for statement in node.body if not _is_text(statement)]
    if all(isinstance(statement, ast.Pass) or _is_nothing(statement) for statement in body):
        yield "empty"
    elif len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.dump(body[0]):
        yield "stub"


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_nothing(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Return):
        return False
    return statement.value is None or (isinstance(statement.value, ast.Constant) and statement.value.value is None)


@functools.cache
def _tree(path: str) -> ast.Module | None:
    try:
        return ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


@functools.cache
def _definitions(path: str) -> dict[tuple[int, str], ast.FunctionDef | ast.AsyncFunctionDef]:
    found = {}
    for node in ast.walk(_tree(path) or ast.Module([], [])):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[first, node.name] = node
    return found


def _fields(cls: type) -> Iterator[str]:
    """Names that the class's own methods assign on their receiver."""
    annotations = vars(cls).get("__annotations__", {})
    if isinstance(annotations, dict):
        yield from annotations
    for value in vars(cls).values():
        function = inspect.unwrap(value) if isinstance(value, types.FunctionType) else None
        if not isinstance(function, types.FunctionType):
            continue
        node = _definitions(function.__code__.co_filename).get((function.__code__.co_firstlineno, function.__name__))
        receivers = [*node.args.posonlyargs, *node.args.args] if node is not None else []
        if node is None or not receivers:
            continue
        for inner in ast.walk(node):
            if (
                isinstance(inner, ast.Attribute)
                and isinstance(inner.ctx, ast.Store)
                and isinstance(inner.value, ast.Name)
                and inner.value.id == receivers[0].arg
                and not inner.attr.startswith("__")
            ):
                yield inner.attr
