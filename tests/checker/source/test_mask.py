from __future__ import annotations

import io
import sys
import sysconfig
import tokenize
from pathlib import Path

import pytest

from worker_lint.source.mask import STRING, mask_of

LIBRARY = Path(sysconfig.get_path("stdlib"))


@pytest.mark.parametrize(
    ("source", "mask"),
    [
        ("x = 'a' # b\ny", 'x = """    \ny'),
        ('if"x":pass', 'if""":pass'),
        ("rb'\\'' + bR\"#\"", '"' * 6 + " + " + '"' * 5),
        ("'''a\n'b\\''''", '"' * 12),
        ('f"{x["a"]}"', '""{x["""]}"'),
        ('f"{x!r:>{w["a"]}}d" y', '""{x!r:"{w["""]}}"" y'),
        ("f'{{a}}{b}'", '"' * 7 + '{b}"'),
        ("f'''{\n a # }\n}\n'''", '""""{\n a    \n}""""'),
        ("f'\\N{DASH}{a}\\{b}'", '"' * 10 + '{a}"{b}"'),
        ("rf'\\N{DASH}'", '"' * 5 + '{DASH}"'),
        ("f'{(lambda: {a: b})}{c:{d}}'", '""{(lambda: {a: b})}{c:{d}}"'),
        ("t'{a}' + tR\"{b}\"", '""{a}" + """{b}"'),
        ('f"{f\'{f"{1}"}\'}"', '""{""{""{1}"}"}"'),
        ("", ""),
    ],
)
def test_strings_and_comments_are_hidden(source: str, mask: str) -> None:
    assert mask_of(source) == mask
    assert len(mask) == len(source)


@pytest.mark.parametrize("source", ["'", "x = 'a\n'", "'''a''", "f'{", "f'{a", "f'}'", "f'a\n'", "'\\"])
def test_a_string_without_end_has_no_mask(source: str) -> None:
    assert mask_of(source) is None


@pytest.mark.parametrize("name", ["argparse.py", "dataclasses.py", "inspect.py", "statistics.py"])
def test_what_stays_is_what_the_tokenizer_calls_code(name: str) -> None:
    with tokenize.open(LIBRARY / name) as file:
        source = file.read()
    mask = mask_of(source)

    assert mask is not None
    starts = [0]
    for line in io.StringIO(source):
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        start = starts[token.start[0] - 1] + token.start[1]
        end = starts[token.end[0] - 1] + token.end[1]
        if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER):
            assert mask[start:end] == token.string
        elif token.type == tokenize.COMMENT:
            assert mask[start:end].isspace()
        elif token.type == tokenize.STRING and (sys.version_info >= (3, 12) or "f" not in token.string[:2].lower()):
            assert set(mask[start:end]) == {STRING}
