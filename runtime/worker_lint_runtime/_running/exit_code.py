"""Exit codes: what a supervisor should do next can be read from them."""

from enum import IntEnum

from worker_lint_runtime._stop_machine import StopReport


class ExitCode(IntEnum):
    """Where sysexits.h has a code for it, that one."""

    CLEAN = 0
    NOT_WELL = 1
    """`health`, `quiet`, `stop` and `dump` only: the worker is not as asked, or does not answer."""
    USAGE = 64
    FATAL = 70
    """An error of the fatal or system tier stopped the worker: restart, with a delay."""
    UNREACHABLE = 75
    """The broker cannot be reached, or `setup` failed: restart, with a delay."""
    INVALID = 78
    """The worker's class or settings are wrong: a restart changes nothing."""
    LATE = 80
    """The stop took longer than its deadline, or interrupted handlers; their messages were given back."""


def find_exit_code(report: StopReport, fatal: BaseException | None) -> ExitCode:
    """The code after a worker has stopped."""
    if fatal is not None:
        return ExitCode.FATAL
    if report.late or not report.complete or report.interrupted:
        return ExitCode.LATE
    return ExitCode.CLEAN
