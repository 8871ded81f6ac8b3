"""A worker class that cannot work fails when it is defined, under the linter's codes."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import pytest

from worker_lint_runtime import BaseWorker, ContractError, MemoryBroker, Message, Outcome


class Good(BaseWorker):
    queue = "q"

    def process_message(self, message: Message) -> Outcome | None:
        return None


def no_body(namespace: dict[str, Any]) -> None:
    """Defines nothing."""


def none(namespace: dict[str, Any]) -> None:
    namespace["process_message"] = None


def coroutine(namespace: dict[str, Any]) -> None:
    async def process_message(self: object, message: Message) -> None: ...

    namespace["process_message"] = process_message


def generator(namespace: dict[str, Any]) -> None:
    def process_message(self: object, message: Message) -> Any:
        yield

    namespace["process_message"] = process_message


def static(namespace: dict[str, Any]) -> None:
    namespace["process_message"] = staticmethod(lambda message: None)


def too_few(namespace: dict[str, Any]) -> None:
    namespace["process_message"] = lambda self: None


def too_many(namespace: dict[str, Any]) -> None:
    namespace["process_message"] = lambda self, message, context: None


def needs_keyword(namespace: dict[str, Any]) -> None:
    def process_message(self: object, message: Message, *, context: object) -> None: ...

    namespace["process_message"] = process_message


def final_stop(namespace: dict[str, Any]) -> None:
    namespace["process_message"] = Good.process_message
    namespace["stop"] = lambda self, reason="", *, timeout=None: None


def no_hook(namespace: dict[str, Any]) -> None:
    namespace["process_message"] = Good.process_message
    namespace["cleanup"] = None


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (no_body, {"ABS102"}),
        (none, {"ABS108"}),
        (coroutine, {"ABS108"}),
        (generator, {"ABS108"}),
        (static, {"ABS108"}),
        (too_few, {"ABS107"}),
        (too_many, {"ABS107"}),
        (needs_keyword, {"ABS107"}),
        (final_stop, {"ABS114"}),
        (no_hook, {"ABS108"}),
    ],
)
def test_broken_at_definition(body: Callable[[dict[str, Any]], None], codes: set[str]) -> None:
    namespace: dict[str, Any] = {"queue": "q"}
    body(namespace)
    with pytest.raises(ContractError) as raised:
        type("Broken", (BaseWorker,), namespace)
    assert {problem.code for problem in raised.value.problems} == codes


@pytest.mark.parametrize("bases", [(BaseWorker, Exception), (Exception, BaseWorker)])
def test_python_does_not_check_a_class_of_exceptions_but_we_do(bases: tuple[type, ...]) -> None:
    with pytest.raises(ContractError, match="ABS102 abstract-method-unimplemented: process_message"):
        type("Broken", bases, {})


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ContractError) as raised:

        class Broken(BaseWorker):
            def stop(self) -> None: ...  # type: ignore[override, misc]

            setup = None  # type: ignore[assignment]

    assert {problem.code for problem in raised.value.problems} == {"ABS102", "ABS108", "ABS114"}
    assert "Broken" in str(raised.value)


def test_a_class_may_say_that_it_is_abstract() -> None:
    class ByKeyword(BaseWorker, abstract=True): ...

    class ByBase(BaseWorker, ABC): ...

    class ByMember(BaseWorker):
        @abstractmethod
        def render(self) -> str: ...

    with pytest.raises(ContractError, match="render"):

        class Half(ByMember):
            def process_message(self, message: Message) -> None: ...

    for abstract in (ByKeyword, ByBase, ByMember):
        with pytest.raises(TypeError, match="abstract"):
            abstract(MemoryBroker())  # type: ignore[abstract]  # what is tested


def test_a_fitting_override_may_take_more() -> None:
    class Wider(Good):
        def process_message(self, message: Message, *extra: object, dry: bool = False) -> Outcome | None:
            return None

    def logged(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def wrapper(*arguments: Any, **named: Any) -> Any:
            return method(*arguments, **named)

        return wrapper

    class Decorated(Good):
        @logged
        def process_message(self, message: Message) -> Outcome | None:
            return None

    assert Wider.queue == Decorated.queue == "q"


def test_a_skipped_init_is_told_at_the_first_use() -> None:
    class Forgetful(Good):
        def __init__(self, broker: MemoryBroker) -> None:
            self.own = broker

    worker = Forgetful(MemoryBroker())
    for use in (worker.start, worker.run, worker.stop, worker.health):
        with pytest.raises(ContractError, match=r"ABS113 super-init-skipped"):
            use()
