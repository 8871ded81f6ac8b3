"""JSON text that every parser accepts and every output can carry."""

from __future__ import annotations

import json
import re

BEYOND_ASCII = re.compile("[^\x00-\x7f]+")


def dump_json(value: object) -> str:
    """
    Give the value as JSON on one line, in ASCII.

    Half a surrogate pair (from a path that is not UTF-8, or an escape in source text) is no
    character, and strict parsers refuse it: it becomes U+FFFD.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    if text.isascii():
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return BEYOND_ASCII.sub(_escaped, whole)


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]
