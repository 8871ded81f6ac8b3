"""Starting the command group: Ctrl-C, a closed pipe, and output that cannot show every character."""

from __future__ import annotations

import os
import sys

import click

INTERRUPTED = 130


def run() -> int:
    """Runs the command of `sys.argv`; gives the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from worker_lint.cli.app import app

    try:
        app(standalone_mode=False)
    except click.exceptions.Exit as stopped:
        return stopped.exit_code
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone; nothing more can be said, and the interpreter must not try.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0
