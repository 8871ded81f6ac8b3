"""Records as bytes, for the cache and between processes: MessagePack, read back with validation."""

from __future__ import annotations

from typing import Final

import msgspec

from worker_lint.source import ir

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ir.Module)


class DamagedRecordError(ValueError):
    """Bytes that are no record of this version; whoever reads them makes the record anew."""


def encode_module(module: ir.Module) -> bytes:
    """The record of a file; equal records give equal bytes."""
    return _ENCODER.encode(module)


def decode_module(data: bytes) -> ir.Module:
    """
    The record that `encode_module` made.

    Raises:
        DamagedRecordError: the bytes are something else, or a record of another version.
    """
    try:
        module = _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DamagedRecordError(str(error)) from None
    if module.version != ir.IR_VERSION:
        raise DamagedRecordError(f"a record of version {module.version}, not {ir.IR_VERSION}")
    return module
