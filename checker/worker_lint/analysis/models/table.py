"""
The tables of a model file, one structure per kind. This is the format that users write, too.

A key that is left out is unknown, never "no". `since` and `until` bound the releases in which a
table holds; several tables with one name state how it changed.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Tier = Literal["idle", "message", "recoverable", "system", "fatal", "control-flow"]
Role = Literal[
    "connection",
    "channel",
    "consumer",
    "producer",
    "pool",
    "thread",
    "process",
    "task",
    "loop",
    "timer",
    "file",
    "socket",
    "lock",
    "event",
    "queue",
    "stack",
]
ThreadRule = Literal["any", "owner", "loop"]
Settlement = Literal["ack", "nack", "reject", "commit", "store", "delete", "extend"]
SecondCall = Literal["nothing", "raises", "repeats"]
Mistake = Literal["nothing", "raises", "closes"]


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all tables share: the dotted name they speak of and the releases they hold in."""

    name: str
    since: str = ""
    until: str = ""


class ClassTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    The shape of a class: `[[class]]`.

    Attributes:
        also: Other dotted names of the same class, in modules of this file.
        bases: Qualified names of the direct bases, in order; none for `object` alone.
        metaclass: Qualified name, where it is not `type`.
        complete: The member list is complete, so absence from it is a fact.
        solid: It has an instance layout of its own, like `int`, `dict`, `Exception`.
        unchecked: Its `__new__` does not refuse abstract classes, as `object`'s does.
        protocol: It is a protocol class, which may be subclassed without inheriting.
        final: It refuses to be subclassed, or is marked so.
        enum: It has enum members, which makes it final.
        members: Lines as `worker_lint.analysis.models.member` describes them.
    """

    also: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    metaclass: str = "builtins.type"
    complete: bool = False
    solid: bool = False
    unchecked: bool = False
    protocol: bool = False
    final: bool = False
    enum: bool = False
    members: str = ""


class HookTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    What a class asks of its subclasses: `[[hooks]]`.

    `required` must be overridden to work at all, `optional` may be, `final` must not be.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    final: tuple[str, ...] = ()


class WorkerTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A class whose subclasses are workers: `[[worker]]`, with its methods by their role."""

    loop: tuple[str, ...] = ()
    handler: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()


class ResourceTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    Something that must be released: `[[resource]]`.

    Attributes:
        role: What it is.
        acquired: When a release becomes due: on construction, or on the call of a method.
        release: Methods of which one releases it (`async with` or `with` does, too, if `context`).
        request: Methods that only ask it to end; the wait or release still follows.
        wait: Methods that wait for its end.
        context: Leaving it as a context manager releases it.
        closes_children: Its release also releases what was derived from it.
        collected: Dropping the last reference closes it at once: no thread, task, loop or cycle of its own holds it.
        thread: Who may call its methods: any thread, the owning one, or that of its event loop.
        fork: Whether it may be used in a forked child.
    """

    role: Role
    acquired: tuple[str, ...] = ("__init__",)
    release: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    wait: tuple[str, ...] = ()
    context: bool | None = None
    closes_children: bool | None = None
    collected: bool | None = None
    thread: ThreadRule | None = None
    fork: bool | None = None


class ErrorTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    The tier of an exception: `[[error]]`.

    `idle` is an expected sign of nothing to do, `message` the fault of one message,
    `recoverable` heals by reconnecting or retrying, `system` is about the machine, `fatal`
    heals by no retry, `control-flow` is no error and must be let through.
    """

    tier: Tier


class CallTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    The facts of a function, method or constructor: `[[call]]`.

    Attributes:
        returns: Qualified class of the result (of what awaiting it gives, for a coroutine).
        coroutine: The call must be awaited.
        raises: Exceptions that it may raise, or `"never"`.
        blocking: It may wait for something outside the process or for another thread.
        timeout: The parameter that bounds the wait.
        default_timeout: The bound when that is left out, in seconds; `"none"` waits for ever.
        parameters: Its positional parameters, the receiver left out, where no `[[class]]` tells.
        timeout_unit: The unit of that parameter.
        bounded_by: The parameter of the constructor that bounds any wait of the object, in seconds.
        default_bound: Its default, in seconds; `"none"` is no bound.
        flushed_by: What it sends is kept in a buffer until one of these methods of the same object is called.
        counts_left: Its result is the number of messages that a limited wait has left unsent.
        second_call: What a second call does.
        thread: Who may call it; narrower or wider than its object's own rule.
        signal_safe: It may be called in a signal handler.
        releases: `self`, `children` (what was derived from it), or parameter names.
        closes: Dotted names of classes whose objects it makes unusable besides.
        settles: How it settles a delivery.
        requeue: The parameter that decides whether the delivery comes back.
        default_requeue: Its default.
        multiple: The parameter that settles earlier deliveries, too.
        consumes: It delivers messages: to a callback, or as its result.
        callbacks: Parameters that are called with deliveries or events.
        gives: What those parameters are called with: for each the classes of the arguments, `"payload"` for
            what the message says, `""` for anything else.
        delivers: What the call gives back, in the same words; several are the parts of a tuple.
        items: What iterating over the result gives, in the same words.
        inside: Where the items are, when the result is a batch: the keys and numbers of parts that lead to them,
            `"*"` for each item of a list.
        fresh: The literal by whose being given only messages that are new come; with others, those come again that
            were left unsettled.
        peeks: The parameter that, given as 0, leaves the messages with the others.
        generated: The library makes it when it runs, from a description; no import shows it.
        by_name: In a module that imports the library, the name alone tells the call.
        needs: Arguments that such a call gives by name; for methods that a library makes at run time only.
        auto_ack: The parameter that settles before the handler runs.
        default_auto_ack: Its default.
        auto_ack_if: The parameter without which nothing is settled by itself; with a dot in their names, both are
            keys of a dictionary of settings.
        manual_ack: The parameter that leaves it to the handler to settle, which else is done for it.
        settles_on_exit: Its result is a context that settles on leaving.
        tolerates: The parameter that lets such a context leave alone what is settled already.
        limits_prefetch: It bounds the number of unsettled deliveries.
        starts: It starts a thread, a process or a task that runs the given callable.
        task: As a decorator, it makes its function a worker's task.
        interrupts: Dotted names of calls that it makes return.
        raising: The parameter that, given as False, makes it return where it would raise.
        late_ack: As a decorator, the parameter that has the message acknowledged after its function has ended;
            without it that is done before the function begins.
        only_late: Its parameters that mean nothing where the message is acknowledged first.
        rejects: As a decorator, the exceptions by which its function rejects the message, or gives it back.
        task_object: As a decorator, the class of the object that its function gets first, if asked to.
        task_object_if: The parameter of the decorator that asks for it.
        limits: As a decorator: its parameters that limit the running time, each with the exception
            that may then come up anywhere in its function.
        retry_limits: It tries again what fails; parameters of which each one puts an end to that.
        default_retry_limit: The number of attempts when none of them is given; `"none"` is for ever.
    """

    returns: str = ""
    coroutine: bool | None = None
    raises: tuple[str, ...] | Literal["never"] | None = None
    blocking: bool | None = None
    timeout: str = ""
    default_timeout: float | Literal["none"] | None = None
    parameters: tuple[str, ...] = ()
    timeout_unit: Literal["s", "ms"] = "s"
    bounded_by: str = ""
    default_bound: float | Literal["none"] | None = None
    flushed_by: tuple[str, ...] = ()
    counts_left: bool | None = None
    second_call: SecondCall | None = None
    thread: ThreadRule | None = None
    signal_safe: bool | None = None
    releases: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    settles: Settlement | None = None
    requeue: str = ""
    default_requeue: bool | None = None
    multiple: str = ""
    consumes: bool | None = None
    callbacks: tuple[str, ...] = ()
    gives: dict[str, tuple[str, ...]] = {}
    delivers: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    inside: tuple[str | int, ...] = ()
    fresh: str = ""
    peeks: str = ""
    generated: bool | None = None
    by_name: bool | None = None
    needs: tuple[str, ...] = ()
    auto_ack: str = ""
    default_auto_ack: bool | None = None
    auto_ack_if: str = ""
    manual_ack: str = ""
    settles_on_exit: bool | None = None
    tolerates: str = ""
    limits_prefetch: bool | None = None
    starts: Literal["thread", "process", "task"] | None = None
    task: bool | None = None
    interrupts: tuple[str, ...] = ()
    raising: str = ""
    late_ack: str = ""
    only_late: tuple[str, ...] = ()
    rejects: tuple[str, ...] = ()
    task_object: str = ""
    task_object_if: str = ""
    limits: dict[str, str] = {}
    retry_limits: tuple[str, ...] = ()
    default_retry_limit: int | Literal["none"] | None = None


class DeliveryTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    What a message is until it is settled: `[[delivery]]`. The name is the class of what carries it.

    Attributes:
        library: What the documentation calls the library, for messages to the user.
        tag: The attribute by whose value it is settled; "" when its own methods settle it.
        tag_key: The same for a mapping: the key under which the tag stands.
        is_tag: What carries it is the tag itself.
        settlers: Classes whose methods settle it by the tag.
        keys: Attributes, methods too, by which somebody else who is given them can settle it.
        unsettled: What becomes of one that nobody settles while the connection lives: it is held back,
            delivered again after some time, the same where that is the library's way to try again what failed
            ("retried"), or kept until somebody claims it ("pending").
        claimed_by: Calls that claim what others, or earlier runs, have left unsettled, and words that tell of it.
        settled: What a settlement does: the broker deletes it, or only goes on behind it ("passed").
        lost_with: Errors with which the connection or channel ends: it goes back to the broker, or cannot be settled.
        raising: What an exception that leaves a callback does to it: it stays as it is ("held"), goes back to the
            broker ("returned"), or is settled.
        second: What a second settlement does.
        under_auto_ack: What a settlement does where none is due.
        payload: Attributes, or keys, that hold what the message says.
        told_by: Attributes that tell whether it is settled.
        prefetch: The broker sends as many as it has, unless a limit is set.
        redelivery: Attributes and headers that tell how often it came.
    """

    library: str = ""
    tag: str = ""
    tag_key: str = ""
    is_tag: bool | None = None
    settlers: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    unsettled: Literal["held", "again", "retried", "pending"] | None = None
    claimed_by: tuple[str, ...] = ()
    lost_with: tuple[str, ...] = ()
    settled: Literal["deleted", "passed"] = "deleted"
    raising: Literal["held", "returned", "settled"] | None = None
    second: Mistake | None = None
    under_auto_ack: Mistake | None = None
    payload: tuple[str, ...] = ()
    told_by: tuple[str, ...] = ()
    prefetch: bool | None = None
    redelivery: tuple[str, ...] = ()

    @property
    def by_tag(self) -> bool:
        """Whether it is settled by a value that stands for it, not by methods of its own."""
        return bool(self.tag or self.tag_key or self.is_tag)


class Header(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    The keys before the first table.

    Attributes:
        library: Distribution name in its normalised form; `python` for the standard library.
        modules: Import names whose contents the file states, packages with all below them.
        lowest: First release that the facts were checked against.
        newest: Last release that the facts were checked against.
        sources: Where facts come from that no introspection shows.
        spoken_by: Import names of other libraries that hand out the same objects: calls that are known by their
            name alone are known in files that import these, too.
        aliases: Other dotted names, or prefixes of such, and what they stand for.
    """

    library: str
    modules: tuple[str, ...] = ()
    lowest: str = ""
    newest: str = ""
    sources: tuple[str, ...] = ()
    spoken_by: tuple[str, ...] = ()
    aliases: dict[str, str] = {}


TABLES: dict[str, type[Table]] = {
    "class": ClassTable,
    "hooks": HookTable,
    "worker": WorkerTable,
    "resource": ResourceTable,
    "error": ErrorTable,
    "call": CallTable,
    "delivery": DeliveryTable,
}
