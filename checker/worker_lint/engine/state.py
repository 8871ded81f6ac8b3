"""
What a whole run leaves behind for the next one: its answer, and what it asked of each file.

An answer about a file rests on questions to other files: what their records hold, whether a word
occurs in them, which of them import a module or name a base. As long as a changed file gives
the same answers to those questions, nothing that is said about the others can change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from worker_lint.analysis import Class, Project
from worker_lint.diagnostic import Diagnostic
from worker_lint.engine.edges import Traced, traced
from worker_lint.engine.questions import Questions
from worker_lint.engine.tree import Tree
from worker_lint.source.skim import Skim

Uses = tuple[bool, tuple[str, ...]]
"""Whether a file uses a name, and what else stands for it there (see `Creations.asked`)."""


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    What was asked of one file. `record`: what its classes and functions look like; `skim`: its imports
    and class headers; `text`: anything else. `words` may occur in it, `names` may create objects.
    """

    record: bool
    skim: bool
    text: bool
    words: dict[str, bool]
    names: dict[str, Uses]


class State(msgspec.Struct, frozen=True, array_like=True):
    """
    A whole run, without its files. `read` are content ids known from reading where they are others;
    `refused` could not be parsed, `reached` were checked. `wanted` are the classes whose creation is
    a defect, by file and qualified name. `tops` counts the files that import a top module.
    """

    read: dict[str, str]
    refused: tuple[str, ...]
    reached: tuple[str, ...]
    wanted: dict[str, tuple[str, ...]]
    bases: tuple[str, ...]
    sources: dict[str, tuple[str, ...]]
    tops: dict[str, int]
    diagnostics: tuple[Diagnostic, ...]
    asked: dict[str, msgspec.Raw]
    trail: msgspec.Raw

    def traced(self) -> Traced:
        """The trail, for rules that promise to keep to it."""
        return _TRACED.decode(self.trail)

    def asked_of(self, path: str) -> Asked:
        """What was asked of a file."""
        data = self.asked.get(path)
        return _ASKED.decode(data) if data is not None else Asked(False, False, False, {}, {})


_ENCODER = msgspec.msgpack.Encoder()
_ASKED = msgspec.msgpack.Decoder(Asked)
_TRACED = msgspec.msgpack.Decoder(Traced)
_STATE = msgspec.msgpack.Decoder(State)


def decode_state(data: bytes | memoryview) -> State | None:
    """The state that the bytes hold; None when they hold none."""
    try:
        return _STATE.decode(data)
    except (msgspec.MsgspecError, ValueError):
        return None


def encode_state(
    tree: Tree,
    project: Project,
    reached: Collection[str],
    diagnostics: tuple[Diagnostic, ...],
    ids: Mapping[str, str],
) -> bytes:
    """The state of a run that is over; `ids` are the content ids by which the files are known before reading."""
    asked = tree.questions or tree.asked()
    return _ENCODER.encode(
        State(
            read={path: found for path, found in tree.ids.items() if ids.get(path) != found},
            refused=tuple(sorted(tree.unparsable)),
            reached=tuple(sorted(reached)),
            wanted=_wanted(project),
            bases=tuple(sorted(asked.bases)),
            sources={path: tuple(sorted(names)) for path, names in asked.sources.items()},
            tops=_count(tree.skims),
            diagnostics=diagnostics,
            asked=_asked(asked, project),
            trail=msgspec.Raw(_ENCODER.encode(traced(tree, project, tree.culprits))),
        )
    )


def _wanted(project: Project) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for cls in project.contract_classes:
        if cls in project.creations.wanted:
            found.setdefault(cls.path, []).append(cls.qualname)
    return {path: tuple(names) for path, names in found.items()}


def is_wanted(state: State) -> Callable[[Class], bool]:
    """Tells whether the state knows a class as one whose creation is a defect."""
    return lambda cls: cls.qualname in state.wanted.get(cls.path, ())


def _count(skims: Mapping[str, Skim]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for skim in skims.values():
        for top in skim.tops:
            counts[top] = counts.get(top, 0) + 1
    return counts


def _asked(asked: Questions, project: Project) -> dict[str, msgspec.Raw]:
    words: dict[str, dict[str, bool]] = {}
    for (path, word), found in asked.words.items():
        words.setdefault(path, {})[word] = found
    names, skims, texts = project.creations.asked, asked.skims, asked.texts
    return {
        path: msgspec.Raw(
            _ENCODER.encode(
                Asked(path in asked.records, path in skims, path in texts, words.get(path, {}), names.get(path, {}))
            )
        )
        for path in {*words, *names, *skims, *texts, *asked.records}
    }
