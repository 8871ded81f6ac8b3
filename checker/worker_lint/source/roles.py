"""
The role of a file: product code, or one of the kinds that the rules treat more mildly.

Most roles follow from the path alone. Generated files and some templates tell by their first
lines. Where a name may mean both (a shop's `samples`, a component called `demo`), the file
counts as product code, because leaving product code out hides defects.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final, Literal, get_args

from worker_lint.source.pattern import pattern

Role = Literal["product", "test", "example", "vendored", "generated", "migration", "template"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)

HEAD_LINES: Final = 20
"""Only this many lines at the top may declare a file generated."""

_VENDORED = frozenset(
    {
        "3rd_party",
        "3rdparty",
        "_extern",
        "_vendor",
        "_vendored",
        "_vendors",
        "bower_components",
        "extern",
        "externals",
        "node_modules",
        "site-packages",
        "third-party",
        "third_party",
        "thirdparty",
        "vendor",
        "vendored",
    }
)
_TEMPLATES = frozenset({"app_template", "app_templates", "project_template", "project_templates"})
_EXAMPLES = frozenset(
    {"bench", "benchmark", "benchmarks", "cookbook", "example", "example_dags", "examples", "tutorial", "tutorials"}
)
_EXAMPLES_AT_TOP = frozenset({"demo", "demos", "doc", "docs", "sample", "samples"})
_TEST_FOLDER = pattern(r"(?:.+[_-])?tests?")
_TEST_FILE = pattern(r"test_.*|.*_tests?|tests|conftest")
_GENERATED_FILE = pattern(r".*_pb2(?:_grpc)?")
# Django numbers its migrations with four digits, South and sqlalchemy-migrate also with three or
# four; Alembic's default name begins with a revision of twelve hexadecimal digits.
_MIGRATION_FILE = {
    "all": re.compile(r"(?!__init__\Z).*"),
    "numbered": re.compile(r"\d{3,4}_\w+|[0-9a-f]{12}_\w*"),
    "revision": re.compile(r"[0-9a-f]{12}_\w*"),
}

_HEAD_BYTES = 8192
_JINJA_FIRST = pattern(rb"\s*(?:\{%|\{#|\{\{)")
_DOCSTRING = pattern(rb"[ \t]*[rRuUbB]{0,2}(\"\"\"|''')(.*?)(?:\1|\Z)", re.DOTALL)
_GENERATED = pattern(
    rb"""
    (?<![\w.])@(?:partially-)?generated\b
    | ^\W*(?:this\W+(?:python\W+)?(?:file|code|module|script|class)\W+(?:is|was|has\W+been)\W+)?
      (?:automatically[ ]|auto-?)?generated\W+(?:automatically\W+)?
      (?:by|from|with|using|via|on|at|file|code|module|python|protocol)\b
    | ^\W*code\W+generated\b
    | ^\W*generated\W+(?:automatically|code|file)?\W*(?:do\W+not\W+(?:edit|modify|change)\b)
    | \b(?:file|code|module)\W+(?:is|was|has\W+been)\W+(?:automatically[ ]|auto-?)generated\b
    | \bgenerated\b[^.]*\W+do\W+not\W+(?:edit|modify|change)\b
    | \bdo\W+not\W+(?:edit|modify|change)\b.*\b(?:auto-?)?generated\b
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


def role_of_path(path: str) -> Role:
    """
    The role that a path tells (relative to the root, `/` between its parts).

    The first that fits, in this order: vendored, template, generated (protocol buffers),
    migration, test, example, product.
    """
    folder, _, name = path.rpartition("/")
    role, migrations = _role_of_folder(folder)
    if role in ("vendored", "template"):
        return role
    if not migrations and "test" not in name and "_pb2" not in name and "{" not in name:
        return role  # nearly all files: no expression need be tried
    stem = name.partition(".")[0]
    if "{{" in name or "{%" in name:
        return "template"
    if _GENERATED_FILE.fullmatch(stem):
        return "generated"
    if migrations and _MIGRATION_FILE[migrations].fullmatch(stem):
        return "migration"
    if role == "product" and _TEST_FILE.fullmatch(stem):
        return "test"
    return role


def role_of_content(head: bytes) -> Role | None:
    """
    The role that the first lines of a file tell: generated, template, or nothing (None).

    A marker counts in comments and in the module's docstring, not in code. `head` may be the
    whole file; only its first 20 lines are looked at.
    """
    head = head[:_HEAD_BYTES].removeprefix(codecs.BOM_UTF8)
    if _JINJA_FIRST.match(head):
        return "template"
    # Two searches for fixed bytes take a microsecond; an expression over every head took fifty.
    if b"enerated" not in head and b"ENERATED" not in head:
        return None
    return "generated" if _GENERATED.search(b"\n".join(_prose(head))) else None


def _prose(head: bytes) -> list[bytes]:
    """The comments and the docstring of the first lines."""
    lines = head.split(b"\n", HEAD_LINES)[:HEAD_LINES]
    for number, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith(b"#"):
            docstring = _DOCSTRING.match(b"\n".join(lines[number:]))
            if docstring is None:
                return _comments(lines)
            behind = number + docstring[0].count(b"\n") + 1
            return [*_comments(lines[:number]), *docstring[2].split(b"\n"), *_comments(lines[behind:])]
    return _comments(lines)


def _comments(lines: list[bytes]) -> list[bytes]:
    """The texts of comment lines, up to a string that may go on for lines."""
    found = []
    for line in lines:
        if line.lstrip().startswith(b"#"):
            found.append(line.strip().lstrip(b"#! "))
        elif b'"""' in line or b"'''" in line:
            break
    return found


@lru_cache(maxsize=65536)
def _role_of_folder(folder: str) -> tuple[Role, str]:
    """The folder's own role, and which of its files are migrations (a key of `_MIGRATION_FILE`, or none)."""
    if not folder:
        return "product", ""
    parts = folder.split("/")
    if not _VENDORED.isdisjoint(parts):
        return "vendored", ""
    if not _TEMPLATES.isdisjoint(parts) or "{{" in folder or "{%" in folder:
        return "template", ""
    return _milder_role(parts), _migrations_in(parts)


def _milder_role(parts: list[str]) -> Role:
    for part in parts:
        if _TEST_FOLDER.fullmatch(part):
            return "test"
    if not _EXAMPLES.isdisjoint(parts) or parts[0] in _EXAMPLES_AT_TOP:
        return "example"
    return "product"


def _migrations_in(parts: list[str]) -> str:
    last = parts[-1]
    above = parts[-2] if len(parts) > 1 else ""
    if last == "versions":
        return "all" if above in ("alembic", "migrations", "migrate_repo") or "alembic" in parts else "revision"
    return "numbered" if last in ("migrations", "south_migrations", "data_migrations") else ""
