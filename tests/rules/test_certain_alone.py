"""Where only certain findings are wanted, rules leave out what is dear: they must find all that is certain still."""

import pytest

from worker_lint.rule import Example, Rule
from worker_lint.testing import all_examples, check_files, example_files

CASES = [
    pytest.param(rule, example, id=f"{rule.name}: {example.title}")
    for rule, example in all_examples()
    if rule.stage == "certain"
]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_certain_findings_stay(rule: Rule, example: Example) -> None:
    files, options = example_files(example), {rule.name: example.options}
    every = check_files(files, [rule], options=options).diagnostics
    alone = check_files(files, [rule], options=options, only_certain=True).diagnostics
    assert [one for one in every if one.confidence == "certain"] == list(alone)


ALONE = {
    "a thread": ("def consume(self):", "threading.Thread(target=self.consume, daemon=True).start()"),
    "a thread of a caller": ("def consume(self):", "threading.Thread(target=self.main).start()"),
    "a thread, by a field": ("def consume(self):", "self.code = self.consume\n        self.begin()"),
}


@pytest.mark.parametrize(("header", "start"), ALONE.values(), ids=ALONE)
def test_a_loop_that_ends_unseen(header: str, start: str) -> None:
    source = f"""import json
import threading

import pika


class Worker:
    def start(self):
        {start}

    def begin(self):
        threading.Thread(target=self.code).start()

    def main(self):
        self.consume()

    {header}
        channel = pika.BlockingConnection().channel()
        for method, _, body in channel.consume("jobs"):
            self.handle(json.loads(body)["name"])
"""
    rule = next(rule for rule, _ in all_examples() if rule.code == "ERR101")
    every = check_files({"worker.py": source}, [rule]).diagnostics
    alone = check_files({"worker.py": source}, [rule], only_certain=True).diagnostics
    assert alone
    assert [one for one in every if one.confidence == "certain"] == list(alone)
