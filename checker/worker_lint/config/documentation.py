"""The documentation page of the configuration, for scripts/generate.py."""

from __future__ import annotations

from collections.abc import Iterator

from worker_lint.config.known import KnownRule, KnownRules
from worker_lint.config.settings import SETTINGS, Setting
from worker_lint.config.tables import option_kind

HEAD = """\
# Configuration

Settings stand in `[tool.worker-lint]` of `pyproject.toml`, or at the top level of
`worker-lint.toml`. The nearest of these files above the first path counts, alone: nothing is
merged. Beside each other, `worker-lint.toml` wins. The search ends at the folder with `.git`.

An unknown key, rule or option is an error with exit code 2. A removed one is a warning that names
its successor.
"""


def configuration_markdown(known: KnownRules) -> str:
    """Give the page as Markdown: every setting, then the options of the rules."""
    parts = [HEAD, *map(_section, SETTINGS.values())]
    with_options = [rule for rule in known.rules if rule.options]
    if with_options:
        parts.append("## Options of rules\n")
        parts.extend(_rule_section(rule) for rule in with_options)
    return "\n".join(parts)


def _section(setting: Setting) -> str:
    return f"""\
## `{setting.key}`

{setting.doc}

- Value: {setting.kind.title}
- Default: {_default(setting.default)}

```toml
[tool.worker-lint]
{setting.example}
```
"""


def _rule_section(rule: KnownRule) -> str:
    rows = "\n".join(_option_rows(rule))
    return f"""\
### `{rule.name}` ({rule.code})

| option | value | default | meaning |
| --- | --- | --- | --- |
{rows}
"""


def _option_rows(rule: KnownRule) -> Iterator[str]:
    for name, default in rule.options.items():
        doc = rule.option_docs.get(name, "").replace("|", r"\|")
        yield f"| `{name}` | {option_kind(default).title} | {_default(default)} | {' '.join(doc.split())} |"


def _default(value: object) -> str:
    return "unset" if value is None else f"`{toml_text(value)}`"


def toml_text(value: object) -> str:
    """Give a value as it is written in TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case tuple() | list():
            return f"[{', '.join(map(toml_text, value))}]"
        case dict():
            pairs = ", ".join(f"{key} = {toml_text(item)}" for key, item in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case _:
            return str(value)
