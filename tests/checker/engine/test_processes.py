"""The processes that read and parse."""

from worker_lint.engine.processes import Processes


def test_answers_come_in_the_order_of_the_orders() -> None:
    orders = [bytes([97 + number]) for number in range(9)]
    with Processes(2) as processes:
        assert not processes.started
        assert processes.run(bytes.upper, orders) == [order.upper() for order in orders]
        assert processes.started
        assert processes.run(bytes.upper, [b"again"]) == [b"AGAIN"]
    assert not processes.started
