"""What the bytes of a file tell of its except clauses."""

import pytest

from worker_lint.source.clauses import NAME_AFTER_CLAUSE, TWO_CLAUSES, has_name_after_clause, has_two_clauses
from worker_lint.source.skim import skim

ONE_EACH = """
try:
    try:
        a()
    except OSError:
        b()
except ValueError as error:
    print(error)
try:
    c()
except KeyError:
    d()
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (ONE_EACH, False),
        (
            "def f():\n    try:\n        a()\n    except OSError:\n        b()\n    except ValueError:\n        c()\n",
            True,
        ),
        ("try:\n\ta()\nexcept OSError:\n\ttry:\n\t\tb()\n\texcept A:\n\t\tpass\nexcept ValueError:\n\tpass\n", True),
        ("try: a()\nexcept A: pass\nexcept B: pass", True),
        ("x = 'an exception except for one'\nexcept_all = 'except'\n", False),
    ],
)
def test_two_clauses(source: str, *, expected: bool) -> None:
    assert has_two_clauses(source.encode()) is expected


AFTER = "def f(log):\n    try:\n        a()\n    except (OSError, E) as {name}:\n        log({name})\n{rest}"


@pytest.mark.parametrize(
    ("name", "rest", "expected"),
    [
        ("error", "", False),
        ("error", "    return error\n", True),
        ("error", "    log.error(1)\n    return terror\n", False),
        ("e", "\n        more(e)\n\n    # done\n    done()\n", False),
        ("e", "    return f'{e}'\n", True),
        ("e", "    try: b()\n    except A as e: print(e)\n", False),
        ("e", "    try: b()\n    except (A,\n        B) as other: print(e)\n", True),
        ("größe", "    return größe\n", True),
        ("größe", "    return 1\n", False),
    ],
)
def test_a_name_outside_of_its_clauses(name: str, rest: str, *, expected: bool) -> None:
    assert has_name_after_clause(AFTER.format(name=name, rest=rest).encode()) is expected


def test_the_screen_knows_them() -> None:
    words = (b"except", NAME_AFTER_CLAUSE.encode(), TWO_CLAUSES.encode())
    assert skim(ONE_EACH.encode(), words).words == 0b001
    assert skim(AFTER.format(name="e", rest="    return e\n").encode(), words).words == 0b011


METHODS = """
class Client:
    def first(
        self,
        log,
    ):
        try:
            a()
        except OSError as error:
            log(error)
{inside}
    async def second(self, error):
        return error


def third(error):
    return error
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("        log()\n", False),
        ("        return error\n", True),
        ("        x = (\n    error)\n", True),
        ("        x = 1 + \\\nerror\n", True),
        ("        x = '''\nunlike \n''', error\n", True),
        ('        x = """\n    def f():\n""", error\n', True),
        ("        def inner():\n            return error\n", True),
        (
            "        for x in y:\n            try: b()\n            except A as error: pass\n        print(error)\n",
            True,
        ),
        ("        for x in y:\n            try: b()\n            except A as error: pass\n", False),
    ],
)
def test_a_name_counts_in_the_function_of_its_clause(inside: str, end: str, *, expected: bool) -> None:
    source = METHODS.format(inside=inside).replace("\n", end).encode()
    assert has_name_after_clause(source) is expected


def test_a_name_counts_everywhere_where_its_function_is_not_clear() -> None:
    clause = "    try:\n        a()\n    except A as e:\n        b(e)\n"
    assert has_name_after_clause(f"if x:\n{clause}\nprint(e)\n".encode())
    assert has_name_after_clause(f"def f():\n    pass\nif x:\n{clause}\nprint(e)\n".encode())
    assert has_name_after_clause(f"def f():\n{clause}\nprint(e)\n".encode())  # nothing tells that this is no text
    assert not has_name_after_clause(f"def f():\n{clause}\ndef g(e):\n    print(e)\n".encode())
