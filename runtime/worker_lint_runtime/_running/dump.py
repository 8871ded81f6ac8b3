"""What a worker is doing right now: health, the stack of every thread, the tasks of its loop."""

import json
import sys
import threading
import traceback
from dataclasses import asdict

from worker_lint_runtime._worker.surface import WorkerSurface


def describe(worker: WorkerSurface) -> str:
    """
    The text for a person who asks why a worker hangs.

    Costs one look at each thread; stops nothing. Source lines are read from the files as they are now.
    """
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = [f"health: {json.dumps(asdict(worker.health()), ensure_ascii=False)}\n"]
    # The private name is the only way to another thread's stack; documented in the library reference of sys.
    for number, frame in sorted(sys._current_frames().items()):  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        stack = "".join(traceback.format_stack(frame))
        parts.append(f"thread {names.get(number, 'unknown')} ({number}):\n{stack}")
    parts += [f"task: {text}" for text in worker._describe_tasks()]  # noqa: SLF001  # of the same package  # pyright: ignore[reportPrivateUsage]
    return "\n".join(parts)
