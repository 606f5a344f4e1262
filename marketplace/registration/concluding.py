"""Record what a screening came to, and what follows from it."""

from __future__ import annotations

from django.db import transaction

from marketplace.events.schemas.registration import ScreeningChanged
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.states import advance

from .bounds import SCREENING_VALID
from .comparing import Comparison
from .models import Registration, Screening
from .queries import last_screening
from .rows import lock_registration, record_move
from .states import REGISTRATION, RegistrationState


@transaction.atomic
def finish_screening(*, screening: str, comparison: Comparison) -> Screening:
    """Record what a screening came to; nothing where it has ended already.

    The application that waits for it goes to the operator. One that a person proposed to accept goes back to the operator
    if the findings differ from those before; a registered organisation is only told about: a screening suspends nobody.
    """
    subject = Screening.objects.get(public_id=screening).registration.public_id
    row = lock_registration(subject)
    ended = Screening.objects.select_for_update(no_key=True).get(public_id=screening)
    if ended.ended_at is not None:
        return ended
    before = last_screening(row)
    now = clock.now()
    ended.findings = [finding.as_dict() for finding in comparison.findings]
    ended.outcome = comparison.outcome
    ended.facts_digest = comparison.facts_digest
    ended.snapshot_id = comparison.snapshot_id
    ended.lists = list(comparison.lists)
    ended.is_changed = before is not None and before.findings != ended.findings
    ended.ended_at, ended.next_at = now, now + SCREENING_VALID
    ended.save()
    record(
        kind="registration.screened",
        subject=row.public_id,
        actor=SYSTEM,
        payload={
            "screening": ended.public_id,
            "cause": ended.cause,
            "outcome": ended.outcome,
            "findings": ended.findings,
            "snapshot": ended.snapshot.public_id if ended.snapshot else None,
            "lists": ended.lists,
        },
    )
    if row.state == RegistrationState.SUBMITTED:
        _move_to_review(row, "screen")
    elif row.state == RegistrationState.CONFIRMING and ended.is_changed:
        _move_to_review(row, "return")
    elif row.organisation is not None and ended.is_changed:
        emit(
            ScreeningChanged(
                registration=row.public_id,
                screening=ended.public_id,
                registered=row.organisation.public_id,
                outcome=ended.outcome,
            )
        )
    return ended


def _move_to_review(row: Registration, command: str) -> None:
    """Give the application to the operator; a proposal to accept it is void."""
    nobody = {"proposed_by": None, "proposed_at": None, "acceptance_reason": ""}
    advance(row, REGISTRATION, command=command, role="system", **nobody)
    record_move(row, SYSTEM)
