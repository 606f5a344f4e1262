"""What is final for one participant at a moment: the answer an insolvency administrator asks for.

By the market's terms the operator takes every obligation of a cycle over when the cycle is netted, with release of
the debtor (免責的債務引受); from ``Cycle.netted_at`` on it is final, whatever becomes of the parties. Before, it is a
gross claim between them. Money that is held or available is the participant's own. All moments are business time.
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
from ..trades.models import Obligation, Trade
from ..trades.obligation_kinds import TAXED_PER_CYCLE
from ..trades.states import ObligationStage


@dataclass(frozen=True, slots=True)
class Finality:
    """The state of one participant's affairs in the market at ``at``.

    ``obligations``: every obligation made by then, each with its stage and the moment it became final, or None.
    ``held``: trades whose money was held and whose outcome was open. ``payments``: settlement payments planned by
    then, each with the moment the bank carried it out, or None. ``balances``: currency → kind of account → minor
    units. Amounts are in minor units and include tax.
    """

    organisation: str
    at: datetime
    obligations: list[dict[str, Any]]
    held: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    balances: dict[str, dict[str, int]]

    def as_dict(self) -> dict[str, Any]:
        """JSON types, with how many obligations stand in each stage and what they come to."""
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
        """By currency and stage: count, what the participant owes, what it is owed."""
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
    """Exactly what was final for ``organisation`` at ``at``, and what was not."""
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
    """How far an obligation had come at ``at``, from the moments when it was taken over and discharged."""
    if netted_at is None or netted_at > at:
        return ObligationStage.GROSS
    if discharged_at is None or discharged_at > at:
        return ObligationStage.TAKEN_OVER
    return ObligationStage.DISCHARGED


def _deferred(rows: list[Obligation], at: datetime) -> dict[int, int]:
    """What of each obligation was put off when its cycle was netted, by ``at``: that much nobody took over.

    It is a gross claim still, in the obligation that goes on with it. The tax on fees is not in their amounts.
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
    # What it owes was met by its own money when the ledger posted it; what it is owed, when the bank paid it out.
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
    """Cycle → when the bank had paid the participant out for it, by ``at``; a payment that came back is none.

    A cycle in which nothing was left to be paid out is not here: set-off discharged it when it was posted.
    """
    moments: dict[int, datetime] = {}
    rows = SettlementInstruction.objects.filter(organisation_id=organisation_id, planned_at__lte=at)
    with_payment: set[int] = set()
    for row in rows.order_by("pk"):
        if row.cycle_id is None:
            continue
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
    """Trades secured by ``at`` and neither accepted nor ended by then: the money is the buyer's, bound to them."""
    rows = Trade.objects.filter(
        Q(buyer_id=organisation_id) | Q(seller_id=organisation_id),
        Q(accepted_at=None) | Q(accepted_at__gt=at),
        Q(ended_at=None) | Q(ended_at__gt=at),
        secured_at__lte=at,
    ).order_by("business_key")
    return [
        {
            "trade": row.public_id,
            "business_key": row.business_key,
            "agreement": row.agreement,
            "side": "buyer" if row.buyer_id == organisation_id else "seller",
            "held_minor": row.gross_minor,
            "currency": row.currency,
        }
        for row in rows
    ]


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
            "confirmed_at": _by(row.confirmed_at, at),
            "failed_at": _by(row.failed_at, at),
        }
        for row in rows.order_by("pk")
    ]


def _by(moment: datetime | None, at: datetime) -> str | None:
    return moment.isoformat() if moment is not None and moment <= at else None
