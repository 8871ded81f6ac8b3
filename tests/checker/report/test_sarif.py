"""The SARIF log holds against the schema of the standard, and says what code hosts read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from worker_lint.diagnostic import Diagnostic, Problem, Report
from worker_lint.report import RenderContext, RuleMeta
from worker_lint.report.sarif_rules import message_text

Render = Callable[[str, Report, RenderContext], str]

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def run(report: Report, context: RenderContext, render: Render) -> Any:
    return json.loads(render("sarif", report, context))["runs"][0]


@pytest.mark.parametrize("diagnostics", [0, 3])
def test_valid_against_the_standard(report: Report, context: RenderContext, render: Render, diagnostics: int) -> None:
    log = json.loads(render("sarif", Report(report.diagnostics[:diagnostics], report.problems, report.files), context))
    Draft4Validator(SCHEMA).validate(log)


def test_columns_are_code_points(run: Any) -> None:
    assert run["columnKind"] == "unicodeCodePoints"


def test_result_points_to_its_rule(run: Any) -> None:
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["ABS101", "STP102", "STP103"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_place_fingerprint_and_related(run: Any, report: Report) -> None:
    result, diagnostic = run["results"][-1], report.diagnostics[-1]
    (place,) = result["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "orders/mail.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 16, "startColumn": 12, "endLine": 16, "endColumn": 26},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "orders.mail.main"}]
    assert result["partialFingerprints"] == {"workerLint/v1": diagnostic.fingerprint}
    assert [other["message"]["text"] for other in result["relatedLocations"]] == ["declared abstract here"]
    assert "codeFlows" not in result


def test_path_through_code_is_a_code_flow(run: Any) -> None:
    (flow,) = run["results"][0]["codeFlows"]
    (thread,) = flow["threadFlows"]
    steps = [step["location"]["physicalLocation"]["region"]["startLine"] for step in thread["locations"]]
    assert steps == [6, 7, 9]


def test_paths_are_those_of_the_repository(report: Report, context: RenderContext, render: Render) -> None:
    log = json.loads(render("sarif", report, replace(context, repository_prefix="services/mail room/")))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "services/mail%20room/orders/mail.py"


@pytest.mark.parametrize(
    ("path", "uri"),
    [("a:b.py", "a%3Ab.py"), ("ä#?.py", "%C3%A4%23%3F.py"), ("\udcff.py", "%FF.py"), ("\ud800.py", "%3F.py")],
)
def test_odd_paths_are_uris(
    abstract_call: Diagnostic, context: RenderContext, render: Render, path: str, uri: str
) -> None:
    log = json.loads(render("sarif", Report((replace(abstract_call, path=path),)), context))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize("fatal", [True, False])
def test_problems_of_the_run(context: RenderContext, render: Render, *, fatal: bool) -> None:
    problem = Problem("rule STP102 crashed on `{x}`", path="a.py", help="report it", fatal=fatal)
    log = json.loads(render("sarif", Report((), (problem,)), context))
    Draft4Validator(SCHEMA).validate(log)
    (invocation,) = log["runs"][0]["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is not fatal
    assert notification["message"]["text"] == "rule STP102 crashed on `{{x}}`\nreport it"


def test_rule_without_metadata_is_described_by_its_diagnostic(
    abstract_call: Diagnostic, context: RenderContext, render: Render
) -> None:
    log = json.loads(render("sarif", Report((abstract_call,)), replace(context, rules={})))
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["helpUri"] == abstract_call.url


def test_page_of_a_rule_keeps_its_code_samples(context: RenderContext, render: Render) -> None:
    rule = RuleMeta("ABS101", "x", "a {} summary", url="https://example.org", help="```py\nx = {}\n```")
    log = json.loads(render("sarif", Report(()), replace(context, rules={"ABS101": rule})))
    Draft4Validator(SCHEMA).validate(log)
    (descriptor,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert descriptor["help"]["markdown"] == rule.help
    assert descriptor["shortDescription"]["text"] == "a {{}} summary"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain [x] (y)", "plain [x] (y)"),
        ("`handlers[name](message)` may raise", r"`handlers\[name\](message)` may raise"),
        ("f'{x}' and {0}", "f'{{x}}' and {{0}}"),
    ],
)
def test_message_strings_are_escaped(text: str, escaped: str) -> None:
    assert message_text(text) == escaped
