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
def test_metaclasses_and_bases_within_a_library_are_modelled(models: Models, index: int) -> None:
    library = models.libraries()[index]
    own = [file for file in models.files if file.library.tables.header.library == library.tables.header.library]
    modules = {module for file in own for module in file.modules}
    unknown = set()
    for shapes in library.tables.classes.values():
        for shape in shapes:
            named = {shape.metaclass, *shape.bases}
            unknown |= {name for name in named if _is_below(name, modules) and models.find_class(name) is None}
    assert unknown == set()


def _is_below(name: str, modules: set[str]) -> bool:
    return any(name.startswith(f"{module}.") for module in modules)


def test_aliases_lead_to_modelled_classes_functions_or_modules(models: Models) -> None:
    modules = {name.rpartition(".")[0] for file in models.libraries() for name in file.tables.classes}
    modules |= {module.rpartition(".")[0] for module in modules}
    lost = []
    for library in models.libraries():
        for name, target in library.tables.header.aliases.items():
            known = models.find_class(target) or models.find_function(target) or target in modules
            if not known and models.knows_module(target):
                lost.append((name, target))
    assert lost == []


def test_a_call_has_one_entry_for_each_release(models: Models) -> None:
    """A second one would hide the first, with all its facts."""
    twice = []
    for library in models.libraries():
        for name, entries in library.tables.calls.items():
            spans = [(entry.since, entry.until) for entry in entries]
            if len(set(spans)) < len(spans):
                twice.append(name)
    assert twice == []
