"""The list of rules."""

import json
from collections.abc import Callable
from typing import Any

from worker_lint.engine.packs import load_packs

Command = Callable[..., Any]


def test_the_table_holds_every_rule_once(lint: Command) -> None:
    result = lint("rules")
    codes = [line.split()[0] for line in result.out.splitlines()[1:]]
    assert (result.code, codes) == (0, [rule.code for rule in load_packs(foreign=False).rules])


def test_records_tell_stage_fix_and_options(lint: Command) -> None:
    document = json.loads(lint("rules", "-f", "json").out)
    records = {record["code"]: record for record in document["rules"]}
    assert document["version"] == 1
    assert records["ABS111"]["fix"] is True
    assert records["ABS111"]["stage"] == "on"
    assert records["ABS111"]["pack"] == "worker-lint"
    assert records["WKL004"]["stage"] == "opt-in"
    options = {rule.code: set(rule.options) for rule in load_packs(foreign=False).rules}
    assert {code: set(record["options"]) for code, record in records.items()} == options


def test_selectors_narrow_the_list(lint: Command) -> None:
    lines = lint("rules", "WKL", "raise-notimplemented-constant").out.splitlines()
    assert lines[1].startswith("ABS111")
    assert all(line.startswith("WKL") for line in lines[2:])
    assert len(lines) > 3


def test_an_unknown_selector_gets_the_nearest(lint: Command) -> None:
    result = lint("rules", "unparsable-fil")
    assert result.code == 2
    assert "unparsable-file" in result.err
