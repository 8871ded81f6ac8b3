"""Where a new rule goes, which code it gets, and its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker_lint.cli.speaking import refuse
from worker_lint.engine.packs import API
from worker_lint.rule import Rule

OWN_PACK: Final = Path("rules", "worker_lint_rules")
OWN_FOLDERS: Final = {
    "WKL": "checking",
    "ABS": "contracts",
    "STP": "stopping",
    "ERR": "errors",
    "MSG": "messages",
}
"""The folders of the built-in families; a family of a foreign pack gets one of its own name."""
_CODE = re.compile(r"""\bcode\s*=\s*["']([A-Z]{3})([0-9]{3})["']""")


@dataclass(frozen=True, slots=True)
class Place:
    """The pack, the file of the new rule, its family, and the numbers that the family has given away."""

    pack: Path
    file: Path
    family: str
    taken: frozenset[int]


def find_pack(folder: Path) -> Path | None:
    """The pack of a project: this one's own, or a package that declares `api` at the top or below `src`."""
    for root in (folder, *folder.parents):
        if (root / OWN_PACK / "__init__.py").is_file():
            return root / OWN_PACK
        if (root / "pyproject.toml").is_file():
            return next(_packs_below(root), None)
    return None


def _packs_below(root: Path) -> Iterator[Path]:
    for place in (root, root / "src"):
        for module in sorted(place.glob("*/__init__.py")):
            if re.search(r"^api\s*=", module.read_text(encoding="utf-8", errors="replace"), re.MULTILINE):
                yield module.parent


def start_pack(folder: Path) -> bool:
    """
    Makes the package of a pack that does not exist yet; says whether it did.

    Raises:
        Refused: the folder is no package that can be imported, or cannot be written.
    """
    module = folder / "__init__.py"
    if module.is_file():
        return False
    if not folder.name.isidentifier():
        refuse("a package needs a name that can be imported", "use letters, digits and underscores", str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = f'"""A rule pack: one module is one rule."""\n\napi = {API}\n'
        module.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        refuse(f"cannot be written: {error.strerror or error}", "see whether the folder is writable", str(folder))
    return True


def place_of(pack: Path, name: str, family: str | None, rules: Iterable[Rule]) -> Place:
    """
    Where the rule goes: beside the others of its family.

    Raises:
        Refused: the family is not told, or belongs to another pack; a rule of that name is there.
    """
    present = {file: found for file in sorted(pack.rglob("*.py")) for found in _codes_in(file)}
    families = sorted({letters for letters, _ in present.values()})
    if family is None:
        if len(families) != 1:
            held = f"the pack has {', '.join(families)}" if families else "choose three letters for your pack"
            refuse("the family of the code is not told", f"add --family; {held}", str(pack))
        family = families[0]
    if any(rule.name == name for rule in rules):
        refuse(f"there is a rule {name} already", "choose another name")
    known = {rule.code for rule in rules}
    if family not in families and any(code.startswith(family) for code in known):
        refuse(f"the family {family} belongs to another pack", "choose three letters of your own", str(pack))
    folder = next((file.parent for file, (letters, _) in present.items() if letters == family), None)
    if folder is None:
        own = OWN_FOLDERS if pack.name == OWN_PACK.name else {}
        folder = pack / own.get(family, family.lower()) if families else pack
    taken = {number for letters, number in present.values() if letters == family}
    taken |= {int(code[3:]) for code in known if code.startswith(family)}
    return Place(pack, folder / f"{name.replace('-', '_')}.py", family, frozenset(taken))


def _codes_in(file: Path) -> Iterator[tuple[str, int]]:
    for letters, digits in _CODE.findall(file.read_text(encoding="utf-8", errors="replace")):
        yield letters, int(digits)


def next_code(place: Place) -> str:
    """The code after the last one of the family's first hundred."""
    number = max((number for number in place.taken if number < 200), default=100) + 1
    if number >= 200:
        number = max(place.taken) + 1
    return f"{place.family}{number}"


def rule_text(code: str, name: str) -> str:
    """The file of a rule that is still to be written: everything in angle brackets is a question."""
    return _TEXT.replace("{code}", code).replace("{name}", name)


_TEXT: Final = '''"""
<What is reported, in one sentence.>

What it catches
    <The code that is reported, in words that a reader can compare with their own.>

Why it hurts in production
    <An incident: what is lost, doubled or stuck, and who notices when.>

What to do instead
    <The code to write.>

When to ignore it
    <A case in which it is right and still harmless, or: Never.>

Limits
    <What it cannot see.>
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.rule import Context, Finding, Rule, bad, good

rule = Rule(
    code="{code}",
    severity="warning",
    summary="<What is reported, in one sentence without a full stop>",
    stage="preview",
    words=("class",),  # a file without any of these words is not looked at: choose rare ones
    examples=(
        bad(
            "<the plain case>",
            """
            class Worker:  # bad: <what the message must hold>
                pass
            """,
        ),
        good(
            "<a near miss: one small difference makes it right>",
            """
            class Worker:
                pass
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """<Which question about a class, a function or a module decides.>"""
    yield from ()
'''
