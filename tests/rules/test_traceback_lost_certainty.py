"""When the cause of an error is surely missed: unlike failures come out of the block, and somebody gets there."""

import pytest

from worker_lint.testing import check_source


def _confidence(source: str) -> list[str]:
    """How sure ERR114 is of each finding in a file."""
    return [one.confidence for one in check_source("ERR114", source)]


BLOCK = """
import logging
import math
import subprocess

class StoreError(Exception):
    pass

def current(slots):
    return slots["tracer"]

def run(item, client, slots):
    try:
        {body}
    {before}except Exception:
        logging.error("could not do it")

run(1, 2, {{}})
"""


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        ("subprocess.check_call(item)", "", ["certain"]),
        ("client.send(item)", "", ["certain"]),
        ("client.close()", "", ["likely"]),
        ("found = {}; found.update(item); found.clear()", "", ["likely"]),
        ("client.results.put_nowait(item)", "", ["likely"]),
        ("field, build = item.parts if len(item.parts) == 2 else (1, 2)", "", []),
        ("item.area = math.sqrt(item.size); item.log = math.log(item.size)", "", ["likely"]),
        ("if current(slots) is None: raise RuntimeError", "", ["likely"]),
        ("item.on = client.options.is_on()", "except AttributeError:\n        item.on = False\n    ", ["likely"]),
        ("client.open(); item.on = client.is_on()", "except AttributeError:\n        item.on = 0\n    ", ["certain"]),
    ],
)
def test_unlike_failures(body: str, before: str, expected: list[str]) -> None:
    assert _confidence(BLOCK.format(body=body, before=before)) == expected


ROLLBACK = """
import logging

class StoreError(Exception):
    pass

def make(client):
    {made}
    return client.create()

def store(client):
    try:
        return make(client)
    except StoreError:
        try:
            client.delete()
        except Exception:
            logging.warning("could not roll back")

store(None)
"""


@pytest.mark.parametrize(("made", "expected"), [("pass", "likely"), ("raise StoreError", "certain")])
def test_a_clause_that_nothing_enters(made: str, expected: str) -> None:
    assert _confidence(ROLLBACK.format(made=made)) == [expected]


FUNCTION = '''
import logging
import shutil

def copy(path, links=False):
    """{says}"""
    if links:{mark}
        try:
            shutil.move(path, "there")
        except Exception:
            logging.warning("could not move it")

{use}
'''


@pytest.mark.parametrize(
    ("mark", "use", "says", "expected"),
    [
        ("", "copy(1)", "Copy it.", "certain"),
        ("", "copy(1)", "Best-effort copy.", "likely"),
        ("  # pragma: no cover", "copy(1)", "Copy it.", "likely"),
        ("", "", "Move it.", "likely"),
    ],
)
def test_code_that_nobody_is_seen_to_run(mark: str, use: str, says: str, expected: str) -> None:
    assert _confidence(FUNCTION.format(mark=mark, use=use, says=says)) == [expected]


KEEPER = """
import logging

def record(node, event):
    node.history.append(event)

def power(node, driver):
    driver.check(node)
    try:
        driver.switch(node)
    except Exception as error:
        {clause}
        raise

def run(nodes, driver):
    for node in nodes:
        try:
            power(node, driver)
        except Exception:
            logging.error("could not switch %s", node)

run([], None)
"""


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("node.last_error = str(error)", "likely"),
        ("text = f'failed: {error}'; record(node, event=text)", "likely"),
        ("logging.warning('failed: %s', error)", "likely"),
        ("logging.info('failed: %s', error)", "certain"),
        ("node.state = 'failed'; text = str(error)", "certain"),
    ],
)
def test_a_function_that_keeps_the_cause_itself(clause: str, expected: str) -> None:
    assert _confidence(KEEPER.format(clause=clause)) == [expected]


CHAIN = """
import logging
import subprocess

class Store:
    def {public}(self, client):
        _delete(client)

    def {method}(self, client):
        try:
            subprocess.check_call(client)
        except Exception:
            logging.error("could not drop")

    def run(self, client):
        {calls}

def _delete(client):
    {delete}

Store().run(None)
"""


@pytest.mark.parametrize(
    ("method", "calls", "expected"),
    [
        ("_drop", "pass", "likely"),
        ("_drop", "self._drop(client)", "certain"),
        ("_drop", "getattr(self, '_drop')(client)", "certain"),
        ("drop", "pass", "certain"),
    ],
)
def test_a_private_method_that_nobody_calls(method: str, calls: str, expected: str) -> None:
    source = CHAIN.format(public="delete", method=method, calls=calls, delete="client.delete()")
    assert _confidence(source) == [expected]


@pytest.mark.parametrize(("public", "expected"), [("_delete_it", "likely"), ("delete", "certain")])
def test_a_function_that_only_unused_methods_call(public: str, expected: str) -> None:
    failing = "try: subprocess.check_call(client)\n    except Exception: logging.error('could not drop')"
    source = CHAIN.format(public=public, method="run_all", calls="pass", delete=failing)
    assert _confidence(source)[-1] == expected


WORDS = """
import logging
import subprocess

{above}

def run(item):
    {local}
    try:
        subprocess.check_call(item)
    except Exception:
        logging.error({line})

run(1)
"""


@pytest.mark.parametrize(
    ("above", "local", "line", "expected"),
    [
        ("", "", "'could not do it: %s', item", "certain"),
        ("", "", "'could not do it: %s', {'the': 'item'}", "certain"),
        ("", "text = 'could not do %(it)s'", "text, {'it': item}", "certain"),
        ("", "text = 'the %(item)s is invalid'", "text, {'item': item}", "likely"),
        ("from texts import TEXT", "", "TEXT, {'item': item}", "likely"),
        ("", "", "'stopped something that has no entry'", "likely"),
        ("", "", "'could not extract the name of %s', item", "likely"),
    ],
)
def test_what_the_line_says(above: str, local: str, line: str, expected: str) -> None:
    assert _confidence(WORDS.format(above=above, local=local, line=line)) == [expected]


@pytest.mark.parametrize(
    ("imports", "advice"),
    [("import logging", "exc_info"), ("import structlog", "exc_info"), ("import txaio", "this logger")],
)
def test_the_advice_fits_the_logger(imports: str, advice: str) -> None:
    source = WORDS.replace("import logging", imports).replace("logging.error", "log.error")
    found = check_source("ERR114", source.format(above="", local="", line="'could not do it'"))
    assert [advice in (one.help or "") for one in found] == [True]


@pytest.mark.parametrize(("line", "expected"), [("log.warning", "certain"), ("warning", "likely")])
def test_a_function_that_may_look_at_the_error_itself(line: str, expected: str) -> None:
    source = WORDS.replace("logging.error", line)
    assert _confidence(source.format(above="", local="", line="'could not do it'")) == [expected]


HELPER = """
import email.utils
import logging
import requests

def date(message, key):
    if key not in message:
        raise KeyError(key)
    return message[key]

def fetch(message):
    try:
        {work}
    except Exception as e:
        logging.error({line})
    return 0

fetch(None)
"""
PARSED = "field = date(message, 'Date'); return email.utils.mktime_tz(email.utils.parsedate_tz(field))"
ASKED = "field = date(message, 'Date'); return email.utils.parsedate_tz(requests.get(field))"


@pytest.mark.parametrize(
    ("work", "line", "expected"),
    [
        (PARSED, "'date set to zero'", ["likely"]),
        (ASKED, "'date set to zero'", ["certain"]),
        (ASKED, "'credential provider failed'", ["likely"]),
        (ASKED, "'provider failed'", ["certain"]),
        (ASKED, "'provider failed: %s', exc", []),
        (ASKED, "'provider failed: %s', message", ["certain"]),
    ],
)
def test_a_header_a_secret_and_a_name_that_nothing_binds(work: str, line: str, expected: list[str]) -> None:
    assert _confidence(HELPER.format(work=work, line=line)) == expected
