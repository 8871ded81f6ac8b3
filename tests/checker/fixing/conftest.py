"""Fixes as tests write them: places found by name, members ready to be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from worker_lint.rule import ImportNeed, MemberStub
from worker_lint.source import ir
from worker_lint.source.parse import parse_module

Find = Callable[[str], ir.At]


class Places:
    """Spans in a source, as the IR gives them to rules."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._body = parse_module(source).body

    def __call__(self, name: str) -> ir.At:
        """The class or function with this dotted name."""
        found = self._body
        span: ir.At | None = None
        for part in name.split("."):
            node = next(node for node in _definitions(found) if node.name == part)
            span, found = node.at, node.body or ()
        assert span is not None
        return span

    def text(self, snippet: str) -> ir.At:
        """The only place where this piece of one line stands."""
        assert self._source.count(snippet) == 1, snippet
        lines = self._source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        number, line = next((number, line) for number, line in enumerate(lines, 1) if snippet in line)
        column = line.index(snippet) + 1
        return (number, column, number, column + len(snippet))


def _definitions(body: Sequence[ir.Stmt]) -> Iterator[ir.ClassDef | ir.FunctionDef]:
    for statement in body:
        if isinstance(statement, (ir.ClassDef, ir.FunctionDef)):
            yield statement
        elif isinstance(statement, ir.If):
            yield from _definitions((*statement.body, *statement.orelse))


@pytest.fixture(scope="session")
def places() -> type[Places]:
    return Places


ANY = ImportNeed("typing", "Any")
MESSAGE = ImportNeed("orders.base", "Message")
ITERATOR = ImportNeed("collections.abc", "AsyncIterator")

MEMBERS: dict[str, MemberStub] = {
    "RUN": MemberStub("run", "method", "self, *, limit: int = 10", "None", "Runs until stopped.", "Worker"),
    "STOP": MemberStub("stop", "method", "self", "None", "Stops the loop.", "Worker"),
    "HANDLE": MemberStub(
        "handle", "async method", "self, message: Message, /, **extra: Any", "Any", "Handles one message.", "Worker",
        is_async=True, imports=(ANY, MESSAGE),
    ),
    "CHECKED": MemberStub(
        "handle", "method", "self, message: Message", "list[Message]", "Handles one message.", "Worker",
        type_checking_imports=(MESSAGE,),
    ),
    "CONSUME": MemberStub(
        "consume", "async method", "self", "AsyncIterator['Message']", "Yields messages.", "Worker",
        is_async=True, is_generator=True, imports=(ITERATOR, MESSAGE),
    ),
    "NAME": MemberStub(
        "name", "property", "self", "str", "The worker's name.", "Worker",
        setter=True, deleter=True, setter_parameters="self, name: str",
    ),
    "MAKE": MemberStub("make", "classmethod", "cls, size: int = 1", "Self", "Builds one.", "Worker",
                       imports=(ImportNeed("typing", "Self"),)),
    "CHECK": MemberStub("check", "staticmethod", "value: object", "bool", 'Says "yes" or "no"', "Worker"),
    "QUEUE": MemberStub("queue", "attribute", "", "str", "The queue to read.", "Worker"),
}  # fmt: skip


@pytest.fixture(scope="session")
def members() -> dict[str, MemberStub]:
    """Stubs by the names that the cases use."""
    return MEMBERS
