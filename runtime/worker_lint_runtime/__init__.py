"""
The reference worker that the linter's rules lead to. Nothing can be used yet.

What will live here: a base worker whose concrete classes are checked when they are defined, a stop
machine (stop consuming, drain, close what was opened in the reverse order) that may be called twice
and from a signal handler, error tiers, retry, circuit breaker and health figures. Until a name is
here, the linter's help texts show plain library code instead of it.

The package needs the standard library alone and never imports the linter.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
