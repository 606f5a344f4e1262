"""The entry that a net position is posted with, planned by the database as the posting step has it planned."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from clearing.ledger.states import AccountKind, LineKind
from clearing.netting.models import POSITION_COLUMNS
from clearing.netting.positions import Position
from clearing.run.posting_plan import HAS_LINES, planned_lines


class PlannedLine(NamedTuple):
    """``amount_minor`` from one kind of account to another: debit, credit."""

    kind: LineKind
    debit: AccountKind
    credit: AccountKind
    amount_minor: int


_PLAN = (
    f"SELECT l.line, l.debit, l.credit, l.amount_minor FROM (VALUES ({'%s::bigint, ' * len(POSITION_COLUMNS)}%s::bigint))"
    f" AS position({', '.join(POSITION_COLUMNS)}, claim_minor)"
    f" CROSS JOIN LATERAL ({planned_lines(lambda kind: repr(kind.value))}) l"
    f" WHERE {HAS_LINES} ORDER BY l.number"
)


def plan_of(position: Position, *, claim_minor: int = 0) -> list[PlannedLine]:
    """The lines of a participant's entry in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, [*position.parts, claim_minor])
        return [
            PlannedLine(LineKind(line), AccountKind(debit), AccountKind(credit), int(amount))
            for line, debit, credit, amount in cursor.fetchall()
        ]
