"""Linked projects from sources, for tests of the analysis."""

import textwrap
from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Class, Function, Models, Project
from worker_lint.testing import built_in_packs, models_of, tree_of


@pytest.fixture(scope="session")
def models() -> Models:
    return models_of(built_in_packs())


@pytest.fixture
def link(models: Models) -> Callable[[Mapping[str, str]], Project]:
    """Makes the project of a tree of files, given as path to source."""

    def linked(files: Mapping[str, str]) -> Project:
        return Project(tree_of({path: textwrap.dedent(source).lstrip("\n") for path, source in files.items()}), models)

    return linked


@pytest.fixture
def class_named(link: Callable[[Mapping[str, str]], Project]) -> Callable[[str, str], Class]:
    """Links one module and gives its class of that name, the last one if there are several."""

    def found(source: str, name: str) -> Class:
        project = link({"worker.py": source})
        return next(cls for cls in reversed(project.classes_in("worker.py")) if cls.name == name)

    return found


@pytest.fixture
def project_of(link: Callable[[Mapping[str, str]], Project]) -> Callable[[str], Project]:
    """Links one module, `worker.py`."""

    def linked(source: str) -> Project:
        return link({"worker.py": source})

    return linked


@pytest.fixture
def method_of() -> Callable[[Project, str], tuple[Function, Class]]:
    """The method of a name such as `Worker.stop`, with its class, in `worker.py`."""

    def found(project: Project, name: str) -> tuple[Function, Class]:
        owner, _, method = name.partition(".")
        cls = next(cls for cls in project.classes_in("worker.py") if cls.name == owner)
        return next(one for one in project.values.fields.methods(cls) if one.name == method), cls

    return found
