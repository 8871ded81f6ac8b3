"""How sure it is that a teardown leaves something out for good: what may fail, and what of it stays."""

import textwrap

import pytest

from worker_lint.testing import built_in_packs, check_files, check_source

SHUTDOWN = """
import socket

class Link:
    def __init__(self, address):
        self.sock = socket.create_connection(address)

    def close(self):
{body}
"""
SOCKETS = {
    "the error goes on": ("self.sock.shutdown(2)\nself.sock.close()", ["certain"]),
    "another number is raised again": (
        "try:\n    self.sock.shutdown(2)\nexcept OSError as e:\n    if e.errno != 7:\n        raise\nself.sock.close()",
        ["certain"],
    ),
    "swallowed, and the field is given up": (
        "try:\n    self.sock.shutdown(2)\n    self.sock.close()\nexcept OSError:\n    pass\nself.sock = None",
        ["likely"],
    ),
    "swallowed, and the field stays": (
        "try:\n    self.sock.shutdown(2)\n    self.sock.close()\nexcept OSError:\n    pass",
        ["certain"],
    ),
}
KILL = """
import os

class Pool:
    def __init__(self):
        self.pids = set()

    def add(self, pid):
        self.pids.add({pid})

    def stop(self):
        for pid in self.pids:
{body}
"""
KILLS = {
    "processes of others": ("pid", "os.kill(pid, 15)", ["certain"]),
    "children": ("os.fork()", "os.kill(pid, 15)", ["likely"]),
    "objects of children": ("pid.pid", "os.kill(pid, 15)", ["likely"]),
    "one that has gone is passed over": (
        "pid",
        "try:\n    os.kill(pid, 15)\nexcept OSError as error:\n    if error.errno != errno.ESRCH:\n        raise",
        [],
    ),
}
CHILDREN = """
class Group:
    def __init__(self):
        self.children = []

    def {add}(self, child):
        self.children.append(child)

    def stop(self):
        for child in self.children:
            child.stop()
"""
PLUGINS = """
import abc

class Plugin(abc.ABC):
    @abc.abstractmethod
    def stop(self): ...

class Group:
    def __init__(self):
        self.plugins: list[Plugin] = []

    def add(self, plugin: Plugin):
        self.plugins.append(plugin)

    def stop(self):
        for plugin in self.plugins:
            plugin.stop()
"""
CALM = """
class Timer(Plugin):
    def stop(self):
        self.stopped = True
"""
JOIN = """
import socket
import threading

class Link:
    def __init__(self, address):
        self.sock = socket.create_connection(address)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def close(self):
        self.sock.shutdown(2)
        self.thread.join({time})
"""


def _confidences(source: str) -> list[str]:
    return [one.confidence for one in check_source("STP102", source)]


@pytest.mark.parametrize("case", SOCKETS)
def test_a_socket_that_is_given_up_is_closed_all_the_same(case: str) -> None:
    body, expected = SOCKETS[case]
    assert _confidences(SHUTDOWN.format(body=textwrap.indent(body, "        "))) == expected


@pytest.mark.parametrize("case", KILLS)
def test_children_are_there_until_somebody_waits_for_them(case: str) -> None:
    pid, body, expected = KILLS[case]
    assert _confidences(KILL.format(pid=pid, body=textwrap.indent(body, "            "))) == expected


@pytest.mark.parametrize(
    ("add", "expected"),
    [("add", ["certain"]), ("_add", ["likely"])],
)
def test_children_come_in_by_a_public_way(add: str, expected: list[str]) -> None:
    assert _confidences(CHILDREN.format(add=add)) == expected


@pytest.mark.parametrize(("more", "expected"), [("", ["certain"]), (CALM, [])])
def test_an_interface_that_the_project_implements_itself(more: str, expected: list[str]) -> None:
    assert _confidences(PLUGINS + more) == expected


@pytest.mark.parametrize(("time", "expected"), [("2", []), ("", ["likely"])])
def test_a_wait_left_out_leaves_nothing_open(time: str, expected: list[str]) -> None:
    assert _confidences(JOIN.format(time=time)) == expected


KEPT = """
import os
from multiprocessing import Process

class Manager:
    def __init__(self, count):
        self.workers = [Process(target=print) for _ in range(count)]

    def watch(self):
        for worker in self.workers:
            if not worker.is_alive():
                {dead}

    def stop(self):
        for worker in self.workers:
            os.kill(worker.pid, 2)
"""


@pytest.mark.parametrize(
    ("dead", "expected"),
    [("print(worker)", ["certain"]), ("self.workers.remove(worker)", ["likely"])],
)
def test_a_child_that_was_asked_for_its_life_and_is_kept(dead: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP102", KEPT.format(dead=dead))] == expected


DRIVERS = """
class Driver:
    def stop(self):
        '''For those who derive from it.'''

class Registry:
    def __init__(self):
        self.drivers = {{}}
        {first}

    def register(self, driver):
        self.drivers[driver.name] = driver

    def stop(self):
        for driver in self.drivers.values():
            driver.stop()
"""


@pytest.mark.parametrize(("first", "expected"), [("pass", ["certain"]), ("self.register(Driver())", ["likely"])])
def test_what_the_constructor_registers_is_its_own(first: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP102", DRIVERS.format(first=first))] == expected


ABSENT = """
class Group:
    def disconnect(self):
        {asks}
            self.link.disconnect()
        for child in self.children:
            child.link.disconnect()
"""


def test_what_the_same_teardown_asks_of_its_own_object() -> None:
    found = check_source("STP102", ABSENT.format(asks="if self.link:"))
    assert [(one.span.line, one.confidence) for one in found] == [(7, "certain")]
    assert not check_source("STP102", ABSENT.format(asks="if True:"))


LIMIT = """
import socket
import threading

class Link:
    def __init__(self, address):
        self.done = threading.Event()
        self.sock = socket.create_connection(address)

    def flush(self, timeout=None):
        if not self.done.wait(timeout):
            raise TimeoutError()

    def close(self):
        self.flush({limit})
        self.sock.close()
"""


@pytest.mark.parametrize(("limit", "expected"), [("", []), ("3", ["certain"]), ("timeout=3", ["certain"])])
def test_a_wait_without_a_limit_does_not_run_out(limit: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP102", LIMIT.format(limit=limit))] == expected


ENVIRONMENT = """
class Environment:
    def __init__(self):
        self.controllers = {}

    def set_controller(self, key, controller):
        self.controllers[key] = controller

    def stop(self):
        for controller in self.controllers.values():
            controller.stop()

def current():
    return _the_one
"""
RUNNER = """
import environment as env

class Controller:
    def stop(self): ...

def run(job, given):
    controller = Controller()
    env.current().set_controller(job, {given})
"""


@pytest.mark.parametrize(("given", "expected"), [("given", ["certain"]), ("controller", ["likely"])])
def test_what_another_part_of_the_project_registers(given: str, expected: list[str]) -> None:
    rules = [rule for rule in built_in_packs().rules if rule.code == "STP102"]
    files = {"environment.py": ENVIRONMENT, "runner.py": RUNNER.format(given=given)}
    assert [one.confidence for one in check_files(files, rules).diagnostics] == expected


WRITERS = """
from abc import ABC, abstractmethod

class Writer(ABC):
    @abstractmethod
    def cleanup(self): ...

class Job:
    def __init__(self, writers: list[Writer]):
        self.writers = writers

    def cleanup(self):
        for writer in self.writers:
            {first}
            writer.cleanup()
"""


@pytest.mark.parametrize(
    ("first", "expected"), [("writer.reduce()", ["likely"]), ("writer.flush()", ["certain"]), ("pass", ["certain"])]
)
def test_a_loop_that_works_before_it_ends(first: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP102", WRITERS.format(first=first))] == expected
