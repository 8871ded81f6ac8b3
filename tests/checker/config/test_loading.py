"""Each wrong key, code or value is an error with its place and what would be right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from worker_lint.config import ConfigError, ConfigFile, KnownRules, Settings, load_settings, read_settings
from worker_lint.rule import Option

Configuration = Callable[[str], ConfigFile]
Read = Callable[[str], Settings]

EVERYTHING = """
select = ["ABS", "release-order"]
ignore = ["ABS101"]
extend-select = ["ABS2"]
preview = true
profile = "strict"
exclude = ["a"]
extend-exclude = ["b/**"]
src = ["lib"]
python = ".venv"
target-version = "3.12"
fail-on = "note"
worker-bases = ["orders.workers.Base"]
models = ["models/queue.toml"]
baseline = "base.json"
cache-dir = ".cache"
limits.function-steps = 50

[per-file-ignores]
"scripts/**" = ["STP"]

[per-role.test]
select = ["STP101"]

[tiers]
recoverable = ["orders.errors.Busy"]

[rules.ABS102]
evidence = "any"
deep = false
limit = 4
share = 1
bases = ["c"]
"""


def test_every_setting_is_read(settings: Read) -> None:
    read = settings(EVERYTHING)
    assert read.select == ("ABS", "release-order")
    assert (read.preview, read.profile, read.fail_on, read.target_version) == (True, "strict", "note", "3.12")
    assert read.per_file_ignores == {"scripts/**": ("STP",)}
    assert read.per_role == {"test": {"select": ("STP101",)}}
    assert read.tiers == {"recoverable": ("orders.errors.Busy",)}
    assert read.limits == {"file-bytes": 5_000_000, "function-steps": 50}
    assert read.rules == {
        "abstract-method-unimplemented": {"evidence": "any", "deep": False, "limit": 4, "share": 1, "bases": ("c",)}
    }
    assert (read.exclude, read.extend_exclude, read.src, read.python) == (("a",), ("b/**",), ("lib",), ".venv")
    assert (read.baseline, read.cache_dir, read.models) == ("base.json", ".cache", ("models/queue.toml",))


def test_silence_means_the_defaults(settings: Read) -> None:
    assert settings("") == Settings()


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ("\nselct = []", 2, "unknown setting 'selct'", "did you mean 'select'?"),
        ("zzz = 1", 1, "unknown setting 'zzz'", "known: select, ignore"),
        ('select = [\n  "ABS",\n  "ABS11O1",\n]', 3, "no rule is called 'ABS11O1'", "did you mean 'ABS101'?"),
        ('ignore = ["relase-order"]', 1, "no rule is called 'relase-order'", "did you mean 'release-order'?"),
        ('ignore = ["XYZ9"]', 1, "no rule is called 'XYZ9'", "`worker-lint rules` lists all rules"),
        ('ignore = ["abs101"]', 1, "no rule is called 'abs101'", "did you mean 'ABS101'?"),
        ('select = "ABS"', 1, "select is 'ABS', but must be: list of: rule name", "a list needs brackets: ['ABS']"),
        ("select = [1]", 1, "select is 1, but must be: rule name", "text needs quotes"),
        ("preview = 1", 1, "preview is 1, but must be: true or false", ""),
        ("python = true", 1, "python is True, but must be: text", "text needs quotes"),
        ("profile = []", 1, 'profile is a list, but must be: "default" or "strict"', ""),
        ('fail-on = "warnings"', 1, "fail-on cannot be 'warnings'", "did you mean 'warning'?"),
        ('profile = "x"', 1, "profile cannot be 'x'", 'write "default" or "strict"'),
        ("target-version = 3.10", 1, "target-version is 3.1, but must be: Python version", "text needs quotes"),
        ('target-version = "py312"', 1, "target-version cannot be 'py312'", "write a Python version such as 3.12"),
        ('worker-bases = [\n"a.b",\n"a-b"]', 3, "worker-bases cannot be 'a-b'", "write a dotted name"),
        ('[per-file-ignores]\n"a" = ["STP"]\n"b" = ["STQ"]', 3, "no rule is called 'STQ'", "did you mean 'STP'?"),
        ('[per-file-ignores]\n"a" = "STP"', 2, "per-file-ignores.a is 'STP'", "a list needs brackets: ['STP']"),
        ("per-role.tests = {}", 1, "per-role has no role 'tests'", "did you mean 'test'?"),
        ('[per-role]\ntest = { selekt = ["STP"] }', 2, "per-role.test has no key 'selekt'", "did you mean 'select'?"),
        ("[tiers]\n\nexpcted = []", 3, "tiers has no tier 'expcted'", "did you mean 'expected'?"),
        ("limits.function-steps = 0", 1, "limits.function-steps cannot be 0", "write a number above 0"),
        ("limits.function-steps = true", 1, "limits.function-steps is True, but must be: whole number above 0", ""),
        (
            '[tiers]\nfatal = ["a.B"]\nsystem = [\n"a.B"]',
            4,
            "tiers has 'a.B' under fatal and under system",
            "keep one of them",
        ),
        ("[rules.ABS102]\nevidnce = 1", 2, "rules.ABS102 has no option 'evidnce'", "did you mean 'evidence'?"),
        ("[rules.ABS102]\ndeep = 1", 2, "rules.ABS102.deep is 1, but must be: true or false", ""),
        ("[rules.ABS101]\ndeep = 1", 2, "rules.ABS101 has no option 'deep'", "delete it"),
        ("[rules.releaseorder]\nx = 1", 1, "no rule is called 'releaseorder'", "did you mean 'release-order'?"),
        ("rules = 1", 1, "rules is 1, but must be: table", ""),
        ("select = 2026-01-01", 1, "select is a date, but must be: list", ""),
    ],
)
def test_wrong_configuration_is_explained(
    configuration: Configuration, known: KnownRules, text: str, line: int, message: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(configuration(text), known)
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    assert problem.help.startswith(remedy)
    assert (problem.path, problem.line) == ("worker-lint.toml", line)
    assert str(caught.value).startswith(f"worker-lint.toml:{line}: {message}")


def test_all_problems_come_at_once_in_order(configuration: Configuration, known: KnownRules) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(configuration('fail-on = "x"\nselect = ["Y"]\nz = 1'), known)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]


def test_removed_rules_are_warnings_with_their_successors(configuration: Configuration, known: KnownRules) -> None:
    text = 'select = ["ABS199", "forgotten"]\n[rules.old-order]\n[rules.forgotten]'
    settings, warnings = read_settings(configuration(text), known)
    assert settings.select == ("ABS101",)
    assert settings.rules == {"release-order": {}}
    assert [(item.line, item.message, item.help) for item in warnings] == [
        (1, "the rule 'ABS199' was removed", "write 'ABS101' instead"),
        (1, "the rule 'forgotten' was removed", "delete it"),
        (2, "the rule 'old-order' was removed", "write 'release-order' instead"),
        (3, "the rule 'forgotten' was removed", "delete this table"),
    ]


def test_removed_settings_are_warnings_with_their_successors(configuration: Configuration, known: KnownRules) -> None:
    settings, warnings = read_settings(configuration('fail = "note"'), known, removed={"fail": "fail-on"})
    assert settings.fail_on == "note"
    assert [item.help for item in warnings] == ["write 'fail-on' instead"]


def test_settings_go_to_other_processes_and_into_cache_keys(settings: Read) -> None:
    read = settings(EVERYTHING)
    assert copy.deepcopy(read) == read  # as pickling does, it takes the values apart and builds them again
    assert read.digest() == settings(EVERYTHING).digest()
    assert read.digest() != settings(EVERYTHING.replace("any", "some")).digest()


def test_options_of_a_rule(settings: Read) -> None:
    read = settings('[rules.ABS102]\nevidence = "any"')
    defaults: dict[str, Option] = {"evidence": "strong", "limit": 3}
    assert read.options_of("abstract-method-unimplemented", defaults) == {"evidence": "any", "limit": 3}
    assert read.options_of("release-order", defaults) == defaults


def test_file_named_by_the_user_leaves_the_root_alone(tmp_path: Path, known: KnownRules) -> None:
    (tmp_path / "project" / ".git").mkdir(parents=True)
    (tmp_path / "project" / "worker-lint.toml").write_text('profile = "broken', encoding="utf-8")
    other = tmp_path / "strict.toml"
    other.write_text('profile = "strict"', encoding="utf-8")
    loaded = load_settings(tmp_path / "project", known, working=tmp_path, config=other)
    assert loaded.settings.profile == "strict"
    assert loaded.project.root == tmp_path / "project"


def test_project_without_configuration(tmp_path: Path, known: KnownRules) -> None:
    (tmp_path / ".git").mkdir()
    loaded = load_settings(tmp_path / "a.py", known, working=Path("elsewhere"))
    assert (loaded.settings, loaded.project.root, loaded.warnings) == (Settings(), tmp_path, ())
