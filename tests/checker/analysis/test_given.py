"""What the constants of a call leave out of the code that it runs."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.reached import reached_from

Named = Callable[[str, str], Class]

SOURCE = """
class Monitor:
    def on_signal(self):
        self.tear_down({arguments})

    def tear_down(self, wait={default}, force=None):
        {test}
            return
        self.join()

    def join(self):
        pass
"""


def _reached(cls: Class) -> list[str]:
    start = next(function for function in cls.project.values.fields.methods(cls) if function.name == "on_signal")
    return [here.function.name for here in reached_from(Runs(start, cls))]


@pytest.mark.parametrize(
    ("arguments", "default", "test", "joins"),
    [
        ("wait=False", "True", "if not wait:", False),
        ("False", "True", "if not wait:", False),
        ("", "False", "if not wait:", False),
        ("", "True", "if not wait:", True),
        ("wait=True", "False", "if not wait:", True),
        ("wait=flag()", "False", "if not wait:", True),
        ("**options", "False", "if not wait:", True),
        ("wait=None", "True", "if wait is None:", False),
        ("wait=1", "True", "if wait is None or force == 1:", True),
        ("wait=1, force=1", "True", "if wait is None or force == 1:", False),
        ("wait=1", "True", "if wait and other():", True),
    ],
)
def test_branches_that_the_arguments_exclude_are_not_followed(
    class_named: Named, arguments: str, default: str, test: str, *, joins: bool
) -> None:
    source = SOURCE.format(arguments=arguments, default=default, test=test)
    assert ("join" in _reached(class_named(source, "Monitor"))) is joins


def test_a_parameter_handed_on_keeps_its_value(class_named: Named) -> None:
    source = """
    class Monitor:
        def on_signal(self):
            self.stop(False)

        def stop(self, wait):
            self.finish(wait=wait)

        def finish(self, wait=True):
            if wait:
                self.join()

        def join(self):
            pass
    """
    assert _reached(class_named(source, "Monitor")) == ["on_signal", "stop", "finish"]


def test_a_parameter_that_is_assigned_again_is_unknown(class_named: Named) -> None:
    source = """
    class Monitor:
        def on_signal(self):
            self.finish(wait=False)

        def finish(self, wait=True):
            wait = wait or self.open
            if wait:
                self.join()

        def join(self):
            pass
    """
    assert "join" in _reached(class_named(source, "Monitor"))
