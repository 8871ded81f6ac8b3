"""Bytes to text and back, in the encoding that the file itself declares."""

from __future__ import annotations

import codecs
import io
import tokenize
from dataclasses import dataclass


class UnreadableError(Exception):
    """The bytes are not text in the encoding that they declare."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file without its byte order mark, and how to turn it into bytes again."""

    text: str
    encoding: str
    bom: bytes

    @classmethod
    def read(cls, data: bytes) -> Decoded:
        """
        Decodes as Python does: byte order mark, then coding declaration (PEP 263), then UTF-8.

        Raises:
            UnreadableError: unknown encoding, bytes that it does not allow, or an encoding that
                would not give the same bytes back.
        """
        bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            encoding = "utf-8" if encoding == "utf-8-sig" else encoding
            text = data[len(bom) :].decode(encoding)
            faithful = text.encode(encoding) == data[len(bom) :]
        except (SyntaxError, LookupError, UnicodeError, ValueError) as error:
            raise UnreadableError(f"the file cannot be decoded: {error}") from None
        if not faithful:
            raise UnreadableError(f"the file's encoding, {encoding}, does not give the same bytes back")
        return cls(text, encoding, bom)

    def encode(self, text: str) -> bytes:
        """
        The bytes of another text in the same encoding.

        Raises:
            UnicodeEncodeError: the encoding lacks a character of the text.
        """
        return self.bom + text.encode(self.encoding)
