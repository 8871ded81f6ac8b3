"""The public address stands in one file, so that a move changes one line."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from worker_lint.diagnostic.address import PUBLIC_ADDRESS, rule_url


def test_address_stands_in_one_file(search: Callable[[bytes], list[str]]) -> None:
    host = urlsplit(PUBLIC_ADDRESS).netloc
    # The picture and the stored output of real runs repeat what the tool printed.
    sources = [path for path in search(host.encode()) if not path.endswith(".svg")]
    assert sources == ["checker/worker_lint/diagnostic/address.py"]


def test_rule_url_is_the_page_of_the_site(root: Path) -> None:
    settings = (root / "mkdocs.yml").read_text(encoding="utf-8")
    assert "use_directory_urls: false" in settings
    assert rule_url("raise-notimplemented-constant") == f"{PUBLIC_ADDRESS}/rules/raise-notimplemented-constant.html"
