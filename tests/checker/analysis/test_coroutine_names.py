"""Lines that may call a coroutine function for nothing, by the looks of the text."""

from collections.abc import Callable, Mapping

from worker_lint.analysis import Project

Link = Callable[[Mapping[str, str]], Project]


def _lines(project: Project, path: str) -> tuple[int, ...]:
    module = project.module(path)
    assert module is not None
    return project.coroutine_names.dropped_lines(module)


def test_names_of_the_file_and_of_imported_ones(link: Link) -> None:
    project = link(
        {
            "base.py": "class Base:\n    async def drain(self): ...\n",
            "worker.py": """
            from base import Base

            async def flush(): ...

            class Worker(Base):
                def stop(self):
                    self.drain()
                    flush()
                    self.close()
                    done = self.drain()
                    await_(flush())
            """,
        }
    )
    assert _lines(project, "worker.py") == (7, 8)


def test_names_of_modelled_libraries(link: Link) -> None:
    project = link({"worker.py": "import asyncio\n\nasyncio.sleep(1)\nprint(1)\n"})
    assert _lines(project, "worker.py") == (3,)


def test_an_import_inside_a_function_counts(link: Link) -> None:
    project = link(
        {
            "tools.py": "async def flush(): ...\n",
            "worker.py": "def stop():\n    from tools import flush\n    flush()\n",
        }
    )
    assert _lines(project, "worker.py") == (3,)
