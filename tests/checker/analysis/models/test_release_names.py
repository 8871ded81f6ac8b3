"""The names by which things are released, read off the files, miss none that the tables state."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker_lint.analysis.models import Models
from worker_lint.testing import built_in_packs, models_of


def test_our_own_models() -> None:
    models = models_of(built_in_packs())
    stated = {
        name
        for library in models.libraries()
        for tables in library.tables.resources.values()
        for table in tables
        for name in table.release
    }
    assert stated <= models.release_names
    assert "term" in models.release_names


@pytest.mark.parametrize(
    "written",
    [
        'release = ["free", "let_go"]',
        "release=['free','let_go']",
        'release = [\n  "free",  # at once\n  "let_go",\n]',
        '"release" = ["free", "let_go"]',
        'release\t=\t[ "let_go" , "free" ]',
    ],
)
def test_however_it_is_written(tmp_path: Path, written: str) -> None:
    model = tmp_path / "lib.toml"
    model.write_text(f'library = "lib"\n\n[[resource]]\nname = "lib.Thing"\n{written}\n', encoding="utf-8")
    assert {"free", "let_go"} <= Models.open([model]).release_names
