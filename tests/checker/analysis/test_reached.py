"""What runs when a function runs, and what a class launches."""

from collections.abc import Callable

from worker_lint.analysis import Class
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.launched import launched_by
from worker_lint.analysis.reached import reached_from

Named = Callable[[str, str], Class]


def _reached(cls: Class, method: str) -> list[str]:
    start = next(function for function in cls.project.values.fields.methods(cls) if function.name == method)
    return [here.function.name for here in reached_from(Runs(start, cls))]


def test_calls_are_followed_through_self_and_functions(class_named: Named) -> None:
    source = """
    def log():
        pass

    class Worker:
        def stop(self):
            self.drain()

        def drain(self):
            log()

        def other(self):
            pass
    """
    assert _reached(class_named(source, "Worker"), "stop") == ["stop", "drain", "log"]


def test_the_calls_that_lead_there_are_kept(class_named: Named) -> None:
    source = """
    class Worker:
        def stop(self):
            if self.open:
                self.drain()

        def drain(self):
            pass
    """
    cls = class_named(source, "Worker")
    start = next(iter(cls.project.values.fields.methods(cls)))
    last = list(reached_from(Runs(start, cls)))[-1]
    assert [way.function.name for way in last.ways] == ["stop"]
    assert len(last.around) == 1


def test_what_is_handed_over_or_only_created_is_not_reached(class_named: Named) -> None:
    source = """
    import threading

    class Worker:
        def stop(self):
            threading.Thread(target=self.run).start()
            self.flush()
            callback = lambda: self.run()

        def run(self):
            pass

        async def flush(self):
            pass
    """
    assert _reached(class_named(source, "Worker"), "stop") == ["stop"]


def test_a_coroutine_runs_where_it_is_awaited(class_named: Named) -> None:
    source = """
    import asyncio

    class Worker:
        async def stop(self):
            await self.flush()
            asyncio.create_task(self.run())

        async def run(self):
            pass

        async def flush(self):
            pass
    """
    assert _reached(class_named(source, "Worker"), "stop") == ["stop", "flush"]


def test_a_circle_ends(class_named: Named) -> None:
    source = """
    class Worker:
        def stop(self):
            self.close()

        def close(self):
            self.stop()
    """
    assert _reached(class_named(source, "Worker"), "stop") == ["stop", "close"]


def test_threads_and_tasks_are_known_by_their_fields(class_named: Named) -> None:
    source = """
    import asyncio
    import threading
    from concurrent.futures import ThreadPoolExecutor

    class Worker:
        def start(self):
            self.pool = ThreadPoolExecutor()
            self.thread = threading.Thread(target=self.run)
            beat = threading.Thread(target=self.beat)
            self.heart = beat
            self.pool.submit(self.work)

        async def connect(self):
            self.task = asyncio.create_task(self.read())

        def run(self): ...
        def beat(self): ...
        def work(self): ...
        async def read(self): ...
    """
    found = {
        (item.kind, item.place[-1], item.runs.function.name) for item in launched_by(class_named(source, "Worker"))
    }
    assert found == {
        ("thread", "thread", "run"),
        ("thread", "heart", "beat"),
        ("pool", "pool", "work"),
        ("task", "task", "read"),
    }


def test_a_subclass_of_thread_is_the_thread(class_named: Named) -> None:
    source = """
    import threading

    class Worker(threading.Thread):
        def run(self):
            pass
    """
    assert [(item.place, item.runs.function.name) for item in launched_by(class_named(source, "Worker"))] == [
        (("self",), "run")
    ]


def test_a_coroutine_that_is_run_to_its_end_is_reached(class_named: Named) -> None:
    source = """
    import asyncio

    class Worker:
        def __init__(self):
            self.loop = asyncio.new_event_loop()

        def run(self):
            self.loop.run_until_complete(self.main())
            asyncio.run(self.last())
            self.loop.create_task(self.other())

        async def main(self):
            await self.step()

        async def step(self):
            pass

        async def last(self):
            pass

        async def other(self):
            pass
    """
    assert _reached(class_named(source, "Worker"), "run") == ["run", "main", "last", "step"]
