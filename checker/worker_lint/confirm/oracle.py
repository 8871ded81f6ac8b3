"""What astroid says to the facts of a finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from astroid import nodes
from astroid.exceptions import AstroidError

from worker_lint.analysis import Store
from worker_lint.confirm.abstractness import finds_mark, is_enforced, left_abstract
from worker_lint.confirm.lookup import (
    UnsureError,
    definition,
    expression,
    is_at,
    matches,
    order,
    sure_ancestors,
    values,
)
from worker_lint.confirm.sealing import sealed
from worker_lint.confirm.world import OverBudgetError, World
from worker_lint.rule.facts import Creates, Derives, Enforced, Fact, Finds, Lacks, LeftAbstract, Marked, Means

Verdict: TypeAlias = Literal["agrees", "contradicts", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """
    The verdict on each fact of a finding, in order, and what the answer was made from: the files
    read, and each import looked up (level, name, importing file) with the file that it gets.
    """

    verdicts: tuple[Verdict, ...]
    files: tuple[str, ...]
    looks: tuple[tuple[int, str, str, str | None], ...]
    steps: int


class Oracle:
    """Puts facts about the files of a store to astroid."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ask(self, facts: Sequence[Fact]) -> Answer:
        """The verdicts on the facts of one finding; they depend on the store alone, not on earlier questions."""
        world = World(self._store)
        verdicts: list[Verdict] = []
        with sealed(world):
            for fact in facts:
                verdicts.append(_verdict(world, fact))
                if world.exhausted:
                    verdicts.extend(["unknown"] * (len(facts) - len(verdicts)))
                    break
        looks = tuple((*key, found) for key, found in sorted(world.looks.items()))
        return Answer(tuple(verdicts), world.files, looks, world.steps)


def _verdict(world: World, fact: Fact) -> Verdict:
    try:
        said = _holds(world, fact)
    except (UnsureError, OverBudgetError, AstroidError, RecursionError):
        return "unknown"
    except Exception:  # noqa: BLE001 - astroid fails on unusual code in many ways, and none of them is an answer
        return "unknown"
    if said is None:
        return "unknown"
    return "agrees" if said else "contradicts"


def _holds(world: World, fact: Fact) -> bool | None:
    match fact:
        case Creates():
            return _creates(world, fact)
        case LeftAbstract(place, names):
            return _of_all(left_abstract, world, definition(world, place), names)
        case Marked(place, names):
            return _of_all(finds_mark, world, definition(world, place), names)
        case Enforced(place, yes):
            return is_enforced(world, definition(world, place)) is yes
        case Derives():
            return _derives(world, fact)
        case Finds():
            return _finds(world, fact)
        case Lacks():
            return _lacks(world, fact)
        case Means():
            return _means(world, fact)


_Question = Callable[[World, nodes.ClassDef, str], bool]


def _of_all(question: _Question, world: World, cls: nodes.ClassDef, names: Sequence[str]) -> bool | None:
    """Contradicted when it holds for none of the members: as long as one is left, Python refuses the class."""
    answers = {_of_one(question, world, cls, name) for name in names}
    return answers.pop() if len(answers) == 1 else None


def _of_one(question: _Question, world: World, cls: nodes.ClassDef, name: str) -> bool | None:
    try:
        return question(world, cls, name)
    except UnsureError:
        return None


def _creates(world: World, fact: Creates) -> bool | None:
    node = expression(world, fact.path, fact.at)
    callee = node.func if isinstance(node, nodes.Call) else node
    same = [is_at(world, item, fact.cls) for item in values(callee)]
    return any(same) if len(set(same)) == 1 else None


def _derives(world: World, fact: Derives) -> bool | None:
    cls = definition(world, fact.cls)
    if any(matches(world, item, fact.base) for item in sure_ancestors(cls)):
        return True  # whatever the other bases are
    answers = {matches(world, item, fact.base) for item in order(cls)}
    return None if None in answers else False


def _finds(world: World, fact: Finds) -> bool | None:
    for owner in order(definition(world, fact.cls))[1:]:
        if owner.locals.get(fact.name):
            return matches(world, owner, fact.owner)
    return False


def _lacks(world: World, fact: Lacks) -> bool:
    owners = order(definition(world, fact.cls))[int(fact.behind) :]
    if any("__getattr__" in owner.locals for owner in owners):
        raise UnsureError
    return not any(fact.name in owner.locals or fact.name in owner.instance_attrs for owner in owners)


def _means(world: World, fact: Means) -> bool | None:
    node = expression(world, fact.path, fact.at)
    module, _, name = fact.dotted.rpartition(".")
    if isinstance(node, nodes.Name) and module == "builtins":
        scope, bound = node.lookup(node.name)
        return bool(scope.root().name == module and node.name == name) if bound else None
    found = values(node)
    same = {isinstance(item, (nodes.ClassDef, nodes.FunctionDef)) and item.qname() == fact.dotted for item in found}
    inside = all(world.path_of(item) is not None for item in found)
    return True if same == {True} else False if inside else None
