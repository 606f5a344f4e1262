"""Statement files of the client account, and two people of the operator who carry them in."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from clearing.bank.queries import statement_end
from clearing.bank.states import ImportState
from clearing.bank.uploads import confirm_statement, import_received, receive_statement
from clearing.models import BankStatement
from fixtures.day.bank import StatementNotImported, written
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor

_numbers = itertools.count(1)


def statement(
    rows: list[tuple[Any, ...]],
    *,
    currency: str = "JPY",
    opening_on: date | None = None,
    closing_on: date | None = None,
    opening_minor: int | None = None,
) -> bytes:
    """A statement file of the client account that continues the newest imported one, up to today."""
    end = statement_end(currency)
    return written(
        end.account,
        currency,
        opening_on or end.closed_on or closing_on or clock.today(),
        closing_on or clock.today(),
        end.balance_minor if opening_minor is None else opening_minor,
        rows,
    ).content


def booking(
    direction: str, amount_minor: int, remittance: str, *, reference: str | None = None
) -> tuple[Any, ...]:
    """One line of a statement."""
    reference = reference or f"B-{next(_numbers)}"
    return (reference, clock.today().isoformat(), direction, amount_minor, "JPY", "ｿｳｷﾝﾆﾝ", remittance)


def carry_in(first: Actor, second: Actor, content: bytes, *, file_name: str = "test.csv") -> BankStatement:
    """One person uploads a statement, its job is done, and the other confirms it where that is asked for.

    Raises StatementNotImported with the faults of a file that is refused.
    """
    received = receive_statement(actor=first, content=content, file_name=file_name)
    received = import_received(statement_import=received.public_id)
    if received.state == ImportState.AWAITING_CONFIRMATION:
        confirm_statement(
            actor=second,
            statement_import=received.public_id,
            sha256=received.sha256,
            closing_balance_minor=received.closing_balance_minor or 0,
        )
        received = import_received(statement_import=received.public_id)
    if received.statement is None:
        raise StatementNotImported(received)
    return received.statement


def codes_of(refusal: StatementNotImported) -> list[tuple[int | None, str | None, str]]:
    """Line, field and code of each fault of a refused statement."""
    return [(fault["line"], fault["field"], fault["code"]) for fault in refusal.faults]
