"""An organisation keeps private notes on its negotiations."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import Missing
from marketplace.kernel.texts import stated_text

from ..errors import TooManyNotes
from ..notes.models import NOTE_LENGTH_MAX, NOTES_MAX, NOTING, PrivateNote
from .moves import locked


@transaction.atomic
def write_note(*, actor: Actor, negotiation: str, text: str) -> PrivateNote:
    """Keep a note on a negotiation that only the actor's organisation reads; evidence has a commitment to it alone.

    Raises Missing, TooManyNotes, FieldInvalid, PermissionNeeded, Forbidden.
    """
    actor.require(*NOTING)
    actor.require_person()
    said = stated_text("text", text, NOTE_LENGTH_MAX)
    subject = locked(actor, negotiation)
    if actor.role is not Role.PARTICIPANT:
        raise Missing(kind="negotiation", identifier=negotiation)
    own = actor.require_organisation()
    if PrivateNote.objects.filter(negotiation=subject, organisation_id=own).count() >= NOTES_MAX:
        raise TooManyNotes(negotiation=negotiation, notes_max=NOTES_MAX)
    row = PrivateNote.objects.create(
        negotiation=subject,
        organisation_id=own,
        organisation_identifier=actor.organisation or "",
        text=said,
        written_by=actor.identifier,
        written_at=clock.now(),
    )
    record(
        kind="contracts.note_written",
        subject=row.public_id,
        actor=actor,
        payload={
            "negotiation": subject.public_id,
            "organisation": row.organisation_identifier,
            "text_commitment": commitment_to(row.salt, row.text),
        },
    )
    return row
