"""Makes the fee rebates of a cycle when it is validated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from django.db import connection

from marketplace.kernel import clock

from ...cycles.models import Cycle
from ...cycles.parts import has_ended, part_of, record_chunk
from ...cycles.states import StepPart
from ...ground.bulk import insert_columns
from ..fee_rebates import EVERY_PAYER, ROWS_AT_ONCE, Payers, Rebate, fee_rebates
from ..fee_refund_tax import FeeInvoice, RefundedFees
from ..locks import FEE_REFUND_LOCK
from ..models import Obligation, Trade
from ..obligation_kinds import KINDS
from ..states import ObligationKind

OBLIGATIONS_A_CHUNK = 20_000
REBATES_A_CHUNK = 5_000

_NEXT_PAYERS = """
    SELECT count(DISTINCT debtor_id), max(debtor_id), count(*)
      FROM (SELECT debtor_id FROM clearing_obligation WHERE cycle_id = %s AND debtor_id > %s
             ORDER BY debtor_id LIMIT %s) following
"""


def has_rebates(cycle: Cycle) -> bool:
    """Whether a cycle that waits for no event has all its rebates: they were made, or none of its fees has tiers."""
    return not Trade.objects.filter(cycle=cycle, fee_tiered=True).exists() or has_ended(
        cycle, StepPart.REBATES
    )


def make_some_rebates(cycle: Cycle) -> None:
    """Make the rebates of the next payers of a cycle, as many as have ``OBLIGATIONS_A_CHUNK`` obligations, or one.

    Makes ``REBATES_A_CHUNK`` at most; the next call then goes on with the same payers.
    """
    part = part_of(cycle, StepPart.REBATES)
    after = int(part.reached or 0)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_PAYERS, [cycle.pk, after, OBLIGATIONS_A_CHUNK])
        count, last, obligations = cursor.fetchone()
    made = make_fee_rebates(cycle, Payers(after, last), limit=REBATES_A_CHUNK) if count else 0
    if made == REBATES_A_CHUNK:
        record_chunk(part, done=0, reached="", ended=False)
    else:
        record_chunk(part, done=count, reached=str(last or ""), ended=obligations < OBLIGATIONS_A_CHUNK)


def make_fee_rebates(cycle: Cycle, payers: Payers = EVERY_PAYER, *, limit: int | None = None) -> int:
    """Make the rebates of ``payers`` obligations of the same cycle, one per trade; returns how many.

    Called by the validating step, which has locked the cycle, so nothing else is added. Existing rebates are not made
    again; ``limit`` is the most that are made.
    """
    missing: list[Rebate] = []
    remaining = fee_rebates(cycle, payers)
    while (limit is None or len(missing) < limit) and (rebates := list(islice(remaining, ROWS_AT_ONCE))):
        sources = [rebate.source for rebate in rebates]
        existing = set(Obligation.objects.filter(source__in=sources).values_list("source", flat=True))
        missing += [rebate for rebate in rebates if rebate.source not in existing]
    missing = missing[:limit]
    if missing:
        _lock(missing)
        for start in range(0, len(missing), ROWS_AT_ONCE):
            _insert(cycle, missing[start : start + ROWS_AT_ONCE])
    return len(missing)


def _lock(rebates: Sequence[Rebate]) -> None:
    """Lock the trades of the rebates in key order, then the tax of refunded fees; prevents deadlock."""
    trades = Trade.objects.select_for_update(no_key=True).filter(pk__in=[row.trade_id for row in rebates])
    list(trades.order_by("pk").values_list("pk"))
    FEE_REFUND_LOCK.acquire()


def _insert(cycle: Cycle, rebates: Sequence[Rebate]) -> None:
    size, earlier = len(rebates), RefundedFees({rebate.payer_id for rebate in rebates})
    taxes = [
        earlier.add(FeeInvoice(row.payer_id, cycle.pk, row.tax_rate_bp), row.amount_minor) for row in rebates
    ]
    insert_columns(
        "clearing_obligation",
        {
            "trade_id": ("bigint", [rebate.trade_id for rebate in rebates]),
            "kind": ("text", [ObligationKind.FEE_REFUND.value] * size),
            "debtor_id": ("bigint", [rebate.operator_id for rebate in rebates]),
            "creditor_id": ("bigint", [rebate.payer_id for rebate in rebates]),
            "amount_minor": ("bigint", [rebate.amount_minor for rebate in rebates]),
            "tax_minor": ("bigint", taxes),
            "tax_rate_bp": ("integer", [rebate.tax_rate_bp for rebate in rebates]),
            "currency": ("text", [cycle.currency] * size),
            "cycle_id": ("bigint", [cycle.pk] * size),
            "legal_basis": ("text", [KINDS[ObligationKind.FEE_REFUND].legal_basis.value] * size),
            "source": ("text", [rebate.source for rebate in rebates]),
            "made_at": ("timestamptz", [clock.now()] * size),
        },
    )
