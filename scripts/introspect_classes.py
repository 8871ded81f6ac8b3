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

import contextlib
import functools
import importlib
import json
import pkgutil
import re
import sys
import types
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeGuard

from introspect_members import member_lines

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
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump(collect(**request), sys.stdout)


def collect(modules: list[str], load: list[str], only: str = "", private: Sequence[str] = ()) -> dict[str, object]:
    """The classes under `modules` that the loaded modules name, their bases, and aliases."""
    loaded = list(_load(load))
    names: dict[type, list[str]] = {}
    aliases: dict[str, str] = {}
    for module in loaded:
        for name, value in sorted(vars(module).items()):
            if name.startswith("_") or not _offered(module, name, value, modules):
                continue
            dotted = f"{module.__name__}.{name}"
            if _is_class(value) and not isinstance(value, types.GenericAlias):
                names.setdefault(value, []).append(dotted)
            elif _is_alias(value) and isinstance(origin := getattr(value, "__origin__", None), type):
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


def _ignore(_name: str) -> None:
    """A package that cannot be imported is told of when its turn comes."""


def _offered(module: types.ModuleType, name: str, value: object, modules: list[str]) -> bool:
    """Whether the module means to show the name, rather than having imported it for itself."""
    if name in getattr(module, "__all__", ()) or module.__name__ == "builtins":
        return True
    return _is_class(value) and _inside(canonical_name(value), modules) and value.__module__ != "builtins"


def _is_class(value: object) -> TypeGuard[type]:
    """As isinstance, but without asking the object, which may be a proxy that then starts to work."""
    return issubclass(type(value), type)


def _is_alias(value: object) -> bool:
    return type(value).__module__ in {"typing", "types"}


def _load(names: list[str]) -> Iterator[types.ModuleType]:
    for name in names:
        package, star, _ = name.partition(".*")
        try:
            module = importlib.import_module(package)
        except Exception as error:  # noqa: BLE001 - importing foreign code can end in anything
            print(f"{package}: {error!r}", file=sys.stderr)
            continue
        yield module
        if star:
            yield from _load_below(module)


def _load_below(module: types.ModuleType) -> Iterator[types.ModuleType]:
    for entry in pkgutil.walk_packages(getattr(module, "__path__", ()), module.__name__ + ".", onerror=_ignore):
        if re.search(r"\.(tests?|_\w+|__main__|conftest|examples?|testing)(\.|$)", entry.name):
            continue
        try:
            yield importlib.import_module(entry.name)
        except BaseException as error:  # noqa: BLE001 - as above, and some modules exit
            print(f"{entry.name}: {error!r}", file=sys.stderr)


def _inside(name: str, modules: list[str]) -> bool:
    return any(name.startswith(module + ".") for module in modules)


@functools.cache
def canonical_name(cls: type) -> str:
    """The one name by which models call a class: where it says it lives, made importable."""
    stated: object = cls.__module__
    home = stated if isinstance(stated, str) else ""  # a metaclass may make it something else
    module = PUBLIC_MODULES.get(home, home.lstrip("_"))
    with contextlib.suppress(Exception):  # the accelerator of a module may be loaded without it
        importlib.import_module(module)
    for name in dict.fromkeys((f"{module}.{cls.__qualname__}", f"{home}.{cls.__qualname__}")):
        if _named(name) is cls:
            return name
    places = []
    for name, loaded in sorted(sys.modules.items()):
        if "__main__" not in name:
            places += [f"{name}.{key}" for key, value in getattr(loaded, "__dict__", {}).items() if value is cls]
    public = [place for place in places if not re.search(r"(^|\.)_", place)]
    named = public or places or [f"{cls.__module__}.{cls.__qualname__}"]
    return min(named, key=lambda place: (not place.startswith("types."), place.count("."), place))


def _named(dotted: str) -> object:
    parts = dotted.split(".")
    for split in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:split]))
        if module is not None:
            value: object = module
            for part in parts[split:]:
                value = getattr(value, part, None)
            return value
    return None


def _is_named(cls: type) -> bool:
    return _named(canonical_name(cls)) is cls


def shape(cls: type) -> dict[str, object]:
    """What a [[class]] table says about a class; the members of hidden bases count as its own."""
    enum = bool(vars(cls).get("_member_map_"))
    bases, hidden = _visible_bases(cls)
    own = {line.partition("(")[0].split()[-1] for line in member_lines(cls)}
    inherited = [
        line for base in hidden for line in member_lines(base) if line.partition("(")[0].split()[-1] not in own
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
    base = object if cls.__base__ is None else cls.__base__  # a metaclass may define what truth means
    verdict = _conflicts(cls, base)
    if verdict is None:  # the base takes no siblings, so compare both with a stranger
        return _conflicts(cls, object) is True and not _conflicts(base, object)
    return verdict


def _conflicts(cls: type, base: type) -> bool | None:
    try:
        sibling = types.new_class("Sibling", (base,), {}, lambda body: body.update(__slots__=("extra",)))
    except Exception:  # noqa: BLE001 - a base of variable size takes no slots, and its hooks may refuse
        return None
    try:
        types.new_class("Both", (cls, sibling))
    except TypeError as error:
        return "lay-out conflict" in str(error)
    except Exception:  # noqa: BLE001 - hooks of the class may object to the experiment
        return None
    return False


def is_unchecked(cls: type) -> bool:
    """Whether the class's own `__new__` builds instances of classes with abstract members."""
    own = vars(cls).get("__new__")
    if own is None or isinstance(own, (staticmethod, types.FunctionType)) or cls is object:
        return False
    try:
        body = {"unimplemented": abstractmethod(lambda _self: None)}
        abstract = types.new_class("Abstract", (cls,), {"metaclass": ABCMeta}, lambda space: space.update(body))
    except Exception:  # noqa: BLE001 - hooks of the class may object to the experiment
        return False
    try:
        own(abstract)
    except TypeError as error:
        return "abstract" not in str(error)
    except Exception:  # noqa: BLE001 - hooks of the class may object to the experiment
        return True
    return True


if __name__ == "__main__":
    main()
