"""What is certain of an exception's name that is read in the clause of a later failure."""

import pytest

from worker_lint.testing import check_source

LATER = """
import logging

def work(stage, errors, log):
    try:
        stage.run()
    except Exception as error:
        logging.warning("failed: %s", error)
    try:
        stage.flush()
    except {second}:
        {before}
            errors.put(error)
        {after}
"""


@pytest.mark.parametrize(
    ("second", "before", "after", "expected"),
    [
        ("OSError", "try:", "except Exception:\n            pass", "likely"),
        ("OSError", "try:", "except OSError:\n            pass", "certain"),
        ("OSError", "try:", "finally:\n            log.close()", "certain"),
        ("OSError", "if errors:", "log.close()", "certain"),
    ],
)
def test_a_read_whose_error_is_taken(second: str, before: str, after: str, expected: str) -> None:
    found = check_source("ERR122", LATER.format(second=second, before=before, after=after))
    assert [one.confidence for one in found] == [expected]


def test_a_read_in_a_block_after_the_clause_is_certain() -> None:
    source = LATER.format(second="OSError", before="return", after="").split("    try:\n        stage.flush()")[0]
    source += "    try:\n        errors.put(error)\n    except Exception:\n        pass\n"
    assert [one.confidence for one in check_source("ERR122", source)] == ["certain"]
