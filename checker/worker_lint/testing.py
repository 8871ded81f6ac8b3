"""
For rule authors: runs a rule's examples, and any small tree of files, without a command line.

Used by the project's own tests and free for other packs to use.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from worker_lint.analysis import Models
from worker_lint.diagnostic import Diagnostic
from worker_lint.engine.packs import Packs, load_packs
from worker_lint.engine.plan import Plan
from worker_lint.engine.run import Outcome, analyse
from worker_lint.engine.sources import FileSources
from worker_lint.engine.tree import Tree
from worker_lint.rule import Example, Option, Rule
from worker_lint.source.roles import role_of_path
from worker_lint.source.skim import skim

_MARK = re.compile(r"#\s*bad(?::\s*(?P<text>.*))?$")
_LIMIT = 5_000_000


def check_files(
    files: Mapping[str, str],
    rules: Sequence[Rule],
    *,
    packs: Packs | None = None,
    options: Mapping[str, Mapping[str, Option]] | None = None,
    screen: bool = True,
    only_certain: bool = False,
) -> Outcome:
    """What the rules find in a tree of files, given as path to source; on demand no more than what is certain."""
    packs = packs or built_in_packs()
    codes = frozenset(rule.code for rule in rules)
    everywhere = frozenset(rule.code for rule in rules if not rule.product_only)

    def holding(_: str, role: str) -> frozenset[str]:
        return codes if role == "product" else everywhere

    certain = codes if only_certain else frozenset[str]()
    plan = Plan(tuple(rules), holding, options or {}, screen=screen, enabled=codes, only_certain=certain)
    return analyse(tree_of(files, plan.words), models_of(packs), plan, sorted(files))


def check_source(code: str, source: str) -> tuple[Diagnostic, ...]:
    """What one built-in rule, named by its code, says of one file of product code."""
    rules = [rule for rule in built_in_packs().rules if rule.code == code]
    return check_files({"worker.py": textwrap.dedent(source)}, rules).diagnostics


def tree_of(files: Mapping[str, str], words: Sequence[bytes] = ()) -> Tree:
    """A tree of files, given as path to source, with roles by their paths."""
    encoded = {path: files[path].encode() for path in sorted(files)}
    skims = {path: skim(data, words) for path, data in encoded.items()}
    return Tree(FileSources(encoded.__getitem__, _LIMIT), skims, {path: role_of_path(path) for path in files})


@lru_cache(maxsize=1)
def built_in_packs() -> Packs:
    """The rules and models that come with the tool, loaded once for all examples."""
    return load_packs(foreign=False)


def models_of(packs: Packs) -> Models:
    """The library models of the packs; they are only read, so one reading serves all examples."""
    return _models_at(packs.models)


@lru_cache(maxsize=8)
def _models_at(places: tuple[str, ...]) -> Models:
    return Models.open([Path(place) for place in places])


def example_files(example: Example) -> dict[str, str]:
    """The files of an example, dedented."""
    files = {name: textwrap.dedent(source).lstrip("\n") for name, source in example.files.items()}
    files[example.path] = textwrap.dedent(example.source).lstrip("\n")
    return files


def expected_lines(example: Example) -> dict[int, str]:
    """The marked lines of a bad example, each with the text that the message must hold."""
    source = example_files(example)[example.path]
    found = {}
    for number, line in enumerate(source.splitlines(), 1):
        match = _MARK.search(line)
        if match and example.bad:
            found[number] = (match["text"] or "").strip()
    return found


def run_example(rule: Rule, example: Example) -> tuple[Diagnostic, ...]:
    """The rule's own diagnostics in an example."""
    outcome = check_files(example_files(example), [rule], options={rule.name: example.options})
    if outcome.problems:
        raise AssertionError(outcome.problems[0].message)
    return tuple(item for item in outcome.diagnostics if item.code == rule.code)


def example_faults(rule: Rule, example: Example) -> Iterator[str]:
    """What is wrong with an example: an expected line without a diagnostic, or one too many."""
    expected = expected_lines(example)
    items = [item for item in run_example(rule, example) if item.path == example.path]
    found = {item.span.line: item.message for item in items}
    if example.bad and not expected:
        yield "a bad example marks no line"
    for line, text in expected.items():
        if line not in found:
            yield f"line {line} should be reported"
        elif text not in found[line]:
            yield f"line {line}: the message {found[line]!r} lacks {text!r}"
    for line in found.keys() - expected.keys():
        yield f"line {line} should be let pass: {found[line]}"
    if rule.stage == "certain":
        wanted = "likely" if example.is_likely else "certain"
        yield from (f"line {item.span.line} should be {wanted}" for item in items if item.confidence != wanted)
    if example.repaired is not None:
        yield from _repair_faults(rule, example)


def _repair_faults(rule: Rule, example: Example) -> Iterator[str]:
    """What is wrong with the repair: another text, a diagnostic that is still there, a second change."""
    wanted = textwrap.dedent(example.repaired or "").lstrip("\n")
    text = repair_example(rule, example)
    if text != wanted:
        yield "\n".join(["the repaired text differs:", *difflib.ndiff(wanted.splitlines(), text.splitlines())])
    repaired = replace(example, source=text)
    for item in run_example(rule, repaired):
        if item.path == example.path:
            yield f"the repair leaves line {item.span.line}: {item.message}"
    if repair_example(rule, repaired) != text:
        yield "a second repair changes the text again"


def repair_example(rule: Rule, example: Example) -> str:
    """The example's text after all fixes that the rule offers in it."""
    from worker_lint.fixing import apply_fixes  # only examples with a repair need it

    files = example_files(example)
    outcome = check_files(files, [rule], options={rule.name: example.options})
    fixes = [
        candidate.finding.fix
        for candidate in outcome.candidates.values()
        if candidate.finding.fix is not None and candidate.diagnostic.path == example.path
    ]
    applied = apply_fixes(files[example.path].encode(), tuple(dict.fromkeys(fixes)), example.path)
    return applied.new.decode()


def all_examples(packs: Packs | None = None) -> Iterator[tuple[Rule, Example]]:
    """Every example of every rule, for parametrised tests."""
    for rule in (packs or built_in_packs()).rules:
        for example in rule.examples:
            yield rule, example
