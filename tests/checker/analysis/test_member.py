"""What assignments in a class body make of a name."""

from pathlib import Path

import pytest

from worker_lint.analysis import Models, Project
from worker_lint.analysis.member import Member, members_of
from worker_lint.engine.packs import load_packs
from worker_lint.engine.sources import FileSources, skim_all
from worker_lint.engine.tree import Tree

HEAD = "from abc import abstractmethod\n"


def members(body: str) -> dict[str, tuple[Member, ...]]:
    source = f"{HEAD}class C:\n" + "".join(f"    {line}\n" for line in body.splitlines())
    encoded = {"c.py": source.encode()}
    skims, _ = skim_all(encoded.__getitem__, sorted(encoded), (), 1_000_000)
    tree = Tree(FileSources(encoded.__getitem__, 1_000_000), skims, {"c.py": "product"})
    project = Project(tree, Models.open([Path(place) for place in load_packs(foreign=False).models]))
    return members_of(project.classes_in("c.py")[0])


def test_a_property_made_of_the_function_that_it_hides() -> None:
    [member] = members("def x(self): ...\nx = property(x)")["x"]
    assert (member.kind, member.abstract) == ("property", False)


def test_the_mark_of_the_hidden_function_counts() -> None:
    [member] = members("@abstractmethod\ndef x(self): ...\nx = property(x)")["x"]
    assert (member.kind, member.abstract) == ("property", True)


@pytest.mark.parametrize(
    "body", ["x = property(x)", "x = x", "a = property(b)\nb = property(a)", "x = property(property(x))"]
)
def test_names_that_lead_back_to_themselves_end(body: str) -> None:
    assert all(not member.parts for found in members(body).values() for member in found)
