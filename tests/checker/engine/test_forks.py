"""Copies of a process, and what is left of their answers when they die."""

import os
import sys

import pytest

from worker_lint.engine.processes import Processes

if sys.platform != "linux":
    pytest.skip("only Linux copies a process as it is", allow_module_level=True)

from worker_lint.engine.forks import forked, is_alone


def test_answers_come_in_the_order_of_the_orders() -> None:
    known = {"copied": 7}
    assert forked(lambda order: order * known["copied"], range(9), 2) == [order * 7 for order in range(9)]


def test_a_copy_that_dies_or_fails_loses_its_own_answer() -> None:
    def work(order: int) -> object:
        if order == 1:
            os._exit(0)
        if order == 2:
            raise KeyboardInterrupt
        return (lambda: 0) if order == 3 else order  # what cannot be sent is lost as well

    assert forked(work, range(6), 2) == [0, None, None, None, 4, 5]


def test_nothing_is_copied_under_a_chosen_method_or_beside_the_threads_that_serve_readers() -> None:
    assert not Processes(2, "spawn").may_fork
    assert not Processes(2, "forkserver").may_fork
    assert not Processes(1).may_fork
    with Processes(2) as processes:
        assert processes.run(bytes.upper, [b"a"]) == [b"A"]
        assert processes.may_fork
        assert not is_alone()
        processes.close()
        assert is_alone()
