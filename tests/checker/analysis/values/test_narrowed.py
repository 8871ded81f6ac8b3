"""What tests with isinstance tell of a name."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis import Instance
from worker_lint.analysis.flow import find
from worker_lint.source import ir

CASES = {
    "in the branch": ("if isinstance(x, A):\n        x.use()", True),
    "after the branch": ("if isinstance(x, A):\n        pass\n    x.use()", False),
    "in the other branch": ("if isinstance(x, A):\n        pass\n    else:\n        x.use()", False),
    "nothing else passes": ("if not isinstance(x, A):\n        raise TypeError\n    x.use()", True),
    "the process ends": ("if not isinstance(x, A):\n        sys.exit(1)\n    x.use()", True),
    "something else goes on": ("if not isinstance(x, A):\n        print(x)\n    x.use()", False),
    "asserted": ("assert isinstance(x, A)\n    x.use()", True),
    "asserted later": ("x.use()\n    assert isinstance(x, A)", False),
    "asserted in a branch only": ("if y:\n        assert isinstance(x, A)\n    x.use()", False),
    "bound again": ("assert isinstance(x, A)\n    x = y()\n    x.use()", False),
    "of two classes": ("assert isinstance(x, (A, B))\n    x.use()", False),
}


@pytest.mark.parametrize("case", CASES)
def test_class_of_a_tested_name(project_of: Any, case: str) -> None:
    code, is_known = CASES[case]
    project = project_of(f"import sys\nclass A: ...\nclass B: ...\ndef work(x, y):\n    {code}\n")
    function = next(iter(project.functions_in("worker.py")))
    call = next(
        one
        for one in find(ir.Call, function.statements)
        if isinstance(one.func, ir.Attribute) and one.func.name == "use"
    )
    assert isinstance(call.func, ir.Attribute)
    kind = project.values.of(function, call.func.value)
    assert (isinstance(kind, Instance) and getattr(kind.of, "name", "") == "A") == is_known
