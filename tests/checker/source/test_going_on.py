"""What the bytes of a file tell of loops that go on, and of waits in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.source.going_on import (
    GOES_ON,
    HANDS_OVER,
    WAITS_IN_WHILE,
    goes_on,
    hands_over,
    waits_in_while,
)
from worker_lint.source.skim import skim

FOREVER = [
    "while True",
    "while not self.stopped",
    "while self._running and not failed",
    "while(1)",
    "while (a == b)",
    "while a == b or c",
    "while queue.get() is not None",
    "while größe < 3",
    "while\\\n        True",
    "async for message in queue",
    "async  for message in queue",
    "async \\\n    for message in queue",
    "for turn in itertools.count()",
    "for turn in count (1)",
    "for turn in iter(\n        source.read, b''\n    )",
    "for turn in (iter  # endless\n(read, b''))",
    "for message in self.consumer",
    "for message in (self.subscription)",
    "for message in self.PubSub",
    "for number, message in enumerate(\n        # all of them\n        client.listen(),\n        1,\n    )",
    "for key in {\n        'a:':\n        1,\n    }.consume()",
    "for x in f'{a}', repeat(1)",
    'for x in """\n    """, cycle(y)',
    "for x in 'it\\'s', channel.consume('a')",
]

ENDING = [
    "while left > 0",
    "while time.monotonic() < deadline",
    "while len(found) != 3",
    "for item in items",
    "for iterator in iterators",
    "for number in range(count)",
    "for name in ['consume', \"listen\"]",
    "for listener in list(self.found)",
    "for item in values(\n        a,\n        b,\n    )",
    "for key, value in {'a:': 1, 'b': 2}.items()",
    "for don in won't be code, consumer",
]


def function(head: str, indent: str = "    ", end: str = "\n", comment: str = "") -> bytes:
    """A function with a loop in a file with such line ends."""
    source = f"def run(self):\n{indent}pass\n{indent}{head}:{comment}\n{indent}    work()\n"
    return source.replace("\n", end).encode()


@pytest.mark.parametrize("head", FOREVER)
@pytest.mark.parametrize(
    ("indent", "end"), [("    ", "\n"), ("\t", "\n"), (" \t", "\r\n"), ("\f    ", "\n"), ("  ", "\r")]
)
def test_a_loop_that_may_go_on_is_seen(head: str, indent: str, end: str) -> None:
    assert goes_on(function(head, indent, end))


@pytest.mark.parametrize("head", FOREVER)
def test_it_is_seen_behind_a_continued_line_and_with_a_comment(head: str) -> None:
    assert goes_on(function("\\\n" + head))
    assert goes_on(function("\\\n  \\\n" + head))
    assert goes_on(function(head, comment="  # it's all: 'we' have"))


@pytest.mark.parametrize("head", ENDING)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_loop_with_an_end_is_none(head: str, end: str) -> None:
    assert not goes_on(function(head, end=end))
    assert not goes_on(function(head, end=end, comment="  # the rest"))


def test_a_loop_of_the_module_and_words_are_none() -> None:
    assert not goes_on(b"while True:\n    work()\nfor x in count():\n    pass\n")
    assert not goes_on(b'def run():\n    """Waits a while for all consumers."""\n    x = [a for a in count]\n')
    assert not goes_on(b"def run():\n    return sum(\n        a\n        for a in consume\n    )\n")


ITERATED = st.sampled_from(["self.consumer", "iter(a, 1)", "sub", "x.listen()", "itertools.count(2)", "a.notifies()"])
AROUND = st.sampled_from(["{0}", "({0})", "({0}\n    )", "(\n\n        {0}  # it\n)", "(  # 'a:\n        {0})"])
TARGET = st.sampled_from(["x", "(x, y)", "x, (y, z)", "self.x", "d['a:']", 'd["("]', "d[1:2]", "*x, y"])


@given(ITERATED, AROUND, TARGET, st.sampled_from(["\n", "\r\n"]), st.sampled_from([" ", "  ", "\t", " \\\n "]))
def test_any_layout_of_a_head_is_seen(iterated: str, around: str, target: str, end: str, blank: str) -> None:
    assert goes_on(function(f"for {target}{blank}in{blank}{around.format(iterated)}", end=end))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("channel.consume(run)", True),
        ("channel.basic_consume (queue, run)", True),
        ("socket.on_recv(\n    run)", True),
        ("(kafka.Consumer  # all\n (run))", True),
        ("    def __next__(self):", True),
        ("    async def  __anext__(self):", True),
        ("    def \\\n__next__(self):", True),
        ("consumer.run()", False),
        ("item.__next__()", False),
        ("x = consume, Consumer", False),
    ],
)
def test_what_hands_messages_over(source: str, *, expected: bool) -> None:
    assert hands_over(source.encode()) is expected
    assert hands_over(source.replace("\n", "\r\n").encode()) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    while not self.stopped.is_set():\n        time.sleep(5)\n", True),
        ("\twhile(1):\n\t\tqueue.get()\n", True),
        ("    while self.waits and not event.wait(5): pass\n", True),
        ("    \\\nwhile True:\n        event.wait()\n", True),
        ("    time.sleep(5)\n    while True:\n        work()\n", False),
        ("    for one in all:\n        time.sleep(meanwhile)\n", False),
    ],
)
def test_waits_in_a_while(body: str, *, expected: bool) -> None:
    for end in ("\n", "\r\n", "\r"):
        assert waits_in_while(f"def run(self):\n{body}".replace("\n", end).encode()) is expected


def test_the_screen_knows_them() -> None:
    words = tuple(sorted(word.encode() for word in (GOES_ON, HANDS_OVER, WAITS_IN_WHILE)))
    found = skim(function("while True"), words).words
    assert [word for place, word in enumerate(words) if found >> place & 1] == [GOES_ON.encode()]
