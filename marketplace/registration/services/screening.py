"""Ask for the screening of an application, and assess what was found."""

from __future__ import annotations

from django.db import transaction

from marketplace.events.schemas.registration import ScreeningAssessed
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.jobs.services import enqueue
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import is_visible
from marketplace.participants.interest_queries import require_unrelated

from ..errors import ScreeningNotEnded
from ..jobs import SCREEN
from ..models import Registration, Screening
from ..rows import lock_registration
from ..states import ScreeningCause


def request_screening(*, registration: Registration, cause: ScreeningCause) -> Screening:
    """Ask for a screening of an application, which a job does; the caller holds its lock.

    Returns the one that has not ended, if there is one.
    """
    waiting = Screening.objects.filter(registration=registration, ended_at=None).first()
    if waiting is not None:
        return waiting
    screening = Screening.objects.create(registration=registration, cause=cause, requested_at=clock.now())
    enqueue(kind=SCREEN, subject=screening.public_id)
    return screening


@transaction.atomic
def screen_changed_facts(*, organisation: str) -> bool:
    """Ask for the screening of an organisation (public identifier) whose facts changed; whether it was registered here."""
    row = Registration.objects.filter(organisation__public_id=organisation).first()
    if row is None:
        return False
    request_screening(registration=lock_registration(row.public_id), cause=ScreeningCause.FACTS)
    return True


@transaction.atomic
def assess(*, actor: Actor, registration: str, screening: str, assessment: str) -> Screening:
    """Record what a person of the operator makes of the findings of a screening; it closes the task about them.

    Raises FieldInvalid without an ``assessment`` or where it has one, ScreeningNotEnded, Recused, Missing, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    row = lock_registration(registration)
    if row.organisation_id is not None:
        require_unrelated(actor, row.organisation_id)
    subject = Screening.objects.filter(public_id=screening, registration=row).first()
    if subject is None:
        raise Missing(kind="screening", identifier=screening)
    if subject.ended_at is None:
        raise ScreeningNotEnded(screening=screening)
    if not is_visible(assessment) or subject.assessed_by is not None:
        raise FieldInvalid(
            "assessment",
            Label("state once what the findings mean", "確認結果を一度だけ入力してください"),
        )
    subject.assessment, subject.assessed_by = assessment.strip(), actor.identifier
    subject.assessed_at = clock.now()
    subject.save(update_fields=["assessment", "assessed_by", "assessed_at"])
    record(
        kind="registration.screening_assessed",
        subject=row.public_id,
        actor=actor,
        payload={
            "screening": subject.public_id,
            "assessment_commitment": commitment_to(subject.salt, subject.assessment),
        },
    )
    emit(ScreeningAssessed(registration=row.public_id, screening=subject.public_id))
    return subject
