"""Event handlers about attachments: participants are told, and the operator has a task while one is in force."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.attachments import AttachmentLifted, AttachmentPaid, ClaimAttached
from marketplace.participants.queries import get_organisation

from .. import attachment_texts
from ..formats import format_amount
from ..operator_tasks import ask_operator, finish_for_operator
from ..services import send_notice
from ..states import TaskKind


def on_claim_attached(event: ClaimAttached, envelope: Envelope) -> None:
    """Tell the participant what is held back, and open the operator's task to follow the order until it is lifted."""
    party = get_organisation(event.organisation)
    amount = (
        attachment_texts.WHOLE.as_dict()
        if event.amount_minor is None
        else format_amount(event.amount_minor, event.currency)
    )
    wording = attachment_texts.CLAIM_ATTACHED.fill(amount=amount, reference=event.reference)
    send_notice(organisation_id=party.id, subject=event.restraint, wording=wording)
    ask_operator(
        TaskKind.FOLLOW_ORDER,
        event.restraint,
        party=party.name,
        reference=event.reference,
        restraint=event.restraint,
    )


def on_attachment_paid(event: AttachmentPaid, envelope: Envelope) -> None:
    """Tell the participant what is paid to its creditor, from which payment."""
    wording = attachment_texts.ATTACHMENT_PAID.fill(
        amount=format_amount(event.amount_minor, event.currency),
        taken_from=event.taken_from,
        payee=attachment_texts.PAYEES[event.payee_kind].as_dict(),
        payment=event.payment,
    )
    send_notice(
        organisation_id=get_organisation(event.organisation).id, subject=event.payment, wording=wording
    )


def on_attachment_lifted(event: AttachmentLifted, envelope: Envelope) -> None:
    """Tell the participant that it is paid again, and close the operator's task."""
    send_notice(
        organisation_id=get_organisation(event.organisation).id,
        subject=event.restraint,
        wording=attachment_texts.ATTACHMENT_LIFTED,
    )
    finish_for_operator(TaskKind.FOLLOW_ORDER, event.restraint)
