"""Format `junit`: one test suite for each file, one failed test for each diagnostic."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from typing import TextIO

from worker_lint.diagnostic import Diagnostic, Problem, Report, clean_text
from worker_lint.report.context import RenderContext


def render(report: Report, context: RenderContext, out: TextIO) -> None:
    """
    Write the report as JUnit XML, in ASCII.

    Notes are passed tests with output: they fail no run. A clean run holds one passed test,
    because some CI servers take a report without tests for a failure.
    """
    root = ET.Element("testsuites", name=context.tool)
    for path, group in itertools.groupby(report.diagnostics, key=lambda item: item.path):
        suite = ET.SubElement(root, "testsuite", name=_valid(path))
        for diagnostic in group:
            suite.append(_case(diagnostic))
    if report.problems:
        suite = ET.SubElement(root, "testsuite", name="problems of the run")
        suite.extend(_problem_case(problem) for problem in report.problems)
    if not len(root):
        suite = ET.SubElement(root, "testsuite", name=context.tool)
        ET.SubElement(suite, "testcase", name="no diagnostics", classname=context.tool)
    for element in (*root, root):
        _count(element)
    ET.indent(root)
    text = ET.tostring(root, encoding="us-ascii").decode("ascii")
    out.write(f'<?xml version="1.0" encoding="us-ascii"?>\n{text}\n')


def _case(diagnostic: Diagnostic) -> ET.Element:
    span = diagnostic.span
    case = ET.Element(
        "testcase",
        name=_valid(f"{diagnostic.code} {diagnostic.name} at {span.line}:{span.column}"),
        classname=_valid(diagnostic.symbol or diagnostic.path),
        file=_valid(diagnostic.path),
        line=str(span.line),
    )
    if diagnostic.severity == "note":
        ET.SubElement(case, "system-out").text = _details(diagnostic)
    else:
        failure = ET.SubElement(case, "failure", message=_valid(diagnostic.message), type=diagnostic.severity)
        failure.text = _details(diagnostic)
    return case


def _details(diagnostic: Diagnostic) -> str:
    lines = [
        f"{diagnostic.path}:{diagnostic.span.line}:{diagnostic.span.column}: {diagnostic.message}",
        *(f"{place.path}:{place.span.line}:{place.span.column}: {place.message}" for place in diagnostic.related),
        diagnostic.consequence,
        f"help: {diagnostic.help}" if diagnostic.help else "",
    ]
    return "\n".join(_valid(line) for line in lines if line)


def _problem_case(problem: Problem) -> ET.Element:
    name = f"{problem.path}: {problem.message}" if problem.path else problem.message
    case = ET.Element("testcase", name=_valid(name), classname="run")
    kind = "error" if problem.fatal else "system-out"
    detail = ET.SubElement(case, kind)
    detail.text = _valid(problem.help or problem.message)
    if problem.fatal:
        detail.set("message", _valid(problem.message))
        detail.set("type", "problem")
    return case


def _count(element: ET.Element) -> None:
    for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        element.set(key, str(sum(1 for _ in element.iter(tag))))


def _valid(text: str) -> str:
    # XML 1.0 has no place for control characters, surrogates and non-characters, escaped or not;
    # all of them are in the categories that clean_text replaces.
    return clean_text(text)
