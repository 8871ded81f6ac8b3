"""What expressions need to mean the same in another file."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Class, Project
from worker_lint.analysis.portable import Carrier, Origin, names_read, type_arguments, type_parameters
from worker_lint.source import ir
from worker_lint.source.parse import parse_module
from worker_lint.source.unparse import unparse

Link = Callable[[Mapping[str, str]], Project]


def expression(source: str) -> ir.Expr:
    statement = parse_module(f"{source}\n").body[0]
    assert isinstance(statement, ir.Expression)
    return statement.value


def classes(project: Project) -> dict[str, Class]:
    return {cls.name: cls for path in ("base.py", "c.py") for cls in project.classes_in(path)}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a.b[c]", ("a", "c")),
        ("list['A | None']", ("list", "A")),
        ("Literal['A', 'B']", ("Literal",)),
        ("dict[str, 'not a name here']", ("dict", "str")),
    ],
)
def test_names_of_annotations(source: str, names: tuple[str, ...]) -> None:
    assert names_read(expression(source), strings=True) == names


def test_type_parameters_and_their_arguments(link: Link) -> None:
    found = classes(
        link(
            {
                "base.py": """
                from typing import Generic, TypeVar
                K = TypeVar("K")
                V = TypeVar("V")
                class Base(Generic[K, V]): ...
                class Half(Base[int, V]): ...
                """,
                "c.py": """
                from base import Base, Half
                class C(Base[int, list[str]]): ...
                class D(Base): ...
                class E(Half[bytes]): ...
                """,
            }
        )
    )
    assert type_parameters(found["Base"]) == ("K", "V")
    assert type_parameters(found["Half"]) == ("V",)
    given = type_arguments(found["Base"], found["C"])
    assert {name: unparse(expr) for name, expr in given.items()} == {"K": "int", "V": "list[str]"}
    assert type_arguments(found["Base"], found["D"]) == {}
    assert type_arguments(found["Base"], found["E"]) == {}


@pytest.mark.parametrize(
    ("source", "origins"),
    [
        ("int", []),
        ("Message", [Origin("pack.base", "Message", "Message")]),
        ("Other", [Origin("pack.near", "Thing", "Other")]),
        ("decimal.Decimal", [Origin("decimal", "", "decimal")]),
        ("Later", [Origin("typing", "Any", "Later", type_checking=True)]),
        ("Inner", None),
        ("Nowhere", None),
    ],
)
def test_origins(link: Link, source: str, origins: list[Origin] | None) -> None:
    project = link(
        {
            "pack/__init__.py": "",
            "pack/near.py": "class Thing: ...\n",
            "pack/base.py": """
            from typing import TYPE_CHECKING
            import decimal
            from .near import Thing as Other
            if TYPE_CHECKING:
                from typing import Any as Later
            class Message: ...
            class Base:
                class Inner: ...
                def run(self): ...
            """,
            "c.py": "from pack.base import Base\nclass C(Base): ...\n",
        }
    )
    base = next(cls for cls in project.classes_in("pack/base.py") if cls.name == "Base")
    [target] = project.classes_in("c.py")
    [run] = project.hierarchy.members(base)["run"]
    assert run.function is not None
    carried = Carrier.between(base, target).carry(expression(source), run.function, annotation=True)
    assert (None if carried is None else list(carried.origins)) == origins
