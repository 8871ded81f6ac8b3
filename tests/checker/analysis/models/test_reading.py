from __future__ import annotations

import pytest

from worker_lint.analysis.models import ModelError
from worker_lint.analysis.models.reading import read_tables

GOOD = '''
library = "example"
modules = ["example"]

[aliases]
"example.Short" = "example.long.Name"

[[class]]
name = "example.long.Name"
members = """
def run(self)
"""

[[call]]
name = "example.connect"
raises = "never"

[[call]]
name = "example.close"
raises = ["builtins.OSError"]
default_timeout = 2.5
'''


def test_tables_by_kind_and_name() -> None:
    tables = read_tables(GOOD, "example.toml")
    assert tables.header.library == "example"
    assert tables.header.aliases == {"example.Short": "example.long.Name"}
    assert list(tables.classes) == ["example.long.Name"]
    assert tables.calls["example.connect"][0].raises == "never"
    assert tables.calls["example.close"][0].raises == ("builtins.OSError",)
    assert tables.calls["example.close"][0].default_timeout == 2.5


def error_of(text: str) -> ModelError:
    with pytest.raises(ModelError) as caught:
        read_tables(text, "example.toml")
    return caught.value


def test_a_misspelt_key_names_its_line_and_the_nearest_one() -> None:
    error = error_of(GOOD.replace('raises = "never"', 'raise = "never"'))
    assert (error.line, error.remedy) == (16, "did you mean `raises`?")
    assert "unknown key `raise` in [[call]]" in str(error)
    assert str(error).startswith("example.toml:16: ")


def test_the_table_of_the_same_kind_that_is_wrong_is_found() -> None:
    error = error_of(GOOD.replace("default_timeout = 2.5", "timeoutt = 2"))
    assert error.line == 21


def test_a_key_far_from_all_others_lists_the_known_ones() -> None:
    error = error_of(GOOD.replace('raises = "never"', "zzz = 1"))
    assert error.remedy.startswith("known keys: ")


def test_a_misspelt_table_counts_as_a_key_of_the_head() -> None:
    error = error_of(GOOD + '\n[[clas]]\nname = "x"\n')
    assert error.remedy == "did you mean `class`?"


def test_a_wrong_value() -> None:
    error = error_of(GOOD.replace('raises = "never"', 'raises = "rarely"'))
    assert error.line == 16
    assert "`raises`" in str(error)


def test_a_missing_name() -> None:
    error = error_of(GOOD.replace('name = "example.connect"\n', ""))
    assert error.line == 14
    assert "name" in str(error)


def test_a_single_table_for_a_list() -> None:
    error = error_of('library = "example"\n[class]\nname = "example.X"\n')
    assert error.remedy == "write [[class]]"


def test_what_is_not_toml() -> None:
    error = error_of('library = "example"\nmodules = [\n')
    assert error.message.startswith("not TOML")
    assert error.line > 0
