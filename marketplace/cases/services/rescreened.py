"""Admissions that stand although a new rulebook would not give them: each is a case that two people keep or end."""

from __future__ import annotations

from django.db import transaction

from marketplace.kernel import clock
from marketplace.participants.queries import is_standing
from marketplace.rules.queries import last_decision

from ..models import Case
from ..states import CaseKindCode, CaseOutcome
from .opening import drop_cases, open_case
from .resolving import locked_case

POINT = "admission"
RESCREENED = (CaseKindCode.RESCREENING.value,)


@transaction.atomic
def follow_rescreening(*, admission: str, organisation_id: int) -> Case | None:
    """Open the case of a standing admission that the rules would not give, or drop it where they do again. Emits case.moved."""
    last = last_decision(point=POINT, subject=admission)
    if last is None or last.passes or not is_standing(admission):
        drop_cases(thread=admission, kinds=RESCREENED)
        return None
    return open_case(
        kind=CaseKindCode.RESCREENING.value,
        subject=admission,
        thread=admission,
        organisation_id=organisation_id,
        decision=last.public_id,
    )


@transaction.atomic
def look_again(case: str) -> bool:
    """Open another case of an admission that was kept until now; returns whether one was due. Emits case.moved."""
    kept = locked_case(case)
    now = clock.now()
    if kept.outcome != CaseOutcome.KEEP or kept.again_at is not None or kept.kept_until is None:
        return False
    if kept.kept_until > now:
        return False
    kept.again_at = now
    kept.save(update_fields=["again_at"])
    follow_rescreening(admission=kept.subject, organisation_id=kept.organisation_id)
    return True
