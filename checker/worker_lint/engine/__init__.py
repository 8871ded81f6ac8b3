"""
Running rules over a tree: reading, caching, dispatch, suppression, precedence, baseline.

Knows no rule by name and renders nothing.
"""
