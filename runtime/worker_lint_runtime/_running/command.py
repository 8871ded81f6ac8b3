"""The command `worker-lint-runtime`."""

import argparse
import faulthandler
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from worker_lint_runtime._broker import BrokerError
from worker_lint_runtime._contract import ContractError
from worker_lint_runtime._running.address import EXAMPLES, open_broker
from worker_lint_runtime._running.exit_code import ExitCode, find_exit_code
from worker_lint_runtime._running.logs import set_up_logs
from worker_lint_runtime._running.reporter import Reporter, probe
from worker_lint_runtime._running.target import load_worker
from worker_lint_runtime._worker.hooks import StartError
from worker_lint_runtime._worker.surface import WorkerSurface

TOLD = {
    "quiet": "let a running worker take no message any more and finish those it has",
    "stop": "stop a running worker; again cancels its handlers, a third time closes at once",
    "dump": "print what every thread and task of a running worker does",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code; see ExitCode."""
    parser = _build_parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:  # argparse has said why
        return ExitCode.USAGE if stop.code else ExitCode.CLEAN
    if options.command == "run":
        return _run(options)
    return _health(options) if options.command == "health" else _tell(options)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="worker-lint-runtime", description="Run and probe workers.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a worker until SIGTERM or SIGINT")
    run.add_argument("target", help="package.module:Class")
    run.add_argument(
        "--url",
        required=True,
        help=f"the broker: {EXAMPLES}",
    )
    run.add_argument("--logs", choices=("text", "json"), default="text", help="format of the logs (default: text)")
    run.add_argument("--health-file", type=Path, help="write the worker's health here, for the command health")
    run.add_argument("--probes", metavar="[HOST:]PORT", help="answer /live, /ready and /healthy over HTTP here")
    run.add_argument("--control", type=Path, metavar="SOCKET", help="listen here to quiet, stop and dump")
    for name, text in TOLD.items():
        told = commands.add_parser(name, help=text)
        told.add_argument("control", type=Path, metavar="SOCKET", help="what --control named")
    health = commands.add_parser("health", help="exit 0 if the worker of a health file is well, else 1")
    health.add_argument("file", type=Path)
    health.add_argument("question", nargs="?", choices=("live", "ready", "healthy"), default="live")
    return parser


def _run(options: argparse.Namespace) -> int:
    set_up_logs(options.logs)
    try:
        worker_class = load_worker(options.target)
        broker = open_broker(options.url)
    except (ValueError, ContractError, ModuleNotFoundError) as error:
        return _fail(error, ExitCode.INVALID)
    worker = worker_class(broker)
    try:
        with ExitStack() as around:
            _surround(worker, options, around)
            report = worker.run()
    except ContractError as error:
        return _fail(error, ExitCode.INVALID)
    except ValueError as error:
        return _fail(error, ExitCode.INVALID)
    except (StartError, BrokerError, _SurroundError) as error:
        return _fail(error, ExitCode.UNREACHABLE)
    return find_exit_code(report, worker.fatal_error)


class _SurroundError(Exception):
    """A port or socket beside the worker cannot be opened."""


def _surround(worker: WorkerSurface, options: argparse.Namespace, around: ExitStack) -> None:
    """Open what was asked for beside the worker; all is closed in reverse, after the worker has stopped."""
    if hasattr(signal, "SIGUSR1"):  # written by the C level: works although every lock is held
        faulthandler.register(signal.SIGUSR1, all_threads=True, chain=False)
        around.callback(faulthandler.unregister, signal.SIGUSR1)
    try:
        if options.control is not None:
            around.enter_context(_open_control(worker, options.control))
        if options.probes is not None:
            from worker_lint_runtime._running.probes import ProbeServer, parse_address  # costs 20 ms

            around.enter_context(ProbeServer(worker.health, parse_address(options.probes)))
    except OSError as error:
        raise _SurroundError(str(error)) from error
    around.enter_context(Reporter(worker.health, options.health_file, os.environ))


def _open_control(worker: WorkerSurface, path: Path) -> AbstractContextManager[object]:
    if not hasattr(socket, "AF_UNIX"):
        raise ValueError("--control needs Unix sockets, which this system does not have")
    from worker_lint_runtime._running.control import ControlSocket
    from worker_lint_runtime._running.dump import describe

    commands = {
        "quiet": worker.quiet,
        "stop": lambda: worker.escalate("asked through the control socket"),
        "dump": lambda: describe(worker),
    }
    return ControlSocket(path, commands)


def _tell(options: argparse.Namespace) -> int:
    from worker_lint_runtime._running.control import ask

    try:
        answer = ask(options.control, options.command)
    except OSError as error:
        return _fail(f"{options.control}: nobody answers: {error.strerror or error}", ExitCode.NOT_WELL)
    except ValueError as error:
        return _fail(error, ExitCode.NOT_WELL)
    if answer is not None:
        sys.stdout.write(answer)
    return ExitCode.CLEAN


def _health(options: argparse.Namespace) -> int:
    reason = probe(options.file, options.question, time.monotonic())
    return ExitCode.CLEAN if reason is None else _fail(reason, ExitCode.NOT_WELL)


def _fail(reason: object, code: ExitCode) -> ExitCode:
    sys.stderr.write(f"worker-lint-runtime: {reason}\n")
    return code
