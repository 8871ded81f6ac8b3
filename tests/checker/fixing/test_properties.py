"""What holds for every fix of every file: it parses, changes nothing twice, and leaves other lines alone."""

from __future__ import annotations

import ast
import codecs
import difflib
import textwrap
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_lint.fixing import apply_fixes
from worker_lint.rule import AddBase, AddDecorator, Edit, Fix, ImportNeed, InsertMembers, MemberStub

HEADS = (
    "",
    '"""Größe: 🎉."""\n',
    "#!/usr/bin/env python\n# top\n\n",
    "from __future__ import annotations\n\nimport os\n",
    "import abc, os\nimport typing as t\nfrom orders.base import (\n    Loop,\n    Worker,  # a base\n)\n",
    "from typing import *\nfrom .base import Worker\nif True:\n    from abc import ABC\n",
    "import typing\n\nif typing.TYPE_CHECKING:\n    from orders.base import Message\n\n\f\n",
    "try:\n    from typing import Any\nexcept ImportError:\n    Any = object\nx = 1; import os\n",
)
HEADERS = (
    "class Mail",
    "class Mail()",
    "class Mail(Worker)",
    "class Mail(Worker, Generic[T], metaclass=M)",
    "class Mail(  # open\n    Worker,\n    object,  # last\n)",
    "@final\n# a comment\n@register(\n    1)\nclass Mail(Worker,\n           Loop)",
)
ONE_LINE = (" pass", " ...  # later", ' "doc"', " x = 1; y = 2;  # both", "pass;")
STATEMENTS = (
    "pass\n",
    "...  # to do\n",
    "'''Doc.'''\n",
    '"""\nHanging.\n"""\n',
    "size: int = 1\n",
    "text = '''a\n    b\n\\\nc'''  # end\n",
    "def run(self): pass\n",
    "@property\ndef name(self) -> str:\n    return 'größe'\n\n\n",
    "async def handle(self, *a: int, b='x') -> None:\n    '''Doc.'''\n    await x  # done\n    # dangling\n\n",
    "if True:\n    def stop(self): ...\nelse:\n    stop = None\n",
    "class Inner:\n    pass\n",
    "\f\n# alone\n\n",
)
TAILS = ("", "\n", "\n\nx = Mail()", "# after\ndef f(): ...\n", "    # inside\n\nclass Web(Mail): pass\n", "\x0c\n  \n")


class Source(NamedTuple):
    text: str
    bom: bool
    path: str

    @property
    def data(self) -> bytes:
        return codecs.BOM_UTF8 * self.bom + self.text.encode()


@st.composite
def sources(draw: st.DrawFn) -> Source:
    head, header = draw(st.sampled_from(HEADS)), draw(st.sampled_from(HEADERS))
    indent = draw(st.sampled_from(["    ", "  ", "\t"]))
    if draw(st.booleans()):
        body = f":{draw(st.sampled_from(ONE_LINE))}\n"
    else:
        parts = draw(st.lists(st.sampled_from(STATEMENTS), max_size=5))
        block = "".join([*parts, draw(st.sampled_from(STATEMENTS[:-1]))])
        body = f":\n{textwrap.indent(block.replace('    ', indent), indent)}"
    text = f"{head}{header}{body}{draw(st.sampled_from(TAILS))}"
    eol = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return Source(text.replace("\n", eol), draw(st.booleans()), draw(st.sampled_from(["orders/mail.py", "mail.pyi"])))


def edits(at: Any, members: dict[str, MemberStub]) -> st.SearchStrategy[list[Edit]]:
    insertions = st.lists(st.sampled_from(sorted(members)), min_size=1, max_size=4).map(
        lambda names: InsertMembers(at("Mail"), tuple(members[name] for name in names))
    )
    bases = st.sampled_from(
        [
            AddBase(at("Mail"), "ABC", ImportNeed("abc", "ABC")),
            AddBase(at("Mail"), "Loop", ImportNeed("orders.base", "Loop"), first=True),
            AddBase(at("Mail"), "M", keyword="metaclass"),
        ]
    )
    possible: list[st.SearchStrategy[Edit]] = [insertions, bases]
    for name in ("run", "name", "handle"):
        try:
            function = at(f"Mail.{name}")
        except StopIteration:
            continue
        need = ImportNeed("abc", "abstractmethod")
        possible += [st.just(AddDecorator(function, "abstractmethod", need, innermost=side)) for side in (True, False)]
    return st.lists(st.one_of(possible), min_size=1, max_size=3)


def may_change(line: str) -> bool:
    """Lines that an edit may touch: headers, imports, placeholders, and what stands behind a colon."""
    content = line.strip()
    return (
        content.startswith(("class Mail", "from ", "Loop", "Worker,", "object,", ")", "pass", "...")) or content == ""
    )


@pytest.fixture(autouse=True)
def _quiet(recwarn: pytest.WarningsRecorder) -> None:
    """Generated code may hold odd escapes; its warnings are not ours."""


@given(data=st.data(), source=sources())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_fix_parses_keeps_other_lines_and_changes_nothing_twice(
    data: st.DataObject, source: Source, places: Any, members: dict[str, MemberStub]
) -> None:
    chosen = tuple(data.draw(edits(places(source.text), members)))
    applied = apply_fixes(source.data, [Fix("t", chosen)], source.path)

    assert {refusal.reason for refusal in applied.refused} <= {"already there", "conflict"}, applied.refused
    new = applied.new.decode("utf-8-sig")
    ast.parse(new)
    assert applied.new.startswith(codecs.BOM_UTF8) == source.bom
    check_lines(source.text, new)

    again = tuple(moved(edit, source.text, new, places) for edit in chosen)
    if applied.applied:
        second = apply_fixes(applied.new, [Fix("t", again)], source.path)
        assert second.new == applied.new
        assert [refusal.reason for refusal in second.refused] == ["already there"]


def check_lines(old: str, new: str) -> None:
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if before:
        before[-1] = before[-1] + ("" if before[-1].endswith(("\n", "\r")) else "<end>")
        after[-1] = after[-1] + ("" if after[-1].endswith(("\n", "\r")) else "<end>")
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    gone = [line for tag, first, last, _, _ in changes if tag in ("delete", "replace") for line in before[first:last]]
    assert [line for line in gone if not may_change(line) and not line.endswith("<end>")] == []
    assert new.endswith(("\n", "\r")) == old.endswith(("\n", "\r")) or not new.strip()
    if "\r\n" in old:
        assert new.count("\r\n") == new.count("\n") == new.count("\r")
    else:
        assert ("\r" in new) <= ("\r" in old)
        assert ("\n" in new) <= ("\n" in old) or "\r" not in old


def moved(edit: Edit, old: str, new: str, places: Any) -> Edit:
    """The same edit for the text after it."""
    if isinstance(edit, InsertMembers):
        return InsertMembers(places(new)("Mail"), edit.members)
    if isinstance(edit, AddBase):
        return AddBase(places(new)("Mail"), edit.base, edit.need, edit.keyword, edit.first)
    assert isinstance(edit, AddDecorator)
    at = places(old)
    name = next(name for name in ("Mail.run", "Mail.name", "Mail.handle") if found(at, name) == edit.function)
    return AddDecorator(places(new)(name), edit.decorator, edit.need, edit.innermost)


def found(at: Any, name: str) -> Any:
    try:
        return at(name)
    except StopIteration:
        return None
