"""The worker class that a command line names."""

import importlib
import inspect
import sys
from pathlib import Path

from worker_lint_runtime._worker.tasks import AsyncBaseWorker
from worker_lint_runtime._worker.threads import BaseWorker

AnyWorker = BaseWorker | AsyncBaseWorker


def load_worker(target: str) -> type[AnyWorker]:
    """
    The class of `package.module:Class`, looked for from the working directory too.

    Raises ValueError with the reason when there is none. What importing the module raises passes through, among it
    ContractError for a class that cannot work.
    """
    module_name, separator, name = target.partition(":")
    if not separator or not module_name or not name:
        raise ValueError(f"{target!r}: write package.module:Class")
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does; a console script has its own folder there
    module = importlib.import_module(module_name)
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, AnyWorker)):
        known = [each for each, value in vars(module).items() if isinstance(value, type) and _is_worker(value)]
        hint = f"; it has {', '.join(sorted(known))}" if known else ""
        raise ValueError(  # noqa: TRY004  # a wrong name on a command line
            f"{target!r}: {module_name} has no worker class {name}{hint}"
        )
    if inspect.isabstract(found):
        raise ValueError(f"{target!r}: {name} is abstract")
    return found


def _is_worker(value: type) -> bool:
    return issubclass(value, AnyWorker) and not inspect.isabstract(value)
