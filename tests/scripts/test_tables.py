"""The page of three workers: its blocks are what the command prints, and its prose stays as it is."""

from pathlib import Path

import pytest

import tables
from pins import PinError, load

PAGE = """# Workers

Prose before.

<!-- shop 1.0 shop.mail.Worker -->

```text
shop.mail.Worker  mail.py:1
  loops  run:2
```

Prose after.
"""


def test_a_block_is_replaced_and_the_prose_is_not() -> None:
    asked: list[tuple[str, str]] = []

    def printed(package: str, worker: str) -> tuple[str, str]:
        asked.append((package, worker))
        return "2.0", "shop.mail.Worker  mail.py:9"

    page = tables.rendered(PAGE, printed)
    assert asked == [("shop", "shop.mail.Worker")]
    assert "<!-- shop 2.0 shop.mail.Worker -->\n\n```text\nshop.mail.Worker  mail.py:9\n```\n\nProse after." in page
    assert page.startswith("# Workers\n\nProse before.\n")
    assert "run:2" not in page


def test_the_output_is_that_of_the_command_without_its_count(tmp_path: Path) -> None:
    text = "class Worker:\n    def run(self):\n        while not self.stopped:\n            self.step()\n\n"
    text += "    def stop(self):\n        self.stopped = True\n"
    (tmp_path / "mail.py").write_text(text, encoding="utf-8")
    (tmp_path / "worker-lint.toml").write_text("", encoding="utf-8")
    lines = tables.output_for(tmp_path, "Worker").splitlines()
    assert lines[0] == "mail.Worker  mail.py:1"
    assert lines[-1].split() == ["7", "sets", "self.stopped", "to", "True"]
    with pytest.raises(PinError, match="no worker Nobody"):
        tables.output_for(tmp_path, "Nobody")


def test_the_stored_page_shows_pinned_packages() -> None:
    pins = {pin.name: pin.version for pin in load(tables.PACKAGES, "package")}
    shown = list(tables.BLOCK.finditer(tables.PAGE.read_text(encoding="utf-8")))
    assert len(shown) == 3
    for block in shown:
        assert pins[block["package"]] == block["version"]
        assert block[0].splitlines()[3].startswith(f"{block['worker']}  ")


def test_a_stale_page_is_told_and_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "tables.md"
    page.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(tables, "PAGE", page)
    monkeypatch.setattr(tables, "print_worker", lambda _package, _worker: ("1.0", "other"))
    assert tables.main(["--check"]) == 1
    assert page.read_text(encoding="utf-8") == PAGE
    assert tables.main([]) == 0
    assert "other" in page.read_text(encoding="utf-8")
    assert tables.main(["--check"]) == 0
    capsys.readouterr()
