"""Enters values of indices, and fires the clauses of an agreement when a charge begins or a metered period was charged."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from listings.adjusting_terms import INDEX, VALUE_MAX, adjusted_price
from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from quality.queries import currentness_bp

from ..models import Agreement, FiredAdjustment, IndexValue
from ..plan import Plan, plan_of
from ..services.agreements import locked_agreement
from ..states import INSPECTED_ON, AgreementState
from .firing import begins_at_of, write_fired
from .late import adjust_late
from .locks import INDEX_LOCK
from .models import SOURCE_LENGTH_MAX
from .queries import has_clauses, value_of_index
from .sweeping import attend_index

CONFIRMED_WITHIN = timedelta(days=7)


@record_refusals()
def enter_index_value(*, actor: Actor, index: str, as_of: date, value_milli: int, source: str) -> IndexValue:
    """Enter the value of an index as of a day, in thousandths, with its source, as two people of the operator.

    A day has one value: what was published first stands, also where it is revised later. Raises FieldInvalid, SecondPersonNeeded,
    Forbidden, PermissionNeeded.
    """
    actor.require(Permission.DISPUTES_WRITE)
    actor.require_person()
    if not INDEX.fullmatch(index):
        raise FieldInvalid(
            "index",
            Label(
                "use lower-case letters, digits and . _ - (at most 40)",
                "40字以内の英小文字、数字、. _ - で指定してください",
            ),
        )
    if not 1 <= value_milli <= VALUE_MAX:
        raise FieldInvalid(
            "value_milli",
            Label(
                f"state thousandths, from 1 to {VALUE_MAX:,}",
                f"1から{VALUE_MAX:,}までの千分の一単位で指定してください",
            ),
        )
    if as_of > clock.today():
        raise FieldInvalid("as_of", Label("specify a day that has come", "到来済みの日を指定してください"))
    stated = stated_text("source", source, SOURCE_LENGTH_MAX)
    INDEX_LOCK.acquire_for(index)
    if IndexValue.objects.filter(index=index, as_of=as_of).exists():
        raise FieldInvalid(
            "as_of",
            Label("the index has a value as of this day", "この日の指数の値は登録済みです"),
        )
    approval = require_two_people(
        actor=actor,
        permission=Permission.DISPUTES_WRITE,
        organisation=actor.organisation or "",
        command="contracts.enter_index_value",
        subject=f"{index} {as_of.isoformat()}",
        payload={"value_milli": value_milli, "source": stated},
        expires_in=CONFIRMED_WITHIN,
    )
    row = IndexValue.objects.create(
        index=index,
        as_of=as_of,
        value_milli=value_milli,
        source=stated,
        entered_by=actor.identifier,
        first_person=approval.first_person,
        entered_at=clock.now(),
    )
    record(
        kind="contracts.index_value_entered",
        subject=row.public_id,
        actor=actor,
        payload={
            "index": index,
            "as_of": as_of.isoformat(),
            "value_milli": value_milli,
            "source": stated,
            "first_person": row.first_person,
        },
    )
    attend_index(index)
    return row


@transaction.atomic
def adjust_begun_charge(*, agreement: str, charge: int) -> list[FiredAdjustment]:
    """Fire the clauses about an index and about quality for a charge that has begun, each once; returns what they did.

    The index goes first, and quality reduces what it left; what a value of the index that came late changes of the charge before is settled
    with this one. A clause that changes nothing leaves no record. Emits adjustment.due.
    """
    if not has_clauses(agreement):
        return []
    subject = locked_agreement(SYSTEM, agreement)
    plan = plan_of(subject.instrument.said)
    price_minor, fired = plan.money.charges[charge - 1].price_minor, []
    begins_at = begins_at_of(plan, charge, subject.concluded_at)
    for clause in plan.money.adjustments or ():
        inputs = _inputs(subject, clause, begins_at)
        if inputs is None:
            continue
        done = _fire(subject, plan, clause, charge, price_minor, inputs)
        if done is not None:
            price_minor = done.after_minor
            fired.append(done)
    if charge > 1 and (late := adjust_late(subject, plan, charge - 1)) is not None:
        fired.append(late)
    return fired


@transaction.atomic
def adjust_used_period(
    *, agreement: str, charge: int, uses: int, charged_minor: int
) -> FiredAdjustment | None:
    """Fire the clause about the volume of use for a metered period that was charged, once; returns what it did.

    Emits adjustment.due.
    """
    if not has_clauses(agreement):
        return None
    subject = locked_agreement(SYSTEM, agreement)
    plan = plan_of(subject.instrument.said)
    clause = next((one for one in plan.money.adjustments or () if one["kind"] == "volume"), None)
    if clause is None:
        return None
    return _fire(subject, plan, clause, charge, charged_minor, {"value": uses})


def _inputs(subject: Agreement, clause: dict[str, Any], begins_at: datetime) -> dict[str, Any] | None:
    """What a clause reads when a charge begins: its ``value``, and where that is from; None if there is nothing to read."""
    on = clock.business_date(begins_at)
    if clause["kind"] == "index":
        INDEX_LOCK.share_for(clause["index"])
        row = value_of_index(clause["index"], on)
        if row is None:
            return None
        named = {"index_value": row.public_id, "as_of": row.as_of.isoformat(), "source": row.source}
        return {"value": row.value_milli, "on": on.isoformat(), **named}
    if clause["kind"] == "quality":
        measured = currentness_bp(subject.listing_version, at=begins_at)
        if measured is None:
            return None
        return {"value": measured, "on": on.isoformat(), "listing_version": subject.listing_version}
    return None


def _fire(
    subject: Agreement,
    plan: Plan,
    clause: dict[str, Any],
    charge: int,
    before_minor: int,
    inputs: dict[str, Any],
) -> FiredAdjustment | None:
    kind, currency = clause["kind"], plan.money.currency
    known = FiredAdjustment.objects.filter(agreement=subject, kind=kind, charge=charge).first()
    if known is not None:
        return known
    after_minor = adjusted_price(clause, before_minor, inputs["value"])
    # After an early end what was received is paid, as its clauses say; where the price went back, nothing is left to adjust.
    is_returned = (
        subject.state == AgreementState.TERMINATED and subject.termination_reason not in INSPECTED_ON
    )
    if after_minor == before_minor or is_returned:
        return None
    return write_fired(
        subject,
        kind=kind,
        clause=clause,
        charge=charge,
        corrected=charge,
        inputs=inputs,
        prices=(before_minor, after_minor),
        currency=currency,
    )
