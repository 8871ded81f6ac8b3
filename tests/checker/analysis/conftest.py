"""Linked projects from sources, for tests of the analysis."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from worker_lint.analysis import Class, Models, Project
from worker_lint.engine.packs import load_packs
from worker_lint.engine.sources import FileSources, skim_all
from worker_lint.engine.tree import Tree
from worker_lint.source.roles import role_of_path

_LIMIT = 1_000_000


@pytest.fixture(scope="session")
def models() -> Models:
    return Models.open([Path(place) for place in load_packs(foreign=False).models])


@pytest.fixture
def link(models: Models) -> Callable[[Mapping[str, str]], Project]:
    """Makes the project of a tree of files, given as path to source."""

    def linked(files: Mapping[str, str]) -> Project:
        encoded = {path: textwrap.dedent(source).lstrip("\n").encode() for path, source in files.items()}
        skims, _ = skim_all(encoded.__getitem__, sorted(encoded), (), _LIMIT)
        tree = Tree(FileSources(encoded.__getitem__, _LIMIT), skims, {path: role_of_path(path) for path in files})
        return Project(tree, models)

    return linked


@pytest.fixture
def class_named(link: Callable[[Mapping[str, str]], Project]) -> Callable[[str, str], Class]:
    """Links one module and gives its class of that name, the last one if there are several."""

    def found(source: str, name: str) -> Class:
        project = link({"worker.py": source})
        return next(cls for cls in reversed(project.classes_in("worker.py")) if cls.name == name)

    return found
