"""The refusal of what the operator's own money on the client account does not cover."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from psycopg import Error as PostgresError

from .errors import OperatorMoneyShort

OPERATOR_MONEY_CONSTRAINT = "within_operator_money"


@contextmanager
def within_operator_money(currency: str) -> Iterator[None]:
    """Roll the block back and raise OperatorMoneyShort if one of its writes needs more than the operator's own money."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, PostgresError) and cause.diag.constraint_name == OPERATOR_MONEY_CONSTRAINT:
            missing_minor = int(cause.diag.message_detail or 0)
            raise OperatorMoneyShort(missing_minor=missing_minor, currency=currency) from error
        raise
