"""Fields that one method alone releases, and that an error on the way there leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.unhanded import only_here

SOURCE = """
import pika
import threading

class Worker:
    def __init__(self):
        self.a = {made}
    def {name}(self):
{code}
    def other(self):
        {other}
"""
WORK = "        while self.on: self.b.process_data_events()\n"
MADE, B = "pika.BlockingConnection()", "        self.b = pika.BlockingConnection()\n"
CLOSE = "        self.a.close()"
GUARDED = "        try: self.b.channel()\n        finally: self.a.close()"
THREAD = "        self.a.start()\n" + B + WORK + "        self.a.join()"
UNDONE = """        try:
            self.a = pika.BlockingConnection()
            self.a.channel()
        except OSError:
            self.a.close()
"""
MISSING = """        if not self.a:
            self.a = pika.BlockingConnection()
"""
CASES = {
    "after the loop": ((MADE, "run", B + WORK + CLOSE, "pass"), ["self.a"]),
    "opened where it is released": (
        ("None", "run", "        self.a = pika.BlockingConnection()\n        self.a.channel()\n" + CLOSE, "pass"),
        ["self.a"],
    ),
    "another method releases it, too": ((MADE, "run", B + WORK + CLOSE, "self.a.close()"), []),
    "something fails before the try": (
        (MADE, "run", B + GUARDED, "pass"),
        ["self.a"],
    ),
    "in a finally around all": (
        (MADE, "run", f"        try:\n    {B}    {WORK}        finally:\n    {CLOSE}", "pass"),
        [],
    ),
    "nothing may fail": ((MADE, "run", "        self.on = True\n" + CLOSE, "pass"), []),
    "a method that is there to end it": ((MADE, "stop", B + WORK + CLOSE, "pass"), []),
    "closed only where the opening failed": (
        (
            "None",
            "run",
            UNDONE + "        self.a.sleep(1)\n        self.a.channel()\n",
            "pass",
        ),
        [],
    ),
    "kept for the next call when an error passes": (
        (
            "None",
            "run",
            "        if not self.a:\n            self.a = pika.BlockingConnection()\n        self.a.channel()\n"
            + CLOSE,
            "pass",
        ),
        [],
    ),
    "a thread that is waited for": (
        (
            "threading.Thread(target=print)",
            "run",
            "        self.a.start()\n" + B + WORK + "        self.a.join()",
            "pass",
        ),
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_only_one_method_releases(project_of: Any, method_of: Any, case: str) -> None:
    (made, name, code, other), expected = CASES[case]
    project = project_of(SOURCE.format(made=made, name=name, code=code, other=other))
    method, cls = method_of(project, f"Worker.{name}")
    assert [one.held.name for one in only_here(project, method, cls) if one.held.name == "self.a"] == expected
