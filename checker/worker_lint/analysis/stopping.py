"""Names by which code ends things. A name alone proves nothing: ask for the object's class, too."""

from __future__ import annotations

import re
from typing import Final

STOP_NAMES: Final = frozenset(
    {
        "stop",
        "close",
        "aclose",
        "shutdown",
        "terminate",
        "teardown",
        "tear_down",
        "tearDown",
        "disconnect",
        "cleanup",
        "clean_up",
        "dispose",
        "release",
        "destroy",
        "finish",
        "finalize",
        "deinit",
        "kill",
        "quit",
        "exit",
        "halt",
        "cancel",
        "join",
        "stop_consuming",
        "shut_down",
        "graceful_shutdown",
        "server_close",
        "close_connection",
        "__exit__",
        "__aexit__",
        "__del__",
    }
)
"""Methods that end their object, by convention."""

CHILD_STOPS: Final = frozenset(
    {
        "stop", "close", "aclose", "shutdown", "terminate", "teardown", "tear_down", "disconnect", "cleanup",
        "dispose", "destroy", "stop_async", "async_stop", "async_close", "graceful_shutdown", "__exit__", "__aexit__",
    }
)  # fmt: skip
"""Methods by which a parent ends a child of any class, and which run the child's own code: not `cancel` or `join`."""

STOP_WORDS: Final = (
    "def stop", "def close", "def shutdown", "def terminate", "def disconnect", "def cleanup", "def teardown",
    "def __exit__", "def __aexit__", "def aclose", "def dispose", "def release", "_stop(self", "_close(self",
    "_shutdown(self",
)  # fmt: skip
"""What a file with a stop-like method holds, nearly always: words for the screen."""

_BEGINNINGS: Final = (
    "stop_", "close_", "shutdown_", "terminate_", "teardown_", "disconnect_", "cleanup_", "on_stop", "on_shutdown",
    "on_close", "before_stop", "after_stop", "async_stop", "async_close", "do_stop", "do_close", "handle_stop",
)  # fmt: skip
_ENDINGS: Final = ("_stop", "_close", "_shutdown", "_terminate", "_teardown", "_disconnect", "_cleanup")


OBJECT_STOPS: Final = CHILD_STOPS | frozenset({"tearDown", "quit", "shut_down", "halt", "clean_up", "server_close"})
"""Methods after which nothing of the object is left to be used."""


def ends_object(name: str) -> bool:
    """Whether a method of this name is there to end the whole object, not a part of it or one of its tasks."""
    return name in OBJECT_STOPS


def is_child_stop(name: str) -> bool:
    """Whether a call of this method runs the code by which a child ends itself."""
    return name in CHILD_STOPS or name.strip("_") in CHILD_STOPS


def is_stop_name(name: str) -> bool:
    """Whether a method of this name is expected to end its object, or a part of it."""
    bare = name.strip("_")
    if name in STOP_NAMES or bare in STOP_NAMES or bare.startswith(_BEGINNINGS) or bare.endswith(_ENDINGS):
        return True
    return any(f"{ending}_" in bare for ending in _ENDINGS)


_ENDING_CALL: Final = re.compile(
    r"\b_*(?:\w+_)?(?:a?close|stop|shutdown|terminate|disconnect|teardown|cleanup|dispose|release|cancel|join|kill|drain|"
    r"unsubscribe|quit|destroy|detach|server_close|communicate|wait|__a?exit__)(?:_\w+)?\s*[(),]"
)


def ends_several(name: str, text: str) -> bool:
    """Whether the text of a function of this name calls what may end something, in a loop or with something else."""
    ends = len(_ENDING_CALL.findall(text))
    if is_stop_name(name):
        return ends > 0
    return ends > 0 and ("for " in text or "KeyboardInterrupt" in text or (ends > 1 and "try" in text))
