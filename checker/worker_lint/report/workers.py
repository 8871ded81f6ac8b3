"""Workers for people: roles, code that runs elsewhere, resources, what becomes of errors, the stop as a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from worker_lint.analysis.workers.answers import Answer
from worker_lint.analysis.workers.portrait import Owned, Portrait, Stop, Where
from worker_lint.analysis.workers.timeline import StopStep
from worker_lint.report.cells import Line

MARGIN = 13
PLACES_SHOWN = 6
"""Places of one kind that the text names; the JSON has all of them."""


def worker_lines(workers: Sequence[Portrait]) -> Iterator[Line]:
    """All workers, an empty line between them, and how many they are."""
    for worker in workers:
        yield from _worker(worker)
        yield ()
    count = "no workers" if not workers else "1 worker" if len(workers) == 1 else f"{len(workers)} workers"
    yield ((count, "headline"),)


def _worker(worker: Portrait) -> Iterator[Line]:
    yield ((worker.name, "headline"), (f"  {worker.path}:{worker.line}", "quiet"))
    for label, places in (("loops", worker.loops), ("handles", worker.handlers), ("starts", worker.starts)):
        if places:
            yield _labelled(label, _places(places, worker))
    for number, entry in enumerate(worker.entries):
        text = f"{entry.runs} on a {entry.kind}" if entry.kind in _PLACES else f"{entry.runs} ({entry.kind})"
        yield (*_labelled("elsewhere" if not number else "", text), (f"  from {_place(entry.at, worker)}", "quiet"))
    for number, owned in enumerate(worker.owned):
        yield from _owned(owned, worker, "owns" if not number else "")
    for number, answer in enumerate(worker.errors):
        yield _answer(answer, "errors" if not number else "")
    for stop in worker.stops:
        yield from _stop(stop, worker)


_DEEDS = {
    "continues": "goes on",
    "retries": "waits and tries again",
    "stops": "ends the loop",
    "may-stop": "ends the loop under a condition, else goes on",
    "alerts": "raises the alarm",
    "swallows": "goes on without a word",
    "raises": "raises again",
}


def _answer(answer: Answer, label: str) -> Line:
    """A row of the table: what comes up, of which tier, where it is caught, and what happens."""
    name = answer.exception.removeprefix("builtins.")
    head = _labelled(label, f"{name} ({answer.tier})" if answer.tier else name)
    if answer.caught is None:
        return (*head, (f"  from {answer.method}:{answer.raised}: leaves the method or ends its loop", "warning"))
    style = "warning" if answer.does == "swallows" else "quiet"
    return (*head, (f"  caught in {answer.method}:{answer.caught}: {_DEEDS[answer.does]}", style))


_PLACES = frozenset({"thread", "timer", "process", "pool", "task"})


def _owned(owned: Owned, worker: Portrait, label: str) -> Iterator[Line]:
    role = f"  {owned.role}, {owned.of}" + ("" if owned.is_ours else ", may be released elsewhere")
    yield (*_labelled(label, owned.name), (role, "quiet"))
    if owned.role == "lock":
        return  # what matters of a lock is seen where something waits under it
    if owned.acquired:
        yield _below(f"acquired in {_places(owned.acquired, worker)}")
    by_how: dict[str, list[Where]] = {}
    for how, place in owned.released:
        by_how.setdefault(_HOW.get(how, how), []).append(place)
    for how, places in by_how.items():
        yield _below(f"{how} in {_places(places, worker)}")
    if not by_how:
        yield _below("released nowhere that can be seen", "warning")


_HOW = {
    "release": "released",
    "request": "asked to end",
    "wait": "waited for",
    "context": "left as a context",
    "registered": "registered for release",
    "helper": "released by a helper",
    "other": "ended",
}


def _stop(stop: Stop, worker: Portrait) -> Iterator[Line]:
    yield _labelled("stops by", _place(stop.at, worker))
    if stop.steps is None:
        yield _below("the order of its steps cannot be told", "quiet")
        return
    if not stop.steps:
        yield _below("does nothing that can be seen", "quiet")
    width = max((len(str(step.line)) for step in stop.steps), default=0)
    for step in stop.steps:
        yield _step(step, width)
        for line in _consequence(step):
            yield (("".ljust(MARGIN + width + 2), ""), line)


def _step(step: StopStep, width: int) -> Line:
    return (("".ljust(MARGIN), ""), (f"{step.line:>{width}}", "frame"), (f"  {step.does}", ""))


def _consequence(step: StopStep) -> Iterator[tuple[str, str]]:
    if not step.raises:
        return
    raised = f"may raise {_names(step.raises)}"
    if step.skipped:
        yield f"{raised}: then {_joined(step.skipped)} {_is(step.skipped)} not released", "warning"
    elif step.caught is not None:
        yield f"{raised}: goes on at line {step.caught}", "quiet"
    else:
        yield f"{raised}: leaves the method", "quiet"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _names(dotted: Sequence[str]) -> str:
    shown = [name.removeprefix("builtins.") for name in dotted[:3]]
    more = len(dotted) - len(shown)
    return _joined(shown, "or") + (f" or {more} more" if more else "")


def _joined(names: Sequence[str], word: str = "and") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def _places(places: Sequence[Where], worker: Portrait) -> str:
    shown = ", ".join(_place(place, worker) for place in places[:PLACES_SHOWN])
    return shown if len(places) <= PLACES_SHOWN else f"{shown} and {len(places) - PLACES_SHOWN} more"


def _place(place: Where, worker: Portrait) -> str:
    return f"{place.name}:{place.line}" if place.path == worker.path else f"{place.name} ({place.path}:{place.line})"


def _labelled(label: str, text: str) -> Line:
    return ((f"  {label:<{MARGIN - 2}}", "label"), (text, ""))


def _below(text: str, style: str = "quiet") -> Line:
    return (("".ljust(MARGIN + 2), ""), (text, style))


def worker_records(workers: Iterable[Portrait]) -> dict[str, object]:
    """The same as records for other programs."""
    from msgspec import to_builtins

    return {"version": 1, "workers": [to_builtins(worker) for worker in workers]}
