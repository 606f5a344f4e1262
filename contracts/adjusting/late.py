"""A value of an index that was entered after a charge began settles what it changes of that charge with the next one, once."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from listings.adjusting_terms import LATE, adjusted_price
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop

from ..models import Agreement, FiredAdjustment
from ..plan import Plan, plan_of
from ..services.agreements import locked_agreement
from ..states import AgreementState
from .firing import begins_at_of, write_fired
from .locks import INDEX_LOCK
from .queries import last_charges_to_settle, value_of_index

SETTLE: Final = Loop("contracts.settle_last_charges")


def adjust_late(subject: Agreement, plan: Plan, charge: int) -> FiredAdjustment | None:
    """Settle what the value of the index as of a charge's day makes of its price now, if it was entered after the charge began.

    The correction is of the next charge, or of the last one itself. What quality reduced is reduced of the new price as it was. None where
    nothing changes. The caller has locked the agreement.
    """
    clauses = {one["kind"]: one for one in plan.money.adjustments or ()}
    clause = clauses.get("index")
    if clause is None or subject.state == AgreementState.TERMINATED:
        return None
    fired = {row.kind: row for row in FiredAdjustment.objects.filter(agreement=subject, charge=charge)}
    begun_at = begins_at_of(plan, charge, subject.concluded_at)
    on = clock.business_date(begun_at)
    INDEX_LOCK.share_for(clause["index"])
    row = value_of_index(clause["index"], on)
    if row is None or row.entered_at <= begun_at or LATE in fired:
        return fired.get(LATE)
    planned_minor = plan.money.charges[charge - 1].price_minor
    before_minor = next(
        (fired[kind].after_minor for kind in ("quality", "index") if kind in fired), planned_minor
    )
    after_minor = adjusted_price(clause, planned_minor, row.value_milli)
    if "quality" in fired:
        after_minor = adjusted_price(clauses["quality"], after_minor, fired["quality"].inputs["value"])
    if after_minor == before_minor:
        return None
    inputs: dict[str, Any] = {
        "value": row.value_milli,
        "on": on.isoformat(),
        "index_value": row.public_id,
        "as_of": row.as_of.isoformat(),
        "source": row.source,
    }
    return write_fired(
        subject,
        kind=LATE,
        clause=clause,
        charge=charge,
        corrected=min(charge + 1, len(plan.money.charges)),
        inputs=inputs,
        prices=(before_minor, after_minor),
        currency=plan.money.currency,
    )


def settle_last_charges() -> int:
    """Settle late values of the last charges whose period has ended: no charge follows with which they could be; returns how many."""
    aside = set(SETTLE.standing_aside())
    due = [(name, charge) for name, charge in last_charges_to_settle() if name not in aside]
    return SETTLE.each(due, lambda row: _settle(*row), subject=lambda row: row[0])


@transaction.atomic
def _settle(agreement: str, charge: int) -> bool:
    subject = locked_agreement(SYSTEM, agreement)
    return adjust_late(subject, plan_of(subject.instrument.said), charge) is not None
