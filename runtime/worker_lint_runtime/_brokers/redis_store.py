"""
The queues in a Redis: streams read by one group of consumers, each change one script, so it happens whole or not.

Knows no threads. Errors of the client library pass through.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

import redis

from worker_lint_runtime._broker import DeadLetter, QueueDepth
from worker_lint_runtime._message import Message, Outcome

GROUP = "workers"
FORGET_CONSUMERS_AFTER = 86_400_000
"""Milliseconds after which a consumer that holds nothing and reads nothing is forgotten."""

# KEYS: stream of work, sorted set of delayed messages, stream of dead letters.
# Redis's own time is the one that all processes share; the member of a delayed message is the whole message.
_PRELUDE = """
local stream, delayed, dead, group = KEYS[1], KEYS[2], KEYS[3], 'workers'
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function add(id, body, headers, attempts, delay)
  if delay > 0 then
    redis.call('ZADD', delayed, now() + delay, cmsgpack.pack({id, body, headers, attempts, delay}))
  else
    redis.call('XADD', stream, '*', 'id', id, 'body', body, 'headers', headers, 'attempts', attempts)
  end
end
local function held(entry, consumer, count)
  local found = redis.call('XPENDING', stream, group, entry, entry, 1)[1]
  return found and found[2] == consumer and found[4] == tonumber(count)
end
"""
_ADD = """
add(ARGV[1], ARGV[2], ARGV[3], 0, tonumber(ARGV[4]))
return 1
"""
_TAKE = """
local function take(consumer, lease, scan)
  -- Removing comes first: once a script has written, Redis lets it finish although the memory is full.
  local first = redis.call('ZRANGE', delayed, 0, 99, 'WITHSCORES')
  local due
  for i = 1, #first, 2 do
    local message = cmsgpack.unpack(first[i])
    due = tonumber(first[i + 1]) - now()
    -- What lies farther ahead than it can have been set is from before a step of the clock.
    if due > 0 and due <= message[5] + 60000 then break end
    redis.call('ZREM', delayed, first[i])
    add(message[1], message[2], message[3], message[4], 0)
    due = nil
  end
  local entry, cursor = nil, '0-0'
  while scan and not entry do
    local reply = redis.call('XAUTOCLAIM', stream, group, consumer, lease, cursor, 'COUNT', 1)
    cursor, entry = reply[1], reply[2][1]
    if cursor == '0-0' then break end
  end
  if not entry then
    local reply = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', 1, 'STREAMS', stream, '>')
    entry = reply and reply[1][2][1]
  end
  if entry then
    return {entry[1], entry[2], redis.call('XPENDING', stream, group, entry[1], entry[1], 1)[1][4]}
  end
  return due and math.max(0, due) or -1
end
"""
_CLAIM = f"""{_TAKE}
return take(ARGV[1], ARGV[2], ARGV[3] == '1')
"""
_EXCHANGE = f"""{_TAKE}
local entry, consumer = ARGV[1], ARGV[2]
if not held(entry, consumer, ARGV[3]) then return {{0, -1}} end
redis.call('XACK', stream, group, entry)
redis.call('XDEL', stream, entry)
return {{1, take(consumer, ARGV[4], ARGV[5] == '1')}}
"""
_SETTLE = """
local entry, consumer, count, answer = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if not held(entry, consumer, count) then return 0 end
local found = redis.call('XRANGE', stream, entry, entry)[1]
if found and answer ~= 'ack' then
  local field = {}
  for i = 1, #found[2], 2 do field[found[2][i]] = found[2][i + 1] end
  local id, body, headers = field['id'] or entry, field['body'] or '', field['headers'] or '{}'
  local attempts = (tonumber(field['attempts']) or 0) + count
  if answer == 'retry' then
    add(id, body, headers, attempts, tonumber(ARGV[5]))
  elseif answer == 'release' then
    add(id, body, headers, attempts - 1, 0)
  else
    redis.call('XADD', dead, '*', 'id', id, 'body', body, 'headers', headers, 'attempts', attempts, 'reason', ARGV[6])
  end
end
redis.call('XACK', stream, group, entry)
redis.call('XDEL', stream, entry)
return 1
"""
_EXTEND = """
if not held(ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('XCLAIM', stream, group, ARGV[2], 0, ARGV[1], 'IDLE', 0, 'JUSTID')
return 1
"""
_COUNT = """
local waiting, unsettled = redis.call('XLEN', stream), 0
if waiting > 0 then unsettled = redis.call('XPENDING', stream, group)[1] end
local due = redis.call('ZCOUNT', delayed, '-inf', now())
return {waiting - unsettled + due, redis.call('ZCARD', delayed) - due, unsettled, redis.call('XLEN', dead)}
"""
# Deleting a consumer deletes what it holds from the group, so only one that holds nothing may go.
_TIDY = """
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
  local field = {}
  for i = 1, #consumer, 2 do field[consumer[i]] = consumer[i + 1] end
  if field['pending'] == 0 and (field['name'] == ARGV[1] or field['idle'] > tonumber(ARGV[2])) then
    redis.call('XGROUP', 'DELCONSUMER', stream, group, field['name'])
  end
end
return 1
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to settle one entry; void once the entry was delivered again, since that raises the count."""

    entry: str
    count: int


class RedisStore:
    """One queue. Safe for threads, as its client is."""

    def __init__(self, client: redis.Redis, queue: str) -> None:
        self._client, self._queue = client, queue
        # The braces keep the keys of a queue on one node of a cluster.
        self._stream, self._delayed, self._dead = (
            f"worker-lint:{{{queue}}}:{part}" for part in ("stream", "delayed", "dead")
        )
        self._scripts = {
            name: client.register_script(_PRELUDE + text)
            for name, text in (
                ("add", _ADD),
                ("claim", _CLAIM),
                ("exchange", _EXCHANGE),
                ("settle", _SETTLE),
                ("extend", _EXTEND),
                ("count", _COUNT),
                ("tidy", _TIDY),
            )
        }

    def create(self) -> None:
        """Make the group of consumers, and with it the stream; nothing happens where it is there."""
        try:
            self._client.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def add(self, message: Message, delay: float) -> None:
        """Store a message that is due after the delay."""
        self._run("add", message.id, message.body, json.dumps(dict(message.headers)), round(delay * 1000))

    def claim(self, consumer: str, lease: float, *, scan: bool) -> tuple[Message, Claim] | float | None:
        """
        The next message, charged; or when the next one is due (in seconds), or None.

        With `scan`, first one whose consumer gave no sign of life for the lease.
        """
        return self._read_claim(self._run("claim", consumer, round(lease * 1000), int(scan)))

    def exchange(
        self, claim: Claim, consumer: str, lease: float, *, scan: bool
    ) -> tuple[bool, tuple[Message, Claim] | float | None]:
        """Acknowledge, and then `claim`, in one turn: whether the claim still held, and what the next one found."""
        held, found = self._run("exchange", claim.entry, consumer, claim.count, round(lease * 1000), int(scan))
        return bool(held), self._read_claim(found)

    def _read_claim(self, found: Any) -> tuple[Message, Claim] | float | None:
        if _is_list(found):
            entry, fields, count = found
            return self._read(entry, dict(zip(fields[::2], fields[1::2], strict=True)), count)
        return None if found < 0 else found / 1000

    def wait(self, consumer: str, seconds: float) -> tuple[Message, Claim] | None:
        """As `claim`, for new messages only; waits up to so many seconds."""
        milliseconds = max(1, round(seconds * 1000))  # zero would wait for ever
        found: Any = self._client.xreadgroup(GROUP, consumer, {self._stream: ">"}, count=1, block=milliseconds)
        # By release and protocol of the client, streams come as a dictionary or as pairs, their entries nested or not.
        streams: list[Any] = list(found.values()) if _is_dict(found) else [each[1] for each in found or ()]
        if not streams or not streams[0]:
            return None
        first: Any = streams[0][0]
        entry, fields = first[0] if _is_list(first) else first
        return self._read(entry, fields, 1)

    def _read(self, entry: bytes, fields: Mapping[bytes, bytes], count: int) -> tuple[Message, Claim]:
        name = entry.decode()
        message = Message(
            fields.get(b"id", entry).decode(),
            fields.get(b"body", b""),
            self._queue,
            int(fields.get(b"attempts", 0)) + count,
            MappingProxyType(json.loads(fields.get(b"headers", b"{}"))),
        )
        return message, Claim(name, count)

    def settle(self, claim: Claim, consumer: str, outcome: Outcome) -> bool:
        """Whether the claim still held and the outcome is stored."""
        delay = round(outcome.delay * 1000)
        return bool(
            self._run("settle", claim.entry, consumer, claim.count, outcome.answer.value, delay, outcome.reason)
        )

    def extend(self, claim: Claim, consumer: str) -> bool:
        """Whether the claim still held and its lease begins anew."""
        return bool(self._run("extend", claim.entry, consumer, claim.count))

    def forget(self, consumer: str) -> None:
        """Delete a consumer that holds nothing, and those that have been silent for a day."""
        self._run("tidy", consumer, FORGET_CONSUMERS_AFTER)

    def count(self) -> QueueDepth:
        """How many messages are in which state; what a dead process holds is unsettled until another takes it."""
        return QueueDepth(*self._run("count"))

    def list_dead(self) -> list[DeadLetter]:
        """The dead letters, oldest first."""
        found: Any = self._client.xrange(self._dead)
        letters: list[DeadLetter] = []
        for entry, fields in found:
            message, _ = self._read(entry, fields, 0)
            letters.append(DeadLetter(message, fields.get(b"reason", b"").decode()))
        return letters

    def _run(self, script: str, *values: str | bytes | int) -> Any:
        return self._scripts[script](keys=[self._stream, self._delayed, self._dead], args=list(values))


def _is_list(answer: object) -> TypeGuard[list[Any]]:
    return isinstance(answer, list)


def _is_dict(answer: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(answer, dict)
