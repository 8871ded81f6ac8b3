from __future__ import annotations

import ast
from collections.abc import Iterator
from textwrap import dedent

from worker_lint.analysis.flow import children, find, place_of, receiver_of, walk
from worker_lint.source import ir
from worker_lint.source.lower import Lowering
from worker_lint.source.text import Text

EVERYTHING = dedent(
    """
    import a.b as c
    from d import e
    type_ = int
    @decorated(1)
    class K(Base, metaclass=M):
        async def f(self, x: int = g(), /, *args: str, y=2, **kw) -> T:
            global h
            async with u() as v, w:
                await z[1:2]
            async for i, *j in k.l(m, *n, o=p, **q):
                yield (r := i), [*j], {1: 2, **s}, {t}, f"{i!r:>{j}}"
            else:
                pass
            return not -a + b < c <= d
        def g(self):
            try:
                x: int = yield from y
                x += lambda a, b=c: a
            except (E, F) as e:
                raise G from e
            except H:
                del i, j.k
            else:
                assert m, n
            finally:
                while o and p or q:
                    continue
                else:
                    break_ = [r for s in t if u for v in w] + [x if y else z]
            if {k: v for k, v in w}:
                pass
            elif (a for b in c):
                pass
            match x:
                case [1, y] if z:
                    pass
                case _:
                    pass
    """
)


def whole() -> tuple[ir.Stmt, ...]:
    return Lowering(Text(EVERYTHING), bodies=True).stmts(ast.parse(EVERYTHING).body)


def reflected(node: ir.Node) -> Iterator[ir.Node]:
    for name in node.__struct_fields__:
        value = getattr(node, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, ir.Node):
                yield item


def test_children_are_all_nodes_that_the_fields_hold() -> None:
    seen = set()
    for node in walk(*whole()):
        seen.add(type(node))
        assert list(children(node)) == list(reflected(node))
    kinds = {kind for kind in vars(ir).values() if isinstance(kind, type) and issubclass(kind, ir.Node)}
    assert kinds - seen <= {ir.Node, ir.TypeAliasDef}


def test_inner_functions_are_entered_only_when_asked() -> None:
    body = whole()
    assert len(list(find(ir.Yield, body))) == 0
    assert len(list(find(ir.Yield, body, inner=True))) == 2


def test_places() -> None:
    (statement,) = Lowering(Text("a.b.c(d)[0].e()\n")).stmts(ast.parse("a.b.c(d)[0].e()\n").body)
    outer, inner = find(ir.Call, [statement])
    assert receiver_of(outer) is None
    assert receiver_of(inner) == ("a", "b")
    assert place_of(inner.func) == ("a", "b", "c")
    assert place_of(inner.args[0]) == ("d",)
    assert place_of(None) is None
