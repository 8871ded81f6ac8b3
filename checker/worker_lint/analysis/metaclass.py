"""The metaclass of a class: whether abstract marks count for anything."""

from __future__ import annotations

from typing import Literal, TypeAlias

from worker_lint.analysis.entity import Class, External, Target
from worker_lint.analysis.lineage import Ancestor, Lineage
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.mro import Opaque
from worker_lint.source import ir

Enforced: TypeAlias = Literal["yes", "no", "unknown"]
"""Whether Python refuses to create an object while an abstract member is left."""


class Metaclasses(Lineage):
    """Which classes have a metaclass that enforces abstract marks."""

    def enforced(self, cls: Ancestor) -> Enforced:
        """Whether the metaclass is, or derives from, ABCMeta, so that abstract marks count."""
        answer: Enforced = "no"
        for ancestor in self.order(cls):
            if isinstance(ancestor, ModelClass):
                if ancestor.metaclass == "":
                    answer = "unknown"
                elif ancestor.metaclass != "builtins.type" and self._is_abc_meta(External(ancestor.metaclass)) == "yes":
                    return "yes"
            elif isinstance(ancestor, Opaque):
                answer = "unknown"
            else:
                own = self._own_metaclass(ancestor)
                if own == "yes":
                    return "yes"
                answer = "unknown" if own == "unknown" else answer
        return answer

    def _own_metaclass(self, cls: Class) -> Enforced:
        answers = [self._meta_of_expr(cls, expr) for expr in metaclass_exprs(cls)]
        if "yes" in answers:
            return "yes"
        return "unknown" if "unknown" in answers else "no"

    def _meta_of_expr(self, cls: Class, expr: ir.Expr) -> Enforced:
        answers = {self._is_abc_meta(target) for target in self.project.names.expr(cls.parent or cls, expr)}
        return answers.pop() if len(answers) == 1 else "unknown"

    def _is_abc_meta(self, target: Target) -> Enforced:
        if isinstance(target, External):
            if target.dotted in {"abc.ABCMeta", "typing._ProtocolMeta"}:
                return "yes"
            model = self.outside(target.dotted)
            if isinstance(model, ModelClass):
                return "yes" if any(getattr(a, "name", "") == "abc.ABCMeta" for a in self.order(model)) else "no"
            return "no" if target.dotted == "builtins.type" else "unknown"
        if isinstance(target, Class):
            order = self.order(target)
            if any(isinstance(a, ModelClass) and a.name == "abc.ABCMeta" for a in order):
                return "yes"
            return "unknown" if self.unknown_bases(target) else "no"
        return "unknown"


def metaclass_exprs(cls: Class) -> list[ir.Expr]:
    """What stands as metaclass: the keyword, `six.with_metaclass`, `@six.add_metaclass`."""
    found = [keyword.value for keyword in cls.node.keywords if keyword.name == "metaclass"]
    for base in cls.node.bases:
        if isinstance(base, ir.Call) and (ir.dotted_name(base.func) or "").endswith("with_metaclass"):
            found.extend(base.args[:1])
    for decorator in cls.node.decorators:
        if isinstance(decorator, ir.Call) and (ir.dotted_name(decorator.func) or "").endswith("add_metaclass"):
            found.extend(decorator.args[:1])
    return found


def python2_metaclass(cls: Class) -> ir.Assign | None:
    """The statement `__metaclass__ = …` of the class body, which Python 3 ignores."""
    for node in cls.node.body:
        if isinstance(node, ir.Assign) and any(ir.dotted_name(target) == "__metaclass__" for target in node.targets):
            return node
    return None


def named_metaclass(cls: Class) -> str:
    """The metaclass that the class or a base of it names, which ABC would clash with."""
    for item in cls.project.hierarchy.order(cls):
        for expr in metaclass_exprs(item) if isinstance(item, Class) else ():
            return ir.dotted_name(expr) or ""
    return ""
