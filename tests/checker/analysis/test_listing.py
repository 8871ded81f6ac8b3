"""How messages list names."""

from worker_lint.analysis.listing import list_names


def test_names_in_messages() -> None:
    assert list_names(["a"]) == "`a`"
    assert list_names(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert list_names(["a", "b", "c", "d", "e"]) == "`a`, `b`, `c` and 2 more"
