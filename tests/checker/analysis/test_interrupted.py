"""Clean-up that only an interrupt leads to."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.interrupted import only_interrupted

SOURCE = """
import atexit
import time

class Broker:
    def listen(self): ...
    def shutdown(self): ...
    def serve(self):
        try:
            self.listen()
        except (SystemExit, KeyboardInterrupt):
            self.shutdown()
    def register(self):
        atexit.register(self.shutdown)
        self.listen()
    def restart(self):
        self.shutdown()
        self.listen()

def shutdown_broker(broker): ...

class Main:
    def run(self, given):
        broker = Broker()
        {code}
"""
WORK = "try:\n            broker.listen()\n        "
IDLE = "try:\n            while True:\n                time.sleep(1)\n        "
CTRL_C = "except KeyboardInterrupt:\n            "
CASES = {
    "only there": (WORK + "except KeyboardInterrupt:\n            broker.shutdown()", 1),
    "by a function": (WORK + "except KeyboardInterrupt:\n            given(shutdown_broker(broker))", 1),
    "with another exit": (WORK + "except (KeyboardInterrupt, SystemExit):\n            broker.shutdown()", 1),
    "of any error": (WORK + "except (KeyboardInterrupt, OSError):\n            broker.shutdown()", 0),
    "also afterwards": (WORK + CTRL_C + "broker.shutdown()\n        broker.shutdown()", 0),
    "with a finally": (
        WORK + "except KeyboardInterrupt:\n            broker.shutdown()\n        finally:\n            given()", 0,
    ),
    "of what cleans up itself": (WORK.replace("listen", "serve") + CTRL_C + "broker.shutdown()", 0),
    "of what is ended at the exit": (WORK.replace("listen", "register") + CTRL_C + "broker.shutdown()", 0),
    "of what is handed over and cleans up itself": (
        "given(broker.serve)\n        try:\n            given()\n        " + CTRL_C + "broker.shutdown()", 0,
    ),
    "of what stops before it begins": (WORK.replace("listen", "restart") + CTRL_C + "broker.shutdown()", 1),
    "of something unknown": (WORK + "except KeyboardInterrupt:\n            given.shutdown()", 0),
    "after it has waited for all of them": (
        "try:\n            for one in given:\n                one.join()\n        " + CTRL_C + "broker.shutdown()", 0,
    ),
    "after a mere wait": (IDLE + CTRL_C + "broker.shutdown()", 0),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_only_interrupted(project_of: Any, method_of: Any, case: str) -> None:
    code, count = CASES[case]
    project = project_of(SOURCE.format(code=code))
    function, cls = method_of(project, "Main.run")
    assert len(list(only_interrupted(project, function, cls))) == count
