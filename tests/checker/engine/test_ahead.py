"""Files parsed ahead of the analysis give what they would give when it asks for them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from worker_lint.engine.ahead import FEWEST, Ahead, Next, Ready
from worker_lint.engine.processes import Processes
from worker_lint.engine.snapshot import Entry
from worker_lint.source.parse import parse_module, parse_outline
from worker_lint.source.records import decode_module

SOURCE = '''
from pkg import Base, Other, Used


class Part(Base):
    """A part."""

    def run(self, other: Other) -> None:
        """Runs."""
        value = 1
        print(value)


part = Used()
'''


class Here(Processes):
    """Does in this process what the others would do."""

    @property
    def started(self) -> bool:
        return True

    def run(self, work: Callable[[bytes], bytes], orders: Sequence[bytes]) -> list[bytes | None]:
        return [work(order) for order in orders]


def ready(folder: Path, source: str, *, whole: bool = False, names: tuple[str, ...] = ()) -> list[Ready]:
    paths = [f"part_{number}.py" for number in range(FEWEST)]
    for path in paths:
        (folder / path).write_text(source, encoding="utf-8")
    ahead = Ahead(Here(1), {path: Entry(path, str(folder / path), None) for path in paths}, 10_000)
    return list(ahead.parse([Next(path, ahead.absolute(path), whole, names) for path in paths]))


def test_records_are_those_of_the_parsers(tmp_path: Path) -> None:
    for whole, parse in ((True, parse_module), (False, parse_outline)):
        found = ready(tmp_path, SOURCE, whole=whole)
        assert len(found) == FEWEST
        assert all(item.record is not None and decode_module(item.record) == parse(SOURCE) for item in found)


def test_a_file_that_only_declares_with_a_name_is_not_parsed(tmp_path: Path) -> None:
    assert {item.record for item in ready(tmp_path, SOURCE, names=("Base", "Other"))} == {None}
    used = ready(tmp_path, SOURCE, names=("Base", "Used"))
    assert all(item.used == {"Base": False, "Used": True} and item.record for item in used)


def test_nothing_is_said_of_what_cannot_be_parsed(tmp_path: Path) -> None:
    assert ready(tmp_path, "class (:\n") == []


def test_a_content_that_is_not_on_disk_is_left_alone() -> None:
    ahead = Ahead(Here(1), {"a.py": Entry("a.py", "/a.py", "id", b"")}, 10_000)
    assert (ahead.absolute("a.py"), ahead.absolute("b.py")) == ("", "")


def test_few_files_are_not_worth_the_way() -> None:
    assert list(Ahead(Here(1), {}, 10_000).parse([Next("a.py", "/a.py", whole=False)])) == []
