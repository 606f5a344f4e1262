"""Reports what is final for one participant at a moment, as an insolvency administrator asks.

By the market's terms the operator takes over every obligation of a cycle at netting, with release of the debtor
(免責的債務引受); from ``Cycle.netted_at`` on it is final, even if a party becomes insolvent. Before, it is a gross claim
between them. Held and available money is the participant's own. All moments are business time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from marketplace.participants.queries import OrganisationView

from ..ledger.queries import balances_at
from ..settlement.models import SettlementInstruction
from ..shortfalls.models import Deferral
from ..trades.guaranteed_models import guaranteed_part
from ..trades.models import Obligation, Trade
from ..trades.obligation_kinds import TAXED_PER_CYCLE
from ..trades.states import ObligationStage


@dataclass(frozen=True, slots=True)
class Finality:
    """The position of one participant in the market at ``at``.

    ``obligations``: all obligations made by then, with stage and moment of finality, or None. ``held``: open trades whose
    money was on hold. ``payments``: settlement payments planned by then, with the moment of the bank's confirmation, or
    None. ``balances``: currency → kind of account → minor units. Amounts are in minor units with tax.
    """

    organisation: str
    at: datetime
    obligations: list[dict[str, Any]]
    held: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    balances: dict[str, dict[str, int]]

    def as_dict(self) -> dict[str, Any]:
        """JSON types, with the numbers and sums of obligations by stage."""
        return {
            "organisation": self.organisation,
            "at": self.at.isoformat(),
            "totals": self.totals(),
            "obligations": self.obligations,
            "held": self.held,
            "payments": self.payments,
            "balances": self.balances,
        }

    def totals(self) -> list[dict[str, Any]]:
        """By currency and stage: number, amount owed, amount due."""
        counts: Counter[tuple[str, str, str]] = Counter()
        for row in self.obligations:
            key = (row["currency"], row["stage"])
            counts[*key, "count"] += 1
            counts[*key, row["side"]] += row["amount_minor"]
        keys = sorted({(currency, stage) for currency, stage, _ in counts})
        return [
            {
                "currency": currency,
                "stage": stage,
                "count": counts[currency, stage, "count"],
                "owes_minor": counts[currency, stage, "owes"],
                "is_owed_minor": counts[currency, stage, "is_owed"],
            }
            for currency, stage in keys
        ]


def finality(*, organisation: OrganisationView, at: datetime) -> Finality:
    """The obligations, holds, payments and balances of ``organisation`` at ``at``, with their finality."""
    paid = _paid_moments(organisation.id, at)
    rows = list(_obligations(organisation.id, at))
    deferred = _deferred(rows, at)
    return Finality(
        organisation=organisation.public_id,
        at=at,
        obligations=[
            _obligation(row, organisation.id, at, paid, deferred.get(row.pk, 0))
            for row in rows
            if deferred.get(row.pk, 0) < row.amount_minor + row.tax_minor or not row.amount_minor
        ],
        held=_held(organisation.id, at),
        payments=_payments(organisation.id, at),
        balances=balances_at(organisation_id=organisation.id, instant=at),
    )


def _obligations(organisation_id: int, at: datetime) -> QuerySet[Obligation]:
    return (
        Obligation.objects.filter(
            Q(debtor_id=organisation_id) | Q(creditor_id=organisation_id), made_at__lte=at
        )
        .select_related("trade", "cycle")
        .order_by("cycle_id", "trade__business_key", "kind", "pk")
    )


def stage_at(*, netted_at: datetime | None, discharged_at: datetime | None, at: datetime) -> ObligationStage:
    """The stage of an obligation at ``at``, from the moments of its takeover and discharge."""
    if netted_at is None or netted_at > at:
        return ObligationStage.GROSS
    if discharged_at is None or discharged_at > at:
        return ObligationStage.TAKEN_OVER
    return ObligationStage.DISCHARGED


def _deferred(rows: list[Obligation], at: datetime) -> dict[int, int]:
    """Deferred part of each obligation whose cycle was netted by ``at``; the operator did not take it over.

    It remains a gross claim in the obligation that continues it. Excludes tax on fees, as their amounts do.
    """
    netted = [row.pk for row in rows if row.cycle.netted_at is not None and row.cycle.netted_at <= at]
    found = Deferral.objects.filter(obligation__in=netted).select_related("obligation")
    return {
        row.obligation_id: row.amount_minor + (0 if row.obligation.kind in TAXED_PER_CYCLE else row.tax_minor)
        for row in found
    }


def _obligation(
    row: Obligation, organisation_id: int, at: datetime, paid: dict[int, datetime], deferred_minor: int
) -> dict[str, Any]:
    owes = row.debtor_id == organisation_id
    # A debtor's part is discharged when the ledger posts its own money; a creditor's, when the bank pays it out.
    discharged_at = row.cycle.posted_at if owes else paid.get(row.cycle_id)
    stage = stage_at(netted_at=row.cycle.netted_at, discharged_at=discharged_at, at=at)
    final = stage != ObligationStage.GROSS
    return {
        "trade": row.trade.public_id,
        "business_key": row.trade.business_key,
        "agreement": row.trade.agreement,
        "kind": row.kind,
        "side": "owes" if owes else "is_owed",
        "amount_minor": row.amount_minor + row.tax_minor - deferred_minor,
        "currency": row.currency,
        "cycle": row.cycle.business_key,
        "legal_basis": row.legal_basis,
        "stage": stage.value,
        "final_at": row.cycle.netted_at.isoformat() if final and row.cycle.netted_at else None,
    }


def _paid_moments(organisation_id: int, at: datetime) -> dict[int, datetime]:
    """Cycle → moment when the bank had paid out the participant, by ``at``; excludes returned payments.

    A cycle that left nothing to pay out was discharged by netting when it was posted.
    """
    moments: dict[int, datetime] = {}
    rows = SettlementInstruction.objects.filter(organisation_id=organisation_id, planned_at__lte=at)
    with_payment: set[int] = set()
    for row in rows.order_by("pk"):
        if row.cycle_id is None:
            continue
        if row.cancelled_at is not None and row.cancelled_at <= at:
            # What was set off of it discharged the cycle's obligations; the remainder is a payment of its own.
            moments.setdefault(row.cycle_id, row.cancelled_at)
            with_payment.add(row.cycle_id)
            continue
        if row.instead_of_id is not None:
            moments.pop(row.cycle_id, None)
        with_payment.add(row.cycle_id)
        returned = row.failed_at is not None and row.failed_at <= at
        if row.confirmed_at is not None and row.confirmed_at <= at and not returned:
            moments[row.cycle_id] = row.confirmed_at
    set_off = (
        Obligation.objects.filter(
            creditor_id=organisation_id,
            cycle__posted_at__lte=at,
            cycle__state__in=("settling", "settled", "partial"),
        )
        .exclude(cycle_id__in=with_payment)
        .values_list("cycle_id", "cycle__posted_at")
        .distinct()
    )
    moments.update({key: posted_at for key, posted_at in set_off if posted_at is not None})
    return moments


def _held(organisation_id: int, at: datetime) -> list[dict[str, Any]]:
    """Trades secured by ``at`` and neither accepted nor ended by then: the money is the buyer's, on hold.

    What a guarantee secured and was not paid by then is not on hold.
    """
    rows = (
        Trade.objects.select_related("guaranteed")
        .filter(
            Q(buyer_id=organisation_id) | Q(seller_id=organisation_id),
            Q(accepted_at=None) | Q(accepted_at__gt=at),
            Q(ended_at=None) | Q(ended_at__gt=at),
            secured_at__lte=at,
        )
        .order_by("business_key")
    )
    return [
        {
            "trade": row.public_id,
            "business_key": row.business_key,
            "agreement": row.agreement,
            "side": "buyer" if row.buyer_id == organisation_id else "seller",
            "held_minor": row.gross_minor - _unpaid(row, at),
            "currency": row.currency,
        }
        for row in rows
    ]


def _unpaid(trade: Trade, at: datetime) -> int:
    """The part of a trade that a guarantee secured at a moment, instead of money."""
    part = guaranteed_part(trade)
    if part is None or (part.paid_at is not None and part.paid_at <= at):
        return 0
    return part.amount_minor


def _payments(organisation_id: int, at: datetime) -> list[dict[str, Any]]:
    rows = SettlementInstruction.objects.filter(organisation_id=organisation_id, planned_at__lte=at).annotate(
        cycle_key=F("cycle__business_key")
    )
    return [
        {
            "reference": row.reference,
            "cycle": row.cycle_key,
            "direction": row.direction,
            "amount_minor": row.amount_minor,
            "currency": row.currency,
            "confirmed_at": _if_by(row.confirmed_at, at),
            "failed_at": _if_by(row.failed_at, at),
            "cancelled_at": _if_by(row.cancelled_at, at),
        }
        for row in rows.order_by("pk")
    ]


def _if_by(moment: datetime | None, at: datetime) -> str | None:
    return moment.isoformat() if moment is not None and moment <= at else None
