"""What a test leaves behind: threads, descriptors, child processes."""

import threading
from contextlib import suppress
from pathlib import Path


class Leftovers:
    """Remembers what there is when it is made, and says what has been added since."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._descriptors, self._children = _count_descriptors(), _list_children()

    def describe(self) -> list[str]:
        """One text for each kind that is left, with the linter's rule for it."""
        problems: list[str] = []
        if left := sorted(thread.name for thread in set(threading.enumerate()) - self._threads):
            problems.append(f"threads are left: {', '.join(left)} (STP110 thread-not-joined)")
        if _count_descriptors() > self._descriptors:
            problems.append("open descriptors are left (STP103 resource-never-released)")
        if _list_children() - self._children:
            problems.append("child processes are left (STP118 child-not-reaped)")
        return problems


def _count_descriptors() -> int:
    """How many descriptors are open; zero where the system does not tell."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


def _list_children() -> set[str]:
    """The process ids of our children, whichever thread started them; none where the system does not tell."""
    found: set[str] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has just ended
            found |= set(file.read_text(encoding="ascii").split())
    return found
