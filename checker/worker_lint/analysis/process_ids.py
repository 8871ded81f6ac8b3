"""Processes that code signals by their ids."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.entity import Class, Scope
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import within
from worker_lint.analysis.looping import roots, targets
from worker_lint.analysis.membership import Change, changes_in, fields_walked
from worker_lint.analysis.visit import last_name, method_name
from worker_lint.source import ir

_ASKS_LIFE: Final = frozenset({"is_alive", "poll"})
_TELLS: Final = frozenset(
    {"SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGWINCH", "SIGURG", "SIGIO"}
)
_SELF: Final = frozenset({"getpid", "getppid", "getpgrp"})
_ASKS_ID: Final = re.compile(r"(?<![%\w])[A-Za-z_]\w*\.pid\b|[)\]]\.pid\b")
_WINDOWS_MODULES: Final = frozenset({"winreg", "_winreg", "_winapi", "msvcrt", "_msi", "winsound", "pywintypes"})
_WINDOWS_NAMES: Final = frozenset({"windll", "oledll", "WinDLL", "WinError"})


def is_self(pid: ir.Expr) -> bool:
    """Whether a process id is that of the process itself, its parent or its group."""
    return (isinstance(pid, ir.Constant) and pid.value == 0) or any(
        (ir.dotted_name(node.func) or "").rpartition(".")[2] in _SELF for node in find(ir.Call, (pid,))
    )


def is_mere_signal(kill: ir.Call) -> bool:
    """Whether what is sent ends nothing: number 0 only asks whether the process is there, others tell it something."""
    sent = kill.args[1] if len(kill.args) > 1 else None
    return (isinstance(sent, ir.Constant) and sent.value == 0) or (sent is not None and last_name(sent) in _TELLS)


def depends_on(pid: ir.Expr, target: ir.Expr) -> bool:
    """Whether a process id comes from what a loop takes in turn."""
    names = {node.id for node in find(ir.Name, (target,))}
    return any(node.id in names for node in find(ir.Name, (pid,)))


def is_of_child(scope: Scope, pid: ir.Expr) -> bool:
    """
    Whether the process may be a child of this one: the id is an attribute of a process object, or the module forks.
    A child that has ended can be signalled until somebody waits for it.
    """
    if any(node.name == "pid" for node in find(ir.Attribute, (pid,))):
        return True
    text = scope.project.store.text(scope.path)
    return text.holds("fork(")


def may_be_own(scope: Scope, pid: ir.Node) -> bool:
    """
    Whether the process may be a child of this one, which nobody else waits for, so that it can be signalled until it is
    taken off the list: the module forks, waits for processes or asks for the id of a process object.
    """
    if isinstance(pid, ir.Expr) and is_of_child(scope, pid):
        return True
    text = scope.project.store.text(scope.path)
    waits = (text.holds(word) for word in ("waitpid", "wait3", "wait4", "forkpty"))
    return any(waits) or _ASKS_ID.search(text.source) is not None


def is_kept_when_gone(cls: Class, field: str) -> bool:
    """
    Whether the processes of a collection in a field stay in it when they have ended: methods of the class ask its items
    whether they live, upon which nobody waits for them any more, and none takes one out.
    """
    methods = tuple(cls.project.values.fields.methods(cls))
    changes = (one for method in methods for one in changes_in(method) if one.field == field)
    if any(one.kind != "adds" and _is_late(one) for one in changes):
        return False
    loops = (walked.loop for method in methods for walked in fields_walked(method) if walked.field == field)
    return any(
        method_name(call) in _ASKS_LIFE and set(roots(call.func)) & set(targets(loop.target))
        for loop in loops
        if loop is not None
        for call in find(ir.Call, loop.body)
    )


def _is_late(change: Change) -> bool:
    return change.function.name != "__init__"


def asks_whether_gone(scope: Scope, call: ir.Node) -> bool:
    """Whether a `try` around the call tells a process that has gone from other errors by its number."""
    text = scope.project.store.text(scope.path)
    return any(
        within(tried.body, call) and any(text.has_word("ESRCH", *one.at[0:3:2]) for one in tried.handlers)
        for tried in find(ir.Try, scope.statements)
    )


def is_for_windows(scope: Scope) -> bool:
    """
    Whether the module can be imported on Windows alone: it imports what is nowhere else, in no `try` and under no
    condition. There a process that has gone gives another error than ProcessLookupError, and there are no zombies.
    """
    module = scope.project.module(scope.path)
    imports = (one for one in (module.statements if module is not None else ()) if isinstance(one, ir.Import))
    return any(_is_of_windows(name) for one in imports if one.level == 0 for name in one.names)


def _is_of_windows(name: ir.ImportedName) -> bool:
    root = name.module.partition(".")[0]
    if root == "ctypes":
        return name.attribute in _WINDOWS_NAMES
    return root in _WINDOWS_MODULES or root.startswith("win32")
