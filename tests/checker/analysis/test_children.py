"""What a class sets going and keeps."""

from collections.abc import Callable

from worker_lint.analysis import Class
from worker_lint.analysis.children import children_of, has_cleanup, serves, waits_for_anything

Named = Callable[[str, str], Class]

SOURCE = """
import multiprocessing
import threading

class Worker:
    def start(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        self.timer = threading.Timer(1, self.beat)
        self.timer.start()
        self.process = multiprocessing.get_context("spawn").Process(target=print)
        self.process.start()

    def run(self):
        with open("journal") as journal:
            while True:
                journal.write("x")

    def beat(self):
        with self.lock:
            print("beat")

    def stop(self):
        self.stopped.wait()

    def close(self):
        print("closed")
"""


def test_threads_timers_and_processes_are_known_by_their_code(class_named: Named) -> None:
    cls = class_named(SOURCE, "Worker")
    found = {child.kind: child for child in children_of(cls)}
    assert set(found) == {"thread", "timer", "process"}
    assert found["process"].runs is None
    thread, timer = found["thread"].runs, found["timer"].runs
    assert thread is not None
    assert timer is not None
    assert (thread.function.name, serves(thread)) == ("run", True)
    assert (timer.function.name, serves(timer)) == ("beat", False)
    assert has_cleanup(thread) is not None
    assert has_cleanup(timer) is None


def test_a_daemon_is_one_when_anything_says_so(class_named: Named) -> None:
    plain = next(children_of(class_named(SOURCE, "Worker")))
    said = SOURCE.replace("self.thread.start()", "self.thread.daemon = True")
    denied = SOURCE.replace("target=self.run", "target=self.run, daemon=False")
    daemon = next(children_of(class_named(said, "Worker")))
    assert not plain.is_daemon
    assert daemon.is_daemon
    assert not next(children_of(class_named(denied, "Worker"))).is_daemon


def test_a_stop_that_waits_is_told_from_one_that_does_not(class_named: Named) -> None:
    cls = class_named(SOURCE, "Worker")
    methods = cls.project.workers.methods(cls)
    assert waits_for_anything(methods["stop"])
    assert not waits_for_anything(methods["close"])
