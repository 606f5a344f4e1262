"""Posts journal entries, the only way to move money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from psycopg import Error as PostgresError

from marketplace.kernel import clock
from marketplace.kernel.identifiers import new_identifier, new_identifiers
from marketplace.kernel.prepared import execute_prepared

from ..ground.bulk import execute_binary
from .errors import InsufficientFunds
from .states import AccountKind

FUNDS_CONSTRAINT = "balance_within_funds"

_WRITE = """
    WITH {planned}, named AS MATERIALIZED (
        SELECT nextval((SELECT pg_get_serial_sequence('clearing_entry', 'id'))) AS id, drafted.* FROM drafted
    ), made AS (
        INSERT INTO clearing_entry (id, public_id, kind, reference, description, business_date, booked_at,
                                    cycle_id, trade_id, organisation_id, value_date)
        SELECT id, public_id, kind, reference, description, %(business_date)s, %(booked_at)s,
               cycle_id, trade_id, organisation_id, value_date FROM named
    )
    INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line, trade_id)
    SELECT (SELECT array_agg(id ORDER BY place) FROM named)[l.place], 2 * l.number - side.debited,
           CASE side.debited WHEN 1 THEN l.debit ELSE l.credit END,
           CASE side.debited WHEN 1 THEN l.amount_minor ELSE -l.amount_minor END, %(currency)s, l.line, l.trade_id
      FROM lined l
     CROSS JOIN (VALUES (1), (0)) AS side(debited)
"""
"""Reserves the keys of the entries first, so postings name their entry by place, without a join or sort."""

_DRAFTS = """
    drafted AS (
        SELECT * FROM unnest(%(public_ids)b::text[], %(kinds)b::text[], %(references)b::text[], %(descriptions)b::text[],
                             %(cycles)b::bigint[], %(trades)b::bigint[], %(organisations)b::bigint[],
                             %(value_dates)b::date[]) WITH ORDINALITY
               AS e(public_id, kind, reference, description, cycle_id, trade_id, organisation_id, value_date, place)
    ), lined AS (
        SELECT * FROM unnest(%(places)b::bigint[], %(numbers)b::bigint[], %(debits)b::bigint[], %(credits)b::bigint[],
                             %(amounts)b::bigint[], %(lines)b::text[], %(line_trades)b::bigint[])
               AS l(place, number, debit, credit, amount_minor, line, trade_id)
    )
"""


_MOVES = """
    own AS MATERIALIZED (
        SELECT a.kind, a.id, b.side, b.balance_minor
          FROM clearing_account a JOIN clearing_balance b ON b.account_id = a.id
         WHERE a.organisation_id = %(organisation)b AND a.currency = %(currency)s
           AND a.kind = ANY(%(debits)b::text[] || %(credits)b::text[])
         ORDER BY a.id FOR UPDATE OF b
    ), moves AS (
        SELECT l.number, l.line, l.amount_minor, debit.id AS debit, credit.id AS credit
          FROM unnest(%(lines)b::text[], %(debits)b::text[], %(credits)b::text[], %(amounts)b::bigint[]) WITH ORDINALITY
               AS l(line, debit, credit, amount_minor, number)
          JOIN own debit ON debit.kind = l.debit JOIN own credit ON credit.kind = l.credit
    ), covered AS (
        SELECT (SELECT count(*) FROM moves) = cardinality(%(lines)b::text[]) AND NOT EXISTS (
            SELECT FROM own WHERE side * (balance_minor + coalesce((
                SELECT sum(CASE own.id WHEN m.debit THEN m.amount_minor ELSE -m.amount_minor END)
                  FROM moves m WHERE own.id IN (m.debit, m.credit)), 0)) < 0) AS holds
    ), drafted AS (
        SELECT %(public_id)b::text AS public_id, %(kind)b::text AS kind, %(reference)b::text AS reference,
               %(description)b::text AS description, NULL::bigint AS cycle_id, %(trade)b::bigint AS trade_id,
               %(organisation)b::bigint AS organisation_id, NULL::date AS value_date, 1 AS place
          FROM covered WHERE holds
    ), lined AS (
        SELECT 1 AS place, number, debit, credit, amount_minor, line, %(trade)b::bigint AS trade_id
          FROM moves, covered WHERE holds
    )
"""
"""Finds a participant's accounts, locks their balances, and plans nothing where one would leave its normal side."""

_MOVE = _WRITE.format(planned=_MOVES)


class Line(NamedTuple):
    """``amount_minor`` (positive), debited to one account and credited to another, as a posting ``kind``."""

    kind: str
    debit: int
    credit: int
    amount_minor: int
    trade_id: int | None = None


class Draft(NamedTuple):
    """A journal entry to be posted. ``reference`` is its idempotency key; the keys name what it is about.

    ``value_date`` is the day on which the bank booked it, if a bank entry caused it.
    """

    kind: str
    reference: str
    lines: Sequence[Line]
    description: str = ""
    cycle_id: int | None = None
    trade_id: int | None = None
    organisation_id: int | None = None
    value_date: date | None = None


class Move(NamedTuple):
    """``amount_minor`` (positive), from one account of a participant to another, as a posting ``kind``."""

    kind: str
    debit: AccountKind
    credit: AccountKind
    amount_minor: int


def post(drafts: Sequence[Draft], *, currency: str, purpose: str, booked_at: datetime | None = None) -> None:
    """Post entries in one statement; each line makes a debit and a credit of the same amount.

    They are booked at the business time ``booked_at`` (default: now), and on its day.
    Raises InsufficientFunds, naming ``purpose``, if an account would leave its normal side: nothing is posted and the
    transaction stays usable. The database checks this in the same statement, so concurrent postings cannot overdraw.
    """
    values: dict[str, Any] = {
        "public_ids": new_identifiers("jrn", len(drafts)),
        "kinds": [str(draft.kind) for draft in drafts],
        "references": [draft.reference for draft in drafts],
        "descriptions": [draft.description for draft in drafts],
        "cycles": [draft.cycle_id for draft in drafts],
        "trades": [draft.trade_id for draft in drafts],
        "organisations": [draft.organisation_id for draft in drafts],
        "value_dates": [draft.value_date for draft in drafts],
        **_lines(drafts),
    }
    post_planned(_DRAFTS, values, currency=currency, purpose=purpose, booked_at=booked_at)


def post_planned(
    planned: str,
    values: dict[str, Any],
    *,
    currency: str,
    purpose: str,
    booked_at: datetime | None = None,
) -> None:
    """Post entries that SQL plans, like ``post``; thousands of them come to the database as one statement.

    ``planned`` is a list of common table expressions with ``values``, of which two are written: ``drafted``, one row per
    entry with its ``place``, 1, 2, 3, …, and ``lined``, one row per line with the place of its entry and its number
    within the entry.
    """
    with refusing_overdraft(purpose):
        booked = _booked(booked_at or clock.now(), currency)
        execute_binary(_WRITE.format(planned=planned).encode(), values | booked)


def _booked(at: datetime, currency: str) -> dict[str, Any]:
    """The values of ``_WRITE`` that all entries of a statement share."""
    return {"business_date": clock.business_date(at), "booked_at": at, "currency": currency}


def move_within(
    organisation_id: int,
    moves: Sequence[Move],
    *,
    currency: str,
    kind: str,
    reference: str,
    description: str,
    trade_id: int,
) -> bool:
    """Post one entry of a trade between accounts of one participant, in one statement that finds and locks them.

    False, with nothing posted, if an account would leave its normal side or does not exist. Nothing is rolled back then, as
    ``post`` does. Either way the balances stay locked until the transaction ends: money that comes later waits for it, and
    sees what it leaves undone.
    """
    values = {
        "organisation": organisation_id,
        "public_id": new_identifier("jrn"),
        "kind": str(kind),
        "reference": reference,
        "description": description,
        "trade": trade_id,
        "lines": [str(move.kind) for move in moves],
        "debits": [str(move.debit) for move in moves],
        "credits": [str(move.credit) for move in moves],
        "amounts": [move.amount_minor for move in moves],
    }
    return execute_prepared(_MOVE, values | _booked(clock.now(), currency)) > 0


def _lines(drafts: Sequence[Draft]) -> dict[str, list[Any]]:
    """Lines of ``drafts`` as columns, each with the place of its draft and its number within the draft."""
    lines = [line for draft in drafts for line in draft.lines]
    kinds, debited, credited, amounts, trades = map(list, zip(*lines, strict=True)) if lines else ([],) * 5
    return {
        "places": [place for place, draft in enumerate(drafts, start=1) for _ in draft.lines],
        "numbers": [number for draft in drafts for number in range(1, len(draft.lines) + 1)],
        "debits": debited,
        "credits": credited,
        "amounts": amounts,
        "lines": list(map(str, kinds)),
        "line_trades": trades,
    }


@contextmanager
def refusing_overdraft(purpose: str) -> Iterator[None]:
    """Roll the block back and raise InsufficientFunds if one of its writes would move an account off its side."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, PostgresError) and cause.diag.constraint_name == FUNDS_CONSTRAINT:
            raise InsufficientFunds(reference=purpose) from error
        raise
