"""Records attachments and insolvencies, which limit set-off against payments to a participant, and lifts them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from marketplace.events.schemas.attachments import AttachmentLifted, ClaimAttached
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.clock import business_date
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.participants.interest_queries import require_unrelated
from marketplace.participants.queries import OrganisationView, get_organisation, organisations_by_id

from ...approvals.services import require_two_people
from ...ledger.accounts import require_cleared
from ...ledger.locks import MOVER_LOCK
from ...settlement.held_by_two import LIFT_RESTRAINT
from ...settlement.restraint_models import SetOffRestraint
from ...settlement.services.attachments import hold_back_attached
from ...settlement.services.cancelling import give_back_payment
from ...settlement.states import RestraintKind
from ..errors import RestraintLifted
from ..models import REASON_LENGTH_MAX
from ..set_off_rules import earliest_of
from .attached_payments import unsent_to_creditors
from .deposits import require_participant, stated_reason


@transaction.atomic
def record_restraint(
    *,
    actor: Actor,
    organisation: str,
    kind: str,
    served_at: datetime,
    reference: str,
    amount_minor: int | None = None,
    currency: str = "JPY",
) -> SetOffRestraint:
    """Record that an attachment was served on the market, or that proceedings opened or became known to it.

    ``amount_minor`` is the attached amount, None for the whole; ``reference`` the court's file number. From then on netting
    sets off by the rule of that day, and transfer files leave attached payments out. What was set off or sent before stays.
    The participant is told of an attachment, and the operator gets a task until it is lifted. Emits claim.attached.
    Raises Recused, Missing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_cleared(currency)
    if amount_minor is not None:
        require_amount("amount_minor", amount_minor)
    party = get_organisation(organisation)
    require_participant(party)
    require_unrelated(actor, party.id)
    if kind not in RestraintKind.values:
        raise FieldInvalid(
            "kind", Label("state attachment or insolvency", "attachment か insolvency を指定してください")
        )
    if served_at > clock.now() or business_date(served_at) < earliest_of(kind):
        raise FieldInvalid(
            "served_at",
            Label(
                "state a moment in the past for which there is a rule",
                "規則のある過去の日時を指定してください",
            ),
        )
    # Netting holds this lock while it sets off.
    MOVER_LOCK.acquire()
    restraint = SetOffRestraint.objects.create(
        organisation_id=party.id,
        currency=currency,
        kind=kind,
        amount_minor=amount_minor,
        served_at=served_at,
        reference=stated_text("reference", reference, REASON_LENGTH_MAX),
        noted_at=clock.now(),
        recorded_by=actor.identifier,
    )
    hold_back_attached(party.id, currency)
    if kind == RestraintKind.ATTACHMENT:
        emit(_attached(restraint, party))
    record(
        kind="clearing.set_off_restrained",
        subject=restraint.public_id,
        actor=actor,
        payload={
            "organisation": party.public_id,
            "kind": kind,
            "amount_minor": amount_minor,
            "currency": currency,
            "served_at": served_at.isoformat(),
            "reference": restraint.reference,
        },
    )
    return restraint


def _attached(restraint: SetOffRestraint, party: OrganisationView) -> ClaimAttached:
    return ClaimAttached(
        restraint=restraint.public_id,
        organisation=party.public_id,
        amount_minor=restraint.amount_minor,
        currency=restraint.currency,
        reference=restraint.reference,
    )


@record_refusals()
def lift_restraint(*, actor: Actor, restraint: str, reason: str) -> SetOffRestraint:
    """End a restraint, once; takes two people, because what was held back for others is paid.

    After an attachment the participant is paid again: what was held back, and what was planned to a creditor and not sent.
    It is told. Emits attachment.lifted. Raises SecondPersonNeeded, Recused, RestraintLifted, SendingIsShut, Missing, FieldInvalid,
    Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    why = stated_reason(reason)
    MOVER_LOCK.acquire()
    subject = SetOffRestraint.objects.filter(public_id=restraint, lifts=None).first()
    if subject is None:
        raise Missing(kind="set-off restraint", identifier=restraint)
    if SetOffRestraint.objects.filter(lifts=subject).exists():
        raise RestraintLifted(restraint=restraint)
    unsent = unsent_to_creditors(subject)
    approval = require_two_people(
        actor=actor, command=LIFT_RESTRAINT, subject=subject.public_id, payload={"reason": why}
    )
    SetOffRestraint.objects.create(
        organisation_id=subject.organisation_id,
        currency=subject.currency,
        kind=subject.kind,
        amount_minor=subject.amount_minor,
        served_at=subject.served_at,
        reference=why,
        lifts=subject,
        approval=approval,
        noted_at=clock.now(),
        recorded_by=actor.identifier,
    )
    for payment in unsent:
        give_back_payment(payment)
    if subject.kind == RestraintKind.ATTACHMENT:
        party = organisations_by_id([subject.organisation_id])[subject.organisation_id]
        emit(
            AttachmentLifted(
                restraint=subject.public_id, organisation=party.public_id, currency=subject.currency
            )
        )
    hold_back_attached(subject.organisation_id, subject.currency)
    record(
        kind="clearing.set_off_restraint_lifted",
        subject=subject.public_id,
        actor=actor,
        payload={"reason": why, "first_person": approval.first_person},
    )
    return subject
