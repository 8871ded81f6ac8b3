"""How much of a value comes from whoever sent a message."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """
    What an expression carries of a delivery, from nothing to all.

    Attributes:
        NONE: Nothing that is known.
        CHOSEN: Something of this program that a message named: an entry of a registry.
        DELIVERY: What the library hands over, in a shape that the library decides.
        RAW: Bytes of a socket or pipe, whose peer is most often a part of the same program.
        FORMED: What an object of unknown code has decoded, which may have looked after its form.
        CONTENT: What the sender wrote, as bytes or text.
        DECODED: The same after parsing: its keys and types are the sender's, too.
    """

    NONE = 0
    CHOSEN = 1
    DELIVERY = 2
    RAW = 3
    FORMED = 4
    CONTENT = 5
    DECODED = 6

    @property
    def is_sent(self) -> bool:
        """Whether the sender decides what it is."""
        return self >= Level.RAW
