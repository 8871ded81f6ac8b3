from __future__ import annotations

import ast
import codecs
import io
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.source.decode import Decoded, DecodeProblem, decode


def text_of(data: bytes) -> Decoded:
    found = decode(data)
    assert isinstance(found, Decoded), found
    return found


def problem_of(data: bytes) -> DecodeProblem:
    found = decode(data)
    assert isinstance(found, DecodeProblem), found
    return found


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"x = 1\n", "utf-8"),
        ("x = 'ü'\n".encode(), "utf-8"),
        ("# -*- coding: latin-1 -*-\nx = 'ü'\n".encode("latin-1"), "iso8859-1"),
        ("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n".encode("cp1252"), "cp1252"),
        ("\n# coding: shift_jis\nx = '日本'\n".encode("shift_jis"), "shift_jis"),
        ("# coding: utf8\nx = 'ü'\n".encode(), "utf-8"),
        (b"x = 1\n# coding: latin-1\n", "utf-8"),  # behind code it declares nothing
        (b"x = 1; # coding: latin-1\n", "utf-8"),
        (b"\n\n# coding: latin-1\n", "utf-8"),  # the third line is too late
        (b'"""\n# coding: latin-1\n"""', "utf-8"),
    ],
)
def test_the_encoding_is_found_as_python_finds_it(data: bytes, encoding: str) -> None:
    found = text_of(data)

    assert found.encoding == encoding
    assert found.text == data.decode(encoding)
    tree = ast.parse(data)
    assert ast.dump(ast.parse(found.text)) == ast.dump(tree)


def test_the_mark_is_taken_off_and_remembered() -> None:
    found = text_of(b"\xef\xbb\xbfx = 1\r\n")

    assert (found.text, found.bom, found.encoding) == ("x = 1\r\n", True, "utf-8")
    assert found.encode(found.text) == b"\xef\xbb\xbfx = 1\r\n"


@pytest.mark.parametrize(
    ("data", "newlines"),
    [
        (b"", "none"),
        (b"x", "none"),
        (b"x\ny\n", "lf"),
        (b"x\r\ny\r\n", "crlf"),
        (b"x\ry", "cr"),
        (b"x\r\ny\n", "mixed"),
    ],
)
def test_line_ends_are_told(data: bytes, newlines: str) -> None:
    assert text_of(data).newlines == newlines


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"x = 1\ny = '\xff'\n", 2, 6, "0xff"),
        (b"x = '\xc3\xbc\xff'\n", 1, 7, "0xff"),
        (b"x = 1\r\ry = \x00\n", 3, 5, "NUL"),
        (b"# coding: no-such-thing\n", 1, 11, "'no-such-thing'"),
        (b"\n# coding: rot13\n", 2, 11, "'rot13'"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, 11, "declares latin-1"),
        ("x = 1\n".encode("utf-16"), 1, 1, "UTF-16"),
        ("x = 1\n".encode("utf-32"), 1, 1, "UTF-32"),
        (b"# coding: ascii\nx = '\xe9'\n", 2, 6, "not valid ascii"),
        (b"# coding: utf-7\nx = '+2AA-'\n", 1, 1, "utf-7"),
    ],
)
def test_what_python_would_refuse_is_refused_with_its_place(data: bytes, line: int, column: int, words: str) -> None:
    problem = problem_of(data)

    assert (problem.line, problem.column) == (line, column)
    assert words in problem.message
    assert problem.help
    with pytest.raises((SyntaxError, ValueError)):
        compile(data, "x.py", "exec")


def test_a_file_over_the_limit_is_refused() -> None:
    found = decode(b"x = 1\n", limit=5)

    assert isinstance(found, DecodeProblem)
    assert "6 bytes are over the limit of 5" in found.message


def test_python_2_is_text_like_any_other() -> None:
    assert text_of(b"print 'x'\nexec code in {}\n").text == "print 'x'\nexec code in {}\n"


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.sampled_from([b"", b"\xef\xbb\xbf"])
)
def test_utf_8_comes_back_as_it_was(text: str, mark: bytes) -> None:
    data = mark + text.encode()

    found = decode(data)

    if isinstance(found, Decoded):
        assert found.encode(found.text) == data
        assert found.bom == data.startswith(b"\xef\xbb\xbf")
    else:  # only text that happens to declare an encoding, or to look like another mark
        assert b"coding" in data or found.message.startswith(("the file is UTF", "the file holds"))


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_placed_problem(data: bytes) -> None:
    found = decode(data)

    if isinstance(found, Decoded):
        assert found.encode(found.text) == data
    else:
        assert found.line >= 1
        assert found.column >= 1


@given(
    st.sampled_from(["", "\n", "#!/bin/sh\n", "x\n", "\f# x\n", "'\n", "\r"]),
    st.sampled_from(
        ["# coding: latin-1", " # -*- coding: UTF8 -*-", "#coding=cp1250", "# encoding:utf-8", "# coding : x"]
    ),
    st.sampled_from(["\n", "\r\n", "\nx = 1\n", ""]),
)
def test_the_declaration_is_found_where_the_standard_library_finds_it(before: str, comment: str, after: str) -> None:
    data = (before + comment + after).encode()
    if b"\r" in data.replace(b"\r\n", b""):
        data = data.replace(b"\r", b"\n")  # the standard library's reader splits at LF only
    expected, _ = tokenize.detect_encoding(io.BytesIO(data).readline)

    found = text_of(data).encoding

    assert found == codecs.lookup(expected).name
