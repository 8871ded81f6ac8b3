"""Brokers by URL: each setting arrives, each mistake is named, no password is shown."""

import pytest

from worker_lint_runtime import MemoryBroker, RabbitBroker, RedisBroker, SqliteBroker
from worker_lint_runtime._running import address
from worker_lint_runtime._running.address import open_broker


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("amqp://guest:guest@localhost:5672/vhost?heartbeat=5&delivery_limit=3&timeout=7", RabbitBroker),
        ("amqps://localhost", RabbitBroker),
        ("redis://localhost:6379/1?lease=5&delivery_limit=3&timeout=7", RedisBroker),
        ("rediss://localhost", RedisBroker),
        ("sqlite:///var/lib/jobs.db?lease=5&delivery_limit=3&synchronous=NORMAL", SqliteBroker),
        ("memory:", MemoryBroker),
    ],
)
def test_the_scheme_chooses_the_broker(url: str, kind: type) -> None:
    broker = open_broker(url)  # connects when it is first used
    assert type(broker) is kind
    broker.close()


@pytest.mark.parametrize(
    ("url", "extra"), [("amqp://u:secret@localhost/", "rabbitmq"), ("redis://u:secret@localhost/", "redis")]
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, url: str, extra: str) -> None:
    monkeypatch.setattr(address, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=rf"pip install 'worker-lint-runtime\[{extra}\]'") as caught:
        open_broker(url)
    assert "secret" not in str(caught.value)


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValueError, match="delivery limit 500"):
        open_broker("amqp://localhost?delivery_limit=500")
