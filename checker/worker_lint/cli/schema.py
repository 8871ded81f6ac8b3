"""`worker-lint schema`: the JSON schema of the configuration, for editors."""

from __future__ import annotations

import json
import sys

import click

from worker_lint.cli.speaking import loaded_packs


@click.command("schema")
@click.option("--packs/--no-packs", default=True, help="Load rule packs of other distributions.")
def command(packs: bool) -> None:  # noqa: FBT001  # given by click
    """Print the JSON schema of worker-lint.toml, which is also that of [tool.worker-lint]."""
    from worker_lint.config import KnownRules
    from worker_lint.config.schema import json_schema

    loaded = loaded_packs(foreign=packs)
    sys.stdout.write(json.dumps(json_schema(KnownRules(loaded.rules)), indent=2) + "\n")
    raise SystemExit(2 if loaded.problems else 0)
