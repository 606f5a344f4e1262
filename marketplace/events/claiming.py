"""Claims inbox entries for a worker: a few at a time, in order per subscriber and subject, at the same cost at any history.

A claim is one short transaction. It reads pending entries by an index that holds nothing else, and leases those that
it chooses: a lease is a token and a time, and the attempt is counted with it. So whatever kills the worker later, the
attempt is known, and after the lease another worker takes over.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from marketplace.kernel.bounds import ATTEMPTS_CEILING

from .partitions import Range, unhandled_keys
from .resting import Rests

BATCH = 8
"""Entries of one claim. All are leased to one worker, so others wait for them."""
WINDOW = 40
READ_SECONDS_MAX = 1.0
"""A claim that has found nothing ends after so long, and the next goes on where it stopped."""
LEASE_SECONDS = 6
"""Longer than a claim lasts: a worker begins no entry after a second (``handling.py``), and none takes longer than two."""
LOOK_BACK_SECONDS_MIN, LOOK_BACK_SECONDS_MAX = 1.0, 20.0
LOOK_BACK_SHARE = 0.01
"""Of a worker's time. Looking back takes long where a long snapshot keeps rows that are handled."""

# How many entries are pending changes faster than statistics do: a planner that believes in few would read all, and sort
# or join them.
PLAN_BY_INDEX = """
    SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true),
           set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true)
"""

# The bounds on the event's key are literals when the server plans, so that it looks at no range outside them: neither the
# handled ones nor those made ahead. The identifiers come in order and the limit stops the scan. What a failing or parked head blocks is left out.
READ = """
    SELECT i.id, i.event_id, i.subscriber, i.subject, i.handler, i.attempts,
           coalesce(i.lease_until > clock_timestamp(), false), coalesce(i.lease_until <= clock_timestamp(), false),
           i.due_at <= clock_timestamp()
      FROM events_inboxentry i
     WHERE i.state = 'pending' AND i.id > %(after)s AND i.event_id >= %(first)s AND i.event_id < %(end)s
       AND i.subscriber || ' ' || i.subject <> ALL (%(without)s::text[])
"""
READ_NEWEST = f"{READ} ORDER BY i.id DESC LIMIT %(limit)s"
# Only what was tried can be due later, and only the first of a subject is tried: leaving it out opens no gap in a run.
READ_DUE = f"{READ} AND i.due_at <= clock_timestamp()"
READ_OLDEST = f"{READ_DUE} ORDER BY i.id LIMIT %(limit)s"
# An earlier entry of the same subject that is neither handled nor abandoned. The offset makes it a lookup for each row.
# The order has the columns of the index ``inbox_unhandled``, and nothing may be sorted: a planner that believes the range to
# be empty would as soon read all of it by the event's key.
EARLIER = """SELECT FROM events_inboxentry e
                 WHERE (e.subscriber, e.subject, e.id) >= ({of}.subscriber, {of}.subject, 0)
                   AND (e.subscriber, e.subject, e.id) < ({of}.subscriber, {of}.subject, {of}.id)
                   AND e.event_id >= %(first)s AND e.event_id < %(end)s
                   AND e.state <> 'handled' AND e.state <> 'abandoned'
                 ORDER BY e.subscriber, e.subject, e.id OFFSET 0"""
# Where much is blocked: only what nothing of its subject stands before.
READ_HEADS = f"""
    {READ_DUE}
       AND NOT EXISTS ({EARLIER.format(of="i")})
     ORDER BY i.id LIMIT %(limit)s
"""

# Heads with an earlier entry of their subject that is not over are blocked. Of the others, what another worker has
# locked, leased or handled meanwhile is passed over. The state is compared as an expression, so that the entries are found
# by the primary key: by an index of what is pending, which the planner may believe to be small, all of it would be read.
LEASE = f"""
    WITH blocked AS MATERIALIZED (
        SELECT h.id FROM unnest(%(heads)s::bigint[], %(subscribers)s::text[], %(subjects)s::text[])
                         AS h (id, subscriber, subject)
         WHERE EXISTS ({EARLIER.format(of="h")})
    ), wanted AS MATERIALIZED (
        SELECT w.id, w.event_id FROM unnest(%(ids)s::bigint[], %(events)s::bigint[], %(heads_of)s::bigint[])
                                     AS w (id, event_id, head)
         WHERE w.head NOT IN (SELECT b.id FROM blocked b)
    ), free AS MATERIALIZED (
        SELECT i.id, i.event_id FROM events_inboxentry i
         WHERE i.id = ANY (%(ids)s) AND i.event_id = ANY (%(events)s)
           AND i.id IN (SELECT w.id FROM wanted w)
           AND i.state || '' = 'pending' AND (i.lease_until IS NULL OR i.lease_until <= clock_timestamp())
           FOR NO KEY UPDATE OF i SKIP LOCKED
    ), leased AS (
        UPDATE events_inboxentry i
           SET lease = %(lease)s, attempts = least(i.attempts, {ATTEMPTS_CEILING} - 1) + 1,
               lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
          FROM free f
         WHERE i.id = f.id AND i.event_id = f.event_id AND i.id = ANY (%(ids)s) AND i.event_id = ANY (%(events)s)
        RETURNING i.id, i.event_id, i.attempts
    )
    SELECT l.id, false, l.attempts, e.public_id, e.type, e.subject, e.occurred_at::text, e.transaction::text, e.data,
           e.request_id
      FROM leased l JOIN events_outboxevent e ON e.id = l.event_id AND e.id = ANY (%(events)s)
    UNION ALL
    SELECT b.id, true, 0, '', '', '', '', '', NULL, '' FROM blocked b
"""  # noqa: S608  our own words

RELEASE = """
    UPDATE events_inboxentry SET lease = NULL, lease_until = NULL, attempts = attempts - 1
     WHERE id = ANY (%(ids)s) AND event_id = ANY (%(events)s) AND lease = %(lease)s
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """A pending entry as a claim reads it. ``leased``: another worker holds it. ``due``: it may be tried now.

    ``alone``: it is claimed by itself, because its worker died with it: neighbours must not share what it does.
    """

    id: int
    event_id: int
    subscriber: str
    subject: str
    handler: str
    attempts: int
    leased: bool
    alone: bool
    due: bool

    @property
    def key(self) -> str:
        """What entries are ordered within: the subscriber and the subject."""
        return f"{self.subscriber} {self.subject}"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An entry leased to this worker, with its event. ``attempts`` counts this one; ``previous`` is the entry of the same
    subscriber and subject that must be handled first within the same claim; ``data`` is JSON text, and
    ``occurred_at`` PostgreSQL's: reading one is part of handling it, because one that cannot be read is the entry's failure."""

    id: int
    event_id: int
    handler: str
    key: str
    attempts: int
    lease: uuid.UUID
    previous: Claimed | None
    public_id: str
    type: str
    subject: str
    occurred_at: str
    transaction: int
    data: str
    request_id: str


@dataclass(slots=True)
class Choice:
    """Runs of entries chosen from what was read: the entries of one subscriber and subject, in order, without a gap."""

    rests: Rests
    runs: dict[str, list[Pending]] = field(default_factory=dict)
    size: int = 0
    closed: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    """What waits for time or for the operator."""
    held: set[str] = field(default_factory=set)
    """What waits for another worker."""
    resting: list[Pending] = field(default_factory=list)
    """The first entry of each subject whose handler rests."""
    held_from: int | None = None
    left_from: int | None = None
    """The first entry that can be claimed, but not with those that are chosen."""

    def consider(self, entry: Pending) -> None:
        """Choose the entry, or leave it and what follows it in its subject."""
        if entry.key in self.closed:
            return
        if entry.leased:
            self.hold(entry)
        elif not entry.due:
            self.closed.add(entry.key)
            if entry.key not in self.runs:
                self.blocked.add(entry.key)
        elif self.rests.includes(entry.handler):
            self.closed.add(entry.key)
            self.resting.append(entry)
        elif self._is_full() or (entry.alone and self.size):
            self.closed.add(entry.key)
            if self.left_from is None:
                self.left_from = entry.id
        else:
            self.runs.setdefault(entry.key, []).append(entry)
            self.size += 1

    def hold(self, entry: Pending) -> None:
        """Another worker has the entry; it must be read again soon."""
        self.closed.add(entry.key)
        self.held.add(entry.key)
        if self.held_from is None or entry.id < self.held_from:
            self.held_from = entry.id

    def _is_full(self) -> bool:
        return self.size >= BATCH or any(run[0].alone for run in self.runs.values())


@dataclass(slots=True)
class PassedOver:
    """What a worker passed over because its handler rests: the first entry, and the subjects (``Pending.key``)."""

    first_id: int
    keys: set[str] = field(default_factory=set)


class Claimer:
    """Claims for one worker, one claim after the other. It remembers where it stands, so that it need not read again what
    it has passed: neither rows that are handled, which a long snapshot keeps in the index, nor what is blocked. It looks
    back from time to time, because what was passed over may be due, and takes a small share of the time for it. When a
    handler has rested, it goes back to the first entry that it passed over for that.

    Every other claim of a burst takes the newest entries first, so that an event outside it does not wait for its end.
    ``at_end``: the last claim has read to the last entry, so that nothing is left but what it gave.
    ``rests``: the handlers that it leaves alone for a while.
    """

    def __init__(self) -> None:
        """Begin with the oldest entry."""
        self.at_end = False
        self.rests = Rests()
        self._after = 0
        self._newest = 0
        self._turn = 0
        self._blocked: set[str] = set()
        self._resting: dict[str, PassedOver] = {}
        self._keys = Range(0, 0)
        self._look_back_at = 0.0

    @transaction.atomic
    def claim(self) -> list[Claimed]:
        """Lease the next entries, ordered by their identifiers; none if nothing can be handled now, or not ``at_end``."""
        with connection.cursor() as cursor:
            cursor.execute(PLAN_BY_INDEX)
        began = time.monotonic()
        if began >= self._look_back_at:
            self._look_back()
            claimed = self._claim_oldest()
            pause = (time.monotonic() - began) / LOOK_BACK_SHARE
            self._look_back_at = began + min(max(pause, LOOK_BACK_SECONDS_MIN), LOOK_BACK_SECONDS_MAX)
            return claimed
        self._turn += 1
        if not self.at_end and self._turn % 2 == 0 and (claimed := self._claim_newest()):
            return claimed
        return self._claim_oldest()

    @transaction.atomic
    def give_back(self, entries: list[Claimed]) -> None:
        """Release leased entries that were not attempted, and read them again; what others hold by now stays as it is."""
        if entries:
            _release([(entry.id, entry.event_id) for entry in entries], entries[0].lease)
            self._after = min(self._after, *(entry.id - 1 for entry in entries))
            for passed in self._resting.values():
                passed.keys.difference_update(entry.key for entry in entries)

    def _look_back(self) -> None:
        """Go on from the oldest entry."""
        self._keys = unhandled_keys()
        self._after = 0
        self._blocked.clear()
        self._resting.clear()

    def _pass_over(self, choice: Choice) -> None:
        """Remember entries whose handler rests, and their subjects, in which nothing is read meanwhile.

        What is held before such an entry is read again, so its subject is too.
        """
        for entry in choice.resting:
            passed = self._resting.setdefault(entry.handler, PassedOver(entry.id))
            passed.first_id = min(passed.first_id, entry.id)
            if entry.key not in choice.held:
                passed.keys.add(entry.key)

    def _return_to_rested(self) -> None:
        """Go back to the first entry of the handlers that have rested."""
        for handler in [each for each in self._resting if not self.rests.includes(each)]:
            self._after = min(self._after, self._resting.pop(handler).first_id - 1)

    def _waiting(self) -> set[str]:
        """The subjects in which nothing can be claimed now."""
        return self._blocked.union(*(passed.keys for passed in self._resting.values()))

    def _claim_newest(self) -> list[Claimed]:
        """Claim from what arrived since the last look, the newest entries; the rest is left to the oldest-first claims."""
        rows = list(self._read(READ_NEWEST, after=self._newest, without=self._waiting(), limit=BATCH))
        if not rows:
            return []
        self._newest = rows[0].id
        choice = Choice(self.rests)
        for row in reversed(rows):
            choice.consider(row)
        return self._lease(choice)

    def _claim_oldest(self) -> list[Claimed]:
        """Claim from where the last claim stopped. What waits for another worker is read again by the next claim."""
        began = time.monotonic()
        self._return_to_rested()
        statement, position, held_from, held = READ_OLDEST, self._after, None, set[str]()
        self.at_end = False
        while time.monotonic() - began < READ_SECONDS_MAX:
            rows = list(self._read(statement, after=position, without=self._waiting() | held, limit=WINDOW))
            choice = Choice(self.rests)
            for row in rows:
                choice.consider(row)
            claimed = self._lease(choice)
            self._blocked |= choice.blocked
            self._pass_over(choice)
            held |= choice.held
            if held_from is None:
                held_from = choice.held_from
            if choice.left_from is not None:
                position = choice.left_from - 1
            elif rows:
                position = rows[-1].id
            self._after = position if held_from is None else min(position, held_from - 1)
            self.at_end = choice.left_from is None and len(rows) < WINDOW
            if claimed or self.at_end:
                return claimed
            statement = READ_HEADS
        return []

    def _read(self, statement: str, *, after: int, without: set[str], limit: int) -> Iterator[Pending]:
        within = {"first": self._keys.first, "end": self._keys.end}
        with connection.cursor() as cursor:
            cursor.execute(statement, {"after": after, "without": sorted(without), "limit": limit, **within})
            for row in cursor.fetchall():
                yield Pending(*row)

    def _lease(self, choice: Choice) -> list[Claimed]:
        """Lease what was chosen; keep of every run what has no gap, and give the rest back."""
        if not choice.runs:
            return []
        lease = uuid.uuid4()
        heads = [run[0] for run in choice.runs.values()]
        wanted = {entry.id: (entry, run[0].id) for run in choice.runs.values() for entry in run}
        with connection.cursor() as cursor:
            cursor.execute(
                LEASE,
                {
                    "first": self._keys.first,
                    "end": self._keys.end,
                    "heads": [head.id for head in heads],
                    "subscribers": [head.subscriber for head in heads],
                    "subjects": [head.subject for head in heads],
                    "ids": list(wanted),
                    "events": [entry.event_id for entry, _ in wanted.values()],
                    "heads_of": [head for _, head in wanted.values()],
                    "lease": lease,
                    "seconds": LEASE_SECONDS,
                },
            )
            rows = cursor.fetchall()
        found = {row[0]: row[2:] for row in rows if not row[1]}
        blocked = {row[0] for row in rows if row[1]}
        choice.blocked |= {head.key for head in heads if head.id in blocked}
        kept, gaps = [], []
        for run in choice.runs.values():
            previous: Claimed | None = None
            whole = run[0].key not in choice.blocked
            for entry in run if whole else ():
                facts = found.get(entry.id)
                if facts is None:
                    choice.hold(entry)
                    whole = False
                elif whole:
                    previous = _claimed(entry, facts, lease, previous)
                    kept.append(previous)
                else:
                    gaps.append(entry)
        if gaps:
            _release([(entry.id, entry.event_id) for entry in gaps], lease)
        # What failed before comes last: if it takes long again, it keeps no other waiting.
        failed = {head.key for head in heads if head.attempts > 0}
        return sorted(kept, key=lambda entry: (entry.key in failed, entry.id))


def _claimed(entry: Pending, facts: tuple[Any, ...], lease: uuid.UUID, previous: Claimed | None) -> Claimed:
    attempts, public_id, event_type, subject, occurred_at, transaction_id, data, request_id = facts
    return Claimed(
        id=entry.id,
        event_id=entry.event_id,
        handler=entry.handler,
        key=entry.key,
        attempts=attempts,
        lease=lease,
        previous=previous,
        public_id=public_id,
        type=event_type,
        subject=subject,
        occurred_at=occurred_at,
        transaction=int(transaction_id),
        data=data,
        request_id=request_id,
    )


def _release(keys: list[tuple[int, int]], lease: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            RELEASE, {"ids": [key for key, _ in keys], "events": [event for _, event in keys], "lease": lease}
        )
