"""Whether code waits for itself, and how sure that is: other objects, other coroutines, ways that hang on values."""

import pytest

from worker_lint.testing import check_source

CASES = {
    "nothing decides against it": (
        """
        import threading

        class Worker:
            def start(self):
                self.thread = threading.Thread(target=self.run)
                self.thread.start()

            def run(self):
                self.stop()

            def stop(self):
                self.thread.join()
        """,
        ["certain"],
    ),
    "a parameter may decide against it": (
        """
        import threading

        class Worker:
            def start(self):
                self.thread = threading.Thread(target=self.run)
                self.thread.start()

            def run(self):
                self.stop({"wait": True})

            def stop(self, options=None):
                if options is not None:
                    return
                self.thread.join()
        """,
        ["likely"],
    ),
    "an object with a thread of its own in a field of the same name": (
        """
        import threading

        class Child:
            def __init__(self):
                self.thread = threading.Thread(target=print)

            def run(self):
                self.thread.join()

        class Worker:
            def start(self):
                self.child = Child()
                self.thread = threading.Thread(target=self.child.run)
                self.thread.start()
        """,
        [],
    ),
    "awaiting a coroutine that returns the task is not awaiting the task": (
        """
        import asyncio

        class Client:
            async def begin(self):
                self.task = asyncio.create_task(self.renew())

            async def renew(self):
                await self.current()

            async def current(self):
                return self.task
        """,
        [],
    ),
    "that it may be itself is expected": (
        """
        import asyncio
        import contextlib

        class Client:
            async def begin(self):
                self.task = asyncio.create_task(self.read())

            async def read(self):
                await self.stop()

            async def stop(self):
                self.stopping.cancel()
                with contextlib.suppress(asyncio.CancelledError, RuntimeError):
                    await self.task
        """,
        [],
    ),
    "shielded, it is awaited all the same": (
        """
        import asyncio

        class Client:
            async def begin(self):
                self.task = asyncio.create_task(self.renew())

            async def renew(self):
                await self.current()

            async def current(self):
                return await asyncio.shield(self.task)

            def stop(self):
                self.task.cancel()
        """,
        ["certain"],
    ),
    "its loop has ended because it was stopped": (
        """
        import threading

        class Worker:
            def start(self):
                self.running = True
                self.thread = threading.Thread(target=self.run)
                self.thread.start()

            def run(self):
                while self.running:
                    print("working")
                self.stop()

            def stop(self):
                if not self.running:
                    return
                self.running = False
                self.thread.join()
        """,
        ["likely"],
    ),
    "its loop goes on": (
        """
        import threading

        class Worker:
            def start(self):
                self.running = True
                self.thread = threading.Thread(target=self.run)
                self.thread.start()

            def run(self):
                while self.running:
                    try:
                        self.work()
                    except OSError:
                        self.stop()

            def stop(self):
                if not self.running:
                    return
                self.running = False
                self.thread.join()
        """,
        ["certain"],
    ),
    "the wait comes, but nothing is left to be released": (
        """
        import asyncio

        class Client:
            async def connect(self):
                self.reader = asyncio.create_task(self.read())

            async def read(self):
                await self.close()

            async def close(self):
                self.reader.cancel()
                await asyncio.sleep(0)
                self.open = False
        """,
        ["likely"],
    ),
    "the wait may be left out": (
        """
        import asyncio

        class Client:
            async def connect(self):
                self.reader = asyncio.create_task(self.read())

            async def read(self):
                await self.close()

            async def close(self):
                self.reader.cancel()
                if self.peer is not None:
                    await asyncio.sleep(0)
                self.writer.close()
        """,
        ["likely"],
    ),
    "the cancellation is taken where it strikes": (
        """
        import asyncio

        class Client:
            async def connect(self):
                self.reader = asyncio.create_task(self.read())

            async def read(self):
                await self.close()

            async def close(self):
                self.reader.cancel()
                try:
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    pass
                self.writer.close()
        """,
        ["likely"],
    ),
    "what follows is skipped, and the socket stays open": (
        """
        import asyncio

        class Client:
            async def connect(self):
                self.reader = asyncio.create_task(self.read())

            async def read(self):
                await self.close()

            async def close(self):
                if self.reader is not None and not self.reader.cancelled():
                    self.reader.cancel()
                await asyncio.sleep(0)
                if self.writer is not None:
                    self.writer.close()
        """,
        ["certain"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_waiting_for_itself(case: str) -> None:
    source, expected = CASES[case]
    diagnostics = check_source("STP111", source)
    assert [one.confidence for one in diagnostics] == expected
