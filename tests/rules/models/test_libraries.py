"""
Every name that a third-party model states exists in the lowest and in the newest release.

Each release is installed into an environment of its own, which takes minutes, so this runs only
on demand: WORKER_LINT_NETWORK_TESTS=1 pytest -m network. WORKER_LINT_MODEL_ENVIRONMENTS names a
folder that keeps the environments for the next time.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import model_skeleton
from worker_lint.analysis.models import CallTable, Models, ReleaseSpan, parse_release

MODELS = Path(__file__).parents[3] / "rules" / "worker_lint_rules" / "models"
PROOF = Path(__file__).parent / "prove_names.py"
SOURCES = model_skeleton.read_sources()["libraries"]
RELEASES = [(name, release) for name, source in SOURCES.items() for release in source["versions"]]


OURS = {"worker_lint_runtime"}
"""Compared with the runtime itself, in tests/agreement."""


def test_every_third_party_model_names_its_sources() -> None:
    assert {path.stem for path in MODELS.glob("*.toml")} - OURS == set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_the_head_names_the_releases_that_were_looked_at(name: str) -> None:
    tables = next(file.library.tables for file in Models.open([MODELS / f"{name}.toml"]).files)
    source = SOURCES[name]
    assert tables.header.library == source.get("library", name)
    assert (tables.header.lowest, tables.header.newest) == (source["versions"][0], source["versions"][-1])


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.skipif("WORKER_LINT_NETWORK_TESTS" not in os.environ, reason="set WORKER_LINT_NETWORK_TESTS to install")
@pytest.mark.parametrize(("name", "release"), RELEASES)
def test_what_the_model_states_exists(
    name: str, release: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    kept = os.environ.get("WORKER_LINT_MODEL_ENVIRONMENTS")
    folder = Path(kept) if kept else tmp_path_factory.getbasetemp() / "environments"
    python = model_skeleton.environment(folder / f"{name}-{release}", SOURCES[name], release)
    question = tmp_path / "question.json"
    question.write_text(json.dumps(_stated(name, release)), encoding="utf-8")
    variables = {**os.environ, **SOURCES[name].get("environment", {})}
    command = [python, PROOF, question]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path, env=variables)
    assert json.loads(answer.stdout.splitlines()[-1]) == []


def _stated(name: str, release: str) -> dict[str, Any]:
    """What the model states for one release, in plain values for another interpreter."""
    number = parse_release(release)
    assert number is not None
    library = SOURCES[name].get("library", name)
    models = Models.open([MODELS], {library: ReleaseSpan.exactly(number)})
    (stated,) = (file.library for file in models.files if file.path == MODELS / f"{name}.toml")
    classes = [found for key in stated.tables.classes if (found := stated.find_class(key)) is not None]
    calls_stated = {name: stated.find_call(name) for name in stated.tables.calls}
    calls = {name: call for name, call in calls_stated.items() if call is not None and not call.facts.generated}
    return {
        "classes": {
            found.name: {
                "bases": found.bases,
                "metaclass": found.metaclass,
                "abstract": found.abstract_names,
                "members": [member.name for member in found.members.values() if not member.instance],
            }
            for found in classes
        },
        "also": {
            other: shape.name
            for found in classes
            for shape in stated.tables.classes[found.name]
            for other in shape.also
            if len(stated.tables.classes[found.name]) == 1
        },
        "calls": {name: _named_parameters(call.facts) for name, call in calls.items()},
        "generated": {
            name: [word for word in (*call.facts.needs, call.facts.peeks) if word]
            for name, call in calls_stated.items()
            if call is not None and call.facts.generated
        },
    }


def _named_parameters(facts: CallTable) -> dict[str, list[str]]:
    """Those that must exist, and those of which one must: callbacks are called differently over time."""
    single = [word for word in (facts.timeout, facts.auto_ack, facts.requeue, facts.multiple) if word]
    return {"all": single, "any": list(facts.callbacks)}
