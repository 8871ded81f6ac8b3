from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.source import ir
from worker_lint.source.parse import parse_module
from worker_lint.source.records import DamagedRecordError, decode_module, encode_module

SOURCE = '''"""Every kind of node."""
import a.b, c as d
from ..e import f as g
x: int = 1
x = y[1:2] = -1.5, 2j, 9**99, b"\\xff", ..., True, None, 99999999999999999999
'''
BODY = '''
def f(a, /, b=1, *c, d: int = 2, **e) -> str:
    """Text."""
    global z; del z
    x += [i async for i in {1: 2, **k} if not i < 3 <= 4]
    assert (yield) and (lambda q: q + w)(*a, **b), f"a{x!r:>{w}}"
    for i in (yield from j): continue
    else: pass  # why
    while (n := {1, *s}): break
    with a as b: raise A from None
    try: await z
    except (A, B) as e: ...  # because
    finally: return a if b else c
    match x:
        case [a, *b] if c: pass
    if a: b
    elif c: d
    class A(B, k=1):
        def m(self): raise NotImplementedError
    async def g(): return {k: v for k, v in z}
'''


def record() -> ir.Module:
    return parse_module(SOURCE + BODY)


def test_every_kind_of_node_comes_back() -> None:
    assert decode_module(encode_module(record())) == record()


def test_equal_records_are_equal_bytes() -> None:
    assert encode_module(record()) == encode_module(decode_module(encode_module(record())))


def test_another_version_is_not_read() -> None:
    module = record()
    other = ir.Module(ir.IR_VERSION + 1, module.body, module.docstring, module.parser)

    with pytest.raises(DamagedRecordError, match="version"):
        decode_module(encode_module(other))


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x90", b"\x94\x01\x90\xc2", b"not a record", b"\x91" * 100_000, b"\xc1"]
)
def test_what_is_no_record_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedRecordError):
        decode_module(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_damaged(data: bytes) -> None:
    try:
        module = decode_module(data)
    except DamagedRecordError:
        return
    assert isinstance(module, ir.Module)


@given(st.integers(0), st.integers(1, 255), st.integers(0, 40))
def test_a_damaged_record_never_gives_a_wrong_type(place: int, flip: int, cut: int) -> None:
    data = bytearray(encode_module(record()))
    place %= len(data)
    data[place] ^= flip
    damaged = bytes(data[: len(data) - cut])
    try:
        module = decode_module(damaged)
    except DamagedRecordError:
        return
    assert decode_module(encode_module(module)) == module
