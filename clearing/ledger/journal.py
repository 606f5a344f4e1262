"""Posting entries: the only way money moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from psycopg import Error as PostgresError

from marketplace.kernel import clock

from ..errors import InsufficientFunds
from ..models import Entry, Posting, Trade

FUNDS_CONSTRAINT = "balance_within_funds"


@dataclass(frozen=True, slots=True)
class Line:
    """``amount_minor`` (positive) debited to one account and credited to another, as ``kind``."""

    kind: str
    debit: int
    credit: int
    amount_minor: int
    trade_id: int | None = None


def post(
    *,
    kind: str,
    reference: str,
    currency: str,
    lines: Sequence[Line],
    description: str = "",
    trade: Trade | None = None,
    organisation_id: int | None = None,
) -> Entry:
    """Post one entry: each line makes a debit and a credit of the same amount, so the entry sums to zero.

    ``reference`` is the idempotency key. Raises InsufficientFunds, leaving the transaction usable and nothing
    posted, where an account would leave its side; the database decides that in the same statement that reserves.
    """
    with refusing_overdraft(reference):
        entry = Entry.objects.create(
            kind=kind,
            reference=reference,
            description=description,
            business_date=clock.today(),
            booked_at=clock.now(),
            trade=trade,
            organisation_id=organisation_id,
        )
        Posting.objects.bulk_create(
            Posting(
                entry=entry,
                leg=leg,
                account_id=account,
                amount_minor=amount,
                currency=currency,
                line=line.kind,
                trade_id=line.trade_id,
            )
            for leg, (line, account, amount) in enumerate(_legs(lines), start=1)
        )
    return entry


def _legs(lines: Sequence[Line]) -> Iterator[tuple[Line, int, int]]:
    for line in lines:
        yield line, line.debit, line.amount_minor
        yield line, line.credit, -line.amount_minor


@contextmanager
def refusing_overdraft(reference: str) -> Iterator[None]:
    """Write inside; raise InsufficientFunds, keeping nothing of the block, if an account would leave its side."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, PostgresError) and cause.diag.constraint_name == FUNDS_CONSTRAINT:
            raise InsufficientFunds(reference=reference) from error
        raise
