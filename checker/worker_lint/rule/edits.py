"""
What a rule wants changed, as data; the `fixing` layer carries it out with LibCST.

An edit names places in the file of its diagnostic. Rules stay free of any syntax tree but the
IR, and `check` never loads LibCST.
"""

from __future__ import annotations

import builtins
from typing import Final, Literal, TypeAlias

import msgspec

from worker_lint.diagnostic import FixLevel
from worker_lint.source.ir import At

MemberKind: TypeAlias = Literal["method", "async method", "classmethod", "staticmethod", "property", "attribute"]


class ImportNeed(msgspec.Struct, frozen=True):
    """`from module import name as bound`; with an empty name `import module`."""

    module: str
    name: str = ""
    bound: str = ""


NEEDED: Final = "\0"
"""The place of a needed name in the text of `Replace`: a character that no source file holds."""


def import_of(dotted: str) -> ImportNeed | None:
    """
    The import of a class by its qualified name; None for one in a private module.

    A class that is called like a builtin one comes under another name, so that it hides nothing:
    `from redis.exceptions import ConnectionError as RedisConnectionError`.
    """
    module, _, name = dotted.rpartition(".")
    if not module or any(part.startswith("_") for part in dotted.split(".")):
        return None
    package = module.partition(".")[0]
    bound = "".join(part.capitalize() for part in package.split("_")) + name if hasattr(builtins, name) else ""
    return ImportNeed(module, name, bound)


class MemberStub(msgspec.Struct, frozen=True):
    """
    A member to be written: `parameters` is the source between the parentheses, `returns` the
    source after the arrow. A property may also ask for its setter. `summary` is one line that
    tells what the member is for; `origin` names the class that demands it.
    """

    name: str
    kind: MemberKind
    parameters: str
    returns: str
    summary: str
    origin: str
    is_async: bool = False
    is_generator: bool = False
    setter: bool = False
    deleter: bool = False
    setter_parameters: str = ""
    imports: tuple[ImportNeed, ...] = ()
    type_checking_imports: tuple[ImportNeed, ...] = ()


class InsertMembers(msgspec.Struct, frozen=True):
    """Adds members at the end of the class whose definition spans `cls`."""

    cls: At
    members: tuple[MemberStub, ...]


class AddBase(msgspec.Struct, frozen=True):
    """Adds a base class (first when `first`), or with `keyword` a class keyword such as `metaclass=`."""

    cls: At
    base: str
    need: ImportNeed | None = None
    keyword: str = ""
    first: bool = False


class RemoveStatement(msgspec.Struct, frozen=True):
    """Removes the statement at this span (a dead `__metaclass__ = ABCMeta`)."""

    statement: At


class AddDecorator(msgspec.Struct, frozen=True):
    """Adds a decorator to the function that spans `function`, innermost or outermost."""

    function: At
    decorator: str
    need: ImportNeed | None = None
    innermost: bool = True


class MoveDecorator(msgspec.Struct, frozen=True):
    """Makes the decorator at this span the innermost of its function."""

    function: At
    decorator: At


class Replace(msgspec.Struct, frozen=True):
    """
    Replaces the text of a span; an empty span makes it an insertion.

    With `need`, each `NEEDED` in the text stands for the name that the file has, or gets, for it.
    """

    span: At
    text: str
    need: ImportNeed | None = None


Edit: TypeAlias = InsertMembers | AddBase | RemoveStatement | AddDecorator | MoveDecorator | Replace


class Fix(msgspec.Struct, frozen=True):
    """A repair: all of its edits or none. Only `safe` ones are applied without `--unsafe`."""

    title: str
    edits: tuple[Edit, ...]
    level: FixLevel = "unsafe"
