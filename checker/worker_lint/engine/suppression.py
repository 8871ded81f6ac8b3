"""
Applying suppression comments to diagnostics, and saying which comments are no good.

A comment that silences nothing hides the next real defect on its line, so it is reported
itself: WKL002 when it is not needed, WKL003 when it names no rule, WKL004 (opt-in) when it
gives no reason. The comments are read in `worker_lint.source.suppression`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from worker_lint.diagnostic import Diagnostic, Severity, clean_text
from worker_lint.source.suppression import FILE_WIDE_LINES, Suppression

UNUSED: Final = ("WKL002", "unused-suppression")
UNKNOWN: Final = ("WKL003", "unknown-name-in-suppression")
UNREASONED: Final = ("WKL004", "suppression-without-reason")

_ABOUT_COMMENTS: Final = frozenset(code for code, _ in (UNUSED, UNKNOWN, UNREASONED))


class RuleNames(NamedTuple):
    """
    What the comments may speak of.

    `codes` gives the code for every known code and name; `active` are the codes that were
    really looked for in this run. Of a rule that did not run nobody knows whether its
    suppression is needed.
    """

    codes: Mapping[str, str]
    active: Collection[str]


class Used(NamedTuple):
    """A suppression that silenced something, and what."""

    path: str
    suppression: Suppression
    diagnostics: tuple[Diagnostic, ...]


def apply_suppressions(
    diagnostics: Iterable[Diagnostic], suppressions_by_path: Mapping[str, Sequence[Suppression]], rules: RuleNames
) -> tuple[tuple[Diagnostic, ...], tuple[Used, ...]]:
    """
    The diagnostics that no comment silences, with those about the comments, in report order;
    and the comments that were used.

    A diagnostic is silenced by a comment that names it, by code or name, and covers the line
    on which it begins. A bare comment silences nothing. Comments of files without
    diagnostics matter too: pass all files that were checked.
    """
    kept, silenced = _split(diagnostics, suppressions_by_path, rules)
    complaints = [
        complaint
        for path, comments in suppressions_by_path.items()
        for complaint in _complaints(path, comments, rules, silenced)
    ]
    kept_complaints, silenced_complaints = _split(complaints, suppressions_by_path, rules)
    for place, more in silenced_complaints.items():
        silenced.setdefault(place, []).extend(more)
    used = [
        Used(path, comment, tuple(silenced[path, number]))
        for path, comments in sorted(suppressions_by_path.items())
        for number, comment in enumerate(comments)
        if (path, number) in silenced
    ]
    return tuple(sorted([*kept, *kept_complaints], key=lambda item: item.sort_key)), tuple(used)


_Silenced = dict[tuple[str, int], list[Diagnostic]]


def _split(
    diagnostics: Iterable[Diagnostic], comments_by_path: Mapping[str, Sequence[Suppression]], rules: RuleNames
) -> tuple[list[Diagnostic], _Silenced]:
    """What stays, and what each comment (path, number in the file) silences."""
    kept: list[Diagnostic] = []
    silenced: _Silenced = {}
    for diagnostic in diagnostics:
        hit = False
        for number, comment in enumerate(comments_by_path.get(diagnostic.path, ())):
            # All that fit count as used: which of two is superfluous is the reader's choice.
            if _fits(comment, diagnostic, rules):
                silenced.setdefault((diagnostic.path, number), []).append(diagnostic)
                hit = True
        if not hit:
            kept.append(diagnostic)
    return kept, silenced


def _fits(comment: Suppression, diagnostic: Diagnostic, rules: RuleNames) -> bool:
    first, last = comment.covers
    if not comment.is_directive or comment.misplaced or not first <= diagnostic.span.line <= last:
        return False
    own = (diagnostic.code, diagnostic.name)
    return any(name in own or rules.codes.get(name) == diagnostic.code for name in comment.names)


def _complaints(
    path: str, comments: Sequence[Suppression], rules: RuleNames, silenced: _Silenced
) -> Iterator[Diagnostic]:
    for number, comment in enumerate(comments):
        if UNKNOWN[0] in rules.active:
            yield from _unknown(path, comment, rules)
        if not comment.is_directive:
            continue
        if UNUSED[0] in rules.active:
            yield from _unused(path, comment, rules, silenced.get((path, number), ()))
        if UNREASONED[0] in rules.active and not comment.reason and not comment.bare:
            consequence = "Nobody can tell later whether the suppression is still right."
            remedy = f"write it behind the bracket: # worker-lint: {comment.word}[{', '.join(comment.names)}] REASON"
            yield _complaint(UNREASONED, path, comment, "The suppression gives no reason", consequence, remedy)


def _unknown(path: str, comment: Suppression, rules: RuleNames) -> Iterator[Diagnostic]:
    consequence = "The comment silences nothing."
    if not comment.is_directive:
        headline = f"`{clean_text(comment.word)}` is no suppression of worker-lint"
        remedy = "write # worker-lint: ignore[NAME] on the line, or ignore-file[NAME] at the top"
        yield _complaint(UNKNOWN, path, comment, headline, consequence, remedy)
        return
    if comment.bare:
        headline = f"`{comment.word}` names no rule"
        remedy = f"name what is to be silenced: # worker-lint: {comment.word}[NAME] reason"
        yield _complaint(UNKNOWN, path, comment, headline, consequence, remedy)
    for name in comment.names:
        if name not in rules.codes:
            headline = f"No rule is called `{_short(name)}`"
            yield _complaint(UNKNOWN, path, comment, headline, consequence, _nearest(name, rules))


def _unused(path: str, comment: Suppression, rules: RuleNames, silenced: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    if comment.misplaced:
        headline = f"`ignore-file` counts only in the first {FILE_WIDE_LINES} lines"
        remedy = "move the comment to the top of the file"
        yield _complaint(UNUSED, path, comment, headline, "The comment silences nothing.", remedy)
        return
    codes = {diagnostic.code for diagnostic in silenced}
    idle = [name for name in comment.names if _is_idle(name, codes, rules)]
    if idle:
        names = ", ".join(idle)
        headline = f"Nothing here is silenced by `{_short(names)}`"
        where = "in this file" if comment.whole_file else "on this line"
        consequence = f"The next real defect of that kind {where} would go unseen."
        whole = len(idle) == len(comment.names)
        remedy = "delete the comment" if whole else f"delete {clean_text(names)} from the comment"
        if not comment.whole_file:
            remedy += "; if it was meant for another line, put it at the end of that one"
        yield _complaint(UNUSED, path, comment, headline, consequence, remedy)


def _is_idle(name: str, silenced: Collection[str], rules: RuleNames) -> bool:
    code = rules.codes.get(name)
    # A name for these very diagnostics cannot be judged before they are made.
    return code is not None and code in rules.active and code not in silenced and code not in _ABOUT_COMMENTS


def _nearest(name: str, rules: RuleNames) -> str:
    import difflib

    wanted = name.upper() if name.upper() in rules.codes else name.lower()
    close = difflib.get_close_matches(wanted, sorted(rules.codes), n=1)
    return f"did you mean {close[0]}?" if close else "`worker-lint rules` lists the names"


def _short(names: str) -> str:
    names = clean_text(names)
    return names if len(names) <= 40 else names[:39] + "…"


def _complaint(
    kind: tuple[str, str], path: str, comment: Suppression, headline: str, consequence: str, remedy: str
) -> Diagnostic:
    code, name = kind
    severity: Severity = "warning"
    return Diagnostic(
        code=code,
        name=name,
        severity=severity,
        confidence="certain",
        path=path,
        span=comment.span,
        message=headline,
        consequence=consequence,
        help=remedy,
        symbol="",
        line_text=comment.line_text,
    )
