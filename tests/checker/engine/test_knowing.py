"""What a file knows by its imports is what it is found by when its users are looked for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker_lint.analysis import Models, Project
from worker_lint.engine.knowing import Knowing
from worker_lint.testing import built_in_packs, models_of, tree_of

SUBJECTS = (("pkg/base.py", "Worker"), ("pkg/sub/leaf.py", "Leaf"), ("top.py", "Worker"))
PATHS = (
    "pkg/__init__.py",
    "pkg/base.py",
    "pkg/sub/__init__.py",
    "pkg/sub/leaf.py",
    "pkg/other.py",
    "top.py",
    "user.py",
)
STATEMENTS = (
    "from pkg.base import Worker",
    "from pkg.base import Worker as W",
    "from pkg.other import W",
    "from pkg.other import W as Leaf",
    "from pkg import base",
    "from pkg import base as thing",
    "from pkg import *",
    "from . import base, other",
    "from .base import *",
    "from .sub.leaf import Leaf",
    "from ..other import W as Worker",
    "from .. import base",
    "import pkg.base",
    "import pkg.base as module",
    "import pkg, top",
    "import pkg.sub.leaf",
    "from pkg.sub import leaf",
    "from top import Worker",
    "import top",
    "Again = module.Worker",
    "print(top.Worker, thing.W, leaf.Leaf)",
)
TREES = st.fixed_dictionaries(
    {path: st.lists(st.sampled_from(STATEMENTS), max_size=4).map("\n".join) for path in PATHS}
)


@pytest.fixture(scope="module")
def models() -> Models:
    return models_of(built_in_packs())


@given(files=TREES)
@settings(max_examples=300, deadline=None)
def test_no_file_that_knows_a_class_is_missed(models: Models, files: dict[str, str]) -> None:
    tree = tree_of({path: f"{text}\n" for path, text in files.items()})
    uses, knowing = Project(tree, models).uses, Knowing(tree, SUBJECTS)
    for path in PATHS:
        users = {subject for subject in SUBJECTS if path in {place for place, _ in uses.places(*subject)}}
        assert users <= knowing.known_to(path)


def test_a_file_that_imports_something_else_knows_nothing() -> None:
    tree = tree_of(
        {"pkg/__init__.py": "", "pkg/base.py": "class Worker: ...\n", "user.py": "import abc\n\nWorker = 1\n"}
    )
    assert not Knowing(tree, SUBJECTS[:1]).known_to("user.py")
