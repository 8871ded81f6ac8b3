"""Which methods of an object run, as far as its creators and Python show."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.lifecycle import reached_uses

SOURCE = """
import threading

class Worker(threading.Thread):
    def __init__(self):
        self.prepare()

    def run(self):
        self.loop()

    def loop(self):
        self.handle()

    def close(self):
        self.flush()

class Other:
    def work(self):
        worker = None
        worker.close()

"""


APP = """
class App:
    def __init__(self):
        self.worker = Worker()

    def stop(self):
        self.worker.close()
"""


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("Worker()\n", ["prepare"]),
        ("Worker().close()\n", ["prepare", "flush"]),
        ("def main():\n    worker = Worker()\n    worker.start()\n", ["prepare", "loop", "handle"]),
        ("def main():\n    worker = Worker()\n    worker.run()\n", ["prepare", "loop", "handle"]),
        ("def main():\n    worker = Worker()\n\ndef other(worker):\n    worker.close()\n", ["prepare"]),
        (APP, ["prepare", "flush"]),
    ],
)
def test_reached(class_named: Callable[[str, str], Class], use: str, expected: list[str]) -> None:
    cls = class_named(SOURCE + use, "Worker")
    creations = list(cls.project.uses.creations(cls))
    assert [reached.use.name for reached in reached_uses(cls, creations)] == expected
