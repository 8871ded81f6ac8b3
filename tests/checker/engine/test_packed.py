"""What is known of all files, in one piece."""

from worker_lint.engine.packed import Known, Packed, Skims, pack
from worker_lint.engine.reading import Refusal
from worker_lint.engine.standing import Files
from worker_lint.source.skim import skim

FILES = {
    "main.py": b"from pkg.base import Worker as W\nclass Main(W): ...\n",
    "pkg/__init__.py": b"",
    "pkg/base.py": b"import abc\nclass Worker(abc.ABC): ...\n",
    "pkg/mail.py": b"from .base import Worker\nfrom . import base\nclass Mail(Worker): ...\n",
    "whole.py": b"import os, pkg.base\n",
}
KNOWN = {path: Known(skim(data, ()), None, None) for path, data in FILES.items()}


def test_each_file_comes_back() -> None:
    odd = {**KNOWN, "torn.py": Known(skim(b"class", ()), "generated", Refusal("torn", 3))}
    packed = Packed(*pack(odd))
    assert [packed.part(number) for number in range(len(packed))] == [odd[path] for path in sorted(odd)]


def test_files_are_found_by_bases_and_modules() -> None:
    skims = opened({})
    assert skims.naming_base("Worker") == ["main.py", "pkg/mail.py"]
    assert skims.naming_module(("pkg", "base"), "Worker") == ["main.py", "pkg/mail.py", "whole.py"]
    assert skims.naming_module(("pkg", "base"), "Other") == ["whole.py"]
    assert skims.naming_module(("", "pkg"), "base") == ["pkg/mail.py"]


def test_changed_files_are_found_by_what_they_are_now() -> None:
    skims = opened({"pkg/mail.py": Known(skim(b"class Mail(Other): ...\n", ()), None, None)})
    assert skims.naming_base("Worker") == ["main.py"]
    assert skims.naming_base("Other") == ["pkg/mail.py"]
    assert skims["pkg/mail.py"].imports == ()
    assert skims.before("pkg/mail.py") == KNOWN["pkg/mail.py"]


def opened(changed: dict[str, Known]) -> Skims:
    return Skims(Files(*Files.packed(dict.fromkeys(KNOWN, "id"))), Packed(*pack(KNOWN)), changed)
