"""Where caches lie that are not kept in their project."""

from __future__ import annotations

import hashlib
import os


def digest_of_root(root: str) -> str:
    """The name of the folder that is a project's own among those of others."""
    return hashlib.blake2b(os.fsencode(root), digest_size=8).hexdigest()
