"""
Prints the shapes of a library's classes as JSON, as the running interpreter sees them.

A tool for people who write models: it imports the library, which the checker never does. It
uses nothing but the standard library, so any interpreter or environment can run it:

    python introspect_classes.py REQUEST.json

The request names `modules` (import names the model is for), `load` (modules to import; a
trailing `.*` adds everything below), `only` (a regular expression of qualified names) and
`private` (names to add that no module shows).
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import inspect
import json
import pkgutil
import re
import sys
import types
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator

# What creating a class adds by itself; it says nothing about the class.
BOOKKEEPING = frozenset(
    """__module__ __doc__ __dict__ __weakref__ __slots__ __qualname__ __abstractmethods__ _abc_impl
    __annotations__ __annotate__ __annotate_func__ __annotations_cache__ __firstlineno__
    __static_attributes__ __orig_bases__ __parameters__ __type_params__ __classcell__
    __classdictcell__ __match_args__ __dataclass_params__ __dataclass_fields__ __final__
    _is_protocol _is_runtime_protocol __protocol_attrs__ __non_callable_proto_members__
    __callable_proto_members_only__ __deprecated__ __test__ __slotnames__ __builtins__""".split()
)
# Where a class says that it lives in a module that is an implementation detail.
PUBLIC_MODULES = {
    "_collections_abc": "collections.abc",
    "pathlib._local": "pathlib",
    "pathlib._abc": "pathlib",
    "importlib._abc": "importlib.abc",
    "importlib.resources._abc": "importlib.resources.abc",
    "_frozen_importlib": "importlib.machinery",
    "_frozen_importlib_external": "importlib.machinery",
    "posix": "os",
    "_thread": "threading",
    "_weakrefset": "weakref",
    "_pydecimal": "decimal",
    "_pydatetime": "datetime",
    "_sre": "re",
    "_elementtree": "xml.etree.ElementTree",
}
# Bases that came and went with a release and that nobody is meant to see.
HIDDEN_MODULES = frozenset({"pathlib._abc"})


def main() -> None:
    """Reads the request and prints the answer."""
    warnings.simplefilter("ignore")
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    json.dump(collect(**request), sys.stdout)


def collect(modules: list[str], load: list[str], only: str = "", private: list[str] = []) -> dict[str, object]:
    """The classes under `modules` that the loaded modules name, their bases, and aliases."""
    loaded = list(_load(load))
    names: dict[type, list[str]] = {}
    aliases: dict[str, str] = {}
    for module in loaded:
        for name, value in sorted(vars(module).items()):
            if name.startswith("_") or not _offered(module, name, value, modules):
                continue
            dotted = f"{module.__name__}.{name}"
            if isinstance(value, type) and not isinstance(value, types.GenericAlias):
                names.setdefault(value, []).append(dotted)
            elif isinstance(origin := getattr(value, "__origin__", None), type):
                aliases[dotted] = canonical_name(origin)
    shapes = {}
    wanted = re.compile(only or ".*")
    waiting = [cls for cls in names if wanted.search(canonical_name(cls)) and _inside(canonical_name(cls), modules)]
    waiting += [cls for cls in map(_named, private) if isinstance(cls, type)]
    while waiting:
        cls = waiting.pop()
        name = canonical_name(cls)
        if name in shapes:
            continue
        shapes[name] = {**shape(cls), "also": sorted(set(names.get(cls, ())) - {name})}
        related = [base for base in (*cls.__mro__[1:], type(cls)) if base.__module__ not in HIDDEN_MODULES]
        waiting += [other for other in related if _inside(canonical_name(other), modules) and _is_named(other)]
    for cls, places in names.items():
        if not _inside(canonical_name(cls), modules):
            aliases.update({place: canonical_name(cls) for place in places if _inside(place, modules)})
    return {"classes": shapes, "aliases": aliases}


def _offered(module: types.ModuleType, name: str, value: object, modules: list[str]) -> bool:
    """Whether the module means to show the name, rather than having imported it for itself."""
    if name in getattr(module, "__all__", ()) or module.__name__ == "builtins":
        return True
    return isinstance(value, type) and _inside(canonical_name(value), modules) and value.__module__ != "builtins"


def _load(names: list[str]) -> Iterator[types.ModuleType]:
    for name in names:
        package, star, _ = name.partition(".*")
        try:
            module = importlib.import_module(package)
        except ImportError as error:
            print(f"{package}: {error}", file=sys.stderr)
            continue
        yield module
        if star:
            yield from _load_below(module)


def _load_below(module: types.ModuleType) -> Iterator[types.ModuleType]:
    for entry in pkgutil.walk_packages(getattr(module, "__path__", ()), module.__name__ + ".", lambda name: None):
        if re.search(r"\.(tests?|_\w+|__main__|conftest|examples?|testing)(\.|$)", entry.name):
            continue
        try:
            yield importlib.import_module(entry.name)
        except BaseException as error:  # importing foreign code can end in anything
            print(f"{entry.name}: {error!r}", file=sys.stderr)


def _inside(name: str, modules: list[str]) -> bool:
    return any(name.startswith(module + ".") for module in modules)


@functools.cache
def canonical_name(cls: type) -> str:
    """The one name by which models call a class: where it says it lives, made importable."""
    module = PUBLIC_MODULES.get(cls.__module__, cls.__module__.lstrip("_"))
    with contextlib.suppress(Exception):  # the accelerator of a module may be loaded without it
        importlib.import_module(module)
    for home in dict.fromkeys((module, cls.__module__)):
        if _named(f"{home}.{cls.__qualname__}") is cls:
            return f"{home}.{cls.__qualname__}"
    places = []
    for name, loaded in sorted(sys.modules.items()):
        if loaded is not None and "__main__" not in name:
            places += [f"{name}.{key}" for key, value in vars(loaded).items() if value is cls]
    public = [place for place in places if not re.search(r"(^|\.)_", place)]
    named = public or places or [f"{cls.__module__}.{cls.__qualname__}"]
    return min(named, key=lambda place: (not place.startswith("types."), place.count("."), place))


def _named(dotted: str) -> object:
    parts = dotted.split(".")
    for split in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:split]))
        if module is not None:
            return functools.reduce(lambda value, part: getattr(value, part, None), parts[split:], module)
    return None


def _is_named(cls: type) -> bool:
    return _named(canonical_name(cls)) is cls


def shape(cls: type) -> dict[str, object]:
    """What a [[class]] table says about a class; the members of hidden bases count as its own."""
    enum = bool(vars(cls).get("_member_map_"))
    bases, hidden = _visible_bases(cls)
    own = {line.partition("(")[0].split()[-1] for line in member_lines(cls)}
    inherited = [
        line
        for base in hidden
        for line in member_lines(base)
        if line.partition("(")[0].split()[-1] not in own
    ]
    return {
        "bases": bases,
        "metaclass": canonical_name(type(cls)),
        "solid": is_solid(cls),
        "unchecked": is_unchecked(cls),
        "protocol": bool(vars(cls).get("_is_protocol", False)),
        "final": not cls.__flags__ & (1 << 10) or bool(vars(cls).get("__final__", False)),
        "enum": enum,
        "members": [] if enum else [*member_lines(cls), *inherited],
    }


def _visible_bases(cls: type) -> tuple[list[str], list[type]]:
    """Names of the bases, where one that no name leads to is replaced by its own bases."""
    bases: list[str] = []
    hidden: list[type] = []
    for base in cls.__bases__:
        if base.__module__ not in HIDDEN_MODULES and _is_named(base):
            bases.append(canonical_name(base))
        else:
            above, more = _visible_bases(base)
            bases += above
            hidden += [base, *more]
    distinct = list(dict.fromkeys(bases))
    return [name for name in distinct if name != "builtins.object" or len(distinct) == 1], hidden


def is_solid(cls: type) -> bool:
    """Whether the class adds to the instance layout of its base: then it conflicts with a sibling that does."""
    verdict = _conflicts(cls, cls.__base__ or object)
    if verdict is None:  # the base takes no siblings, so compare both with a stranger
        return _conflicts(cls, object) is True and not _conflicts(cls.__base__ or object, object)
    return verdict


def _conflicts(cls: type, base: type) -> bool | None:
    try:
        sibling = types.new_class("Sibling", (base,), {}, lambda body: body.update(__slots__=("extra",)))
    except Exception:  # a base of variable size takes no slots, and hooks of the base may refuse
        return None
    try:
        types.new_class("Both", (cls, sibling))
    except TypeError as error:
        return "lay-out conflict" in str(error)
    except Exception:
        return None
    return False


def is_unchecked(cls: type) -> bool:
    """Whether the class's own `__new__` builds instances of classes with abstract members."""
    own = vars(cls).get("__new__")
    if own is None or isinstance(own, (staticmethod, types.FunctionType)) or cls is object:
        return False
    try:
        body = {"unimplemented": abstractmethod(lambda self: None)}
        abstract = types.new_class("Abstract", (cls,), {"metaclass": ABCMeta}, lambda space: space.update(body))
    except Exception:
        return False
    try:
        own(abstract)
    except TypeError as error:
        return "abstract" not in str(error)
    except Exception:
        return True
    return True


def member_lines(cls: type) -> Iterator[str]:
    """The lines of the class's own members: methods in order of definition, then the rest."""
    own = {name: value for name, value in vars(cls).items() if name not in BOOKKEEPING and not _mangled(name)}
    loose: dict[str, list[str]] = {}
    for name, value in own.items():
        line = _method_line(cls, name, value)
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


def _method_line(cls: type, name: str, value: object) -> str:
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
    elif isinstance(value, functools._lru_cache_wrapper):
        return f"def {name}{signature_text(value.__wrapped__)}"
    elif not isinstance(value, (types.FunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)):
        if not _is_compiled(value):
            return ""
    if isinstance(function, type):
        return " ".join([*words, f"def {name}"])
    words = [*_body_words(function), *words]
    if getattr(value, "__isabstractmethod__", False):
        words.insert(0, "abstract")
    if getattr(value, "__final__", False):
        words.insert(0, "final")
    return " ".join([*words, f"def {name}{signature_text(function)}"])


def _is_compiled(value: object) -> bool:
    return type(value).__name__ == "cython_function_or_method"


def signature_text(function: object) -> str:
    """The parameters with simple defaults spelt out; "" when the signature is hidden."""
    try:
        signature = inspect.signature(function, follow_wrapped=False)  # type: ignore[arg-type]
    except Exception:  # text signatures of compiled functions may name what does not exist
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
        text = repr(value) if plain else "..."
        self.text = text if len(text) <= 30 and "'''" not in text and text.isascii() else "..."

    def __repr__(self) -> str:
        return self.text


def _body_words(function: object) -> Iterator[str]:
    plain = inspect.unwrap(function) if isinstance(function, types.FunctionType) else None  # type: ignore[arg-type]
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
    elif len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.dump(body[0].exc or body[0]):
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
        with open(path, "rb") as file:
            return ast.parse(file.read())
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


if __name__ == "__main__":
    main()
