"""Posting entries: the only way money moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from psycopg import Error as PostgresError

from marketplace.kernel import clock
from marketplace.kernel.identifiers import new_identifiers

from ..bulk import execute_binary
from ..errors import InsufficientFunds

FUNDS_CONSTRAINT = "balance_within_funds"

_WRITE = """
    WITH made AS (
        INSERT INTO clearing_entry (public_id, kind, reference, description, business_date, booked_at,
                                    cycle_id, trade_id, organisation_id)
        SELECT e.public_id, e.kind, e.reference, e.description, %(business_date)s, %(booked_at)s,
               e.cycle_id, e.trade_id, e.organisation_id
          FROM unnest(%(public_ids)b::text[], %(kinds)b::text[], %(references)b::text[], %(descriptions)b::text[],
                      %(cycles)b::bigint[], %(trades)b::bigint[], %(organisations)b::bigint[])
               AS e(public_id, kind, reference, description, cycle_id, trade_id, organisation_id)
        RETURNING id, reference
    )
    INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line, trade_id)
    SELECT made.id, p.leg, p.account_id, p.amount_minor, %(currency)s, p.line, p.trade_id
      FROM unnest(%(places)b::int[], %(legs)b::int[], %(accounts)b::bigint[], %(amounts)b::bigint[],
                  %(lines)b::text[], %(posting_trades)b::bigint[])
           AS p(place, leg, account_id, amount_minor, line, trade_id)
      JOIN unnest(%(references)b::text[]) WITH ORDINALITY AS named(reference, place) ON named.place = p.place
      JOIN made ON made.reference = named.reference
"""


class Line(NamedTuple):
    """``amount_minor`` (positive) debited to one account and credited to another, as ``kind``."""

    kind: str
    debit: int
    credit: int
    amount_minor: int
    trade_id: int | None = None


class Draft(NamedTuple):
    """An entry to be posted. ``reference`` is its idempotency key; the keys say what it is about."""

    kind: str
    reference: str
    lines: Sequence[Line]
    description: str = ""
    cycle_id: int | None = None
    trade_id: int | None = None
    organisation_id: int | None = None


def post(drafts: Sequence[Draft], *, currency: str, purpose: str) -> None:
    """Post entries in one statement, each whole: every line makes a debit and a credit of the same amount.

    Raises InsufficientFunds, naming ``purpose``, where an account would leave its side: the transaction stays
    usable and nothing is posted. The database decides that in the statement that reserves the money.
    """
    values: dict[str, Any] = {
        "business_date": clock.today(),
        "booked_at": clock.now(),
        "currency": currency,
        "public_ids": new_identifiers("jrn", len(drafts)),
        "kinds": [str(draft.kind) for draft in drafts],
        "references": [draft.reference for draft in drafts],
        "descriptions": [draft.description for draft in drafts],
        "cycles": [draft.cycle_id for draft in drafts],
        "trades": [draft.trade_id for draft in drafts],
        "organisations": [draft.organisation_id for draft in drafts],
        **_legs(drafts),
    }
    with refusing_overdraft(purpose):
        execute_binary(_WRITE.encode(), values)


def _legs(drafts: Sequence[Draft]) -> dict[str, list[Any]]:
    """What makes the postings of ``drafts``, column by column: a debit and a credit of each line."""
    places: list[int] = []
    legs: list[int] = []
    accounts: list[int] = []
    amounts: list[int] = []
    lines: list[str] = []
    trades: list[int | None] = []
    for place, draft in enumerate(drafts, start=1):
        legs += range(1, 2 * len(draft.lines) + 1)
        places += [place] * (2 * len(draft.lines))
        for line in draft.lines:
            accounts += (line.debit, line.credit)
            amounts += (line.amount_minor, -line.amount_minor)
            lines += (str(line.kind),) * 2
            trades += (line.trade_id,) * 2
    return {
        "places": places,
        "legs": legs,
        "accounts": accounts,
        "amounts": amounts,
        "lines": lines,
        "posting_trades": trades,
    }


@contextmanager
def refusing_overdraft(purpose: str) -> Iterator[None]:
    """Write inside; raise InsufficientFunds, keeping nothing of the block, if an account would leave its side."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, PostgresError) and cause.diag.constraint_name == FUNDS_CONSTRAINT:
            raise InsufficientFunds(reference=purpose) from error
        raise
