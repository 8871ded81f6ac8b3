"""The command `worker-lint-runtime`."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from worker_lint_runtime._broker import BrokerError
from worker_lint_runtime._contract import ContractError
from worker_lint_runtime._running.address import EXAMPLES, open_broker
from worker_lint_runtime._running.exit_code import ExitCode, find_exit_code
from worker_lint_runtime._running.logs import set_up_logs
from worker_lint_runtime._running.reporter import Reporter, probe
from worker_lint_runtime._running.target import load_worker
from worker_lint_runtime._worker.hooks import StartError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code; see ExitCode."""
    parser = _build_parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:  # argparse has said why
        return ExitCode.USAGE if stop.code else ExitCode.CLEAN
    if options.command == "health":
        return _health(options)
    return _run(options)


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
    worker = worker_class(broker)  # type: ignore[call-arg]  # both kinds of worker take the broker
    try:
        with Reporter(worker.health, options.health_file, os.environ):
            report = worker.run()  # type: ignore[attr-defined]  # both kinds have it
    except ContractError as error:
        return _fail(error, ExitCode.INVALID)
    except ValueError as error:
        return _fail(error, ExitCode.INVALID)
    except (StartError, BrokerError) as error:
        return _fail(error, ExitCode.UNREACHABLE)
    return find_exit_code(report, worker.fatal_error)


def _health(options: argparse.Namespace) -> int:
    reason = probe(options.file, options.question, time.monotonic())
    return ExitCode.CLEAN if reason is None else _fail(reason, ExitCode.NOT_WELL)


def _fail(reason: object, code: ExitCode) -> ExitCode:
    sys.stderr.write(f"worker-lint-runtime: {reason}\n")
    return code
