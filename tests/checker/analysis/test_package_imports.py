"""What a package imports from itself is its submodule, also when the name is bound by that very import."""

from worker_lint.engine.packs import load_packs
from worker_lint.testing import check_files

BASE = "from abc import ABC, abstractmethod\n\nclass Worker(ABC):\n    @abstractmethod\n    def stop(self): ...\n"
USE = "from storage import Worker\n\nclass Mail(Worker):\n    pass\n\nMail()\n"


def _found(package: str) -> list[str]:
    rules = [rule for rule in load_packs(foreign=False).rules if rule.code == "ABS101"]
    outcome = check_files({"storage/__init__.py": package, "storage/base.py": BASE, "use.py": USE}, rules)
    return [f"{item.path}:{item.span.line}" for item in outcome.diagnostics]


def test_absolute_import_of_an_own_submodule() -> None:
    assert _found("from storage import base\n\nWorker = base.Worker\n") == ["use.py:6"]


def test_relative_import_of_an_own_submodule() -> None:
    assert _found("from . import base\n\nWorker = base.Worker\n") == ["use.py:6"]
