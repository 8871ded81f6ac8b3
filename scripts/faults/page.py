"""The page of the documentation that tells what faults cost."""

import platform
from collections.abc import Mapping, Sequence

from faults.ledger import Figures

HEADINGS = (
    "| fault | faults | messages | lost | done twice, of at most | bad exit codes | recovery, median / p95 | |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)
INTRODUCTION = """# What faults cost, counted

Real worker processes with four handlers each work on a real broker while something is broken under them. A handler
takes 2 to 30 ms and then appends the message's id to a ledger, with fsync; one message in ten fails at its first
attempt and is retried. At the end, *lost* is what the broker had confirmed and neither the ledger nor the dead letters
hold; *done twice* counts further lines of the ledger, beside the number of messages that were in flight at the faults,
which is the most that may happen. A kill that met no message in work is not counted.
"""
EXPLANATION = """
## How to read it

- After a kill, *recovery* is the time until the last message of the dead process was done by another. SQLite and Redis
  wait for the lease, here one second; RabbitMQ sees the connection close.
- `kill -9` at each point: the process dies by its own hand after connecting, after receiving, before and after the
  effect, before and after settling, at four steps of a stop, and on RabbitMQ between the copy of a retried message and
  the acknowledgement of the original.
- A stop by SIGTERM must do nothing twice and exit with 0. Leases are 30 s there, as by default: with leases of one
  second, a process that a busy machine does not let run for so long loses its messages to another.
- A frozen link passes nothing on and closes nothing. It is longer than the heartbeats (2 s) and time-outs (2 s) of this
  run, so both sides take the other for dead.
- Where the workers' clock steps, it is the wall clock of the processes, an hour to and fro. SQLite's leases and delays
  follow the monotonic clock, those of Redis and RabbitMQ the server's, so nothing may be done twice.
- The step of a Redis server's clock is done to its leases, by its own command; the clock itself is left alone.
- Brokers are killed no sooner than five seconds after the queue was declared; see
  [brokers](brokers.md#rabbitmq) for what RabbitMQ may lose before.
- Memory and descriptors are those of one process that lived through all faults of the row.
"""


def render_page(results: Mapping[str, Sequence[Figures]], faults: int, seed: int) -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for name, rows in results.items():
        parts += [f"\n## {name}\n\n{HEADINGS}\n", *(f"{figures.render()}\n" for figures in rows)]
    kills = sum(row.faults for rows in results.values() for row in rows if row.fault.startswith("`kill"))
    bound = 300 / max(kills, 1)
    confidence = f"- None lost in {kills} kills bounds the share of kills that lose something at about {bound:.1f} %,"
    command = f"python scripts/reliability.py --faults {faults} --seed {seed} --write"
    machine = f"Python {platform.python_version()}, two cores shared with other work."
    parts.append(
        f"{EXPLANATION}{confidence}\n  with 95 % confidence.\n"
        f"\n{machine} The figures are made again by\n\n```console\n{command}\n```\n"
        "\nCelery, Dramatiq and RQ under kills and stops: [its peers under the same faults](losses.md).\n"
        "Not measured: power failure, several nodes of a broker.\n"
    )
    return "".join(parts)
