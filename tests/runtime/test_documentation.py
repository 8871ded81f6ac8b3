"""Each Python example of the runtime's pages runs."""

import re
from pathlib import Path

import pytest

import worker_lint_runtime

ROOT = Path(worker_lint_runtime.__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "runtime").glob("*.md"))
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "runtime" / "README.md"], ids=lambda page: page.name)
def test_examples_run(page: Path) -> None:
    namespace = {"__name__": "example"}
    for number, example in enumerate(FENCE.findall(page.read_text(encoding="utf-8"))):
        exec(compile(example, f"{page.name}, example {number}", "exec"), namespace)  # noqa: S102  # our own pages


def test_there_are_pages() -> None:
    assert {"index.md", "stopping.md", "errors.md", "brokers.md"} <= {page.name for page in PAGES}
