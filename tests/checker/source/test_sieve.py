"""The sieve: the words that a search for each of them finds, whatever was asked before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import worker_lint.source.sieve as module
from worker_lint.source.marks import SHAPES
from worker_lint.source.sieve import Sieve, sieve_of

_WORDS = (
    *(
        b"close",
        b".close(",
        b"def close",
        b" close\n",
        b"_close(self",
        b"close  #",
        b"  while ",
        b"\twhile ",
        b"while(",
    ),
    *(b"\r\n", b"@", b"@\r", b"os.kill", b"signal.signal", b".join(timeout=None)", b"max_", b"max_tries", b"_max"),
    *(
        b"ack",
        b".ack(",
        b"= None",
        b"async for",
        b"x",
        b"\xc3\xa4b",
        b".\xc3\xa4",
        b"except",
        b"_",
        b"close",
        b"",
        b"  while ",
    ),
)
_PIECES = (
    *(
        b"close",
        b"_close",
        b"closed",
        b"def",
        b"while",
        b"os",
        b"kill",
        b"signal",
        b"join",
        b"timeout",
        b"None",
        b"max_",
    ),
    *(b"tries", b"_max", b"ack", b"back", b"async", b"for", b"x", b"\xc3\xa4", b"b", b"self", b"1", b"except"),
    *(b" ", b"  ", b"\n", b"\r\n", b"\t", b"\f", b"\\\n", b".", b"(", b")", b"=", b"#", b"@", b"\r", b";", b"'", b"\0"),
)
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=12).map(b"".join)


def _searched(words: tuple[bytes, ...], data: bytes) -> int:
    return sum(1 << index for index, word in enumerate(words) if word in data)


@given(st.lists(_TEXTS, max_size=5))
def test_it_finds_what_a_search_finds(texts: list[bytes]) -> None:
    sieve = Sieve(_WORDS)
    for text in (*texts, *texts):
        assert sieve.present(text) == _searched(_WORDS, text)


@given(st.lists(_TEXTS.filter(SHAPES.keys().isdisjoint), min_size=1, max_size=5), st.lists(_TEXTS, max_size=3))
def test_any_text_may_be_a_word(words: list[bytes], texts: list[bytes]) -> None:
    sieve = Sieve(words)
    for text in (b"".join(words), b" ".join(words), *texts):
        assert sieve.present(text) == _searched(tuple(words), text)


def test_it_forgets_when_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    sieve = Sieve(_WORDS)
    for text in (b"a b c d e closed", b"closed", b"f g h i j k", b"a.close(x)", b"closed", b"a closed b") * 2:
        assert sieve.present(text) == _searched(_WORDS, text)


_NEAR = {
    "except … except": b"try:\n\tpass\nexcept(\\\nA):pass\nexcept B :\r\n    pass\n",
    "except … as name … name": b"try: pass\nexcept A as e: pass; x = 1\nprint(e)\n",
    "finally … return": b"def f():\n    try: pass\n    finally:\r\n        return 1\n",
    "def name … except … name": b"def f ( ):\n    try: pass\n    except A: f()\n",
    "except … self.name() … raise": b"def f():\n    try: pass\n    except A:\n        self.a(); raise B\n",
    "while … except": b"while(1):\n  try: pass\n  except: pass\n",
    "try … name = … except … log … name": b"def f():\n    try: x = 1\n    except A: log.info('a')\n    return x\n",
    "except … log without the error": b"try: pass\nexcept: log.error('x')\n",
    "except … pass": b"while 1:\n  try: pass\n  except:# so\n    pass\n",
    "if not self.x … self.x = await": b"if not self.x: self.x = await a\n",
    "with self.lock": b"with self.mutex: pass\n",
    "while … or for … in forever": b"def f():\r\n\tfor a in (\r\n\t\tit . iterator ()):pass\r\n",
    "consume() or def __next__": b"a.consume\\\n (f)\n",
    "while … sleep()": b"def f():\r  while 1:pass ;wait(1)\r",
    "Thread or Process": b"import a as MyThread\n",
    "submit or create_task": b"pool . submit (f)\n",
    "raise NotImplemented": b"raise (  # so\n NotImplemented)\n",
}


@pytest.mark.parametrize("word", [word.decode() for word in SHAPES])
def test_a_shape_is_asked_wherever_it_holds(word: str) -> None:
    data = _NEAR[word]
    assert SHAPES[word.encode()].holds(data)
    assert sieve_of((b"none", word.encode())).present(data) == 2
    assert sieve_of((b"none", word.encode())).present(b"none") == 1
