"""Every shipped model can be used: no wrong key, no unknown name, nothing that contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker_lint.analysis.models import Models, check_model

MODELS = Path(__file__).parents[3] / "rules" / "worker_lint_rules" / "models"
FILES = sorted(MODELS.rglob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_model_file_validates(path: Path) -> None:
    assert [str(error) for error in check_model(path)] == []


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.open([MODELS])


@pytest.mark.parametrize("index", range(len(FILES)), ids=lambda index: FILES[index].stem)
def test_names_that_facts_mention_are_modelled(models: Models, index: int) -> None:
    library = models.libraries()[index]
    unknown = set()
    for calls in library.tables.calls.values():
        for call in calls:
            raised = call.raises if isinstance(call.raises, tuple) else ()
            unknown |= {name for name in (*raised, *call.closes) if models.find_class(name) is None}
            if call.returns and models.find_class(call.returns) is None:
                unknown.add(call.returns)
            unknown |= {name for name in call.interrupts if models.find_function(name) is None}
    assert unknown == set()


@pytest.mark.parametrize("index", range(len(FILES)), ids=lambda index: FILES[index].stem)
def test_metaclasses_and_bases_within_modelled_modules_are_modelled(models: Models, index: int) -> None:
    library = models.libraries()[index]
    unknown = set()
    for shapes in library.tables.classes.values():
        for shape in shapes:
            for name in (*shape.bases, shape.metaclass):
                if models.knows_module(name) and models.find_class(name) is None:
                    unknown.add(name)
    assert unknown == set()


def test_aliases_lead_to_modelled_classes(models: Models) -> None:
    lost = []
    for library in models.libraries():
        for name, target in library.tables.header.aliases.items():
            known = models.find_class(target) or models.find_function(target) or not models.knows_module(target)
            if "." in name and not known:
                lost.append((name, target))
    assert lost == []
