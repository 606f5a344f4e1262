"""The record of what a clause did to a charge, with the market's signature, and the adjustment that clearing carries out."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final

from listings.charging import months_later
from marketplace.evidence.services import record
from marketplace.evidence.signatures import sign
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.identifiers import new_identifier

from ..models import Agreement, FiredAdjustment
from ..plan import Plan
from ..services.agreements import make_adjustment
from ..states import CLAUSE_REASON, Party
from .words import words_of

RECORD_TYPE: Final = "sanpo.adjustment.v1"


def begins_at_of(plan: Plan, charge: int, concluded_at: datetime) -> datetime:
    """When a charge begins: on its due day, however late that is noticed; the first with the conclusion."""
    planned = plan.money.charges[charge - 1]
    concluded_on = clock.business_date(concluded_at)
    day = date.fromisoformat(planned.due_on) if planned.due_on else months_later(concluded_on, planned.months)
    return max(datetime.combine(day, time.min, clock.market_zone()), concluded_at)


def write_fired(
    subject: Agreement,
    *,
    kind: str,
    clause: dict[str, Any],
    charge: int,
    corrected: int,
    inputs: dict[str, Any],
    prices: tuple[int, int],
    currency: str,
) -> FiredAdjustment:
    """Record that a clause changed a charge from the first of ``prices`` to the second, and have clearing correct the charge ``corrected``.

    The caller has locked the agreement. Emits adjustment.due.
    """
    before_minor, after_minor = prices
    changed: dict[str, Any] = {"charge": charge, "before_minor": before_minor, "after_minor": after_minor}
    words = words_of(kind, currency=currency, **changed)
    adjustment = make_adjustment(
        SYSTEM,
        subject,
        debtor=Party.SELLER if after_minor < before_minor else Party.BUYER,
        amount_minor=abs(after_minor - before_minor),
        reason=f"{words.ja} / {words.en}",
        reason_code=f"{CLAUSE_REASON}{kind}",
        within_left=True,
        charge=corrected,
    )
    public_id, fired_at = new_identifier("fad"), clock.now()
    said = {
        "type": RECORD_TYPE,
        "id": public_id,
        "agreement": subject.public_id,
        "signed_hash": subject.signed_hash,
        "clause": clause,
        **changed,
        "inputs": inputs,
        "currency": adjustment.currency,
        "adjustment": adjustment.public_id,
        "words": words.as_dict(),
        "fired_at": fired_at.isoformat(),
    }
    row = FiredAdjustment.objects.create(
        public_id=public_id,
        agreement=subject,
        kind=kind,
        **changed,
        inputs=inputs,
        adjustment=adjustment,
        jws=sign(said),
        fired_at=fired_at,
    )
    record(
        kind="contracts.clause_fired",
        subject=row.public_id,
        actor=SYSTEM,
        payload={
            "agreement": subject.public_id,
            "kind": kind,
            **changed,
            "adjustment": adjustment.public_id,
        },
    )
    return row
