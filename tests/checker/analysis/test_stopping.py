import pytest

from worker_lint.analysis.stopping import is_child_stop, is_stop_name


@pytest.mark.parametrize("name", ["stop", "close", "_shutdown", "__exit__", "stop_all", "on_shutdown", "async_close"])
def test_names_that_end_things(name: str) -> None:
    assert is_stop_name(name)


@pytest.mark.parametrize("name", ["start", "stopped", "closest", "run", "is_closed", "on_message"])
def test_names_that_do_not(name: str) -> None:
    assert not is_stop_name(name)


def test_cancel_and_join_run_no_code_of_the_child() -> None:
    assert is_child_stop("_stop")
    assert not is_child_stop("cancel")
    assert not is_child_stop("join")
