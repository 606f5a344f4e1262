"""Open a legal hold, and lift it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import names_a_row, new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text

from .errors import HoldLifted
from .models import LIFTS, STAFF, LegalHold
from .states import APPROVED_WITHIN, REASON_LENGTH_MAX, REFERENCE_LENGTH_MAX


@transaction.atomic
def open_hold(
    *,
    actor: Actor,
    reason: str,
    reference: str,
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> LegalHold:
    """Keep what is about ``subject``, of a period, or both, from every deletion. One person does so.

    Raises FieldInvalid, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(*STAFF)
    actor.require_person()
    subject = subject.strip()
    if not subject and (since is None or until is None):
        raise FieldInvalid(
            "subject",
            Label(
                "name an organisation or an agreement, or a period by since and until",
                "組織・契約を指定するか、since と until で期間を指定してください",
            ),
        )
    if subject and not names_a_row(subject):
        raise FieldInvalid(
            "subject",
            Label(
                f"nothing has the identifier {subject}; name an organisation, agreement, trade or another row",
                f"識別子 {subject} は存在しません。組織・契約・取引などの識別子を指定してください",
            ),
        )
    if since is not None and until is not None and until <= since:
        raise FieldInvalid(
            "until", Label("choose a moment after since", "since より後の時点を指定してください")
        )
    hold = LegalHold.objects.create(
        public_id=new_identifier("lhd"),
        subject=subject,
        since=since,
        until=until,
        reason=stated_text("reason", reason, REASON_LENGTH_MAX),
        reference=stated_text("reference", reference, REFERENCE_LENGTH_MAX),
        opened_by=actor.identifier,
        opened_at=clock.now(),
    )
    record(
        kind="oversight.hold_opened",
        subject=hold.public_id,
        actor=actor,
        payload={
            "subject": subject,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "reason_commitment": commitment_to(hold.salt, hold.reason),
        },
    )
    return hold


@record_refusals()
def lift_hold(*, actor: Actor, hold: str, reason: str) -> LegalHold:
    """Lift a hold, which takes two people.

    Raises SecondPersonNeeded, HoldLifted, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(LIFTS)
    actor.require_person()
    row = LegalHold.objects.select_for_update(no_key=True).filter(public_id=hold).first()
    if row is None:
        raise Missing(kind="legal hold", identifier=hold)
    if row.lifted_at is not None:
        raise HoldLifted(hold=hold)
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    approval = require_two_people(
        actor=actor,
        permission=LIFTS,
        organisation=actor.organisation or "",
        command="oversight.lift_hold",
        subject=hold,
        payload={"reason": why},
        expires_in=APPROVED_WITHIN,
    )
    row.lifted_at, row.lifted_by = clock.now(), actor.identifier
    row.lifted_first, row.lifted_reason = approval.first_person, why
    row.save(update_fields=["lifted_at", "lifted_by", "lifted_first", "lifted_reason"])
    record(
        kind="oversight.hold_lifted",
        subject=hold,
        actor=actor,
        payload={
            "first_person": approval.first_person,
            "reason_commitment": commitment_to(row.salt, why),
        },
    )
    return row
