"""What a class gives one of its fields, told without parsing the methods that do not name it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project

SOURCE = """
class Base:
    conn: Connection = None
    limit = field(init=False)

    def __init__(self, conn):
        self.conn, self.size = conn, 0
        self.jobs = []

    def add(me, job):
        me.jobs.append(job)
        def later():
            me.conn = \\
                job
        def aside(me):
            me.size = 3

    def clear(self): self . jobs = ["conn"]; self.größe = 1

    async def fill(self):
        for self.conn in await self.all(): pass
"""


@pytest.mark.parametrize("name", ["conn", "size", "jobs", "limit", "größe", "gröẞe", "missing"])
@pytest.mark.parametrize("source", [SOURCE, SOURCE.replace("größe", "extent"), SOURCE.replace("\n", "\r\n")])
def test_one_field_is_what_all_tell(project_of: Callable[[str], Project], name: str, source: str) -> None:
    project, again = project_of(source), project_of(source)
    (cls,), (same,) = project.classes_in("worker.py"), again.classes_in("worker.py")
    named = project.values.fields.named(cls, name)
    every = again.values.fields.own(same).get(name, [])
    assert [(one.scope.qualname, one.source, one.added) for one in named] == [
        (one.scope.qualname, one.source, one.added) for one in every
    ]
    assert project.values.fields.own(cls).get(name, []) == named
