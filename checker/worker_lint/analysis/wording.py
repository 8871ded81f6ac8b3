"""What the log lines of a clause tell a reader about the error, by their words and what they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.converting import converts_one_value
from worker_lint.analysis.entity import Function, ModuleScope, Scope
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import TrySite, mentions, tells_exception
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

_LOGGING: Final = ("logging", "getLogger", "get_logger", "structlog")
"""Words of files whose loggers are those of `logging`, or of a library that follows it."""
_EXPLAINED: Final = re.compile(
    r"(?i)\b(?:because|due to|you|your|please|make sure|in order to)\b|https?://"
    r"|\b(?:has|have|is|are|was|were) not (?:been )?(?:initiali[sz]ed|installed|loaded|available)\b"
)
"""Words of a line that tells its reader why it failed, or what to do about it."""
_CONVERTED: Final = re.compile(
    r"(?i)\b(?:de|en|un)?(?:cod|pars|pack|marshal|seriali|load|convert|look|extract)\w*|\b(?:invalid|malformed)\b"
)
"""Words of a line about the one thing that the body does: it reads a value, or looks one up."""
_KIND: Final = re.compile(
    r"(?i)\b(?:in)?valid|\bmalform|\bcorrupt|\b(?:un)?support|\btime(?:d )?-?out\b|\bmissing\b"
    r"|(?:\b(?:(?:can)?not|unable to|failed to)|n't)(?: be)? (?:found|find|locate|exist)"
    r"|\b(?:is|are|was|were|does|do|has|have)(?: not|n't)\b|\bno such\b|\bunknown\b|\bduplicate|\b(?:full|empty)\b"
    r"|(?:^|[.:;,] |\b(?:has|have|had|with|is|are|was|were) )no [a-z]"
)
"""Words of a line that claims to know what kind of failure it was."""
_ACCEPTED: Final = re.compile(
    r"(?i)\baccept|\bharmless|\bexpected\b|\boptional|\b(?:non-?|not )(?:fatal|critical)|\bsafe(?:ly)?\b"
    r"|\b(?:not|no)(?: be)?(?: an?)? (?:problem|issue|matter)|\bignor(?:e|ing)\b|\bbest[ -]effort\b|\banyway\b"
)
"""Words of a line that says that the failure does not matter, so nobody will look for its cause."""

_SECRET: Final = re.compile(
    r"(?i)\b(?:credential|password|passphrase|secret)s?\b|\b(?:private|secret|api|access)[ _-]keys?\b"
)
"""Words of a line about secrets, which the text of the error may show."""
_ERROR_NAME: Final = re.compile(r"e|ex|exc|err|error|exception")


def takes_exc_info(site: TrySite, line: ir.Call) -> bool:
    """Whether a line goes to a logger that takes `exc_info`, as far as the words of its file tell."""
    text = site.scope.project.store.text(site.scope.path).source
    is_method = isinstance(line.func, ir.Attribute) or goes_to_logger(site, line)
    return is_method and any(word in text for word in _LOGGING)


def goes_to_logger(site: TrySite, line: ir.Call) -> bool:
    """Whether a logger gets the line, by its method or by a name of the module for one: `warn = logger.warning`."""
    if is_logging(line):
        return True
    name = line.func.id if isinstance(line.func, ir.Name) else ""
    pairs = (pair for node in site.scope.module.statements if isinstance(node, ir.Assign) for pair in _paired(node))
    return any(isinstance(target, ir.Name) and target.id == name and _is_of_logger(value) for target, value in pairs)


def _paired(node: ir.Assign) -> Iterator[tuple[ir.Expr, ir.Expr]]:
    """What an assignment gives to what, a display of values taken apart."""
    for target in node.targets:
        if isinstance(target, ir.Collection) and isinstance(node.value, ir.Collection):
            yield from zip(target.items, node.value.items, strict=False)
        elif node.value is not None:
            yield target, node.value


def _is_of_logger(value: ir.Expr) -> bool:
    return is_logging(ir.Call(value.at, value, (), ())) if isinstance(value, ir.Attribute) else False


def explains(line: ir.Call) -> bool:
    """Whether the line gives the reader a cause or says what to do: its author knows what fails here."""
    texts = (node.value for node in find(ir.Constant, line.args) if isinstance(node.value, str))
    return any(_EXPLAINED.search(text) for text in texts)


def names_conversion(line: ir.Call) -> bool:
    """Whether the line says that a value could not be read, or an entry not be found."""
    texts = (node.value for node in find(ir.Constant, line.args) if isinstance(node.value, str))
    return any(_CONVERTED.search(text) for text in texts)


def leaves_open(site: TrySite, lines: list[ir.Call]) -> bool:
    """
    Whether a reader of the lines must ask what it was: more than one kind of failure can come out of the block, and
    they neither name a kind nor say that none matters, nor tell of secrets. What a constant from elsewhere says is not
    known.
    """
    texts = [text for line in lines for text in _texts_of(site, line)]
    if not texts or any(pattern.search(text) for text in texts for pattern in (_KIND, _ACCEPTED, _CONVERTED, _SECRET)):
        return False
    return not converts_one_value(site)


def _texts_of(site: TrySite, line: ir.Call) -> list[str]:
    """What a line says, by texts in it or in the locals that it is given; nothing where its message is not known."""
    messages = [arg for arg in line.args if not isinstance(arg, (ir.Mapping, ir.Constant)) or _is_text(arg)]
    given = [one for arg in messages for one in (arg, *_bound_to(site, arg))]
    first = given[: 1 + len(_bound_to(site, messages[0]))] if messages else []
    if not any(_is_text(node) for node in find(ir.Constant, first)):
        return []
    return [node.value for node in find(ir.Constant, given) if isinstance(node.value, str)]


def _is_text(node: ir.Node) -> bool:
    return isinstance(node, ir.Constant) and isinstance(node.value, str)


def _bound_to(site: TrySite, expression: ir.Expr) -> tuple[ir.Expr, ...]:
    """What a name stands for by the assignments of the function."""
    if not isinstance(expression, ir.Name) or site.function is None:
        return ()
    sources = site.scope.project.values.bindings(site.function).places.get((expression.id,), ())
    return tuple(one.expr for one in sources if one.expr is not None)


def shows_outer_error(site: TrySite, line: ir.Call) -> bool:
    """Whether the line is about the error that a clause around has caught, which it shows: that one counts."""
    for around in site.around:
        if not isinstance(around.node, ir.Try) or around.part != "handler":
            continue
        for handler in around.node.handlers:
            if not encloses(handler.at, site.node.at):
                continue
            kept = {
                name
                for node in find(ir.Assign, handler.body)
                if tells_exception(handler, (node,))
                for name in bound_names(node)
            }
            if any(mentions(line.args, name) for name in (handler.name, *kept)):
                return True
    return False


def names_nothing(site: TrySite, line: ir.Call) -> bool:
    """
    Whether the line names an error that is bound nowhere, as `exc` in a clause `as e`: it raises NameError instead of
    being logged, and Python shows what was caught besides.
    """
    given = (*line.args, *(keyword.value for keyword in line.keywords))
    if any(True for kind in (ir.Lambda, ir.Comprehension) for _ in find(kind, given)):
        return False
    return any(_ERROR_NAME.fullmatch(one.id) and not _is_bound(site.scope, one.id) for one in find(ir.Name, given))


def _is_bound(scope: Scope, name: str) -> bool:
    """Whether a scope or one around it gives the name a value, or may."""
    around: Scope | None = scope
    while around is not None:
        if isinstance(around, Function) and any(param.name == name for param in around.node.params):
            return True
        block = around.block
        if name in block.names or name in block.globals or block.stars:
            return True
        if any(one.target == name for one in find(ir.Walrus, around.statements)):
            return True
        around = None if isinstance(around, ModuleScope) else around.parent
    return False
