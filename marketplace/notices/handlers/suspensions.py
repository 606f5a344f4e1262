"""Event handlers about suspensions: the organisation is told what the kind means, and the operator has a task while money is held."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import ParticipantSuspended, SuspensionEnded, TrusteeAppointed
from marketplace.kernel.suspensions import EFFECTS, SuspensionKind
from marketplace.participants.queries import get_organisation
from marketplace.participants.suspension_queries import standing_insolvencies, suspension_reason

from .. import suspension_texts as texts
from ..operator_tasks import ask_for_trustee, ask_operator, finish_for_operator
from ..services import send_notice
from ..states import TaskKind


def on_participant_suspended(event: ParticipantSuspended, envelope: Envelope) -> None:
    """Notify the organisation, with the market's text for the reason code, or the operator's if it still stands.

    While nothing may be paid to it, and while nobody acts for it, the operator has a task.
    """
    party, effect = get_organisation(event.organisation), EFFECTS[SuspensionKind(event.kind)]
    known = texts.REASONS.get(event.reason_code)
    reason = known.as_dict() if known else suspension_reason(event.suspension) or event.reason_code
    wording = texts.SUSPENDED.fill(
        kind=effect.label.as_dict(), meaning=effect.meaning.as_dict(), reason=reason
    )
    send_notice(organisation_id=party.id, subject=event.organisation, wording=wording)
    if effect.holds_payments:
        ask_operator(TaskKind.FREEZE, event.suspension, party=party.name, suspension=event.suspension)
    ask_for_trustee(party)


def on_suspension_ended(event: SuspensionEnded, envelope: Envelope) -> None:
    """Notify the organisation whether it may begin again, and close the operator's tasks about the suspension."""
    what = texts.ACTIVE_AGAIN if event.is_active else texts.STILL_SUSPENDED
    label = EFFECTS[SuspensionKind(event.kind)].label.as_dict()
    party = get_organisation(event.organisation)
    send_notice(
        organisation_id=party.id,
        subject=event.organisation,
        wording=texts.ENDED.fill(kind=label, what=what.as_dict()),
    )
    ask_for_trustee(party)
    for kind in (TaskKind.FREEZE, TaskKind.APPOINT):
        finish_for_operator(kind, event.suspension)


def on_trustee_appointed(event: TrusteeAppointed, envelope: Envelope) -> None:
    """Tell everybody of the organisation, the trustee too, who acts from now; the operator's task is done."""
    party = get_organisation(event.organisation)
    for suspension in standing_insolvencies(party.id):
        finish_for_operator(TaskKind.APPOINT, suspension)
    send_notice(
        organisation_id=party.id,
        subject=event.organisation,
        wording=texts.TRUSTEE_APPOINTED.fill(appointment=event.appointment),
    )
