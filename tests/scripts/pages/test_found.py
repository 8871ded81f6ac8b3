"""The page of real defects: by package, with versions, without what is not worth telling."""

from labels import Label
from pages.found import render, sentence


def label(package: str, code: str, why: str) -> Label:
    return Label(package, "a/b.py", 7, code, "f" * 20, "0" * 16, "true", [], why)


def test_findings_stand_under_their_package_with_its_version() -> None:
    labels = [label("zmq", "STP102", "the loop ends"), label("arq", "STP102", "so"), label("arq", "ABS119", "a note")]
    page = render(labels, {"arq": "0.28"}, {"STP102": "release-skipped-on-error"})
    assert "2 findings in 2 packages" in page
    assert page.index("## arq 0.28") < page.index("## zmq\n")
    assert "- `a/b.py:7` [STP102](rules/release-skipped-on-error.md): The loop ends." in page
    assert "ABS119" not in page


def test_a_reason_is_plain_text() -> None:
    assert sentence("calls `x`  in *args_list* [twice]") == r"Calls `x` in \*args\_list\* \[twice]."
