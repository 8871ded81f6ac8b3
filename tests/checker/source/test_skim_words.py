"""The words of a skim: any number of them, also after encoding."""

import msgspec

from worker_lint.engine.reading import Job, Order
from worker_lint.engine.screen import Screen, Screens
from worker_lint.rule import Rule
from worker_lint.source.skim import Skim, skim

_WORDS = tuple(b"word%03d" % number for number in range(200))


def test_more_words_than_an_encoded_integer_has_bits() -> None:
    found = skim(b"word003 word150\nword199", _WORDS)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Skim)
    assert again.words == 1 << 3 | 1 << 150 | 1 << 199


def test_no_word_at_all() -> None:
    assert skim(b"pass", _WORDS).words == 0
    assert skim(b"pass", ()).words == 0


def test_an_order_keeps_screens_with_many_words() -> None:
    places = {word.decode(): place for place, word in enumerate(_WORDS)}
    screen = Screen.of([Rule("TST101", "warning", "", words=("word199", "word000"), besides=("word150",))], places)
    order = Order((Job("a.py", "/a.py", "product"),), _WORDS, Screens(screen, Screen(())), 10)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(order), type=Order)
    assert again.screens.takes(1 << 199 | 1 << 150, "product")
    assert not again.screens.takes(1 << 199 | 1, "product")
    assert not again.screens.takes(1 << 150, "product")
    assert not again.screens.takes(1 << 199 | 1 << 150, "test")
