"""
The garbage collector, asked to look rarely.

A run makes a great many small objects that live until its end, and next to no cycles. Looking
through them again and again took a fifth of a cold run and found nothing: peak memory is the same.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (200_000, 50, 100)
"""Objects made before the youngest are looked through, and how often that is before the older ones are."""


@contextmanager
def rare_collection() -> Iterator[None]:
    """Collections are rare inside, and skip what was there before; outside everything is as it was."""
    before = gc.get_threshold()
    frozen = gc.get_freeze_count()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if not frozen:
            gc.unfreeze()
