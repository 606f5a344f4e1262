"""Open a legal hold, and lift it."""

from __future__ import annotations

from datetime import datetime, timedelta

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
from marketplace.kernel.texts import identifying_text, stated_text
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import interesting_organisations, related_to, require_unrelated
from marketplace.participants.queries import lock_organisation, organisations_by_public_id

from . import texts
from .errors import HoldLifted, HoldStands
from .models import LIFTS, STAFF, LegalHold
from .queries import held_with, parties_of
from .states import (
    APPROVED_WITHIN,
    PERIOD_DAYS_MAX,
    REASON_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    REVIEW_DAYS_MAX,
)


@transaction.atomic
def open_hold(
    *,
    actor: Actor,
    reason: str,
    reference: str,
    days: int,
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> LegalHold:
    """Keep what is about ``subject``, of a period, or both, from every deletion. One person does so.

    A task asks after ``days`` whether it is still needed; it stays in force until two people lift it. Raises HoldStands, FieldInvalid,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(*STAFF)
    actor.require_person()
    subject, now = subject.strip(), clock.now()
    lock_organisation(actor.require_organisation())
    _require_extent(subject, since, until, now)
    if not 1 <= days <= REVIEW_DAYS_MAX:
        raise FieldInvalid(
            "days",
            Label(f"choose 1 to {REVIEW_DAYS_MAX}", f"1から{REVIEW_DAYS_MAX}までの値を指定してください"),
        )
    extent = {
        "subject": subject,
        "since": since,
        "until": until,
        "reference": identifying_text("reference", reference, REFERENCE_LENGTH_MAX),
    }
    # The row of the operator is locked, so no other one begins meanwhile.
    if same := LegalHold.objects.filter(**extent, lifted_at=None).first():
        raise HoldStands(hold=same.public_id)
    hold = LegalHold.objects.create(
        public_id=new_identifier("lhd"),
        **extent,
        parties=parties_of(subject),
        review_at=now + timedelta(days=days),
        reason=stated_text("reason", reason, REASON_LENGTH_MAX),
        opened_by=actor.identifier,
        opened_at=now,
    )
    record(
        kind="oversight.hold_opened",
        subject=hold.public_id,
        actor=actor,
        payload={
            "subject": subject,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "review_at": hold.review_at.isoformat(),
            "reason_commitment": commitment_to(hold.salt, hold.reason),
        },
    )
    ask_operator(
        TaskKind.RELEASE, hold.public_id, deadline=hold.review_at, title=texts.REVIEW, hold=hold.public_id
    )
    return hold


def _require_extent(subject: str, since: datetime | None, until: datetime | None, now: datetime) -> None:
    """Raise FieldInvalid unless a hold may keep this much."""
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
    if since is None or until is None:
        return
    if until <= since:
        raise FieldInvalid(
            "until", Label("choose a moment after since", "since より後の時点を指定してください")
        )
    if subject:
        return
    if since > now:
        raise FieldInvalid(
            "since",
            Label(
                "without a subject, choose a period that has begun",
                "subject を指定しない場合は、すでに始まった期間を指定してください",
            ),
        )
    if until > since + timedelta(days=PERIOD_DAYS_MAX):
        raise FieldInvalid(
            "until",
            Label(
                f"without a subject, choose a period of at most {PERIOD_DAYS_MAX} days",
                f"subject を指定しない場合、期間は{PERIOD_DAYS_MAX}日以内で指定してください",
            ),
        )
    if held_with(since, until) > timedelta(days=PERIOD_DAYS_MAX):
        raise FieldInvalid(
            "until",
            Label(
                f"standing holds without a subject keep at most {PERIOD_DAYS_MAX} days together; lift one, or name a subject",
                f"subject を指定しない有効な保全の期間は合計{PERIOD_DAYS_MAX}日以内です。既存の保全を解除するか、subject を指定してください",
            ),
        )


@record_refusals()
def lift_hold(*, actor: Actor, hold: str, reason: str) -> LegalHold:
    """Lift a hold, which takes two people who have declared no interest in a party of what is held.

    Raises SecondPersonNeeded, Recused, HoldLifted, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(LIFTS)
    actor.require_person()
    row = LegalHold.objects.select_for_update(no_key=True).filter(public_id=hold).first()
    if row is None:
        raise Missing(kind="legal hold", identifier=hold)
    if row.lifted_at is not None:
        raise HoldLifted(hold=hold)
    concerned = concerned_by(row)
    require_unrelated(actor, *concerned)
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    approval = require_two_people(
        actor=actor,
        permission=LIFTS,
        organisation=actor.organisation or "",
        command="oversight.lift_hold",
        subject=hold,
        payload={"reason": why},
        expires_in=APPROVED_WITHIN,
        barred=related_to(*concerned),
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
    finish_for_operator(TaskKind.RELEASE, hold)
    finish_for_operator(TaskKind.STAFF, hold)
    return row


def concerned_by(hold: LegalHold) -> list[int]:
    """The database keys of the organisations whose what is held is, when the hold began or since; all, if nobody's was known."""
    if not hold.parties:
        return interesting_organisations()
    return [
        each.id for each in organisations_by_public_id([*hold.parties, *parties_of(hold.subject)]).values()
    ]
