"""What the bytes of a file tell of the bodies of its except clauses."""

import pytest

from worker_lint.source.clause_bodies import has_idle_clause, has_quiet_clause

CLAUSE = "def f(log):\n    try:\n        a()\n    except {named}:\n        {body}\n    b()\n"


@pytest.mark.parametrize(
    ("named", "body", "expected"),
    [
        ("Exception", "log.error('lost')", True),
        ("Exception", "log.error('lost', exc_info=False)", True),
        ("Exception", "warning('lost')", True),
        ("(KeyError,\n            errors)", "log.error('lost')", True),
        ("Exception as e", "log.error('e.g. a full disk')", True),
        ("Exception as e", "log.error(f'{{e}}', e=1)", True),
        ("Exception as e", "log.error('lost')  # e", True),
        ("Exception", "log.error('lost')\n        def g():\n            raise", True),
        ("Exception", 'text = """\nto be sent\n"""\n        log.error(text)', True),
        ("Exception", "log.error('raise')", True),
        ("Exception as e", "log.error('lost: %s', e)", False),
        ("Exception as e", "log.error(f'lost: {e!r}')", False),
        ("Exception", "log.error('lost', exc_info=True)", False),
        ("Exception", "log.exception('lost')", False),
        ("Exception", "log.error('lost')\n        raise", False),
        ("Exception", "log.error('lost')\n        if x: raise", False),
        ("Exception", "log.error('lost')\n        Failure()", False),
        ("Exception", "log.info('error(')", False),
        ("(KeyError, socket.TimeoutError)", "log.error('lost')", False),
        ("Exception", "pass", False),
    ],
)
def test_a_clause_that_logs_without_the_error(named: str, body: str, *, expected: bool) -> None:
    assert has_quiet_clause(CLAUSE.replace("{named}", named).replace("{body}", body).encode()) is expected


@pytest.mark.parametrize(
    ("named", "body", "expected"),
    [
        ("Exception", "pass", True),
        ("Exception", "continue  # next", True),
        ("Exception", "'told elsewhere'; pass", True),
        ("Exception", "return -1", True),
        ("", "...", True),
        ("Exception", "if PY2:\n            log.error('lost')", True),
        ("Exception", "if x:\n            log.error('lost')", False),
        ("KeyError", "pass", False),
        ("Exception", "log.error('lost')", False),
        ("Exception", "pass\n        x = 1", False),
        ("Exception", "return passed", True),
        ("Exception", "passed", False),
    ],
)
def test_a_clause_that_does_nothing(named: str, body: str, *, expected: bool) -> None:
    source = CLAUSE.replace("{named}", named).replace("{body}", body)
    assert has_idle_clause(f"{source}while x: f()\n".encode()) is expected
    assert has_idle_clause(source.encode()) is (expected and "PY2" in body)


def test_a_clause_in_a_clause() -> None:
    inner = "try:\n            b()\n        except Exception:\n            log.error('and again')"
    assert has_quiet_clause(
        CLAUSE.replace("{named}", "Exception as e").replace("{body}", f"log(e)\n        {inner}").encode()
    )


def test_windows_lines() -> None:
    source = CLAUSE.replace("{named}", "Exception").replace("\n", "\r\n")
    assert has_quiet_clause(source.replace("{body}", "log.error('lost')").encode())
    assert not has_quiet_clause(source.replace("{body}", "log.error('lost')\r\n        raise").encode())
    assert has_idle_clause(source.replace("{body}", "pass").encode() + b"while x: f()")
