"""
Reading files: skims of all, records of those with a word in them, in one or several processes.

The processes are started afresh (never forked) and get nothing but paths and words, so the
answers are the same for any number of them. One that dies loses only its file: the files of its
chunk are read again one by one, each in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from worker_lint.engine.garbage import rare_collection
from worker_lint.engine.processes import Processes
from worker_lint.engine.screen import Screens
from worker_lint.engine.sources import decoded_text
from worker_lint.source.content import content_id_of, read_source
from worker_lint.source.parse import Unparsable, parse_module
from worker_lint.source.records import encode_module
from worker_lint.source.roles import Role, role_of_content
from worker_lint.source.skim import Skim, skim

EMPTY = Skim((), (), b"")
CHUNK = 64
PARALLEL_FROM = 400
"""Fewer files than this are read sooner than a second process is up."""


class Refusal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Why a file has no record, and where."""

    message: str
    line: int = 1
    column: int = 1


class Job(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file to read; `role` is what its path says of it."""

    path: str
    absolute: str
    role: Role


class Read(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    What came of a file: its skim and, where it was parsed, its encoded record or the refusal.
    `problem` says that it could not be read at all: message, remedy, and whether the run fails by it.
    """

    path: str
    skim: Skim
    content_id: str
    role: Role | None = None
    record: bytes | None = None
    refusal: Refusal | None = None
    problem: tuple[str, str, bool] | None = None


class Order(msgspec.Struct, frozen=True, array_like=True):
    """What a reading process is told: the files, the words, which of them call for a record, the limit."""

    jobs: tuple[Job, ...]
    words: tuple[bytes, ...]
    screens: Screens
    limit: int


def read_order(order: Order) -> list[Read]:
    """Carries out an order in this process."""
    return [read_file(job, order) for job in order.jobs]


def read_file(job: Job, order: Order) -> Read:
    """Reads one file; never raises for what is in it."""
    data = read_source(job.absolute, job.path, order.limit)
    if not isinstance(data, bytes):
        return Read(job.path, EMPTY, "", problem=(data.message, data.help, data.fatal))
    return read_bytes(job, data, order)


def read_bytes(job: Job, data: bytes, order: Order) -> Read:
    """The same for a content that is already there."""
    found = skim(data, order.words)
    role = role_of_content(data[:4096])
    record, refusal = None, None
    if order.screens.takes(found.words, job.role if role is None else role):
        record, refusal = parse_bytes(data, order.limit)
    return Read(job.path, found, content_id_of(data), role, record, refusal)


def parse_bytes(data: bytes, limit: int) -> tuple[bytes | None, Refusal | None]:
    """The encoded record of a file's bytes, or why there is none."""
    try:
        return encode_module(parse_module(decoded_text(data, limit))), None
    except Unparsable as error:
        return None, Refusal(error.message, error.line, error.column)


_ENCODER = msgspec.msgpack.Encoder()
_ORDERS = msgspec.msgpack.Decoder(Order)
_READS = msgspec.msgpack.Decoder(list[Read])


def serve(order: bytes) -> bytes:
    """An order as bytes to answers as bytes: what runs in a reading process."""
    with rare_collection():
        return _ENCODER.encode(read_order(_ORDERS.decode(order)))


def read_all(
    jobs: Sequence[Job], words: tuple[bytes, ...], screens: Screens, limit: int, processes: Processes
) -> Iterator[Read]:
    """All files, in the order of the jobs."""
    orders = [Order(tuple(jobs[start : start + CHUNK]), words, screens, limit) for start in range(0, len(jobs), CHUNK)]
    if processes.count <= 1 or len(jobs) < PARALLEL_FROM:
        for order in orders:
            yield from read_order(order)
        return
    answers = processes.run(serve, [_ENCODER.encode(order) for order in orders])
    for order, answer in zip(orders, answers, strict=True):
        if answer is not None:
            yield from _READS.decode(answer)
        else:
            yield from [_read_alone(job, order, processes.start_method) for job in order.jobs]


def _read_alone(job: Job, order: Order, method: str) -> Read:
    """One file in a process of its own; if that dies too, the file is unparsable."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    alone = Order((job,), order.words, order.screens, order.limit)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        try:
            answer: list[Read] = _READS.decode(pool.submit(serve, _ENCODER.encode(alone)).result())
        except BrokenProcessPool:
            return Read(job.path, EMPTY, "", refusal=Refusal("the process that read it died"))
    return answer[0]
