"""What the text of one function tells before it is parsed."""

import pytest

from worker_lint.source.clause_bodies import IDLE_CLAUSE, QUIET_CLAUSE
from worker_lint.source.clauses import NAME_AFTER_CLAUSE, TWO_CLAUSES
from worker_lint.source.handling import JUMP_IN_FINALLY, RETRIES
from worker_lint.source.parts import LIMIT_ASKED, may_hold

HOLD = {
    TWO_CLAUSES: (
        "try:\n    a()\nexcept A:\n    pass\nexcept B:\n    pass",
        "try: a()\nexcept A: b(); c()\nexcept(B):  # too\n    pass",
        "try:\n\ta()\nexcept \\\n  A:\n\tlog('''\ntry\n''')\nexcept B:\n\tpass",
        "try:\n    a()\nexcept A:\n    text = '''\ntry:\n'''\n    log(text)\nexcept B:\n    pass",
    ),
    NAME_AFTER_CLAUSE: (
        "try:\n    a()\nexcept A as e:\n    pass\nprint(e)",
        "try:\n    a()\nexcept (\n    A\n) as e:\n    pass\nprint(e)",
        "try:\n    a()\nexcept A as e:\n    def g():\n        try: b()\n        except B as e: pass\n        print(e)",
    ),
    JUMP_IN_FINALLY: ("try:\n    a()\nfinally:\n    b('''\nx\n'''); return",),
    RETRIES: ("while a():\n    try:\n        b()\n    except A:\n        pass",),
    QUIET_CLAUSE: ("try: a()\nexcept Exception: log.error('no')",),
    IDLE_CLAUSE: (
        "try: a()\nexcept Exception: pass",
        "try:\n    a()\nexcept:  # all\n    # nothing to do\n\n    continue",
    ),
    LIMIT_ASKED: ("while True:\n    try:\n        a()\n    except A:\n        if limit and n >= limit: raise",),
}
CASES = [(shape, body) for shape, bodies in HOLD.items() for body in bodies]


def in_function(body: str, depth: str) -> str:
    """A method with that body, at some depth."""
    lines = [f"{depth}@wraps", f"{depth}async def f(self, limit=None):", *body.split("\n")]
    inside = [f"{depth}    {line}" if index > 1 else line for index, line in enumerate(lines)]
    return "\n".join(inside)


@pytest.mark.parametrize("depth", ["", "    ", "\t"])
@pytest.mark.parametrize(("shape", "body"), CASES)
def test_a_function_may_hold_it(shape: str, body: str, depth: str) -> None:
    assert may_hold(shape, in_function(body, depth))


@pytest.mark.parametrize(("shape", "body"), CASES)
def test_so_may_the_function_around(shape: str, body: str) -> None:
    inner = in_function(body, "    ")
    assert may_hold(shape, f"def outer():\n    '''Does'''\n{inner}\n    # done\n    return f\n")


@pytest.mark.parametrize("shape", HOLD)
def test_a_function_may_hold_none(shape: str) -> None:
    body = "'''except'''\ntry:\n    a()\nexcept KeyError as e:\n    log.exception(e)\nelse:\n    b()\nfinally:\n    c()"
    assert not may_hold(shape, in_function(body, "    ").replace("None", "1"))
