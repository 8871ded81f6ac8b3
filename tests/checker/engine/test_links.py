"""Who imports a file, told from skims alone."""

from worker_lint.testing import tree_of

FILES = {
    "pkg/__init__.py": "",
    "pkg/base.py": "class Worker: ...\n",
    "pkg/named.py": "from .base import Worker as W, other\n",
    "pkg/sub.py": "from . import base\n",
    "star.py": "from pkg.base import *\n",
    "whole.py": "import pkg.base\n",
    "space/part.py": "class Part: ...\n",
    "user.py": "from space import part\n",
    "stranger.py": "from elsewhere.base import Worker\n",
}


def test_each_way_to_import_a_file_is_known() -> None:
    found = {item.path: (item.names, item.whole) for item in tree_of(FILES).importers("pkg/base.py", "Worker")}
    assert found == {
        "pkg/named.py": ((("Worker", "W"), ("other", "other")), False),
        "pkg/sub.py": ((), True),
        "star.py": ((("*", "*"),), False),
        "whole.py": ((), True),
    }


def test_a_name_is_known_by_what_it_is_bound_to() -> None:
    named, _, star, _ = tree_of(FILES).importers("pkg/base.py", "Worker")
    assert (named.bound("Worker"), named.bound("Other")) == (("W",), ())
    assert star.bound("Worker") == ("Worker",)


def test_a_module_in_a_folder_that_is_no_package() -> None:
    assert [item.path for item in tree_of(FILES).importers("space/part.py", "Part")] == ["user.py"]
