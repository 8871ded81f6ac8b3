"""Both distributions, built once for all packaging tests."""

from pathlib import Path

import pytest

from distributions import ROOT, Distribution, build


@pytest.fixture(scope="session")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    return build("worker-lint", tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    return build("worker-lint-runtime", tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
