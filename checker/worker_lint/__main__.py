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
    from worker_lint.cli.entry import run

    raise SystemExit(run())


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
