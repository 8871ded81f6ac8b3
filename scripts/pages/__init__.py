"""The generated pages: each module renders one kind of page from its source of truth."""

import json
from collections.abc import Sequence
from pathlib import Path

from pages.cli import render_cli
from pages.found import render_found
from pages.notice import with_notice
from pages.precision import render_precision
from pages.rules import render_index, render_rule
from worker_lint.cli.app import app
from worker_lint.config.documentation import configuration_markdown
from worker_lint.config.known import KnownRules
from worker_lint.config.schema import json_schema
from worker_lint.engine.packs import index_of, load_packs
from worker_lint.rule import Rule

ROOT = Path(__file__).resolve().parents[2]
SETTINGS_SOURCE = "checker/worker_lint/config/settings.py or a rule's options"


def render_all() -> dict[str, str]:
    """Every generated file, by path relative to the root; raises RuntimeError where the built-in pack is broken."""
    rules = load_rules()
    known = KnownRules(rules)
    names = {rule.code: rule.name for rule in rules}
    pages = {f"docs/rules/{rule.name}.md": render_rule(rule, source_of(rule), names) for rule in rules}
    pages["docs/rules/index.md"] = render_index(rules)
    pages["docs/precision.md"] = render_precision(rules)
    pages["docs/found.md"] = render_found(rules)
    pages["docs/cli.md"] = render_cli(app, "worker-lint")
    pages["docs/configuration.md"] = with_notice(SETTINGS_SOURCE, configuration_markdown(known))
    pages["docs/worker-lint.schema.json"] = json.dumps(json_schema(known), indent=2, ensure_ascii=False) + "\n"
    pages["rules/worker_lint_rules/index.json"] = index_of("worker_lint_rules")
    return pages


def load_rules() -> Sequence[Rule]:
    """The built-in rules; raises RuntimeError where the pack is broken."""
    packs = load_packs(foreign=False)
    if packs.problems:
        raise RuntimeError("\n".join(problem.message for problem in packs.problems))
    return packs.rules


def source_of(rule: Rule) -> str:
    """Where the rule is written, relative to the root: its name is its file's name."""
    folder = ROOT / "rules" / "worker_lint_rules"
    found = next(folder.glob(f"*/{rule.name.replace('-', '_')}.py"))
    return found.relative_to(ROOT).as_posix()
