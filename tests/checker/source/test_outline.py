"""A file without its function bodies gives the record of the whole file."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_lint.source import ir
from worker_lint.source.outline import outline_of
from worker_lint.source.parse import Unparsable, parse_module, parse_outline

SHORTENED = [
    "def f():\n    a = 1\n    b(\n        2)\n",
    "class A:\n    async def f(self, x: int = 1,  # so (\n        *y) -> B[C]:  # why\n        if x:\n            y()",
    'class A:\n    def f(self):\n        """Says so."""\n\n        # why\n        if x:\n            y()\n    z = 3\n',
    'def f():\n    """One.\n\ndef g():\n    two = 2\n    """\n    x = 1\n    y = 2\n',
    'def f():\n    def g():\n        """A class of import."""\n        h()\n    return g\n',
    "def f(é):\n    x = 1\n    return (x\n            )\nø = f(é)\n",
    "def f():\n    x = 1\n# aside\n    if x:\n        y()\n# end\n\n\nclass B: pass\n",
    "def f():\n    yield 1\n    def g():\n        x = 1\n        return x\n    yield 2\n",
    "@a\n# why\n@b\ndef f[T: (int, str)](x: T) -> T:\n    y = 1\n    return x\n",
    "if a:\n    def f():\n        x = 1\n        return x\nelse:\n    def f():\n        raise A(\n        )\n",
    "def f():\n    x: int = 1\n    return 'ok' and x",
    "def f():\n    import a\n    x = 1\n",
    "def f():\n    yield 1\n    x = 1\n",
    "def f():\n    x = 1\n    from a.b import (\n        c as d,\n    )  # why\n\n    import g, h\n    return c",
    "def f():\n    if x:\n        from a import b  # why\n    else:\n        import c\n    return b(c)\n",
    "async def f():\n    x = yield\n    import a\n    def g():\n        return a\n    return g\n",
    "def f():\n    x = 'é'\n    y(x)\n    return x\n",
]

KEPT = [
    "def f():\n    import a\n    def g():\n        yield a\n    return g\n",
    "def f():\n    import a\n    yield 1\n    x = 1\n",
    "def f():\n    try:\n        import a\n    except B:\n        import c\n    return a\n",
    "def f():\n    match x:\n     case 1:\n        import a\n     case _:\n        import c\n    return a\n",
    "def f():\n    def g():\n        import a\n    return g\n",
    "def f():\n    x = 1\n    import a; import b\n    return a\n",
    "def f():\n    x = 1\n    if x: import b\n    return a\n",
    "def f():\n    x = 1\n    from a \\\n        import b\n    return a\n",
    "def f():\n    x = 'a \\\n    import b\\\n'\n    return a\n",
    "def f():\n    x = 'a \\\n    yield b\\\n'\n    return a\n",
    "def f():\n    x = 1\n    # import b\n    return a\n",
    "def f():\n    x = 1\n    return a\n    import b\n",
    "def f():\n x = 1\n if x:\n  import a\n return a\n",
    "def f():\n    x = 1  # yield\n    return 'yield'\n",
    "def f():\n    return (\n        yield\n    )\n",
    "def f():\n    return lambda: (\n        yield\n    )\n",
    "def f():\n    x = (\n        yield x)\n    import b\n    return 1\n",
    "def f():\n    from a import (b,  # (\n        c)\n    return 1\n",
    "def f():\n    x = 1\n\n    # aside\ndef g():\n    y = 2\n    return y\n",
    "",
    "def f(): return 1\n",
    "def f():\n    @a\n    def g(): pass\n    return g\n",
    "def f():\n    class A: pass\n    x = 1\n",
    "def f():\n    '''Doc.'''\n    x = 1\n    y = 2\n",
    "def f():\n    ('Doc.')\n    x = 1\n    y = 2\n",
    "def f():\n    x\n    raise NotImplementedError\n",
    "def f():\n    raise NotImplementedError(\n    )\n",
    "def f(x):\n    del x\n    return\n",
    "def f(x):\n    del x[\n        y(1)\n    ]\n    pass\n",
    "def f():\n    return (\n        None\n    )\n",
    "def f():\n    x = 1\n    y = 2;\n",
    "def f():\n    x = 1\n    y = 2 + \\\n3\n",
    "def f():\n    x = 1\n    y = 'é'\n",
    "def f():\n    x = '''\n    y = 1\n'''\n    z()\n",
    'x = """\ndef f():\n    x = 1\n    y = 2\n"""\n',
    'x = """\ndef f():\n    x = 1\n    y = 2\n"""\ndef g():\n    x = 1\n    y = 2\n',
    "def f():\n    x = (\n1,\n    2)\n    y = 1\n",
    "def f():\n  if x:\n    y()\n# out\n    z()\n",
    "def f():\n\tx = 1\n\ty = 2\n",
    "def f():\r\n    x = 1\r\n    y = 2\r\n",
    "x = 'a\\\ndef f():\\\n    b = 1\\\n    c = 2'\n",
    "def f(a=(1, # )):\n      2), b=(\n      3), c=4):\n    x = 1\n    y = 2\n",
]


def record(source: str) -> tuple[tuple[ir.Stmt, ...], bool] | None:
    try:
        module = parse_module(source)
    except Unparsable:
        return None
    return module.body, module.docstring


def outlined(source: str) -> tuple[tuple[ir.Stmt, ...], bool] | None:
    try:
        module = parse_outline(source)
    except Unparsable:
        return None
    return module.body, module.docstring


@pytest.mark.parametrize("source", SHORTENED)
def test_a_body_is_left_out_and_the_record_stays(source: str) -> None:
    outline = outline_of(source if source.endswith("\n") else source + "\n")

    assert outline is not None
    assert len(outline.text.splitlines()) == len(source.splitlines())
    assert outlined(source) == record(source) is not None


@pytest.mark.parametrize("source", KEPT)
def test_a_body_that_the_record_needs_stays(source: str) -> None:
    assert outlined(source) == record(source)


@pytest.mark.parametrize("source", ["def f():\n    x = 1\n    y = = 2\n    z()\n", "def f():\n    x = (\n    y = 1\n"])
def test_broken_bodies_do_not_hide_the_rest(source: str) -> None:
    assert record(source) is None
    assert outlined(source) is not None


def test_a_defect_outside_bodies_is_told_as_for_the_whole_file() -> None:
    source = "def f():\n    x = 1\n    return x\n\nclass A(:\n    pass\n"
    with pytest.raises(Unparsable) as whole:
        parse_module(source)
    with pytest.raises(Unparsable) as parts:
        parse_outline(source)

    assert (whole.value.message, whole.value.line, whole.value.column) == parts.value.args


@pytest.mark.parametrize(
    "unit", ["def f(", "def f():\n", "def f(a):\n    x = (\n", "# a\n", 'def f():\n    """', "def f():\n    # a\n"]
)
def test_text_that_never_closes_costs_one_pass_for_each_definition(unit: str) -> None:
    assert outline_of(unit * 500 + "x") is None or unit.endswith("(\n")


@pytest.mark.slow
def test_installed_packages() -> None:
    folder = Path(sysconfig.get_paths()["purelib"])
    files = sorted(folder.rglob("*.py"))[::12]
    left = whole = 0
    for file in files:
        try:
            source = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if (expected := record(source)) is not None:
            assert outlined(source) == expected, file
            outline = outline_of(source)
            whole += len(source)
            left += len(outline.text if outline is not None else source)

    assert left < 0.8 * whole


LINES = st.sampled_from([
    "def f(a, b=(1, ')')):", "async def f(", "self,", ") -> A:", "class A(B):", "if a:", "else:", "try:", "except A:",
    "x = (", ")", "x = [1,", "2]", "return None", "return x", "return (", "yield x", "import a", "pass", "...", "'d'",
    '"""d"""', '"""d', 'd"""', "x = '''", "'''", "# c", "del x", "f(x)", "raise NotImplementedError", "x = 1  # c",
    "x = 1;", "x = \\", "'a\\", "", "x: int", "@d", "é = 1", "lambda: 0", "x: (a", "global x", 'f("""a""")',
    "import b; x = 1", "from a import (b,", "from a import b as c", "yield", "y = yield x", "match x:", "case 1:",
    "finally:",
])  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Lines that follow each other as in a program more often than not."""
    lines, depth = list[str](), 0
    for line in draw(st.lists(LINES, max_size=25)):
        depth = max(0, depth + draw(st.sampled_from([0, 0, 0, 0, -1, -2, 1])))
        lines.append("    " * depth + line)
        depth += bool(re.search(r":$", line))
    return "\n".join([*lines, ""])


@given(texts())
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_that_parses_gives_the_same_record(source: str) -> None:
    expected = record(source)
    found = outlined(source)

    assert found == expected or expected is None


USUAL = st.sampled_from([
    "x = 1", "f(\n  1)", "return x",
    "import a", "from a import b", "from .a import (\n    b,\n    c as d,\n)", "yield x",
])  # fmt: skip
UNUSUAL = st.sampled_from([
    "import a.b as c, d  # import", "import a; import b", "y = yield x", "x = await (yield)", "return", "pass", "...",
    "del x", "x", "x = 1  # yield", "'import'", "x = 'import a'", '"""Says."""', '"""Says\nimport a\nyield"""',
    "raise NotImplementedError", "x = [\n1]", "x = lambda: (yield)", "x = 'a\\\nimport b'", "x = 1 + \\\n    2",
    "é = 'é'", "# import", "", "global x",
])  # fmt: skip
STATEMENTS = st.one_of(USUAL, USUAL, USUAL, UNUSUAL)
DEFINITIONS = st.sampled_from(["def f():", "async def f(a=(1, ')'),\n  b: int = 2) -> A:  # why", "@d\ndef f(x):"])
BLOCKING = st.sampled_from([
    "class A:", "if x:", "for x in y:", "while (x\n  ):", "with x as y:", "try:\n    import t\nexcept A:",
    "try:\n    x = 1\nfinally:", "match x:\n    case 1:\n        import m\n    case _:\n        pass\nif x:",
])  # fmt: skip


def indented(text: str, width: int) -> str:
    """A block, its first level that many columns further in."""
    return "\n".join(" " * width + line if line else line for line in text.split("\n"))


def block(inner: st.SearchStrategy[str], headers: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A header with what it holds."""
    return st.builds(
        lambda header, body, last, width: header + "\n" + indented(body + "\n" + last, width),
        headers,
        inner,
        USUAL,
        st.sampled_from([1, 2, 4, 4, 4]),
    )


LISTS = st.lists(STATEMENTS, max_size=3).map("\n".join)
BODIES = st.lists(STATEMENTS | block(LISTS, BLOCKING) | block(LISTS, DEFINITIONS), max_size=4).map("\n".join)
PROGRAMS = st.lists(block(BODIES, DEFINITIONS) | block(block(BODIES, DEFINITIONS), BLOCKING), max_size=3).map("\n".join)


@given(PROGRAMS)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_program_gives_the_same_record(source: str) -> None:
    expected = record(source + "\n")

    assert outlined(source + "\n") == expected or expected is None
