"""The built-in rule pack: one module is one rule, found by walking this package."""

api = 1
"""The version of the pack interface that the rules are written for."""
