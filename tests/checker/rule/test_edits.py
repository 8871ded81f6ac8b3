"""Edits as data: the imports that they ask for."""

import pytest

from worker_lint.rule import ImportNeed, import_of


@pytest.mark.parametrize(
    ("dotted", "need"),
    [
        ("celery.exceptions.Retry", ImportNeed("celery.exceptions", "Retry")),
        (
            "redis.exceptions.ConnectionError",
            ImportNeed("redis.exceptions", "ConnectionError", "RedisConnectionError"),
        ),
        ("google.api_core.exceptions.Aborted", ImportNeed("google.api_core.exceptions", "Aborted")),
        ("concurrent.futures._base.CancelledError", None),
        ("OSError", None),
    ],
)
def test_the_import_of_a_class(dotted: str, need: ImportNeed | None) -> None:
    assert import_of(dotted) == need
