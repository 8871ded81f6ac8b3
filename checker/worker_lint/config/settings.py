"""
The settings: the one place that says which keys exist, what they mean and what they are by default.

Loading, validation, the JSON schema and the documentation page all read the fields below.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

import msgspec

from worker_lint.config.kinds import BOOLEAN, TEXT, Kind, choice, many, matching, positive, selector
from worker_lint.config.tables import fixed, once_only, patterns, rule_options
from worker_lint.source.roles import ROLES, Role

if TYPE_CHECKING:
    from worker_lint.rule import Option

Profile = Literal["default", "strict"]
FailOn = Literal["error", "warning", "note"]
Tier = Literal["control-flow", "expected", "recoverable", "fatal", "system"]

DEFAULT_LIMITS: Final = {"file-bytes": 5_000_000, "function-steps": 50_000}
TIERS: Final[tuple[Tier, ...]] = ("control-flow", "expected", "recoverable", "fatal", "system")
DOTTED_NAME: Final = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"


class RoleSelection(TypedDict, total=False):
    """What is switched on and off in the files of one role."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]


def _about(kind: Kind, doc: str, example: str) -> Mapping[str, Any]:
    return {"kind": kind, "doc": " ".join(doc.split()), "example": example}


SELECTORS: Final = many(selector())
TEXTS: Final = many(TEXT)
NAMES: Final = many(matching("dotted name", DOTTED_NAME))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    Every setting, with its default where the configuration is silent.

    Not hashable, but it can be pickled; `digest` tells two of them apart.
    """

    select: tuple[str, ...] | None = field(
        default=None,
        metadata=_about(
            SELECTORS,
            """The rules to use, by name, code, start of codes (`ABS`, `ABS1`) or `ALL`, in place of
            those of the profile. Preview rules are meant only when named in full, or with `preview`, or
            where an option of theirs is set. What the tool says of its own work (`WKL`) stays on; `ignore`
            takes it out.""",
            'select = ["ABS", "release-order"]',
        ),
    )
    ignore: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            SELECTORS,
            """The rules not to use. Where `select` or `extend-select` says otherwise, the more exact
            of the two wins: a name over the start of a code; `ignore` wins a tie.""",
            'ignore = ["soft-abstract-unimplemented"]',
        ),
    )
    extend_select: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            SELECTORS,
            "Rules to use besides those of the profile or of `select`.",
            'extend-select = ["implementation-missing-docstring"]',
        ),
    )
    preview: bool = field(
        default=False,
        metadata=_about(
            BOOLEAN,
            "Report too what is not yet proven to be precise on real code: preview rules, and likely findings.",
            "preview = true",
        ),
    )
    profile: Profile = field(
        default="default",
        metadata=_about(
            choice("default", "strict"),
            "The rules to start from: `default` are those that are on, `strict` adds the opt-in ones.",
            'profile = "strict"',
        ),
    )
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata=_about(
            patterns(SELECTORS),
            """Rules not to use in the files that a pattern covers. A pattern without `/` covers each file
            or folder of that name, one with `/` is meant from the project root on; `**` crosses folders.""",
            'per-file-ignores = { "scripts/**" = ["STP"], "conftest.py" = ["ALL"] }',
        ),
    )
    per_role: Mapping[Role, RoleSelection] = field(
        default_factory=dict,
        metadata=_about(
            fixed("role", dict.fromkeys(ROLES, fixed("key", {"select": SELECTORS, "ignore": SELECTORS}))),
            """Rules to use or not to use in the files of a role. Some rules are for product code alone:
            `select` brings them to another role. It never brings back a rule that is ignored for all files.""",
            'per-role.test = { select = ["STP"], ignore = ["ABS103"] }',
        ),
    )
    exclude: tuple[str, ...] | None = field(
        default=None,
        metadata=_about(
            TEXTS,
            """Patterns of files and folders not to check, in place of the usual ones (environments, caches,
            build folders). A path named on the command line is checked all the same.""",
            'exclude = [".venv", "legacy/**"]',
        ),
    )
    extend_exclude: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            TEXTS,
            "Patterns of files and folders not to check, besides those of `exclude`.",
            'extend-exclude = ["migrations"]',
        ),
    )
    src: tuple[str, ...] = field(
        default=(".", "src"),
        metadata=_about(
            TEXTS,
            "The folders that imports start from, relative to the project root.",
            'src = ["src", "tools"]',
        ),
    )
    python: str | None = field(
        default=None,
        metadata=_about(
            TEXT,
            """The environment with the project's dependencies, relative to the project root. It is read as
            files and not checked; nothing in it is run, and lines of code in `.pth` files are skipped. Base
            classes that no library model knows are looked up there. Without it they are unknown.""",
            'python = ".venv"',
        ),
    )
    target_version: str | None = field(
        default=None,
        metadata=_about(
            matching("Python version such as 3.12", r"3\.[0-9]{1,2}"),
            """The lowest Python version that the code must run on. Without it, a fact that differs between
            versions is used only where it holds for all of them.""",
            'target-version = "3.12"',
        ),
    )
    fail_on: FailOn = field(
        default="warning",
        metadata=_about(
            choice("error", "warning", "note"),
            "The least severity that makes the exit code 1.",
            'fail-on = "error"',
        ),
    )
    worker_bases: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            NAMES,
            """Classes whose subclasses are workers, by dotted name. They and their subclasses are always
            checked, and `super-init-skipped` takes their private methods to run.""",
            'worker-bases = ["orders.workers.BaseWorker"]',
        ),
    )
    models: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            TEXTS,
            "Library models of your own: TOML files, relative to the project root.",
            'models = ["tools/our_queue.toml"]',
        ),
    )
    tiers: Mapping[Tier, tuple[str, ...]] = field(
        default_factory=dict,
        metadata=_about(
            once_only(fixed("tier", dict.fromkeys(TIERS, NAMES))),
            """The exception classes of each tier, by dotted name, of the project or of a library:
            `control-flow` must pass, `expected` is logged and work goes on, `recoverable` is retried,
            `fatal` stops the worker safely, `system` raises the alarm. What stands here wins over what
            the library models say. A class that stands nowhere has the tier of its nearest base, so
            that a base is enough for a family. A name that is no exception class is an error.""",
            'tiers.recoverable = ["orders.errors.Busy"]',
        ),
    )
    rules: Mapping[str, Mapping[str, Option]] = field(
        default_factory=dict,
        metadata=_about(
            rule_options(),
            """Options of single rules, by name or code; each rule's page lists its own. Setting one asks for
            the rule: it holds even if it is opt-in or preview, unless `select` leaves it out or `ignore`
            takes it out.""",
            'rules.abstract-method-unimplemented.evidence = "any"',
        ),
    )
    baseline: str = field(
        default=".worker-lint-baseline.json",
        metadata=_about(
            TEXT,
            "The file with the diagnostics that are known and accepted for now, relative to the project root.",
            'baseline = "tools/worker-lint-baseline.json"',
        ),
    )
    cache_dir: str = field(
        default=".worker-lint-cache",
        metadata=_about(
            TEXT,
            "The folder of the cache, relative to the project root; `WORKER_LINT_CACHE` wins over it.",
            'cache-dir = ".cache/worker-lint"',
        ),
    )
    limits: Mapping[str, int] = field(
        default_factory=lambda: dict(DEFAULT_LIMITS),
        metadata=_about(
            fixed("limit", dict.fromkeys(DEFAULT_LIMITS, positive())),
            """Sizes above which a file (bytes) is not read or a function (steps of its control flow) is not
            followed; a note says so, for functions under `--statistics`.""",
            "limits.file-bytes = 10_000_000",
        ),
    )

    def options_of(self, name: str, defaults: Mapping[str, Option]) -> dict[str, Option]:
        """Give a rule's options: its defaults, overridden by the configuration."""
        return {**defaults, **self.rules.get(name, {})}

    def digest(self) -> str:
        """Give a stable hash of all settings, for cache keys."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class Setting(msgspec.Struct, frozen=True):
    """A key of the configuration: its kind, its meaning, an example, its default."""

    key: str
    field: str
    kind: Kind
    doc: str
    example: str
    default: object


def _described(item: dataclasses.Field[Any]) -> Setting:
    default = item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
    more = item.metadata
    return Setting(item.name.replace("_", "-"), item.name, more["kind"], more["doc"], more["example"], default)


SETTINGS: Final = {setting.key: setting for setting in map(_described, dataclasses.fields(Settings))}
"""All settings by key, in the order of the documentation."""

REMOVED_KEYS: Final[Mapping[str, str]] = {}
"""Keys of earlier versions, each with its successor; they still work, with a warning."""
