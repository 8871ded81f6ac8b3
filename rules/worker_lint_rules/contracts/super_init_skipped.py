"""
A constructor does not call the base constructor that an inherited method depends on.

What it catches
    An `__init__` that calls no base `__init__`, where the base's one sets a field (a lock, a
    flag, a connection) that a method inherited from the base reads and nobody else sets.

Why it hurts in production
    The object is created and works as long as nobody calls that method. In a worker it is often
    `stop`: the process is told to stop, fails with AttributeError, and leaves its connections
    and unacknowledged messages behind.

What to do instead
    Call `super().__init__(…)` first.

When to ignore it
    When the inherited method is never called on objects of this class.

Limits
    Private methods are taken to run in subclasses of the configured `worker-bases` only; these are also
    checked where no file of theirs speaks of stopping, threads or locks. Tests are left out: doubles skip
    constructors on purpose. Classes with bases that cannot be resolved are not judged, nor are methods
    that ask for the field with `hasattr` or expect the AttributeError.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import Class, Found, Member, Opaque, walk_statements
from worker_lint.analysis.visit import expressions_of, subexpressions
from worker_lint.rule import Context, Finding, Finds, Note, Rule, bad, good, place_of
from worker_lint.source import ir

rule = Rule(
    code="ABS113",
    severity="warning",
    stage="preview",
    summary="A constructor does not call the base constructor that an inherited method depends on",
    words=("Condition", "Event", "Lock", "Queue", "RLock", "Semaphore", "Thread", "stop"),
    product_only=True,
    silences=("field set by other means",),
    examples=(
        bad(
            "stop needs the flag of the base",
            """
            import threading

            class Worker:
                def __init__(self):
                    self._stopping = threading.Event()

                def stop(self):
                    self._stopping.set()

            class MailWorker(Worker):
                def __init__(self, server):  # bad: _stopping
                    self.server = server
            """,
        ),
        bad(
            "the base lives elsewhere",
            """
            from base import Worker

            class MailWorker(Worker):
                def __init__(self, server):  # bad: lock
                    self.server = server

                def stop(self):
                    self.put("last mail")
            """,
            files={
                "base.py": """
                from threading import Lock

                class Worker:
                    items = ()

                    def __init__(self):
                        self.lock = Lock()

                    def put(self, item):
                        with self.lock:
                            self.items = (*self.items, item)
                """
            },
        ),
        good(
            "the base constructor is called",
            """
            import threading

            class Worker:
                def __init__(self):
                    self._stopping = threading.Event()

                def stop(self):
                    self._stopping.set()

            class MailWorker(Worker):
                def __init__(self, server):
                    super().__init__()
                    self.server = server
            """,
        ),
        good(
            "a method that the constructor calls sets the field",
            """
            import threading

            class Worker:
                def __init__(self):
                    self._stopping = threading.Event()

                def stop(self):
                    self._stopping.set()

            class MailWorker(Worker):
                def __init__(self, server):
                    self.reset()
                    self.server = server

                def reset(self):
                    self._stopping = threading.Event()
            """,
            silence="field set by other means",
        ),
        good(
            "set from outside",
            """
            import threading

            class Worker:
                def __init__(self):
                    self._stopping = threading.Event()

                def stop(self):
                    self._stopping.set()

            class MailWorker(Worker):
                def __init__(self, server):
                    self.server = server

            def make(server, event):
                worker = MailWorker(server)
                worker._stopping = event
                return worker
            """,
            silence="field set by other means",
        ),
        good(
            "the method that reads it is overridden",
            """
            import threading

            class Worker:
                def __init__(self):
                    self._stopping = threading.Event()

                def stop(self):
                    self._stopping.set()

            class NullWorker(Worker):
                def __init__(self):
                    self.stopped = False

                def stop(self):
                    self.stopped = True
            """,
        ),
    ),
)

_DOUBTS = ("hasattr", "getattr", "AttributeError")


class _Read(NamedTuple):
    """An inherited method, and the field of the base that it reads."""

    field: str
    set_at: ir.At
    owner: Class
    method: ir.FunctionDef
    read_at: ir.At


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The class's own constructor, if it leaves out one that matters."""
    own = _own_init(cls)
    if own is None or _hands_on(cls, own):
        return
    hierarchy = cls.project.hierarchy
    if any(isinstance(base, Opaque) for base in hierarchy.order(cls)) or hierarchy.is_dynamic(cls):
        return
    found = hierarchy.find(cls, "__init__", after=cls)
    base = _project_init(found)
    if found is None or base is None or not isinstance(found.owner, Class):
        return
    owner = found.owner
    fields = {name: at for name, at in _fields_set(owner, base) if _is_set_only_there(cls, owner, base, name)}
    read = next(_reads(cls, fields), None) if fields else None
    if read is not None:
        yield _finding(cls, own, owner, read)


def _own_init(cls: Class) -> ir.FunctionDef | None:
    members = cls.project.hierarchy.members(cls).get("__init__", ())
    return members[0].function if len(members) == 1 and not members[0].opaque else None


def _hands_on(cls: Class, node: ir.FunctionDef) -> bool:
    """Whether the constructor calls another one, or fills the object in ways that cannot be followed."""
    text = cls.project.store.text(cls.path)
    if any(text.has_word(word, node.at[0], node.at[2]) for word in ("super", "__dict__", "setattr")):
        return True
    return text.has_word(".__init__", node.at[0], node.at[2])


def _project_init(found: Found | None) -> ir.FunctionDef | None:
    if found is None or not found.sure or not isinstance(found.member, Member):
        return None
    return found.member.function


def _fields_set(owner: Class, node: ir.FunctionDef) -> Iterator[tuple[str, ir.At]]:
    """The fields that a constructor sets on its receiver."""
    receiver = node.params[0].name if node.params else ""
    for statement in walk_statements(owner.project.function_of(owner, node).body):
        if isinstance(statement, ir.Assign) and statement.value is not None:
            for target in statement.targets:
                if isinstance(target, ir.Attribute) and ir.dotted_name(target) == f"{receiver}.{target.name}":
                    yield target.name, target.at


def _is_set_only_there(cls: Class, owner: Class, init: ir.FunctionDef, name: str) -> bool:
    """Whether no class body, method or user of the class sets the field besides the base's constructor."""
    project = cls.project
    family = [item for item in project.hierarchy.order(cls) if isinstance(item, Class)]
    if any(name in item.block.names or name in project.hierarchy.members(item) for item in family):
        return False
    setting = re.compile(rf"\.{re.escape(name)}\s*(?:[-+*/|&^]|:[^=\n]*)?=(?!=)|setattr\(|__dict__")
    paths = {item.path for item in family} | {item.path for item in project.hierarchy.descendants(cls)}
    for path in sorted({*paths, *project.uses.files_using(cls)}):
        for number, line in enumerate(project.store.text(path).lines, 1):
            inside = path == owner.path and init.at[0] <= number <= init.at[2]
            if not inside and "." in line and setting.search(line):
                return False
    return True


def _reads(cls: Class, fields: dict[str, ir.At]) -> Iterator[_Read]:
    """
    The inherited methods that read one of the fields: public ones, and in what the configuration calls a
    worker also those that its base runs.
    """
    hierarchy = cls.project.hierarchy
    is_worker = cls.project.is_worker(cls)
    for owner in hierarchy.ancestors(cls):
        if not isinstance(owner, Class):
            continue
        text = cls.project.store.text(owner.path)
        for name, members in hierarchy.members(owner).items():
            node = members[0].function
            if node is None or len(members) > 1 or not _inherits(cls, owner, name):
                continue
            if name.startswith("__") or (name.startswith("_") and not is_worker):
                continue
            if not any(text.has_word(word, node.at[0], node.at[2]) for word in _DOUBTS):
                yield from _reads_in(owner, node, fields)


def _inherits(cls: Class, owner: Class, name: str) -> bool:
    found = cls.project.hierarchy.find(cls, name)
    return found is not None and found.owner is owner


def _reads_in(owner: Class, node: ir.FunctionDef, fields: dict[str, ir.At]) -> Iterator[_Read]:
    receiver = node.params[0].name if node.params else ""
    for statement in walk_statements(owner.project.function_of(owner, node).body):
        for expression in expressions_of(statement):
            for part in subexpressions(expression):
                if isinstance(part, ir.Attribute) and part.name in fields and ir.dotted_name(part.value) == receiver:
                    yield _Read(part.name, fields[part.name], owner, node, part.at)


def _finding(cls: Class, own: ir.FunctionDef, base: Class, read: _Read) -> Finding:
    return Finding(
        at=own.name_at,
        message=f"`{cls.name}.__init__` skips `{base.name}.__init__`, which sets `{read.field}`",
        consequence=f"`{read.owner.name}.{read.method.name}` reads it and fails with AttributeError.",
        help=f"call `super().__init__(…)` in `{cls.name}.__init__`",
        notes=(
            Note(base.path, read.set_at, f"`{read.field}` is set here and nowhere else"),
            Note(read.owner.path, read.read_at, f"`{read.method.name}` reads it here"),
        ),
        symbol=f"{cls.symbol}.__init__",
        culprit=("member", cls.symbol, "__init__"),
        facts=(Finds(place_of(cls), "__init__", place_of(base)),),
    )
