"""
What the tool reports: plain immutable values, shared by every layer above.

Nothing here reads files, knows rules or renders text.
"""

from worker_lint.diagnostic.fingerprint import with_fingerprints
from worker_lint.diagnostic.model import (
    CONFIDENCES,
    SEVERITIES,
    Confidence,
    Diagnostic,
    FixLevel,
    FixOffer,
    Problem,
    Related,
    Report,
    Severity,
    Span,
    clean_text,
)

__all__ = [
    "CONFIDENCES",
    "SEVERITIES",
    "Confidence",
    "Diagnostic",
    "FixLevel",
    "FixOffer",
    "Problem",
    "Related",
    "Report",
    "Severity",
    "Span",
    "clean_text",
    "with_fingerprints",
]
