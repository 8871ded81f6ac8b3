"""What an except clause does: raise, log, hand on, or nothing."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.tiers import (
    TrySite,
    hands_on,
    is_bare_reaction,
    may_look_at_it,
    raises_anything,
    tells_exception,
)
from worker_lint.analysis.tiers.loops import changes_condition, is_endless
from worker_lint.analysis.tiers.reasons import is_reason, states_reason

Link = Callable[[Mapping[str, str]], Project]


def site(link: Link, clause: str, loop: str = "while self.running") -> TrySite:
    source = f"import itertools\n\ndef run(self, log, items):\n    {loop}:\n        try:\n            self.step()\n"
    source += "        except Exception as error:\n" + "".join(f"            {line}\n" for line in clause.splitlines())
    (found,) = link({"worker.py": source}).tiers.sites("worker.py")
    return found


@pytest.mark.parametrize(
    ("clause", "raises"),
    [
        ("raise", True),
        ("if log:\n    raise ValueError from error", True),
        ("with save_and_reraise_exception():\n    self.close()", True),
        ("with open('x') as file:\n    file.write('x')", False),
        ("def later():\n    raise error\nself.call(later)", False),
    ],
)
def test_raises(link: Link, clause: str, raises: bool) -> None:  # noqa: FBT001 - a column of the table
    assert raises_anything(site(link, clause).node.handlers[0].body) is raises


@pytest.mark.parametrize(
    ("clause", "tells", "hands"),
    [
        ("log.error('lost')", False, False),
        ("log.error('lost: %s', error)", True, False),
        ("log.exception('lost')", True, False),
        ("log.error('lost', exc_info=True)", True, False),
        ("log.error('lost', exc_info=False)", False, False),
        ("print(str(error))", True, False),
        ("self.future.set_exception(error)", True, True),
        ("self.last = error", True, True),
        ("return None, error", True, True),
        ("self.call(lambda: error)", True, True),
        ("self.fail(sys.exc_info())", True, True),
    ],
)
def test_what_becomes_of_the_exception(link: Link, clause: str, tells: bool, hands: bool) -> None:  # noqa: FBT001
    handler = site(link, clause).node.handlers[0]
    assert (tells_exception(handler, handler.body), hands_on(handler)) == (tells, hands)


def test_a_call_without_arguments_may_look_at_the_exception(link: Link) -> None:
    assert may_look_at_it(site(link, "self.done(Failure())").node.handlers[0].body)
    assert not may_look_at_it(site(link, "self.done(1)").node.handlers[0].body)


@pytest.mark.parametrize(
    ("clause", "bare"),
    [("pass", True), ("continue", True), ("return None", True), ("...", True), ("self.n = 1", False)],
)
def test_a_clause_that_does_nothing(link: Link, clause: str, bare: bool) -> None:  # noqa: FBT001
    assert is_bare_reaction(site(link, clause).node.handlers[0].body) is bare


@pytest.mark.parametrize(
    ("loop", "endless"),
    [
        ("while True", True),
        ("while not self.stopping.is_set()", True),
        ("while self.attempt < 5", False),
        ("for item in items", False),
        ("for attempt in itertools.count()", True),
        ("for item in iter(self.get, None)", True),
        ("for _ in itertools.repeat(None, 5)", False),
    ],
)
def test_endless_loops(link: Link, loop: str, endless: bool) -> None:  # noqa: FBT001
    found = site(link, "pass", loop)
    assert is_endless(found.scope, found.loops[0]) is endless


def test_a_clause_that_ends_the_loop_by_its_condition(link: Link) -> None:
    ending, other = site(link, "self.running = False"), site(link, "self.failures += 1")
    assert changes_condition(ending.loops[0], ending.node.handlers[0].body)
    assert not changes_condition(other.loops[0], other.node.handlers[0].body)


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("noqa: E722", False),
        ("pragma: no cover", False),
        ("pylint: disable=broad-except", False),
        ("type: ignore[misc]", False),
        ("TODO handle this better", False),
        ("the sender counts them", True),
        ("the sender counts them  # noqa: BLE001", True),
        ("", False),
    ],
)
def test_reasons(comment: str, reason: bool) -> None:  # noqa: FBT001
    assert is_reason(comment) is reason


def test_a_reason_may_stand_on_a_line_of_its_own(link: Link) -> None:
    stated = site(link, "# the sender counts them\npass")
    assert states_reason(stated.scope, stated.node.handlers[0])
    silent = site(link, "pass")
    assert not states_reason(silent.scope, silent.node.handlers[0])


def test_a_text_over_several_lines_holds_no_comment(link: Link) -> None:
    quoted = site(link, 'log.error("""see the page\nhttps://wiki.example/limits#raise the limit""")')
    assert not states_reason(quoted.scope, quoted.node.handlers[0])
