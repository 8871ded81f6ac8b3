"""Cold runs over ever larger parts of a tree, and the picture of them."""

import itertools
from pathlib import Path
from xml.etree import ElementTree as ET

from growth import Point, drawn, parts, points, table
from stopwatch import Measurement


def tree_of(folder: Path, packages: int) -> Path:
    for number in range(packages):
        package = folder / "tree" / f"package{number}"
        package.mkdir(parents=True)
        (package / "module.py").write_text("x = 1\n" * (number + 1))
    (folder / "tree" / "worker-lint.toml").write_text("")
    return folder / "tree"


def test_the_parts_grow_to_the_whole_and_hold_the_configuration(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, 7)
    seen = []
    for part in parts(tree, tmp_path / "part"):
        assert (part / "worker-lint.toml").exists()
        seen.append({path.parent.name for path in part.rglob("*.py")})
    assert [len(names) for names in seen] == [1, 3, 4, 6, 7]
    assert all(smaller < larger for smaller, larger in itertools.pairwise(seen))


def test_a_tree_of_one_package_has_one_part(tmp_path: Path) -> None:
    assert len(list(parts(tree_of(tmp_path, 1), tmp_path / "part"))) == 1


def test_each_part_is_run_once_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, 5)
    found = points(tree, tmp_path / "part", lambda part: Measurement(len(list(part.iterdir())), 1.0, 0))
    assert [(point.files, point.run.wall) for point in found] == [(1, 2), (2, 3), (3, 4), (4, 5), (5, 6)]
    assert not (tmp_path / "part").exists()
    assert len(list(tree.rglob("*.py"))) == 5


FOUND = [Point(1000, 250_000, Measurement(2.5, 4.0, 0)), Point(4000, 1_000_000, Measurement(9.0, 15.0, 0))]


def test_the_table_tells_what_a_million_lines_take() -> None:
    assert table(FOUND).splitlines()[2:] == [
        "| 1,000 | 250,000 | 2.5 | 4.0 | 16.0 |",
        "| 4,000 | 1,000,000 | 9.0 | 15.0 | 15.0 |",
    ]


def test_the_picture_has_a_point_for_each_part_at_its_place() -> None:
    picture = ET.fromstring(drawn(FOUND))  # noqa: S314 - our own text
    marks = [mark for mark in picture.iter() if mark.tag.endswith("circle")]
    assert [(float(mark.attrib["cx"]), float(mark.attrib["cy"])) for mark in marks] == [(198.0, 219.0), (624.0, 39.6)]
    assert "https" not in drawn(FOUND)
