"""
The stable identity of a diagnostic across edits elsewhere in its file.

Baselines, SARIF partialFingerprints, GitLab and labels all use it, so its recipe is part of
the compatibility promise (docs/versioning.md).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from worker_lint.diagnostic.model import Diagnostic


def with_fingerprints(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """
    The diagnostics in report order, each with its fingerprint.

    A fingerprint hashes code, path, symbol, the whitespace-normalised source line, and the
    ordinal among diagnostics that are equal in all of these.
    """
    seen: Counter[tuple[str, str, str, str]] = Counter()
    marked = []
    for diagnostic in sorted(diagnostics, key=lambda item: item.sort_key):
        line = " ".join(diagnostic.line_text.split())
        identity = (diagnostic.code, diagnostic.path, diagnostic.symbol, line)
        parts = "\0".join((*identity, str(seen[identity])))
        seen[identity] += 1
        digest = hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
        marked.append(replace(diagnostic, fingerprint=digest))
    return tuple(marked)
