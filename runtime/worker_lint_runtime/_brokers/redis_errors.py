"""What Redis's client raises, in the terms of brokers."""

from collections.abc import Generator
from contextlib import contextmanager

import redis
from redis.exceptions import ReadOnlyError

from worker_lint_runtime._broker import BrokerError, StoreFullError

_MISCONFIGURED = "MISCONF"
"""How Redis begins its answer when it cannot write to its disk."""
_PASSING = ("NOGROUP", "UNBLOCKED")
"""How it begins when it was emptied meanwhile."""


class UnreachableError(BrokerError):
    """The server does not answer now; whether it did what it was asked last is not known."""


@contextmanager
def translating(place: str) -> Generator[None, None, None]:
    """Raises BrokerError for what the client raises; `place` says which server."""
    try:
        yield
    except redis.OutOfMemoryError as error:
        raise StoreFullError(f"{place}: {error}") from error
    except (redis.ConnectionError, redis.TimeoutError, ReadOnlyError) as error:
        raise UnreachableError(f"{place}: {str(error) or type(error).__name__}") from error
    except redis.ResponseError as error:
        text = str(error)
        if text.startswith(_MISCONFIGURED):
            raise StoreFullError(f"{place}: {text}") from error
        raise (UnreachableError if text.startswith(_PASSING) else BrokerError)(f"{place}: {text}") from error
    except redis.RedisError as error:
        raise BrokerError(f"{place}: {str(error) or type(error).__name__}") from error
