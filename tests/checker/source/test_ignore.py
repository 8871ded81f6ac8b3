from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worker_lint.source.ignore import DEFAULT_EXCLUDES, Excludes, compile_patterns


@pytest.mark.parametrize(
    ("pattern", "covered", "left"),
    [
        ("old", ["old", "old/a.py", "pkg/old/b/c.py"], ["older/a.py", "a_old.py", "old.py"]),
        ("old/", ["old/a.py", "pkg/old/a.py"], ["older/a.py"]),
        ("/old", ["old/a.py"], ["pkg/old/a.py"]),
        ("pkg/old", ["pkg/old/a.py"], ["x/pkg/old/a.py", "pkg/older.py"]),
        ("./pkg/old", ["pkg/old/a.py"], ["x/pkg/old/a.py"]),
        ("*_pb2.py", ["a_pb2.py", "pkg/b_pb2.py"], ["a_pb2.pyi", "pkg/a_pb2.py.txt"]),
        ("src/*.py", ["src/a.py"], ["src/pkg/a.py", "x/src/a.py"]),
        ("src/**/gen.py", ["src/gen.py", "src/a/gen.py", "src/a/b/gen.py"], ["gen.py", "src/regen.py"]),
        ("src/**", ["src/a.py", "src/a/b.py"], ["a/src/b.py"]),
        ("v[0-9].py", ["v1.py", "pkg/v9.py"], ["va.py", "v10.py"]),
        ("v[!0-9].py", ["va.py"], ["v1.py"]),
        ("?.py", ["a.py"], ["ab.py"]),
        ("a+b(c).py", ["a+b(c).py"], ["aab(c).py"]),
        ("odd[", ["odd["], ["odd"]),
    ],
)
def test_a_pattern_covers_what_is_documented(pattern: str, covered: list[str], left: list[str]) -> None:
    compiled = compile_patterns([pattern])
    assert compiled is not None

    assert [path for path in covered if not compiled.search(path)] == []
    assert [path for path in left if compiled.search(path)] == []


def test_no_patterns_are_none() -> None:
    assert compile_patterns([]) is None
    assert compile_patterns(["", "/", " "]) is None


@example(["[!-.]"], "")
@given(st.lists(st.text(alphabet="ab*?[!]/.-", max_size=8), max_size=4), st.text(alphabet="ab/.", max_size=12))
def test_any_text_is_a_pattern_and_a_covered_folder_covers_all_below(patterns: list[str], path: str) -> None:
    compiled = compile_patterns(patterns)

    if compiled is not None and compiled.search(path):
        assert compiled.search(f"{path}/below.py")


@given(st.text(alphabet="ab.+()^$|\\{}", min_size=1, max_size=10).filter(lambda name: name.strip("./")))
def test_a_name_without_wildcards_covers_itself(name: str) -> None:
    compiled = compile_patterns([f"/{name}"])
    assert compiled is not None
    assert compiled.search(f"{name}/inside.py")


def test_default_folders_are_left_out_at_any_depth(tmp_path: Path) -> None:
    excludes = Excludes(str(tmp_path), None)

    assert all(excludes.by_default(f"pkg/{name}/deeper") for name in DEFAULT_EXCLUDES)
    assert not excludes.by_default("")
    assert not excludes.by_default("pkg/venvs")


def test_a_package_may_be_called_build(tmp_path: Path) -> None:
    (tmp_path / "src/build").mkdir(parents=True)
    (tmp_path / "src/build/__init__.py").touch()
    (tmp_path / "build/lib").mkdir(parents=True)
    excludes = Excludes(str(tmp_path), None)

    assert not excludes.by_default("src/build")
    assert excludes.by_default("build")
    assert excludes.by_default("build/lib")
    assert not Excludes(str(tmp_path), None, defaults=False).by_default("build/lib")
