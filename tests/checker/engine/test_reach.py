"""Which files the checks run over."""

from __future__ import annotations

from worker_lint.analysis import Project
from worker_lint.engine.plan import Plan
from worker_lint.engine.reach import Reach
from worker_lint.engine.run import roots
from worker_lint.testing import built_in_packs, models_of, tree_of

FILES = {
    "base.py": "class Base:\n    def run(self):\n        raise NotImplementedError\n\n"
    "    def go(self):\n        raise NotImplemented\n",
    "leaf.py": "from base import Base\n\nclass Leaf(Base):\n    pass\n",
    "abstract.py": "import abc\n\nclass Abstract(abc.ABC):\n    @abc.abstractmethod\n    def run(self): ...\n",
    "below.py": "from abstract import Abstract\n\nclass Below(Abstract):\n    pass\n",
    "user.py": "from below import Below\n\nBelow()\n",
    "other.py": "class Other:\n    pass\n",
}


def reached(*codes: str) -> tuple[list[str], set[str]]:
    """The roots, and all files that are checked, for some rules."""
    packs = built_in_packs()
    rules = tuple(rule for rule in packs.rules if rule.code in codes)
    plan = Plan(rules, lambda path, role: frozenset(codes), enabled=frozenset(codes))
    tree = tree_of(FILES, plan.words)
    tree.screens = plan.screens()
    reach = Reach(tree, Project(tree, models_of(packs)), plan.closure, plan.linking())
    found = sorted(roots(tree))
    reach.grow(found)
    return found, reach.files


def test_a_rule_that_looks_at_a_file_alone_brings_its_roots() -> None:
    assert reached("ABS111") == (["base.py"], {"base.py"})


def test_a_rule_that_looks_further_brings_subclasses_and_creations() -> None:
    assert reached("ABS101") == (["abstract.py"], {"abstract.py", "below.py", "user.py"})


def test_classes_in_roots_of_the_first_are_not_followed_for_the_second() -> None:
    found, files = reached("ABS101", "ABS111")
    assert found == ["abstract.py", "base.py"]
    assert files == {"abstract.py", "base.py", "below.py", "user.py"}
