"""
A second opinion: questions of fact about a finding, put to astroid's inference.

Three answers: it agrees, contradicts, or does not know. Only the engine imports this, and only under
`--confirm`.
"""

from worker_lint.confirm.oracle import Answer, Oracle, Verdict

__all__ = ["Answer", "Oracle", "Verdict"]
