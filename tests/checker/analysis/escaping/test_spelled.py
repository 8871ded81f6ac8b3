"""Which functions may hold an endless loop, told from their text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import functions_of
from worker_lint.analysis.escaping.spelled import Spelled

GO_ON = (
    "for one in consumer:",
    "for\tone in self.subscription:",
    "for one in client.listen(  # (\n    ')', timeout=1,\n  ):",
    "for one \\\n        in \\\n        channel.consume('jobs'):",
    "for one in (\n\n    # a comment (\n    queue\n    .iterator()\n):",
    "async for one in stream:",
    "async \\\n for one in stream:",
    "for _ in itertools.count(): pass",
    "for _ in iter(read, b''):",
    "for one in d[1:\n    2].CONSUMERS:",
    "for one in texts(\"it's\", '''\n)\n:''', sub):",
)
END = (
    "for one in items:  # of a consumer",
    "for one in items['consumer']:",
    "for one in enumerate(counts):",
    "for one in items:\n        consumer.close(one)",
    "pass  # for one in consumer",
    "consumers = [one for one in consumers]",
)


def may_loop(project: Project) -> bool:
    spelled = Spelled(project.store.text("worker.py"))
    return any(map(spelled.may_loop, functions_of(project, "worker.py")))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("header", GO_ON)
def test_headers_that_may_go_on(project_of: Callable[[str], Project], header: str, ending: str) -> None:
    body = "" if header.endswith("pass") else "\n        work(one)"
    source = f'def run(self):\n    """For all\n    for one\'s own"""\n    {header}{body}\n'
    assert may_loop(project_of(source.replace("\n", ending)))


@pytest.mark.parametrize("header", END)
def test_headers_that_come_to_an_end(project_of: Callable[[str], Project], header: str) -> None:
    body = "\n        work(one)" if header.startswith("for one") and "close" not in header else ""
    assert not may_loop(project_of(f"def run(self, consumer):\n    {header}{body}\n"))
