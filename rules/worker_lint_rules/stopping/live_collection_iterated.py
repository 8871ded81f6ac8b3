"""
A collection changes while a loop goes through it.

What it catches
    A `for` loop over a field that is a dict, set or list, where the loop waits (`await`) between two members
    while other methods of the object put members in or take them out; and a loop whose own body
    leads to a method that takes members out.

Why it hurts in production
    A stop method that closes channel after channel gives way to other tasks at each `await`. One of them
    opens or drops a channel: `RuntimeError: Set changed size during iteration` ends the stop half-way, and the
    channels that are left stay open. A list says nothing: it skips the member after the one that was removed.

What to do instead
    Go through a copy: `for channel in list(self._channels)`, or take members out one by one with `pop()`.

When to ignore it
    When nothing else can run meanwhile, as in a start method before the first task.

Limits
    Only collections that the class itself creates. Methods that register what they are given, without being
    coroutines, are taken for configuration. A list that only grows is no matter, nor what a start method puts in; in
    a stop method only what other tasks take out counts. A loop under a lock is a matter of `stop-race`. Certain is
    a loop that waits for what is outside, while another task or callback of the object makes the change.
"""

from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import Class, Function
from worker_lint.analysis.beside import surely_comes_between
from worker_lint.analysis.launched import ended_before
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.loop_exit import gives_way
from worker_lint.analysis.meanwhile import (
    change_by_itself,
    is_replaced_before,
    is_step_beside,
    is_undisturbed,
    may_come_between,
    mentions_loop,
    waits_within,
)
from worker_lint.analysis.membership import (
    Change,
    Walked,
    breaks_walk,
    changes_in,
    collection_kind,
    fields_walked,
    is_registration,
)
from worker_lint.analysis.nesting import mentions
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good

rule = Rule(
    code="STP120",
    severity="warning",
    stage="preview",
    summary="A collection changes while a loop goes through it",
    words=(".add(", ".append(", ".remove(", ".discard(", ".pop(", ".clear(", "del self", "] = "),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("iterates a copy",),
    examples=(
        bad(
            "channels are restored one by one while new ones are opened",
            """
            class Connection:
                def __init__(self):
                    self._channels = set()

                def channel(self):
                    channel = open_channel(self)
                    self._channels.add(channel)
                    return channel

                async def restore(self):
                    for channel in self._channels:  # bad: self._channels
                        await channel.restore()
            """,
            is_likely=True,
        ),
        bad(
            "sessions end by themselves while stop waits for each",
            """
            class Server:
                def __init__(self):
                    self.sessions = {}

                async def serve(self, key, session):
                    self.sessions[key] = session
                    try:
                        await session.run()
                    finally:
                        del self.sessions[key]

                async def stop(self):
                    for session in self.sessions.values():  # bad: self.sessions
                        await session.close()
            """,
            is_likely=True,
        ),
        bad(
            "a listener may put another one in",
            """
            class Bus:
                def __init__(self, link):
                    self.listeners = set()
                    link.consume(self._publish)

                async def subscribe(self, listener):
                    self.listeners.add(listener)

                async def _publish(self, event):
                    for listener in self.listeners:  # bad: self.listeners
                        await listener(event)
            """,
        ),
        bad(
            "each child leaves its parent when it stops",
            """
            class Child:
                def __init__(self, parent: "Parent"):
                    self.parent = parent

                def stop(self):
                    self.parent.children.remove(self)

            class Parent:
                def __init__(self):
                    self.children = []

                def spawn(self):
                    self.children.append(Child(self))

                def stop(self):
                    for child in self.children:  # bad: self.children
                        child.stop()
            """,
            is_likely=True,
        ),
        good(
            "a copy",
            """
            class Connection:
                def __init__(self):
                    self._channels = set()

                def channel(self):
                    channel = open_channel(self)
                    self._channels.add(channel)
                    return channel

                async def restore(self):
                    for channel in list(self._channels):
                        await channel.restore()
            """,
            silence="iterates a copy",
        ),
        good(
            "the loop never gives way",
            """
            class Server:
                def __init__(self):
                    self.sessions = {}

                async def serve(self, key, session):
                    self.sessions[key] = session
                    await session.run()

                async def stop(self):
                    for session in self.sessions.values():
                        session.cancel()
            """,
        ),
        good(
            "one lock around both",
            """
            import asyncio

            class Server:
                def __init__(self):
                    self.lock = asyncio.Lock()
                    self.sessions = {}

                async def open(self, key):
                    async with self.lock:
                        self.sessions[key] = await connect(key)

                async def stop(self):
                    async with self.lock:
                        for session in self.sessions.values():
                            await session.close()
            """,
        ),
        good(
            "handlers are registered when the program is set up",
            """
            class Worker:
                def __init__(self):
                    self.middlewares = {}

                def register(self, name, middleware):
                    self.middlewares[name] = middleware

                async def start(self):
                    for middleware in self.middlewares.values():
                        await middleware.startup()
            """,
        ),
        good(
            "the task that changes it has ended before",
            """
            import asyncio

            class Fetcher:
                def __init__(self):
                    self.requests = set()
                    self.task = asyncio.create_task(self.fetch())

                async def fetch(self):
                    while True:
                        self.requests.add(await request())

                async def close(self):
                    self.task.cancel()
                    await asyncio.gather(self.task, return_exceptions=True)
                    for request in self.requests:
                        await request
            """,
        ),
        good(
            "the loop ends with the change",
            """
            class Pool:
                def __init__(self):
                    self.workers = []

                def drop(self, worker):
                    self.workers.remove(worker)

                def drop_by_name(self, name):
                    for worker in self.workers:
                        if worker.name == name:
                            self.drop(worker)
                            break
            """,
        ),
        good(
            "emptied by the same method afterwards, and by a step beside it",
            """
            class Server:
                sessions = {}

                async def run(self):
                    await self._greet()
                    self._forget()

                async def _greet(self):
                    for session in self.sessions.values():
                        await session.greet()

                def _forget(self):
                    self.sessions.clear()
            """,
        ),
        good(
            "what is awaited waits for nothing",
            """
            class Links:
                links = {}

                async def tell(self, link):
                    print(link)

                async def tell_all(self):
                    for link in self.links.values():
                        await self.tell(link)

                async def add(self, name, link):
                    self.links[name] = link
            """,
        ),
        good(
            "nobody has the object yet",
            """
            from contextlib import asynccontextmanager

            class Peers:
                peers = []

                @asynccontextmanager
                async def opened(self):
                    for peer in self.peers:
                        await peer.connect()
                    yield self

                async def drop(self):
                    self.peers.pop()
            """,
        ),
    ),
)

_BUILDERS = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "__setstate__"})
_EDGES = frozenset({"start", "setup", "open", "connect", "__enter__", "__aenter__", "__exit__", "__aexit__", "__del__"})
"""Methods at the two ends of an object's life: whoever runs them runs them one after the other."""


class _Live(NamedTuple):
    """A loop, a change of its collection that may come in the middle, and whether it surely can."""

    walked: Walked
    change: Change
    is_own: bool
    is_certain: bool


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The loops over fields in the methods of the class body."""
    if not mentions_loop(cls):
        return
    locking = Locking(cls, trusting=True)
    for method in locking.methods.values():
        for walked in fields_walked(method) if mentions(method, "for ") else ():
            if walked.loop is not None or waits_within(walked):
                found = _during_wait(cls, locking, method, walked) or _own(cls, walked)
                if found is not None:
                    yield _finding(cls, found)


# --- another task changes it ---


def _during_wait(cls: Class, locking: Locking, method: Function, walked: Walked) -> _Live | None:
    if not walked.function.node.is_async or (walked.loop is not None and not gives_way(walked.loop)):
        return None
    kind = collection_kind(cls, walked.field)
    if kind is None or is_replaced_before(walked) or locking.held(method, walked.placed, walked.at):
        return None
    if is_undisturbed(cls, walked):
        return None
    changes = list(_changes(cls, locking, method, walked, kind))
    sure = next((change for change in changes if surely_comes_between(locking, walked, change)), None)
    found = sure or next(iter(changes), None)
    return _Live(walked, found, is_own=False, is_certain=sure is not None) if found is not None else None


def _changes(cls: Class, locking: Locking, method: Function, walked: Walked, kind: str) -> Iterator[Change]:
    """The changes by other methods that may come while the loop waits."""
    ended = ended_before(cls, method, walked.at)
    for other in locking.methods.values():
        if other is method or other.name in _BUILDERS | _EDGES | ended:
            continue
        if not is_step_beside(locking, method, other, walked):
            for change in changes_in(other):
                if change.field == walked.field and breaks_walk(change, kind) and not is_registration(change):
                    if may_come_between(locking, method, change):
                        yield change


def _own(cls: Class, walked: Walked) -> _Live | None:
    """The body changes it."""
    change = change_by_itself(cls, walked)
    return _Live(walked, change, is_own=True, is_certain=False) if change is not None else None


def _finding(cls: Class, found: _Live) -> Finding:
    walked, change = found.walked, found.change
    text = cls.project.store.text(cls.path).segment(walked.at).split("\n")[0]
    kind = collection_kind(cls, walked.field)
    verb = {"adds": "adds to it", "takes": "takes from it"}.get(change.kind, "empties it")
    skipped = kind == "list"
    what = "The member after the one taken out is skipped." if skipped else "RuntimeError ends the loop half-way."
    is_loop = walked.loop is not None
    return Finding(
        at=walked.at,
        message=f"`{change.function.name}` {verb} while the loop over `self.{walked.field}` goes on",
        consequence=what if found.is_own else f"It runs while the loop awaits. {what}",
        help=f"go through a copy: `list({text})`",
        notes=(Note(change.function.path, change.at, "it is changed here"),),
        symbol=walked.function.symbol,
        fix=Fix(f"Go through a copy of `{text}`", (Replace(walked.at, f"list({text})"),)) if is_loop else None,
        confidence="certain" if found.is_certain else "likely",
    )
