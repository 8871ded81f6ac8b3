"""What was begun and what was done, read from the files that the workers write, and what that makes of a run."""

import collections
import math
import statistics
from dataclasses import dataclass, field
from pathlib import Path


class Record:
    """A file of lines "message process" that processes append to, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0
        self._messages: collections.Counter[str] = collections.Counter()
        self._processes: dict[int, set[str]] = collections.defaultdict(set)
        self._lines: collections.Counter[int] = collections.Counter()

    def by_process(self) -> collections.Counter[int]:
        """How many lines each process has written."""
        self._read_on()
        return self._lines

    def by_message(self) -> collections.Counter[str]:
        """How many lines there are about each message."""
        self._read_on()
        return self._messages

    def of(self, process: int) -> set[str]:
        """The messages of a process."""
        self._read_on()
        return self._processes[process]

    def _read_on(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        for words in map(str.split, whole.decode().splitlines()):
            if len(words) == 2 and words[1].isdecimal():  # a kill may have cut a line short
                self._messages[words[0]] += 1
                self._processes[int(words[1])].add(words[0])
                self._lines[int(words[1])] += 1


@dataclass
class Figures:
    """What one run of faults counted; times in seconds."""

    fault: str
    faults: int = 0
    idle: int = 0
    published: int = 0
    refused: int = 0
    dead: int = 0
    lost: int = 0
    duplicated: int = 0
    most: int = 0
    """How many messages may be done twice: those that were in flight at the faults."""
    bad_exits: list[int] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def failed(self) -> bool:
        """Whether a promise was broken."""
        return self.lost > 0 or self.duplicated > self.most or bool(self.bad_exits)

    def render(self) -> str:
        """One row of the table in the documentation."""
        times = "-"
        if ordered := sorted(self.recoveries):
            times = f"{statistics.median(ordered):.2f} / {ordered[math.ceil(0.95 * len(ordered)) - 1]:.2f} s"
        twice = f"{self.duplicated} of {self.most}"
        cells = [self.fault, self.faults, self.published, self.lost, twice, len(self.bad_exits), times, self.note]
        return "| " + " | ".join(map(str, cells)) + " |"
