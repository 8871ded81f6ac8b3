"""
The members of a modelled class, and the one-line notation in which models state them.

A line is `[words] kind name[(parameters)] [since RELEASE] [until RELEASE]`:

    abstract def __getitem__(self, key)
    stub def emit(self, record)
    async class def connect(cls, url, /, *, timeout=...)
    settable property timeout
    attribute closed, name
    field _queue
    attribute __hash__ = None
    def shutdown(self, immediate=False) since 3.13

Kinds: `def`, `property`, `attribute` (of the class), `field` (set on the instance). Words:
`abstract`, `final`, `async`, `generator`, `class`, `static`, `settable`, `stub` (the body only
raises NotImplementedError), `empty` (the body does nothing). A `def` without parentheses has an
unknown signature.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from worker_lint.analysis.models.version import ALWAYS, Change, Holding
from worker_lint.source.pattern import pattern

MemberKind = Literal[
    "method",
    "async method",
    "generator",
    "async generator",
    "classmethod",
    "staticmethod",
    "property",
    "attribute",
]
ParameterKind = Literal["positional", "either", "*", "keyword", "**"]

WORDS = ("abstract", "final", "async", "generator", "class", "static", "settable", "stub", "empty")
_LINE = pattern(
    rf"""(?P<words>(?:(?:{"|".join(WORDS)})[ ])*)
    (?P<kind>def|property|attribute|field)[ ]
    (?P<names>\w+(?:,[ ]\w+)*)
    (?P<signature>\(.*\))?
    (?P<none>[ ]=[ ]None)?
    (?:[ ]since[ ](?P<since>\S+))?
    (?:[ ]until[ ](?P<until>\S+))?""",
    re.VERBOSE,
)


class Parameter(NamedTuple):
    """One parameter of a modelled signature; `*` and `**` collect the rest."""

    name: str
    kind: ParameterKind
    required: bool


class Signature(NamedTuple):
    """A signature as text, `(self, key, default=None)`, read into parameters when asked."""

    text: str

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """
        All parameters in order, the receiver included.

        Raises:
            SyntaxError: The text is no signature; `check_model` tells beforehand.
        """
        return _parsed(self.text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[Parameter, ...]:
    definition = ast.parse(f"lambda {text.strip()[1:-1]}: 0", mode="eval").body
    return tuple(_parameters(definition.args)) if isinstance(definition, ast.Lambda) else ()


def _parameters(arguments: ast.arguments) -> Iterator[Parameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    for index, argument in enumerate(positional):
        kind: ParameterKind = "positional" if index < len(arguments.posonlyargs) else "either"
        yield Parameter(argument.arg, kind, index < required)
    if arguments.vararg:
        yield Parameter(arguments.vararg.arg, "*", False)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield Parameter(argument.arg, "keyword", default is None)
    if arguments.kwarg:
        yield Parameter(arguments.kwarg.arg, "**", False)


class ModelMember(Struct, frozen=True):
    """
    One member that a modelled class itself defines (inherited ones are with the base).

    `instance` is true for what only exists on instances, so it never implements an abstract
    member. `none` is true for `name = None`, which switches a protocol off. `signature` is
    None when unknown or not a callable.
    """

    name: str
    kind: MemberKind
    abstract: bool = False
    final: bool = False
    required: bool = False
    optional: bool = False
    stub: bool = False
    empty: bool = False
    settable: bool = False
    asynchronous: bool = False
    generator: bool = False
    instance: bool = False
    none: bool = False
    signature: Signature | None = None
    holding: Holding = ALWAYS


def merge_variants(variants: Sequence[ModelMember]) -> ModelMember | None:
    """
    What holds of a member whichever variant is in use; None when they differ in what matters.

    Variants may differ in their signature, which is unknown then, and in what their body does.
    """
    first = variants[0]
    if any((other.kind, other.abstract, other.none) != (first.kind, first.abstract, first.none) for other in variants):
        return None
    return replace(
        first,
        final=all(variant.final for variant in variants),
        stub=all(variant.stub for variant in variants),
        empty=all(variant.empty for variant in variants),
        settable=all(variant.settable for variant in variants),
        signature=first.signature if all(variant.signature == first.signature for variant in variants) else None,
        holding=ALWAYS,
    )


class MemberLineError(ValueError):
    """A member line that does not follow the notation; the text says what is wrong."""


def parse_member_lines(text: str) -> Iterator[ModelMember]:
    """
    The members stated by a block of lines. Empty lines and lines with `#` in front are skipped.

    Raises:
        MemberLineError: A line does not follow the notation.
    """
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith("#"):
            yield from _members(line)


def _members(line: str) -> Iterator[ModelMember]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise MemberLineError(f"cannot read the member line {line!r}")
    words = match["words"].split()
    holding = ALWAYS
    if match["since"] or match["until"]:
        holding = Holding(_change(match["since"], line), _change(match["until"], line))
    signature = match["signature"]
    for name in match["names"].split(", "):
        yield ModelMember(
            name,
            _kind(match["kind"], words),
            abstract="abstract" in words,
            final="final" in words,
            stub="stub" in words,
            empty="empty" in words,
            settable="settable" in words,
            asynchronous="async" in words,
            generator="generator" in words,
            instance=match["kind"] == "field",
            none=match["none"] is not None,
            signature=Signature(signature) if signature else None,
            holding=holding,
        )


def _change(text: str | None, line: str) -> Change | None:
    if text is None:
        return None
    change = Change.parse(text)
    if change is None:
        raise MemberLineError(f"{text!r} is no release in the member line {line!r}")
    return change


def _kind(kind: str, words: list[str]) -> MemberKind:
    if kind == "property":
        return "property"
    if kind != "def":
        return "attribute"
    if "class" in words:
        return "classmethod"
    if "static" in words:
        return "staticmethod"
    if "generator" in words:
        return "async generator" if "async" in words else "generator"
    return "async method" if "async" in words else "method"
