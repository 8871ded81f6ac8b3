"""
`python -m worker_lint`, and the console script.

The working directory may be hostile. Until it is off the import path this module imports nothing
that the interpreter has not loaded already; not even `__future__`, which is a file like any other.
"""

# pathlib is one of the files that could be shadowed.
# ruff: noqa: PTH100, PTH117, PTH120, PTH121

import os
import sys


def main() -> None:
    """Runs the command line; the exit code is the process's."""
    leave_working_directory()
    import gc

    from worker_lint.engine.garbage import THRESHOLDS

    gc.set_threshold(*THRESHOLDS)  # imports make many objects, and none to be collected
    from worker_lint.engine.scout import send_out

    send_out(sys.argv[1:])
    from worker_lint.cli.entry import run

    try:
        code = run()
    except SystemExit as stopped:
        if not isinstance(stopped.code, int):
            raise
        code = stopped.code
    leave(code)


def leave(code: int) -> None:
    """
    Ends the process. The system takes its memory back at once, where the interpreter would first take
    each object apart, for up to 50 ms; but not while somebody watches the interpreter, or others run.
    """
    import atexit

    is_watched = sys.flags.inspect or sys.flags.dev_mode or sys.gettrace() or sys.getprofile() or _has_tools()
    if is_watched or not sys.modules.keys().isdisjoint(("concurrent.futures", "multiprocessing")):
        raise SystemExit(code)
    atexit._run_exitfuncs()  # noqa: SLF001 - as the interpreter does; measuring tools rely on it
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        raise SystemExit(code) from None
    os._exit(code)


def _has_tools() -> bool:
    """Whether a profiler, a debugger or the like is registered (since Python 3.12)."""
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and any(monitoring.get_tool(number) for number in range(6))


def leave_working_directory() -> None:
    """
    Takes the working directory off the import path, here and in the processes that we start.

    Only entries before the standard library's are meant, which could shadow anything: those come
    from `python -m` and PYTHONPATH. What stands behind it was put there by an installer, for
    projects that are worked on in place, rule packs among them.
    """
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    standard = os.path.dirname(os.__file__)
    end = sys.path.index(standard) if standard in sys.path else len(sys.path)
    sys.path[:end] = [place for place in sys.path[:end] if place == own or not _is_here(place)]
    os.environ["PYTHONSAFEPATH"] = "1"  # a spawned process would begin with the working directory


def _is_here(place: str) -> bool:
    """Whether an entry means the working directory, whatever that is by then."""
    if not os.path.isabs(place):
        return True
    try:
        return os.path.samefile(place, os.curdir)
    except OSError:
        return False


if __name__ == "__main__":
    main()
