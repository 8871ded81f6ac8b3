"""`python -m worker_lint`, and the console script."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line, with the working directory off the import path: it may be hostile."""
    sys.path[:] = [place for place in sys.path if place not in {"", "."}]
    from worker_lint.cli.check import run

    raise SystemExit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
