"""Makes the fee rebates of a cycle when it is validated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from marketplace.kernel import clock

from ...cycles.models import Cycle
from ...ground.bulk import insert_columns
from ..fee_rebates import ROWS_AT_ONCE, Rebate, fee_rebates
from ..models import Obligation
from ..obligation_kinds import KINDS
from ..states import ObligationKind


def make_fee_rebates(cycle: Cycle) -> int:
    """Make the rebates of a cycle obligations of the same cycle, one per trade; returns how many.

    Called by the validating step, which has locked the cycle, so nothing else is added. Existing rebates are not made
    again.
    """
    made, remaining = 0, fee_rebates(cycle)
    while rebates := list(islice(remaining, ROWS_AT_ONCE)):
        sources = [rebate.source for rebate in rebates]
        existing = set(Obligation.objects.filter(source__in=sources).values_list("source", flat=True))
        missing = [rebate for rebate in rebates if rebate.source not in existing]
        if missing:
            _insert(cycle, missing)
        made += len(missing)
    return made


def _insert(cycle: Cycle, rebates: Sequence[Rebate]) -> None:
    size = len(rebates)
    insert_columns(
        "clearing_obligation",
        {
            "trade_id": ("bigint", [rebate.trade_id for rebate in rebates]),
            "kind": ("text", [ObligationKind.FEE_REFUND.value] * size),
            "debtor_id": ("bigint", [rebate.operator_id for rebate in rebates]),
            "creditor_id": ("bigint", [rebate.payer_id for rebate in rebates]),
            "amount_minor": ("bigint", [rebate.amount_minor for rebate in rebates]),
            "tax_minor": ("bigint", [0] * size),
            "tax_rate_bp": ("integer", [rebate.tax_rate_bp for rebate in rebates]),
            "currency": ("text", [cycle.currency] * size),
            "cycle_id": ("bigint", [cycle.pk] * size),
            "legal_basis": ("text", [KINDS[ObligationKind.FEE_REFUND].legal_basis.value] * size),
            "source": ("text", [rebate.source for rebate in rebates]),
            "made_at": ("timestamptz", [clock.now()] * size),
        },
    )
