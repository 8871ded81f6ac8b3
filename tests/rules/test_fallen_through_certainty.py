"""Which of the names that a failed block has left unbound is the one that raises, and when that surely happens."""

import pytest

from worker_lint.testing import check_source

TWO_NAMES = """
import logging

def read(blob, decode):
    try:
        {first}
        {second}
    except Exception as error:
        logging.error("cannot unpack: %s", error)
    if key in ("", None):
        return None
    return parsed
"""


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("parsed = decode(blob)", 'key = parsed["key"]', ["key"]),
        ("key = decode(blob)", 'parsed = key["value"]', ["key"]),
        ("key, parsed = decode(blob)", "", ["key"]),
    ],
)
def test_the_name_that_is_read_first(first: str, second: str, names: list[str]) -> None:
    found = check_source("ERR119", TWO_NAMES.format(first=first, second=second))
    assert [one.message.split("`")[1] for one in found] == names


GROUPS = """
import logging
import kubernetes

class Review:
    def __init__(self, token):
        self.token = token

def {name}(token, api):
    try:
        review = {made}
        groups = []
        groups.extend(api.create(review).groups)
    except Exception as error:
        logging.error("no review: %s", error)
    return sorted(groups)

{use}
"""


@pytest.mark.parametrize(
    ("name", "made", "use", "expected"),
    [
        ("groups_of", "api.review(token)", "groups_of(1, 2)", ["certain"]),
        ("groups_of", "kubernetes.client.V1TokenReview(token=token)", "groups_of(1, 2)", ["likely"]),
        ("groups_of", "Review(token)", "groups_of(1, 2)", []),
        ("_groups_of", "api.review(token)", "", ["likely"]),
    ],
)
def test_what_fails_before_it_is_bound(name: str, made: str, use: str, expected: list[str]) -> None:
    found = check_source("ERR119", GROUPS.format(name=name, made=made, use=use))
    assert [one.confidence for one in found] == expected


FLOW = """
import logging

class Flow:
    def __init__(self, entry):
        self.entry = entry.copy()

def flow_of(entry):
    try:
        flow = Flow(entry)
    except {caught} as error:
        logging.error("no flow: %s", error)
    return flow
"""


@pytest.mark.parametrize(("caught", "expected"), [("SystemError", ["likely"]), ("Exception", ["certain"])])
def test_a_clause_for_what_the_maker_need_not_raise(caught: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("ERR119", FLOW.format(caught=caught))] == expected


YIELDED = """
import logging

def answers(matches, read):
    for match in matches:
        try:
            answer = read(match)
        except Exception:
            logging.exception("cannot read %s", match)
            {after}
        yield 0xFF00, answer
"""


@pytest.mark.parametrize(("after", "count"), [("yield 0xC421, None", 0), ("pass", 1)])
def test_who_runs_a_generator_may_ask_for_no_more(after: str, count: int) -> None:
    assert len(check_source("ERR119", YIELDED.format(after=after))) == count


OWN_LOGGER = """
import logging

class Failed(Exception):
    pass

class Logger:
    def __init__(self, logger):
        self._logger = logger

    def error(self, message, *args):
        self._logger.error(message, *args)
        {end}

def get_logger(name):
    return Logger(logging.getLogger(name))

log = get_logger(__name__)

def show(name, find):
    try:
        template = find(name)
    except AttributeError:
        log.error("no such template: %s", name)
    return template.text
"""


@pytest.mark.parametrize(("end", "count"), [("raise Failed(message % args)", 0), ("pass", 1)])
def test_a_logger_of_the_project_may_raise(end: str, count: int) -> None:
    assert len(check_source("ERR119", OWN_LOGGER.format(end=end))) == count


ASKED = """
import logging

def apply(client, name, limits):
    try:
        group = client.find(name)
    except Exception:
        logging.exception("no group")
    {ask}
        return group.id
    return None
"""


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        ("if limits.is_strict:", ["certain"]),
        ("for _ in limits:", ["certain"]),
        ("if client.is_connected:", ["likely"]),
        ("for _ in client.links:", ["likely"]),
    ],
)
def test_a_question_about_what_the_block_has_used(ask: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("ERR119", ASKED.format(ask=ask))] == expected


TURNS = """
import logging

def ask(clients, question):
    for client in clients:
        try:
            answer = client.ask(question)
        except OSError:
            if client is clients[-1]:
                raise
            logging.debug("no answer from %s", client)
            {after}
    {behind}
"""


@pytest.mark.parametrize(
    ("after", "behind", "count"),
    [
        ("continue", "return answer", 0),
        ("continue", "return None", 0),
        ("pass", "return answer", 0),
        ("        question.take(answer)", "return None", 1),
    ],
)
def test_the_last_turn_raises(after: str, behind: str, count: int) -> None:
    source = TURNS.format(after=after, behind=behind).replace("            " + "        question", "        question")
    assert len(check_source("ERR119", source)) == count


STARRED = """
from toolbox import *
{own}

def show(name, find):
    try:
        template = find(name)
    except AttributeError:
        log.error("no such template: %s", name)
    return template.text
"""


@pytest.mark.parametrize(
    ("own", "expected"), [("", "likely"), ("import logging\nlog = logging.getLogger(__name__)", "certain")]
)
def test_a_logger_of_which_nothing_is_known(own: str, expected: str) -> None:
    assert [one.confidence for one in check_source("ERR119", STARRED.format(own=own))] == [expected]


HELPED = """
import logging
from retries import Tries

{made}

def fetch(get, url, tries):
    with Tries(3) as proceed:
        while {test}:
            try:
                answer = get(url)
                if answer.ok:
                    break
            except ConnectionError:
                logging.warning("cannot get %s", url)
    return answer.text
"""
RAISES = "def more():\n    if next(turns, None) is None: raise RuntimeError\n    return True"
ANSWERS = "def more():\n    return next(turns, None) is not None"


@pytest.mark.parametrize(
    ("test", "made", "expected"),
    [
        ("proceed()", "", "likely"),
        ("more()", RAISES, "likely"),
        ("more()", ANSWERS, "certain"),
        ("proceed(url)", "", "certain"),
        ("tries.left()", "", "certain"),
        ("tries", "", "certain"),
    ],
)
def test_a_helper_that_is_asked_for_each_turn_may_raise(test: str, made: str, expected: str) -> None:
    source = HELPED.format(test=test, made=made)
    assert [one.confidence for one in check_source("ERR119", source)] == [expected]
