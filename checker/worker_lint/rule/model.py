"""
A rule: one module of a pack that defines `rule = Rule(…)`.

The module's docstring is the rule's page; its file name in kebab-case is the rule's name. The
loader reads both, so that nothing has to be kept in step by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import msgspec

from worker_lint.diagnostic import Confidence, Severity
from worker_lint.rule.edits import Fix
from worker_lint.rule.facts import Fact
from worker_lint.source.ir import At

if TYPE_CHECKING:
    from worker_lint.analysis import Class, Function, ModuleScope, Project

Stage: TypeAlias = Literal["on", "certain", "opt-in", "preview"]
Closure: TypeAlias = Literal["file", "open", "contracts"]
Resumable: TypeAlias = Literal["", "records", "trail"]
Option: TypeAlias = bool | int | float | str | tuple[str, ...]


class Note(msgspec.Struct, frozen=True):
    """A second place: the file's path, the span there, and what is to be seen."""

    path: str
    at: At
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What a rule yields. `at` lies in the file that is being checked.

    `culprit` is what two rules must share to be about one defect (precedence); by default the
    span. `severity`, `confidence` and `yields_to` override the rule's own. `facts` are what the
    finding rests on and falls with, for `--confirm`.
    """

    at: At
    message: str
    consequence: str
    help: str
    notes: tuple[Note, ...] = ()
    symbol: str = ""
    culprit: tuple[str, ...] = ()
    confidence: Confidence | None = None
    severity: Severity | None = None
    fix: Fix | None = None
    facts: tuple[Fact, ...] = ()
    yields_to: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """
    A small program that is documentation and test at once.

    In a bad example each expected line ends with `# bad` (or `# bad: text` that the message must
    hold). `silence` names the silence of the catalogue that a good example stands for. `files`
    are further modules (name to source). `repaired` is the text after the fix. `is_likely` tells of a rule whose
    certain findings are on by default that this one is only likely.
    """

    title: str
    source: str
    bad: bool
    silence: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    repaired: str | None = None
    options: Mapping[str, Option] = field(default_factory=dict)
    path: str = "example.py"
    is_likely: bool = False


def bad(title: str, source: str, **more: Any) -> Example:
    """An example that the rule must flag on exactly the marked lines."""
    return Example(title, source, bad=True, **more)


def good(title: str, source: str, **more: Any) -> Example:
    """A near miss that the rule must let pass."""
    return Example(title, source, bad=False, **more)


ClassCheck: TypeAlias = "Callable[[Class, Context], Iterator[Finding]]"
FunctionCheck: TypeAlias = "Callable[[Function, Context], Iterator[Finding]]"
ModuleCheck: TypeAlias = "Callable[[ModuleScope, Context], Iterator[Finding]]"
_C = TypeVar("_C", bound=ClassCheck)
_F = TypeVar("_F", bound=FunctionCheck)
_M = TypeVar("_M", bound=ModuleCheck)


class Context(msgspec.Struct, frozen=True):
    """
    What a check may ask: the linked project, and the rule's options. Without `wants_likely` only what is certain
    will be reported, so that a check may leave the rest as soon as it can tell.
    """

    project: Project
    options: Mapping[str, Option]
    path: str
    wants_likely: bool = True


@dataclass(slots=True)
class Rule:
    """
    The metadata of a rule and its checks.

    `words` are what makes a file worth reading for this rule (see the screen): without one of
    them in the file itself, or in a file that its classes come from, the rule cannot fire.
    `besides` are other words of which one must occur there, too, if there are any. Some words stand for more
    than a text that occurs (`source.marks.SHAPES`).
    `closure` tells which files beside those the rule must see: none ("file"), those with subclasses
    of classes in which an abstract member is left ("open"), or those with any subclass of a class
    that sets a contract ("contracts"). The less a rule needs, the fewer files are parsed.
    `resumable` promises on what other files that which it says about one depends, so that a later run may go
    on from an earlier one: with "records" on their records, on words looked for in them and on where
    incomplete classes are created; with "trail" on what the trail of the analysis leads to (`analysis.trail`).
    `stage` says when the rule holds: by default ("on"), by default with what it finds for certain and in preview
    with what is likely ("certain"), when selected ("opt-in"), or in preview only ("preview").
    `yields_to` names rules whose diagnostic on the same culprit wins. `product_only` keeps the
    rule to product code. `silences` lists the silences of the catalogue; each must have a good
    example.
    """

    code: str
    severity: Severity
    summary: str
    stage: Stage = "on"
    confidence: Confidence = "certain"
    since: str = "0.1"
    words: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    closure: Closure = "contracts"
    yields_to: tuple[str, ...] = ()
    product_only: bool = False
    resumable: Resumable = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    option_docs: Mapping[str, str] = field(default_factory=dict)
    silences: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    name: str = ""
    page: str = ""
    class_checks: list[ClassCheck] = field(default_factory=list)
    function_checks: list[FunctionCheck] = field(default_factory=list)
    module_checks: list[ModuleCheck] = field(default_factory=list)

    @property
    def is_root(self) -> bool:
        """Whether the rule looks at code, so that its words make a file worth reading."""
        return bool(self.class_checks or self.function_checks or self.module_checks)

    def on_class(self, check: _C) -> _C:
        """Registers a check that is asked about every class of a file."""
        self.class_checks.append(check)
        return check

    def on_function(self, check: _F) -> _F:
        """Registers a check that is asked about every function and method of a file."""
        self.function_checks.append(check)
        return check

    def on_module(self, check: _M) -> _M:
        """Registers a check that is asked once per file."""
        self.module_checks.append(check)
        return check
