"""
Calls that read what somebody sent: what they raise when it is malformed.

The classes are those that the documentation of each function names.
"""

from __future__ import annotations

from typing import Final

MALFORMED: Final = "an error of decoding a message"
"""The class of what a decoder of which only the name is known raises."""

PARSERS: Final[dict[str, tuple[str, ...]]] = {
    "json.loads": ("json.decoder.JSONDecodeError",),
    "json.load": ("json.decoder.JSONDecodeError",),
    "pickle.loads": ("pickle.UnpicklingError",),
    "marshal.loads": ("ValueError",),
    "ast.literal_eval": ("ValueError",),
    "base64.b64decode": ("ValueError",),
    "struct.unpack": ("struct.error",),
    "struct.unpack_from": ("struct.error",),
    "uuid.UUID": ("ValueError",),
    "zlib.decompress": ("zlib.error",),
    "gzip.decompress": ("OSError",),
    "datetime.datetime.fromisoformat": ("ValueError",),
    "datetime.datetime.strptime": ("ValueError",),
    "msgpack.unpackb": ("ValueError",),
    "msgpack.loads": ("ValueError",),
    "orjson.loads": ("ValueError",),
    "ujson.loads": ("ValueError",),
    "simplejson.loads": ("ValueError",),
    "yaml.safe_load": ("Exception",),
    "yaml.load": ("Exception",),
}
"""Functions that parse their first argument, and what they raise when they cannot."""

PICKLES: Final = frozenset({"pickle.loads", "dill.loads", "cloudpickle.loads", "marshal.loads"})
"""Parsers for what the same program has written: what comes by a socket of its own is taken to be well-formed."""

NUMBERS: Final = frozenset({"builtins.int", "builtins.float"})
"""They raise ValueError for text that is no number."""

DECODING: Final = frozenset(
    {"loads", "deserialize", "deserialise", "unserialize", "unserialise", "unpackb", "decode", "decompress"}
    | {"parse_raw", "model_validate_json", "from_json", "ParseFromString", "FromString", "parse_message", "unmarshal"}
)
"""Methods that mean parsing whatever object they belong to."""

READING: Final = frozenset({"recv_json", "receive_json"})
"""Methods that receive and parse in one."""

_TEXT: Final = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "replace", "partition", "rpartition"})
SAME: Final = _TEXT | {"get", "pop", "popleft", "copy", "items", "values", "keys", "split", "rsplit", "splitlines"}
"""Methods whose result is as much the sender's as their object."""

LIBRARY_NAMES: Final = frozenset({"channel", "topic", "subject", "pattern", "queue", "stream", "exchange"})
"""Parts of a delivery that this program has chosen when it subscribed."""
