"""
A class that is meant to be used has abstract members left.

What it catches
    A class that the project registers, lists in a table of classes, or hands on as a class, and a
    leaf beside finished siblings, when abstract members of its bases are not implemented. Nothing
    has to create the class for that: often only a configuration value does.

Why it hurts in production
    Python raises TypeError when the class is first created. That is the day on which somebody
    chooses this queue, provider or storage, and not the day on which the member was added to the base.

What to do instead
    Implement the members that the message names. A base on purpose names `ABC` among its bases.

When to ignore it
    When other code, outside this project, completes the class.

Limits
    The evidence is read from Python code. Entry points and configuration in other files are not
    read. With `evidence = "any"` every class that does not call itself abstract is reported, also
    where ABS101 reports that it is created.
"""

from collections.abc import Iterator
from dataclasses import replace

from worker_lint.analysis import Class
from worker_lint.analysis.contract import Missing, list_members, missing_members, unenforced_members
from worker_lint.analysis.evidence import Evidence, creation_of, evidence_of_use
from worker_lint.analysis.intent import (
    has_concrete_descendant,
    is_declared_abstract,
    is_final,
    is_namespace,
    is_replaced,
    opens_hooks,
    refuses_creation,
)
from worker_lint.rule import Context, Enforced, Finding, Marked, Note, Rule, bad, created, good, incomplete, place_of
from worker_lint.rule.stubs import members_fix

_PREAMBLE = """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def run(self): ...

                @abstractmethod
                def stop(self): ...
"""
_WITH_SIBLING = (
    _PREAMBLE
    + """
            class PrintWorker(Worker):
                def run(self): print("printing")
                def stop(self): print("stopped")
"""
)

rule = Rule(
    code="ABS102",
    severity="warning",
    stage="preview",
    summary="A class that is meant to be used has abstract members left",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    yields_to=("ABS101", "ABS109", "ABS110"),
    product_only=True,
    options={"evidence": "use"},
    option_docs={
        "evidence": '"use" reports classes that the project uses or finished siblings show; '
        '"any" reports every class that is not declared abstract itself'
    },
    silences=(
        "own abstract members",
        "ABC named again",
        "concrete descendants",
        "Protocol",
        "mixin completed in every leaf",
    ),
    examples=(
        bad(
            "entered in a table of classes",
            _WITH_SIBLING
            + """
            class MailWorker(Worker):  # bad: stop
                def run(self): print("sending")

            WORKERS = {"mail": MailWorker, "print": PrintWorker}

            def create(kind):
                return WORKERS.get(kind)()
            """,
        ),
        bad(
            "registered by a decorator in another module",
            """
            from registry import register
            from worker import Worker

            @register("mail")
            class MailWorker(Worker):  # bad: stop
                def run(self): print("sending")
            """,
            files={
                "worker.py": _PREAMBLE,
                "registry.py": """
                KNOWN = {}

                def register(name):
                    def add(cls):
                        KNOWN[name] = cls
                        return cls
                    return add
                """,
            },
        ),
        bad(
            "given as a class",
            _PREAMBLE
            + """
            class MailWorker(Worker):  # bad: run
                def stop(self): print("stopped")

            def start(kind):
                return kind()

            start(MailWorker)
            """,
            repaired=_PREAMBLE
            + """
            class MailWorker(Worker):  # bad: run
                def stop(self): print("stopped")

                def run(self):
                    \"\"\"Required by Worker.\"\"\"
                    raise NotImplementedError

            def start(kind):
                return kind()

            start(MailWorker)
            """,
        ),
        bad(
            "a leaf beside a finished sibling",
            _WITH_SIBLING
            + """
            class MailWorker(Worker):  # bad: stop
                def run(self): print("sending")
            """,
        ),
        bad(
            "created, in a hierarchy whose marks nothing enforces",
            """
            import abc

            class DateParameter:
                @abc.abstractproperty
                def date_format(self): ...

                @abc.abstractproperty
                def step(self): ...

            class HourParameter(DateParameter):  # bad: step
                date_format = "%H"

            hour = HourParameter()
            """,
        ),
        bad(
            "without evidence, on request; also where `@final` denies the subclass that would complete it",
            _PREAMBLE
            + """
            from typing import final

            class MailWorker(Worker):  # bad: stop
                def run(self): print("sending")

            @final
            class PrintWorker(Worker, ABC): ...  # bad: stop
            """,
            options={"evidence": "any"},
        ),
        good(
            "it demands more of its subclasses",
            _PREAMBLE
            + """
            class QueueWorker(Worker):
                def run(self): print("running")

                @abstractmethod
                def queue(self): ...

            WORKERS = {"queue": QueueWorker}
            """,
            silence="own abstract members",
        ),
        good(
            "it says that it is abstract",
            _PREAMBLE
            + """
            class QueueWorker(Worker, ABC):
                def run(self): print("running")

            WORKERS = {"queue": QueueWorker}
            """,
            silence="ABC named again",
        ),
        good(
            "a half-way base",
            _WITH_SIBLING
            + """
            class QueueWorker(Worker):
                def run(self): print("running")

            class MailWorker(QueueWorker):
                def stop(self): print("stopped")

            KINDS = {"queue": QueueWorker, "print": PrintWorker}
            """,
            silence="concrete descendants",
        ),
        good(
            "a protocol that extends another",
            """
            from abc import abstractmethod
            from typing import Protocol

            class Stoppable(Protocol):
                @abstractmethod
                def stop(self): ...

            class Restartable(Stoppable, Protocol):
                def start(self): ...

            KINDS = {"restartable": Restartable}
            """,
            silence="Protocol",
        ),
        good(
            "a mixin whose users bring the rest",
            _PREAMBLE
            + """
            class Logging(Worker):
                def run(self): print("running")

            class Stopping:
                def stop(self): print("stopped")

            class MailWorker(Stopping, Logging):
                pass

            class PrintWorker(Stopping, Logging):
                pass

            KINDS = {"logging": Logging}
            """,
            silence="mixin completed in every leaf",
        ),
        good(
            "named, not used",
            _WITH_SIBLING
            + """
            class BaseMailWorker(Worker):
                def run(self): print("sending")

            def is_known(worker):
                return isinstance(worker, (BaseMailWorker, PrintWorker))
            """,
        ),
        good(
            "nobody creates an object of static methods",
            """
            from abc import ABC, abstractmethod

            class Device(ABC):
                @staticmethod
                @abstractmethod
                def name(): ...

                @staticmethod
                @abstractmethod
                def extra(): ...

            class Printer(Device):
                @staticmethod
                def name(): return "printer"

            class Scanner(Device):
                @staticmethod
                def name(): return "scanner"

                @staticmethod
                def extra(): return {}

            DEVICES = {"printer": Printer, "scanner": Scanner}
            """,
        ),
        good(
            "what is left of a removed worker",
            _WITH_SIBLING
            + """
            def refuse():
                print("this worker has been removed")
                raise RuntimeError("use PrintWorker")

            class MailWorker(Worker):
                def __init__(self):
                    refuse()

            WORKERS = {"mail": MailWorker, "print": PrintWorker}
            """,
        ),
        good(
            "its name stands for the list of its versions in the end",
            _WITH_SIBLING
            + """
            class Request(Worker):
                def run(self): print("running")

            class RequestV1(Request):
                def stop(self): print("stopped")

            Request = [RequestV1]
            """,
        ),
        good(
            "nothing shows that anybody uses it",
            _PREAMBLE
            + """
            class MailWorker(Worker):
                def run(self): print("sending")
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The members left in a class that is not abstract on purpose."""
    missing = missing_members(cls)
    if not missing:
        yield from _unenforced(cls, context)
    if not missing:
        return
    if context.options["evidence"] == "any":
        # A final class can have no subclass that would complete it, whatever it says of itself.
        if is_final(cls) or not is_declared_abstract(cls):
            # Whoever asks for all unfinished classes wants them at the class, wherever else they are reported.
            yield replace(_finding(cls, missing, None, context), yields_to=("ABS109", "ABS110", "ABS117"))
    elif not (is_declared_abstract(cls) or has_concrete_descendant(cls) or opens_hooks(cls) or _is_never_created(cls)):
        evidence = evidence_of_use(cls)
        if evidence is not None and not refuses_creation(cls):
            yield _finding(cls, missing, evidence, context)


def _is_never_created(cls: Class) -> bool:
    """Whether nobody could create an object by the name of the class, or would have a reason to."""
    return is_replaced(cls) or is_namespace(cls)


def _unenforced(cls: Class, context: Context) -> Iterator[Finding]:
    """Marks that no metaclass enforces: the class is reported only where product code creates it."""
    missing = unenforced_members(cls) if cls.node.bases else ()
    evidence = creation_of(cls) if missing and not is_declared_abstract(cls) else None
    if evidence is not None:
        place, names = place_of(cls), tuple(sorted(item.name for item in missing))
        yield replace(
            _finding(cls, missing, evidence, context),
            consequence="No metaclass enforces the marks, so the empty member of the base is used without notice.",
            confidence="likely",
            facts=(*created(cls, evidence), Marked(place, names), Enforced(place, yes=False)),
        )


def _finding(cls: Class, missing: tuple[Missing, ...], evidence: Evidence | None, context: Context) -> Finding:
    members = list_members(missing)
    declared = (item for item in missing if item.path)
    notes = [Note(item.path, item.at, f"`{item.name}` is declared abstract in `{item.owner}`") for item in declared]
    if evidence is not None:
        notes.insert(0, Note(evidence.path, evidence.at, evidence.message))
    return Finding(
        at=cls.node.name_at,
        message=f"`{cls.name}` does not implement {members}",
        consequence=f"Python raises TypeError when `{cls.name}` is first created.",
        help=f"implement {members} in `{cls.name}`, or name ABC among its bases if it is abstract on purpose",
        notes=tuple(notes),
        symbol=cls.symbol,
        culprit=("class", cls.symbol),
        confidence="certain" if evidence is not None and evidence.kind != "sibling" else "likely",
        fix=members_fix(cls, missing, context.path),
        facts=(*created(cls, evidence), *incomplete(cls, missing)),
    )
