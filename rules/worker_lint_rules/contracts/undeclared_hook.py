"""
A base calls a method on itself that only subclasses have.

What it catches
    `self.x()` in a class that neither defines nor inherits `x`, and never sets it, when subclasses of
    the project define it: some of them only, or all of them while the base marks its other hooks.

Why it hurts in production
    The next subclass has no way to know about the hook, and no tool to remind it. It fails with
    AttributeError when the base first calls it, or the subclasses drift apart in their signatures.

What to do instead
    Declare the hook in the base: with `@abstractmethod` if every subclass must have it, with a body
    that does nothing if it may be left out.

When to ignore it
    When the class is a mixin that is only used beside a class with the method.

Limits
    Calls under `hasattr` or `getattr` checks, classes with unknown bases and classes that answer any
    attribute are not judged.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.self_assignment import assigned_names, is_assigned_in
from worker_lint.analysis.stub_member import SelfUse, own_stubs, self_uses
from worker_lint.rule import Context, Derives, Finding, Lacks, Note, Rule, bad, good, place_of

rule = Rule(
    code="ABS106",
    severity="warning",
    summary="A base calls a method on itself that only subclasses have",
    stage="preview",
    words=("(self",),
    product_only=True,
    confidence="likely",
    silences=("hasattr or getattr guard", "mixin whose every use supplies it", "__getattr__"),
    examples=(
        bad(
            "one subclass lacks the hook",
            """
            class Worker:
                def run(self):
                    self.prepare()  # bad: prepare
                    print("running")

            class MailWorker(Worker):
                def prepare(self):
                    print("prepared")

            class PrintWorker(Worker):
                pass

            PrintWorker().run()
            """,
        ),
        bad(
            "the base declares its other hooks",
            """
            from abc import ABC, abstractmethod

            class Runner(ABC):
                @abstractmethod
                def start(self): ...

                def announce(self):
                    self.send("ready")  # bad: send

            class LocalRunner(Runner):
                def start(self): print("started")
                def send(self, text): print(text)
            """,
        ),
        good(
            "asked for before it is called",
            """
            class Worker:
                def run(self):
                    if hasattr(self, "prepare"):
                        self.prepare()

            class MailWorker(Worker):
                def prepare(self):
                    print("prepared")

            class PrintWorker(Worker):
                pass

            PrintWorker([]).run()
            """,
            silence="hasattr or getattr guard",
        ),
        good(
            "a mixin",
            """
            class Logging:
                def log_name(self):
                    print(self.name())

            class MailWorker(Logging):
                def name(self):
                    return "mail"

            class PrintWorker(Logging):
                def name(self):
                    return "print"
            """,
            silence="mixin whose every use supplies it",
        ),
        good(
            "the base answers any attribute",
            """
            class Proxy:
                def run(self):
                    self.prepare()

                def __getattr__(self, name):
                    return print

            class MailProxy(Proxy):
                def prepare(self):
                    print("prepared")

            class PrintProxy(Proxy):
                pass

            PrintProxy().run()
            """,
            silence="__getattr__",
        ),
        good(
            "the attribute is set, not defined",
            """
            class Worker:
                def __init__(self, prepare):
                    self.prepare = prepare

                def run(self):
                    self.prepare()

            class MailWorker(Worker):
                def prepare(self):
                    print("prepared")

            class PrintWorker(Worker):
                pass

            PrintWorker([]).run()
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The calls on `self` that the class itself cannot answer."""
    hierarchy = cls.project.hierarchy
    if hierarchy.unknown_bases(cls) or not hierarchy.subclasses(cls) or hierarchy.is_dynamic(cls):
        return
    offered = {name for sub in hierarchy.descendants(cls) for name in hierarchy.members(sub)}
    seen: set[str] = set()
    for use in _calls(cls, offered):
        if use.name not in seen and not _is_supplied(cls, use.name):
            seen.add(use.name)
            finding = _judge(cls, use)
            if finding is not None:
                yield finding


def _calls(cls: Class, offered: set[str]) -> Iterator[SelfUse]:
    hierarchy = cls.project.hierarchy
    known: set[str] = set()
    for owner in (*hierarchy.order(cls), *hierarchy.descendants(cls)):
        if isinstance(owner, Class):
            known |= assigned_names(owner)
    wanted = {
        name for name in offered - known if not hierarchy.may_have(cls, name) and not hierarchy.may_inherit(cls, name)
    }
    wanted -= cls.block.names.keys()
    if not wanted:
        return
    called = re.compile(rf"\.({'|'.join(map(re.escape, sorted(wanted)))})\(")
    text = cls.project.store.text(cls.path)
    for members in hierarchy.members(cls).values():
        for part in (part for member in members for part in member.parts if member.kind in {"method", "property"}):
            if any(called.search(text.line(number)) for number in range(part.at[0], part.at[2] + 1)):
                uses = self_uses(cls.project.function_of(cls, part))
                yield from (use for use in uses if use.called and use.name in wanted)


def _is_supplied(cls: Class, name: str) -> bool:
    """Whether somebody asks for the attribute before using it, or sets it from outside."""
    project = cls.project
    quoted = re.compile(rf"attr\([^)\n]*['\"]{re.escape(name)}['\"]")
    paths = sorted({cls.path, *(sub.path for sub in project.hierarchy.descendants(cls))})
    return bool(quoted.search(project.store.text(cls.path).source)) or is_assigned_in(project, paths, name)


def _judge(cls: Class, use: SelfUse) -> Finding | None:
    hierarchy = cls.project.hierarchy
    leaves = [sub for sub in hierarchy.descendants(cls) if not hierarchy.subclasses(sub)]
    having = [sub for sub in leaves if hierarchy.may_have(sub, use.name)]
    lacking = [sub for sub in leaves if sub not in having and _is_created(sub)]
    defining = [sub for sub in hierarchy.descendants(cls) if use.name in hierarchy.members(sub)]
    if not defining or not (lacking or _declares_hooks(cls)):
        return None
    if use.guarded or (lacking and not having):
        return None
    notes = [Note(sub.path, hierarchy.members(sub)[use.name][0].at, f"`{sub.name}` defines it") for sub in defining[:2]]
    notes.extend(Note(sub.path, sub.node.name_at, f"`{sub.name}` does not") for sub in lacking[:2])
    return Finding(
        at=use.at,
        message=f"`{cls.name}` calls `self.{use.name}()`, which it does not declare",
        consequence=f"A subclass of `{cls.name}` without `{use.name}` fails here with AttributeError.",
        help=f"declare `{use.name}` in `{cls.name}`, abstract or with a body that does nothing",
        notes=tuple(notes),
        symbol=cls.symbol,
        culprit=("member", cls.symbol, use.name),
        facts=(Lacks(place_of(cls), use.name), Derives(place_of(defining[0]), place_of(cls))),
    )


def _is_created(cls: Class) -> bool:
    """Whether product code creates the class: a leaf may also be a mixin of which the rest is not known."""
    project = cls.project
    return any(project.store.role(call.scope.path) == "product" for call in project.uses.creations(cls))


def _declares_hooks(cls: Class) -> bool:
    marked = any(member.abstract for members in cls.project.hierarchy.members(cls).values() for member in members)
    return marked or bool(own_stubs(cls))
