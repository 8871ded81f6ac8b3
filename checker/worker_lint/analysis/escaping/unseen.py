"""
Which loops can surely end unseen, told from the text around them: where only certain findings are wanted, the others
need not be looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.escaping.keeping import may_keep_processes

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function


def may_end_unseen(function: Function) -> bool:
    """
    Whether a loop of the function may end without anybody learning of it. Who runs it on a thread, in a task or in a
    process of its own has to name it, and only its own file and the users of its class are looked at: so it is named
    outside of its header, or is the `run` of a class with bases, or a coroutine method. Otherwise it forks by itself,
    or is in a file that looks after processes.
    """
    text, node = function.project.store.text(function.path), function.node
    if function.owner is not None and (node.is_async or (function.name == "run" and function.owner.node.bases)):
        return True
    if not text.ascii or any(line != node.name_at[0] for line in text.lines_naming(function.name)):
        return True
    return text.has_word("fork", node.at[0], node.at[2]) or may_keep_processes(function)
