"""The binding of arguments, checked against Python's own."""

import itertools
from typing import Any

import pytest

from worker_lint.analysis.signature import Arguments, Signature, arguments_of, passes_all_on, signature_of
from worker_lint.source import ir
from worker_lint.source.parse import parse_module

HEADERS = [
    "def f(self): ...",
    "def f(self, a): ...",
    "def f(self, a, b=None): ...",
    "def f(self, a, /, b): ...",
    "def f(self, a, /, b=1, *, c): ...",
    "def f(self, *args): ...",
    "def f(self, *, c=None): ...",
    "def f(self, a, **options): ...",
    "def f(self, a, /, **options): ...",
    "def f(*args, **options): ...",
    "def f(self, a=1, *args, b, **options): ...",
]
CALLS = [
    Arguments(count, names)
    for count in range(4)
    for size in range(3)
    for names in itertools.permutations(("a", "b", "c", "d"), size)
]


def definition(source: str) -> ir.FunctionDef:
    node = parse_module(source).body[0]
    assert isinstance(node, ir.FunctionDef)
    return node


def bound(source: str) -> Signature:
    found = signature_of(definition(source), bound=True)
    assert found is not None
    return found


@pytest.mark.parametrize("header", HEADERS)
def test_binds_as_python_does(header: str) -> None:
    names: dict[str, Any] = {}
    exec(header, names)  # noqa: S102 - the headers above; called, since inspect's binding has faults of its own
    for call in CALLS:
        try:
            names["f"](None, *[None] * call.positional, **dict.fromkeys(call.keywords))
            accepted = True
        except TypeError:
            accepted = False
        assert (bound(header).refusal(call) is None) == accepted, (header, call)


@pytest.mark.parametrize(("mine", "theirs"), list(itertools.product(HEADERS, HEADERS)))
def test_whoever_accepts_all_refuses_no_call_of_the_other(mine: str, theirs: str) -> None:
    if bound(mine).accepts_all_of(bound(theirs)):
        for call in CALLS:
            assert bound(theirs).refusal(call) is not None or bound(mine).refusal(call) is None, call


def test_the_same_parameters_accept_all() -> None:
    for header in HEADERS:
        assert bound(header).accepts_all_of(bound(header))


def test_starred_arguments_may_bring_what_is_missing_but_not_take_away() -> None:
    signature = bound("def f(self, a, b): ...")
    assert signature.refusal(Arguments(0, more_positional=True)) is None
    assert signature.refusal(Arguments(0, more_keywords=True)) is None
    assert signature.refusal(Arguments(0, ("c",), more_keywords=True)) == "takes no argument `c`"
    assert signature.refusal(Arguments(3, more_positional=True)) == "takes at most 2 arguments by position, not 3"


def test_a_method_without_receiver_has_no_bound_signature() -> None:
    assert signature_of(definition("def f(): ..."), bound=True) is None


def test_the_shape_of_a_call() -> None:
    statement = parse_module("f(1, *rest, a=2, **more)\n").body[0]
    assert isinstance(statement, ir.Expression)
    assert isinstance(statement.value, ir.Call)
    assert arguments_of(statement.value) == Arguments(1, ("a",), more_positional=True, more_keywords=True)


def test_what_fails_for_every_call_of_another() -> None:
    hook = bound("def f(self, record): ...")
    assert bound("def f(self): ...").refusal_of_all(hook) == "takes no arguments by position, not 1"
    assert bound("def f(self, message): ...").refusal_of_all(hook) is None
    assert bound("def f(self, *, record): ...").refusal_of_all(hook) is None
    assert bound("def f(self, x): ...").refusal_of_all(bound("def f(self): ...")) is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(self, *args, **kwargs): g(*args, **kwargs)", True),
        ("def f(self, *args, **kwargs): g(*args)", False),
        ("def f(self, a, *args, **kwargs): g(*args, **kwargs)", False),
        ("def f(self, *args, **kwargs): g(*kwargs, **args)", False),
    ],
)
def test_a_call_that_passes_all_on(source: str, expected: bool) -> None:  # noqa: FBT001
    header, _, body = source.partition(": ")
    statement = parse_module(body).body[0]
    assert isinstance(statement, ir.Expression)
    assert isinstance(statement.value, ir.Call)
    assert passes_all_on(statement.value, definition(f"{header}: ...")) is expected
