from __future__ import annotations

from pathlib import Path

import pytest

from worker_lint.analysis.models.version import Release, ReleaseSpan
from worker_lint.analysis.models.versions import (
    parse_lock,
    parse_pipfile_lock,
    parse_project,
    parse_requirements,
    parse_specifier,
    read_versions,
)

UV = """version = 1
requires-python = ">=3.11"

[[package]]
name = "pika"
version = "1.3.2"
source = { registry = "x" }

[[package]]
name = "Confluent_Kafka"
version = "2.5.0"

[[package]]
name = "numpy"
version = "1.26.0"

[[package]]
name = "numpy"
version = "2.0.1"
"""


def allows(span: ReleaseSpan, release: Release) -> bool:
    return (span.lowest is None or span.lowest <= release) and (span.highest is None or release <= span.highest)


@pytest.mark.parametrize(
    ("specifier", "inside", "outside"),
    [
        ("==1.4.2", [(1, 4, 2)], [(1, 4, 1), (1, 4, 3)]),
        ("==1.4.*", [(1, 4), (1, 4, 9)], [(1, 3, 9), (1, 5)]),
        ("~=1.4.2", [(1, 4, 2), (1, 4, 99)], [(1, 4, 1), (1, 5)]),
        ("~=1.4", [(1, 4), (1, 99)], [(1, 3), (2,)]),
        (">=1.2,<2", [(1, 2), (1, 99, 3)], [(1, 1), (2,)]),
        (">=1.2, !=1.3, <1.10", [(1, 2), (1, 9, 9)], [(1, 10)]),
        ("^1.2.3", [(1, 2, 3), (1, 99)], [(1, 2, 2), (2,)]),
        ("^0.2.3", [(0, 2, 3), (0, 2, 9)], [(0, 3)]),
        ("~1.2", [(1, 2), (1, 2, 9)], [(1, 3)]),
        ("<=2.0", [(2,)], [(2, 0, 1)]),
        ("<2.0", [(1, 99)], [(2,)]),
        ("", [(0,), (99,)], []),
    ],
)
def test_specifiers(specifier: str, inside: list[Release], outside: list[Release]) -> None:
    span = parse_specifier(specifier)
    assert all(allows(span, release) for release in inside)
    assert not any(allows(span, release) for release in outside)


def test_locks_pin_and_a_package_locked_twice_spans_both() -> None:
    found = parse_lock(UV)
    assert found["pika"] == ReleaseSpan.exactly((1, 3, 2))
    assert found["confluent-kafka"] == ReleaseSpan.exactly((2, 5))
    assert found["numpy"] == ReleaseSpan((1, 26), (2, 0, 1))


def test_a_pylock_file() -> None:
    assert parse_lock('[[packages]]\nname = "celery"\nversion = "5.4.0"\n') == {
        "celery": ReleaseSpan.exactly((5, 4)),
    }


def test_pipfile_lock() -> None:
    text = '{"_meta": {"hash": {}}, "default": {"redis": {"version": "==5.0.1"}, "own": {"path": "."}}, "develop": {}}'
    assert parse_pipfile_lock(text) == {"redis": ReleaseSpan.exactly((5, 0, 1))}
    assert parse_pipfile_lock("{") == {}
    assert parse_pipfile_lock("[]") == {}


def test_requirements() -> None:
    text = """
# comment
-r other.txt
--index-url there
pika==1.3.2 \\
    --hash=sha256:00
celery[redis]>=5.3,<6 ; python_version > "3.8"
redis
./local
package @ git+ssh://somewhere
Kombu (>=5.3)
"""
    found = parse_requirements(text)
    assert found["pika"] == ReleaseSpan.exactly((1, 3, 2))
    assert allows(found["celery"], (5, 99))
    assert not allows(found["celery"], (6,))
    assert found["kombu"] == ReleaseSpan((5, 3), None)
    assert found.keys() == {"pika", "celery", "kombu"}


def test_pyproject() -> None:
    text = """
[project]
requires-python = ">=3.12"
dependencies = ["pika>=1.3", "redis"]

[project.optional-dependencies]
broker = ["celery==5.4.0"]

[dependency-groups]
dev = ["huey~=2.5.0", {include-group = "other"}]

[tool.poetry.dependencies]
python = "^3.11"
rq = "^1.16"
arq = {version = "0.26", optional = true}

[tool.poetry.group.test.dependencies]
dramatiq = ">=1.17"
"""
    found = parse_project(text)
    assert found["python"] == ReleaseSpan((3, 12), None)
    assert found["pika"] == ReleaseSpan((1, 3), None)
    assert found["celery"] == ReleaseSpan.exactly((5, 4))
    assert allows(found["huey"], (2, 5, 9))
    assert not allows(found["rq"], (2,))
    assert found["arq"] == ReleaseSpan.exactly((0, 26))
    assert found["dramatiq"] == ReleaseSpan((1, 17), None)
    assert "redis" not in found
    assert parse_project("[") == {}
    assert parse_project('project = 3\n[tool]\npoetry = "x"\n') == {}


def test_a_lock_beats_requirements_and_those_beat_the_project(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(UV)
    (tmp_path / "requirements.txt").write_text("pika==1.0.0\ncelery==5.3.1\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["pika>=1", "celery>=5", "huey>=2"]\nrequires-python = ">=3.11"\n'
    )
    found = read_versions(tmp_path)
    assert found["pika"] == ReleaseSpan.exactly((1, 3, 2))
    assert found["celery"] == ReleaseSpan.exactly((5, 3, 1))
    assert found["huey"] == ReleaseSpan((2,), None)
    assert found["python"] == ReleaseSpan((3, 11), None)


def test_requirement_files_that_differ_leave_both_open(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements.txt").write_text("pika==1.2.0\n")
    (tmp_path / "requirements" / "dev.txt").write_text("pika==1.3.0\n")
    assert read_versions(tmp_path)["pika"] == ReleaseSpan((1, 2), (1, 3))


def test_no_files_no_versions(tmp_path: Path) -> None:
    assert read_versions(tmp_path) == {}
