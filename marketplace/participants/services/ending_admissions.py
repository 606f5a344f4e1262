"""End admissions with time: those that expire, and those of which a condition was missed; and remind before."""

from __future__ import annotations

from django.db import transaction

from marketplace.events.schemas.participants import AdmissionEnding
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM

from ..admission_terms import REMINDED_BEFORE
from ..models import AdmissionCondition
from ..qualification_queries import conditions_to_settle, qualifications_in_force
from ..states import AdmissionState
from .admission_terms import tell_condition
from .admissions import advance_admission, locked_admission


@transaction.atomic
def expire_admission(admission: str) -> bool:
    """End an admission whose last day has passed; returns whether it did. The sweep calls it. Emits admission.decided."""
    subject = locked_admission(SYSTEM, admission)
    if (
        subject.state != AdmissionState.ADMITTED
        or subject.expires_on is None
        or subject.expires_on >= clock.today()
    ):
        return False
    advance_admission(SYSTEM, subject, "expire")
    return True


@transaction.atomic
def settle_condition(condition: str) -> bool:
    """Settle an open condition, if it is to be settled now; returns whether it was. The sweep calls it.

    It is met by a qualification in force; missed when its day has passed without one and none that was stated in time waits for
    the operator: then its admission lapses. It falls away where the admission has ended. Emits admission.condition_moved and
    admission.decided.
    """
    found = AdmissionCondition.objects.filter(public_id=condition).values_list("admission__public_id").get()
    admission = locked_admission(SYSTEM, *found)
    row = (
        AdmissionCondition.objects.select_for_update(of=("self",), no_key=True)
        .select_related("kind")
        .get(public_id=condition)
    )
    if not conditions_to_settle().filter(pk=row.pk).exists():
        return False
    if admission.state != AdmissionState.ADMITTED:
        _settle(row, is_met=None, change="dropped")
        return True
    holds = row.kind.code in qualifications_in_force([admission.organisation_id])[admission.organisation_id]
    if holds:
        _settle(row, is_met=True, change="met")
        return True
    _settle(row, is_met=False, change="missed")
    advance_admission(SYSTEM, admission, "lapse")
    return True


@transaction.atomic
def remind_of_admission(admission: str) -> bool:
    """Tell an organisation once that its admission ends soon; returns whether it did. Emits admission.ending."""
    subject = locked_admission(SYSTEM, admission)
    if (
        subject.state != AdmissionState.ADMITTED
        or subject.reminded_at is not None
        or subject.expires_on is None
        or not clock.today() <= subject.expires_on <= clock.today() + REMINDED_BEFORE
    ):
        return False
    subject.reminded_at = clock.now()
    subject.save(update_fields=["reminded_at"])
    emit(
        AdmissionEnding(
            admission=admission,
            organisation=subject.organisation.public_id,
            segment=subject.segment.code,
            capacity=subject.capacity,
            expires_on=subject.expires_on.isoformat(),
        )
    )
    return True


@transaction.atomic
def remind_of_condition(condition: str) -> bool:
    """Tell an organisation once that a condition is due soon; returns whether it did. Emits admission.condition_moved."""
    row = AdmissionCondition.objects.select_for_update(of=("self",), no_key=True).get(public_id=condition)
    if (
        row.settled_at is not None
        or row.reminded_at is not None
        or not clock.today() <= row.due_on <= clock.today() + REMINDED_BEFORE
    ):
        return False
    row.reminded_at = clock.now()
    row.save(update_fields=["reminded_at"])
    tell_condition(row, "due")
    return True


def _settle(row: AdmissionCondition, *, is_met: bool | None, change: str) -> None:
    row.settled_at, row.is_met = clock.now(), is_met
    row.save(update_fields=["settled_at", "is_met"])
    record(
        kind=f"participants.admission_condition_{change}",
        subject=row.public_id,
        actor=SYSTEM,
        payload={"admission": row.admission.public_id},
    )
    tell_condition(row, change)
