"""
Asking for a second opinion on candidates, and keeping the answers.

A candidate whose facts are contradicted is dropped; one whose facts are agreed with, or of which
nothing is known, stays as it is. An answer holds as long as the files that it was made from are the
same, and the imports met there get the same files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version

import msgspec

from worker_lint.confirm import Answer, Oracle, Verdict
from worker_lint.engine.cache import Cache, digest_of
from worker_lint.engine.dispatch import Candidate
from worker_lint.engine.tree import Tree
from worker_lint.rule.facts import Fact

ORACLE = f"astroid {version('astroid')}"


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """An answer with what it depends on: files with their digests, imports with the files they get."""

    verdicts: tuple[Verdict, ...]
    files: tuple[tuple[str, str], ...]
    looks: tuple[tuple[int, str, str, str | None], ...]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Kept)


@dataclass(slots=True)
class SecondOpinion:
    """The opinions of one run. `counts` are candidates by their verdict; those without facts are left out."""

    cache: Cache
    counts: dict[str, int] = field(default_factory=dict)
    contradicted: list[tuple[Candidate, tuple[Fact, ...]]] = field(default_factory=list)
    _fresh: dict[str, bytes] = field(default_factory=dict)

    def keep_uncontradicted(self, tree: Tree, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The candidates without those that are contradicted."""
        oracle = Oracle(tree)
        kept = [
            candidate
            for candidate in candidates
            if not candidate.finding.facts or self._verdict(tree, oracle, candidate) != "contradicts"
        ]
        self.cache.put_many(self._fresh)
        self._fresh.clear()
        return kept

    def _verdict(self, tree: Tree, oracle: Oracle, candidate: Candidate) -> Verdict:
        facts = candidate.finding.facts
        key = "opinion:" + digest_of(ORACLE, _ENCODER.encode(facts))
        verdicts = self._known(tree, key)
        if verdicts is None:
            answer = oracle.ask(facts)
            verdicts = answer.verdicts
            self._fresh[key] = _ENCODER.encode(_kept(tree, answer))
        verdict = in_short(verdicts)
        self.counts[verdict] = self.counts.get(verdict, 0) + 1
        if verdict == "contradicts":
            denied = tuple(fact for fact, said in zip(facts, verdicts, strict=True) if said == "contradicts")
            self.contradicted.append((candidate, denied))
        return verdict

    def _known(self, tree: Tree, key: str) -> tuple[Verdict, ...] | None:
        data = self.cache.get(key)
        try:
            kept = _DECODER.decode(data) if data is not None else None
        except (msgspec.MsgspecError, ValueError):
            return None
        if kept is None or any(path not in tree.skims or _state(tree, path) != state for path, state in kept.files):
            return None
        if any(_look(tree, level, name, importer) != found for level, name, importer, found in kept.looks):
            return None
        return kept.verdicts


def in_short(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for all facts: a contradiction of one is enough, agreement takes all."""
    said = set(verdicts)
    if "contradicts" in said:
        return "contradicts"
    return "agrees" if said == {"agrees"} else "unknown"


def _kept(tree: Tree, answer: Answer) -> _Kept:
    return _Kept(answer.verdicts, tuple(_states(tree, answer.files)), answer.looks)


def _states(tree: Tree, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        yield path, _state(tree, path)


def _state(tree: Tree, path: str) -> str:
    """The file's text and the name that it is imported by."""
    return digest_of(tree.text(path).source, tree.module_name(path))


def _look(tree: Tree, level: int, name: str, importer: str) -> str | None:
    return tree.find_relative(level, name, importer) if level else tree.find_module(name, importer)
