"""Where a name can stand for a value, told without parsing."""

from __future__ import annotations

import pytest

from worker_lint.source.occurrence import SEARCHES
from worker_lint.source.skim import skim
from worker_lint.source.text import Text

DECLARED_ONLY = [
    "from a import Base\n",
    "from a import (  # (all of them)\n    Base,\n    Other,\n)\n",
    "import Base\n",
    "class Leaf(Base):\n    pass\n",
    "class Leaf(\n    Mixin,  # :(\n    Base[int],\n):\n    pass\n",
    "def f(x: Base, *more: list[Base]) -> Base | None:\n    pass\n",
    "    async def f[T](\n        self,\n        x: Callable[[Base], None],\n    ) -> Base:\n        pass\n",
    "def f(x: Base, y: list[Base] | None = None, *, z: Base | int = 1) -> Base | None:\n    pass\n",
    "async def f(\n    add: Base,\n    more: dict[str, Base]\n    | None = None,  \n) -> Base:\n    pass\n",
    "def f():\n    x: Base | None = None\n    self.x: dict[str, Base] = {}\n",
    "class Leaf(Baseline):\n    x = Baseline()\n",
]

USED = [
    "x = Base()\n",
    "x = Base [int] ()\n",
    "KINDS = {'a': Base, 'b': Other}\n",
    "class Leaf(Other, kind=Base):\n    pass\n",
    "def f(x=Base):\n    pass\n",
    "def f(x: int = Base()) -> None:\n    pass\n",
    "def f(key=lambda x, y: Base, z: int = 1):\n    pass\n",
    "def f(kinds={1: 2, x: Base}, z: int = 1):\n    pass\n",
    "def f(kind=kinds[0, x: Base], z: int = 1):\n    pass\n",
    "def f(kind: int = Base, other: Base = None):\n    pass\n",
    "x = {\n    y: Base,\n    z: Base\n}\n",
    "x: int = Base\n",
    "    else: x = Base\n",
    "lambda: Base == x\n",
    "from a import Base; Base()\n",
    "class Leaf(Base): x = Base\n",
    "def f(x: Base): return Base\n",
    "isinstance(x, Base)\n",
    "class Leaf(Base(1)):\n    pass\n",
]


@pytest.mark.parametrize("source", DECLARED_ONLY)
def test_a_declaration_is_no_use(source: str) -> None:
    assert not Text(source).may_use("Base")


@pytest.mark.parametrize("source", USED)
def test_a_use_is_seen(source: str) -> None:
    assert Text(source).may_use("Base")


@pytest.mark.parametrize("source", [*DECLARED_ONLY, *USED])
def test_many_questions_get_the_answers_of_few(source: str) -> None:
    few, many = Text(source), Text(source + "# " + " ".join(f"x{number}" for number in range(SEARCHES)))
    for number in range(SEARCHES):
        assert many.may_use(f"x{number}")
    assert few.may_use("Base") == many.may_use("Base")


@pytest.mark.timeout(60)  # each took minutes when brackets were tried again and again
@pytest.mark.parametrize("start", ["class X(", "from a import (", "def f(", "class X(a(b(c("])
def test_an_unclosed_bracket_costs_one_pass(start: str) -> None:
    source = (start + "# a comment with (some) words\n" * 200) * 20
    assert skim(source.encode(), ()).words == 0
    assert not Text(source).may_use("Base")
