"""`python -m worker_lint`, and the console script."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs the command line, with the working directory off the import path: it may be hostile."""
    here = os.path.realpath(os.getcwd())  # noqa: PTH109 - pathlib would be imported first
    sys.path[:] = [place for place in sys.path if place not in {"", "."} and os.path.realpath(place) != here]
    from worker_lint.cli.entry import run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
