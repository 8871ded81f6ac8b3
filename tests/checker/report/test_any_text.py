"""Whatever stands in sources, paths and messages: every format stays well-formed."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from worker_lint.diagnostic import Diagnostic, FixOffer, Problem, Related, Report, Span, with_fingerprints
from worker_lint.report import RenderContext, Terminal, load_renderer

SARIF = Draft4Validator(
    json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
)

# All code points, lone surrogates too: they come from paths that are not UTF-8 and from escapes.
nasty = st.text(
    st.one_of(st.characters(), st.sampled_from("\x00\x1b\r\n\t\x85\u2028\ud800\udcff\ufffe%:,{}[](<&]`\"'"))
)
paths = nasty.filter(bool)
small = st.integers(1, 40)
spans = st.builds(
    lambda line, column, more, width: Span(line, column, line + more, column + width), small, small, small, small
)
related = st.builds(Related, paths, spans, nasty)
diagnostics = st.builds(
    Diagnostic,
    code=st.sampled_from(["ABS101", "STP102"]),
    name=st.sampled_from(["one-name", "other-name"]),
    severity=st.sampled_from(["error", "warning", "note"]),
    confidence=st.sampled_from(["certain", "likely"]),
    path=paths,
    span=spans,
    message=nasty,
    consequence=nasty,
    help=nasty,
    symbol=nasty,
    related=st.lists(related, max_size=3).map(tuple),
    fix=st.none() | st.builds(FixOffer, st.sampled_from(["safe", "unsafe"]), nasty),
    line_text=nasty,
)
problems = st.builds(Problem, nasty, nasty, nasty, st.booleans())
reports = st.builds(
    lambda found, wrong: Report(with_fingerprints(found), tuple(wrong), files=3),
    st.lists(diagnostics, max_size=4),
    st.lists(problems, max_size=2),
)
terminals = st.builds(
    lambda encoding, width, colour: Terminal(colour, width, encoding, drawing=encoding == "utf-8"),
    st.sampled_from(["utf-8", "ascii", "cp1252", "shift_jis"]),
    st.integers(40, 120),
    st.booleans(),
)


def rendered(name: str, report: Report, terminal: Terminal | None = None, source: str = "x = 1") -> str:
    terminal = terminal or Terminal()
    context = RenderContext("0.1", read_line=lambda *_: source, terminal=terminal)
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=terminal.encoding, newline="\n") as out:
        load_renderer(name)(report, context, out)
        out.flush()
        return raw.getvalue().decode(terminal.encoding)


@given(reports)
def test_json_is_valid_and_complete(report: Report) -> None:
    text = rendered("json", report)
    document = json.loads(text)
    assert text.isascii()
    assert [item["line"] for item in document["diagnostics"]] == [item.span.line for item in report.diagnostics]
    text.encode().decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")


@given(reports)
@settings(max_examples=50)
def test_sarif_is_valid(report: Report) -> None:
    log = json.loads(rendered("sarif", report))
    SARIF.validate(log)
    for result in log["runs"][0]["results"]:
        assert not re.search(r"(?<!\\)\[[^\[\]]*(?<!\\)\]\(", result["message"]["text"])
        unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


@given(reports)
def test_gitlab_is_valid_and_its_fingerprints_are_unique(report: Report) -> None:
    entries = json.loads(rendered("gitlab", report))
    assert len({entry["fingerprint"] for entry in entries}) == len(report.diagnostics)


@given(reports)
def test_junit_is_well_formed(report: Report) -> None:
    root = ET.fromstring(rendered("junit", report))  # noqa: S314 - our own output
    assert len(list(root.iter("testcase"))) == max(1, len(report.diagnostics) + len(report.problems))


@given(reports, terminals)
def test_github_writes_one_line_for_each_command(report: Report, terminal: Terminal) -> None:
    lines = rendered("github", report, terminal).split("\n")[:-1]
    assert len(lines) == len(report.diagnostics) + len(report.problems)
    for line in lines:
        match = re.fullmatch(r"::(?:error|warning|notice) ((?:\w+=[^,:]*,?)+)::(.*)", line)
        assert match, line
        assert not re.search("%(?!25|0D|0A|3A|2C)", match[1] + match[2])


@given(reports, terminals)
def test_concise_writes_one_line_for_each_diagnostic(report: Report, terminal: Terminal) -> None:
    assert len(rendered("concise", report, terminal).splitlines()) == len(report.diagnostics)


@given(reports, terminals, nasty)
def test_full_never_sends_control_characters(report: Report, terminal: Terminal, source: str) -> None:
    text = rendered("full", report, terminal, source)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # our own colours
    assert not {character for character in text if unicodedata.category(character)[0] == "C"} - {"\n"}


@given(reports)
def test_records_are_in_report_order(report: Report) -> None:
    order = [item.fingerprint for item in report.diagnostics]
    assert [item["fingerprint"] for item in json.loads(rendered("json", report))["diagnostics"]] == order
    assert [item["fingerprint"] for item in json.loads(rendered("gitlab", report))] == order
    results = json.loads(rendered("sarif", report))["runs"][0]["results"]
    assert [item["partialFingerprints"]["workerLint/v1"] for item in results] == order
