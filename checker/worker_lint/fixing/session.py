"""Applies the fixes of one file in order: plan each on the text as it was, keep what does not clash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from worker_lint.fixing.decorators import add_decorator, move_decorator
from worker_lint.fixing.header import add_bases
from worker_lint.fixing.importing import Imports
from worker_lint.fixing.lines import Lines
from worker_lint.fixing.members import insert_members
from worker_lint.fixing.outcome import Applied, Refusal, RefusedError
from worker_lint.fixing.placing import place_imports
from worker_lint.fixing.splice import Splice, any_clash, spliced
from worker_lint.fixing.statements import remove_statement, replace
from worker_lint.fixing.tree import Tree, parse_plain
from worker_lint.rule.edits import (
    AddBase,
    AddDecorator,
    Edit,
    Fix,
    InsertMembers,
    MoveDecorator,
    RemoveStatement,
    Replace,
)
from worker_lint.source.decode import Decoded, DecodeProblem, decode
from worker_lint.source.ir import At


def run(source: bytes, fixes: Sequence[Fix], path: str) -> Applied:
    """See `worker_lint.fixing.apply_fixes`."""
    try:
        decoded = _decoded(source)
        tree = Tree.parse(decoded.text)
    except RefusedError as error:
        return Applied(source, (), tuple(Refusal(fix, error.reason, error.message) for fix in fixes))
    session = _Session(decoded, tree, path)
    session.take(fixes, careful=False)
    if session.applied and session.failure(session.result()) is not None:
        # Some fix spoils the file: take them again one by one and leave that one out.
        session = _Session(decoded, tree, path)
        session.take(fixes, careful=True)
    new = decoded.encode(session.result()) if session.applied else source
    return Applied(new, tuple(session.applied), tuple(session.refused))


def _decoded(source: bytes) -> Decoded:
    decoded = decode(source, limit=len(source))
    if isinstance(decoded, DecodeProblem):
        raise RefusedError("unreadable", decoded.message)
    if decoded.encode(decoded.text) != source:
        raise RefusedError("unreadable", f"the file's encoding, {decoded.encoding}, does not give the same bytes back")
    return decoded


@dataclass(slots=True)
class _Session:
    decoded: Decoded
    tree: Tree
    path: str
    applied: list[Fix] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    _splices: list[Splice] = field(default_factory=list)
    _imports: Imports = field(init=False)

    def __post_init__(self) -> None:
        self._imports = Imports.of(self.tree, self.path)

    def take(self, fixes: Sequence[Fix], *, careful: bool) -> None:
        """Plans the fixes; with `careful` the whole result is tried after each."""
        for fix in fixes:
            try:
                self._take(fix, careful=careful)
                self.applied.append(fix)
            except RefusedError as refusal:
                self.refused.append(Refusal(fix, refusal.reason, refusal.message))

    def _take(self, fix: Fix, *, careful: bool) -> None:
        imports = self._imports.copy()
        new = _plan(self.tree, fix, imports)
        if not new:
            raise RefusedError("already there", "nothing is left to change")
        lines = place_imports(imports)
        if any_clash([*new, *lines], self._splices):
            raise RefusedError("conflict", "another fix changes the same place")
        splices = [*self._splices, *new]
        if careful:
            failure = self.failure(spliced(self.tree.text, [*splices, *lines]))
            if failure is not None:
                raise failure
        self._splices, self._imports = splices, imports

    def result(self) -> str:
        """The text with all fixes that were taken."""
        return spliced(self.tree.text, [*self._splices, *place_imports(self._imports)])

    def failure(self, text: str) -> RefusedError | None:
        """Why a text cannot be the file's new content, or None."""
        try:
            self.decoded.encode(text)
            parse_plain(Lines(text).plain)
        except UnicodeEncodeError as error:
            character = text[error.start]
            return RefusedError("not encodable", f"{character!r} does not exist in the file's encoding")
        except RefusedError as error:
            return RefusedError("would not parse", f"the result is no Python: {error.message}")
        return None


def _plan(tree: Tree, fix: Fix, imports: Imports) -> list[Splice]:
    """The changes of one fix; edits of the same class header or body are made as one."""
    bases: dict[At, list[AddBase]] = {}
    bodies: dict[At, list[InsertMembers]] = {}
    found: list[Splice] = []
    for edit in fix.edits:
        if isinstance(edit, AddBase):
            bases.setdefault(edit.cls, []).append(edit)
        elif isinstance(edit, InsertMembers):
            bodies.setdefault(edit.cls, []).append(edit)
        else:
            found += _plan_single(tree, edit, imports)
    for at, headers in bases.items():
        cls, site = tree.class_at(at)
        found += add_bases(tree, cls, site, headers, imports)
    for at, inserts in bodies.items():
        cls, site = tree.class_at(at)
        members = [member for insert in inserts for member in insert.members]
        found += insert_members(tree, cls, site, members, imports)
    return found


def _plan_single(tree: Tree, edit: Edit, imports: Imports) -> list[Splice]:
    match edit:
        case AddDecorator():
            function, site = tree.function_at(edit.function)
            return add_decorator(tree, function, site, edit, imports)
        case MoveDecorator():
            function, _ = tree.function_at(edit.function)
            return move_decorator(tree, function, edit)
        case RemoveStatement():
            return remove_statement(tree, edit)
        case Replace():
            return replace(tree, edit, imports)
        case _:
            raise RefusedError("unsuitable", f"no way is known to carry out {type(edit).__name__}")
