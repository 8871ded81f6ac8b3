"""Says clearly that this Python cannot run the project. Kept readable for every Python, also version 2."""

import sys


def complaint():  # noqa: ANN201 - Python 2 has no annotations
    # type: () -> str
    """The reason why this interpreter does not do, with the remedy; an empty text when it does."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the point is to run on older ones
        return "error: Python 3.11 or later is needed, this is {}.{} ({}); name another: make PYTHON=python3.12".format(  # noqa: UP032
            sys.version_info[0], sys.version_info[1], sys.executable
        )
    try:
        import ensurepip  # noqa: F401 - some distributions package it apart from Python
        import venv  # noqa: F401
    except ImportError:
        return "error: {} cannot make environments; install its venv module (Debian, Ubuntu: python3-venv)".format(  # noqa: UP032
            sys.executable
        )
    return ""


if __name__ == "__main__":
    sys.exit(complaint() or 0)
