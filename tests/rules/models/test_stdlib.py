"""Every fact about the standard library agrees with the interpreter that runs the tests."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worker_lint.analysis.models import ModelClass, ModelMember, Models, ReleaseSpan

STDLIB = Path(__file__).parents[3] / "rules" / "worker_lint_rules" / "models" / "stdlib"
FILES = sorted(path.stem for path in STDLIB.glob("*.toml"))
RUNNING = sys.version_info[:2]
# The releases whose classes were listed in full; others of the same minor may have a few members more or less.
LISTED = {(3, 11): (3, 11, 7), (3, 12): (3, 12, 1), (3, 13): (3, 13, 0)}
# Functions at run time that stand for a class: as a base, or as the maker of an unnamed one.
STAND_INS = {"typing.NamedTuple", "typing.TypedDict", "threading.Lock", "threading.RLock"}
# Bases that models leave out, their members counted as the subclass's own.
HIDDEN_MODULES = {"pathlib._abc"}
BOOKKEEPING = {
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
}
Live = Callable[[str], object]
Shown = Callable[[type], bool]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the models describe the classes of Linux builds"),
    pytest.mark.skipif(RUNNING not in LISTED, reason=f"not modelled: Python {RUNNING}"),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.open([STDLIB], {"python": ReleaseSpan.exactly(RUNNING)})


@pytest.fixture(scope="module")
def live(live_object: Live) -> Live:
    return live_object


@pytest.fixture(scope="module")
def shown(models: Models, live: Live) -> Shown:
    """Tells of a live class whether models show it as a base of others."""
    named = {live(name) for library in models.libraries() for name in library.tables.classes}

    def is_shown(cls: type) -> bool:
        if cls in named:
            return True
        return live(f"{cls.__module__}.{cls.__qualname__}") is cls and cls.__module__ not in HIDDEN_MODULES

    return is_shown


@pytest.fixture(params=FILES)
def pairs(request: pytest.FixtureRequest, models: Models, live: Live) -> list[tuple[ModelClass, type]]:
    """The modelled classes of one file and the live ones."""
    tables = next(library.tables for library in models.libraries() if Path(library.tables.path).stem == request.param)
    found = []
    for name in tables.classes:
        modelled = models.find_class(name)
        if modelled is not None and modelled.name == name and name not in STAND_INS:
            real = live(name)
            assert isinstance(real, type), f"{name} is {real!r}"
            found.append((modelled, real))
    return found


def test_other_names_mean_the_same_class(models: Models, live: Live) -> None:
    wrong = []
    for library in models.libraries():
        for name in library.aliases:
            modelled = models.find_class(name)
            real = live(name)
            if modelled is None or modelled.name in STAND_INS or not isinstance(real, type):
                continue
            if real is not live(modelled.name):
                wrong.append(name)
    assert wrong == []


def test_bases_and_order(pairs: list[tuple[ModelClass, type]], models: Models, live: Live, shown: Shown) -> None:
    for modelled, real in pairs:
        order = models.resolution_order(modelled.name)
        assert order is not None, modelled.name
        assert [live(entry.name) for entry in order] == [cls for cls in real.__mro__ if shown(cls)], modelled.name
        assert live(modelled.metaclass) is type(real), modelled.name


def test_abstract_members(pairs: list[tuple[ModelClass, type]], models: Models) -> None:
    for modelled, real in pairs:
        if isinstance(real, ABCMeta):
            assert _abstract_set(models, modelled) == set(real.__abstractmethods__), modelled.name


def _abstract_set(models: Models, modelled: ModelClass) -> set[str]:
    decided: dict[str, bool] = {}
    for ancestor in models.resolution_order(modelled.name) or ():
        for member in ancestor.members.values():
            if not member.instance:
                decided.setdefault(member.name, member.abstract)
    return {name for name, abstract in decided.items() if abstract}


def test_members_are_there_and_of_their_kind(pairs: list[tuple[ModelClass, type]], shown: Shown) -> None:
    for modelled, real in pairs:
        own = _own_members(real, shown)
        for member in modelled.members.values():
            if not member.instance and not modelled.enum:
                assert member.name in own, f"{modelled.name}.{member.name}"
                assert member.name == "__new__" or _has_kind(own[member.name], member), (
                    f"{modelled.name}.{member.name}: {own[member.name]!r}"
                )


@pytest.mark.skipif(
    sys.version_info[:3] != LISTED.get(RUNNING), reason="another patch release than the one that was listed"
)
def test_complete_lists_miss_nothing(pairs: list[tuple[ModelClass, type]], shown: Shown) -> None:
    for modelled, real in pairs:
        if modelled.complete:
            known = modelled.members.keys() | modelled.uncertain
            assert {name for name in _own_members(real, shown) if not _is_mangled(name)} <= known, modelled.name


def test_signatures(pairs: list[tuple[ModelClass, type]], shown: Shown) -> None:
    for modelled, real in pairs:
        own = _own_members(real, shown)
        for member in modelled.members.values():
            function = getattr(own.get(member.name), "__func__", own.get(member.name))
            if member.signature is None or not isinstance(function, types.FunctionType):
                continue
            names = [parameter.name for parameter in member.signature.parameters]
            expected = list(inspect.signature(function, follow_wrapped=False).parameters)
            assert names == expected, f"{modelled.name}.{member.name}"


def test_subclassing(pairs: list[tuple[ModelClass, type]]) -> None:
    """A class that is not final can be subclassed as far as the type itself has a say."""
    for modelled, real in pairs:
        inheritable = bool(real.__flags__ & (1 << 10)) and not vars(real).get("__final__", False)
        assert modelled.final is not inheritable, modelled.name


def test_layout(pairs: list[tuple[ModelClass, type]], models: Models) -> None:
    """Two bases of which each brings a layout cannot be combined; that is how a layout shows."""
    sized = type("Sized", (), {"__slots__": ("extra",)})
    for modelled, real in pairs:
        if modelled.final or modelled.enum:
            continue
        try:
            types.new_class("Both", (real, sized))
            conflict = False
        except TypeError as error:
            if "lay-out" not in str(error):
                continue
            conflict = True
        except Exception:  # noqa: BLE001, S112 - hooks of the class object to the experiment
            continue
        order = models.resolution_order(modelled.name) or ()
        assert any(entry.solid for entry in order) is conflict, modelled.name


@pytest.mark.parametrize(
    ("name", "enforced"),
    [
        ("builtins.Exception", False),
        ("builtins.RuntimeError", False),
        ("builtins.int", False),
        ("builtins.str", False),
        ("builtins.dict", False),
        ("builtins.list", False),
        ("builtins.tuple", False),
        ("builtins.set", False),
        ("collections.OrderedDict", False),
        ("collections.deque", False),
        ("queue.SimpleQueue", False),
        ("builtins.object", True),
        ("threading.Thread", True),
        ("collections.UserDict", True),
        ("logging.Handler", True),
        ("types.SimpleNamespace", False),
        ("builtins.property", False),
    ],
)
def test_classes_that_skip_the_abstract_check(models: Models, live: Live, name: str, *, enforced: bool) -> None:
    real = live(name)
    assert isinstance(real, type)
    body = {"unimplemented": abstractmethod(lambda _self: None)}
    abstract = types.new_class("Abstract", (real,), {"metaclass": ABCMeta}, lambda space: space.update(body))
    try:
        abstract()
        refused = False
    except TypeError as error:
        refused = "abstract" in str(error)
    assert refused is enforced
    order = models.resolution_order(name) or ()
    assert any(entry.unchecked for entry in order) is not enforced


def test_facts_about_calls_speak_of_what_exists(models: Models, live: Live) -> None:
    missing = []
    for library in models.libraries():
        stated = [name for name in library.tables.calls if library.find_call(name) and not _stands_in(name)]
        missing += [name for name in stated if live(name) is None]
    assert missing == []


def test_named_parameters_exist(models: Models, live: Live) -> None:
    missing = []
    for library in models.libraries():
        for name, calls in library.tables.calls.items():
            named = {word for call in calls for word in (call.timeout, *call.callbacks) if word}
            real = live(name)
            if named and callable(real) and not _stands_in(name):
                missing += [f"{name}({word})" for word in named - _parameter_names(real)]
    assert missing == []


def _parameter_names(real: Callable[..., object]) -> set[str]:
    try:
        parameters = inspect.signature(real).parameters
    except ValueError:  # compiled code without a signature names its parameters in its documentation only
        return _Everything()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return _Everything()
    return set(parameters)


class _Everything(set[str]):
    def __rsub__(self, other: object) -> set[str]:
        return set()


def _stands_in(name: str) -> bool:
    return any(name == stand_in or name.startswith(stand_in + ".") for stand_in in STAND_INS)


def _own_members(real: type, shown: Shown) -> dict[str, object]:
    """What the class and its hidden bases define, less what creating a class adds by itself."""
    found: dict[str, object] = {}
    for cls in _with_hidden_bases(real, shown):
        for name, value in vars(cls).items():
            if name not in BOOKKEEPING:
                found.setdefault(name, value)
    return found


def _with_hidden_bases(real: type, shown: Shown) -> Iterator[type]:
    yield real
    for base in real.__bases__:
        if not shown(base):
            yield from _with_hidden_bases(base, shown)


def _is_mangled(name: str) -> bool:
    return name.startswith("_") and "__" in name[1:] and not name.endswith("__")


def _has_kind(value: object, member: ModelMember) -> bool:
    if member.none:
        return value is None
    match member.kind:
        case "property":
            return isinstance(value, (property, functools.cached_property))
        case "classmethod":
            return isinstance(value, (classmethod, types.ClassMethodDescriptorType))
        case "staticmethod":
            return isinstance(value, (staticmethod, types.BuiltinFunctionType))
        case "async method":
            return inspect.iscoroutinefunction(value)
        case "async generator":
            return inspect.isasyncgenfunction(value)
        case "generator":
            return inspect.isgeneratorfunction(value)
        case "method":
            return callable(value) and not inspect.iscoroutinefunction(value)
    return not isinstance(value, (property, classmethod, types.FunctionType))
