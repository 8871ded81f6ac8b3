"""Finds broken background workers before they are committed. Rule authors import `worker_lint.rule`."""
