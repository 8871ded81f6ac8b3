"""The page that says how often the rules are right, from the stored findings and their labels."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import ecosystem
from labels import (
    ENOUGH,
    FEW,
    HOLDOUTS,
    LABELS,
    OTHER_JUDGE,
    SAMPLE,
    WORDS,
    Label,
    Score,
    agreement,
    identity,
    load,
    score,
    wilson,
)
from pages.notice import with_notice
from worker_lint.rule import Rule


def render_precision(rules: Sequence[Rule]) -> str:
    """
    The page.

    Raises:
        PinError: labels or findings cannot be read.
    """
    own = [rule for rule in rules if not rule.code.startswith("WKL")]
    names = {rule.code: rule.name for rule in own if rule.stage in {"on", "certain"}}
    labels = load(LABELS)
    facts = [ecosystem.read(path) for path in (ecosystem.STORED, *HOLDOUTS)]
    frozen, *apart = (score(found, labels) for found in facts)
    waiting = {rule.code: rule.name for rule in own if rule.stage in {"certain", "preview"}}
    shown = {identity(fact) for found in facts for fact in found if fact.code in names}
    page = render(frozen, apart, names, agreement(labels, load(OTHER_JUDGE)))
    others = (label for label in labels if identity(label) not in shown)
    return with_notice("tests/corpus/labels.jsonl", page + render_waiting(others, waiting))


def render_waiting(labels: Iterable[Label], names: Mapping[str, str]) -> str:
    """
    The section on what is in preview: rules, and what rules that are on by default find without being certain. The
    `names` of the rules are given by code, the `labels` are all that was ever judged of that.
    """
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for label in labels:
        if label.code in names:
            words[label.code][label.label] += 1
    rows = [Score(code, sum(found.values()), *(found[word] for word in WORDS)) for code, found in sorted(words.items())]
    silent = ", ".join(sorted(names.keys() - words.keys()))
    return f"""
## What is in preview

All findings of these rules that somebody judged, on all packages. Of a rule that is on by default for what is certain,
the others are here, and those that it no longer makes. What the judges named as a class of false alarm was
repaired afterwards, so that a rule is better now than its line; only new packages can show by how much. A rule whose
line is good enough may still be in preview because it reads more of a codebase than a commit should wait for.

{table(rows, names)}

Nothing judged yet: {silent or "none"}.
"""


def table(scores: Sequence[Score], names: Mapping[str, str]) -> str:
    """The scores as a table, a line of totals last."""
    head = ["rule", "hits", "judged", "true", "false", "meant", "share true", "95 % interval"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for row in scores:
        label = f"[{row.code}](rules/{names[row.code]}.md) {names[row.code]}" if row.code in names else row.code
        lines.append([label + (" (not enough)" if row.too_weak else ""), *cells(row)])
    lines.append(["all", *cells(total(scores))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def total(scores: Sequence[Score]) -> Score:
    """All rules as if they were one."""
    return Score(
        "all",
        hits=sum(row.hits for row in scores),
        true=sum(row.true for row in scores),
        false=sum(row.false for row in scores),
        meant=sum(row.meant for row in scores),
    )


def cells(row: Score) -> list[str]:
    """The figures of one line."""
    counts = [str(number) for number in (row.hits, row.judged, row.true, row.false, row.meant)]
    if not row.judged:
        return [*counts, "", ""]
    low, high = wilson(row.true, row.judged)
    return [*counts, f"{row.true / row.judged:.0%}", f"{low:.0%} to {high:.0%}"]


def render(
    frozen: Sequence[Score], apart: Sequence[Sequence[Score]], names: Mapping[str, str], agreed: tuple[int, int]
) -> str:
    """
    The page: scores on the frozen list and on the hold-outs, the oldest first. `names` gives the name
    of each rule by code, `agreed` on how many findings two judges agreed, and how many both judged.
    """
    *earlier, last = apart
    repaired = "\n\n".join(table(scores, names) for scores in reversed(earlier))
    silent = ", ".join(code for code in sorted(names) if code not in {row.code for row in frozen})
    return f"""\
# How often the rules are right

Every rule that is on by default was run, with default settings, over a list of packages that was chosen before the
first rule was written, and its findings were judged by someone who had not written the rule. *True*: a maintainer who
is shown the finding would change the code, or must admit that the stated consequence can happen. *False*: a fact in
the message is wrong, or the path cannot happen. *Meant*: right, but on purpose or without consequence. Only *true*
counts as true. All findings of a rule are judged; of more than {SAMPLE}, at least {SAMPLE}, drawn with a fixed seed.

A rule that is right in less than {ENOUGH:.0%} of its findings on all lists together, or that has fewer than {FEW}
and is not right in all of them, does not stay on by default. Where that holds for one list alone, "not enough" stands
there. The interval is Wilson's. The labels are in `tests/corpus/labels.jsonl`, and
`scripts/labels.py` makes this page from them. Another person judged {agreed[1]} of
these findings, drawn with a fixed seed, without seeing the labels: they agree on {agreed[0]}. Where they differ, one
says *true* and the other *meant*.

## Packages that were never looked at before

Nobody who writes rules had looked at these, and they were run once: 675 packages drawn at random from those whose
summary on the package index speaks of workers, queues, servers or the like, the work of single people for the most
part. That first look was sobering: of the 87 findings that were reported by default, 60 were true. What it showed was
repaired afterwards, or is only likely now: locks that the main thread never holds for long (STP117), waits under a
limit of the caller and errors that a loop takes (STP125), jumps in `finally` that can lose nothing (ERR116), addresses
of datagrams (ERR101), loops that count down (ERR106), workers made anew for each start (STP130). So these tables tell
how rare false findings of the rules are that have stayed on, not how often a rule is right where nobody has looked:
that only the next list can show. A rule that fell short otherwise, on these or on an earlier list, went back to preview
with all its findings, which stand further below. Rules without a line found nothing there.

{table(last, names)}

Earlier lists, the latest first: 310 clients, servers and tools of all kinds, 356 clients and tools, large packages,
smaller ones named for their workers, twice, then packages drawn at random. What each showed was repaired afterwards,
and the tables are of the rules of today.

{repaired}

## The frozen list

The rules were improved on this list, so its figures flatter them.

{table(frozen, names)}

No finding on the frozen list: {silent or "none"}.
"""
