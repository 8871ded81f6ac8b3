"""What names in class statements refer to at the moment at which the statement runs."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Class, Project

Link = Callable[[Mapping[str, str]], Project]
ClassNamed = Callable[[str, str], Class]


def bases(cls: Class) -> list[str]:
    """The bases of a class, those of the project with their lines."""
    found = cls.project.hierarchy.bases(cls)
    return [f"{base.name}:{base.node.at[0]}" if isinstance(base, Class) else base.name for base in found]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class B: ...\nclass C(B): ...\nclass B: ...\n", ["B:1"]),
        ("class B: ...\nclass B: ...\nclass C(B): ...\n", ["B:2"]),
        ("class B: ...\nclass C(B): ...\nB = None\n", ["B:1"]),
        ("class B: ...\nclass B(B): ...\nclass C(B): ...\n", ["B:2"]),
        ("from lib import C\nclass C(C): ...\n", ["lib.C"]),
        ("import lib\nclass C(lib.C): ...\nimport lib.sub\n", ["lib.C"]),
        ("if u:\n    class B: ...\n    class C(B): ...\nclass B: ...\n", ["B"]),
    ],
)
def test_a_base_is_what_its_name_stood_for(class_named: ClassNamed, source: str, expected: list[str]) -> None:
    assert bases(class_named(source, "C")) == expected


def test_a_class_that_shadows_a_built_in_derives_from_it(class_named: ClassNamed) -> None:
    shadow = class_named("class TimeoutError(TimeoutError): ...\n", "TimeoutError")
    assert bases(shadow) == ["builtins.TimeoutError"]


def test_a_class_in_a_function_finds_what_stands_before_it(class_named: ClassNamed) -> None:
    source = "def f():\n    class B: ...\n    class C(B): ...\n    class B: ...\n    return C\n"
    assert bases(class_named(source, "C")) == ["B:2"]


@pytest.mark.parametrize("attribute_first", [False, True])
def test_a_name_bound_to_itself_has_one_answer(link: Link, attribute_first: bool) -> None:  # noqa: FBT001
    project = link({"twice.py": "class Mixin: ...\n\n\nif other:\n    Mixin = Mixin\n"})
    module, names = project.module("twice.py"), project.names
    assert module is not None
    if attribute_first:
        first, second = names.member(module, "Mixin", imported=True), names.name(module, "Mixin")
    else:
        second, first = names.name(module, "Mixin"), names.member(module, "Mixin", imported=True)
    assert first == second
    assert not project.unsettled
