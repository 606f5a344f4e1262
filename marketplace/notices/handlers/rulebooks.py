"""Event handlers about the rulebook: every participant is told of a version before it takes effect."""

from __future__ import annotations

from datetime import timedelta

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.rules import AdmissionRescreened, RulebookPublished, RulebookWithdrawn
from marketplace.kernel import clock
from marketplace.participants.queries import get_organisation, participant_keys

from .. import rulebook_texts as texts
from ..formats import format_moment
from ..operator_tasks import ask_operator, finish_for_operator
from ..services import send_notice, send_notices
from ..states import TaskKind

URGENT = "urgent"
FACTS = "facts"
REVIEW_WITHIN = timedelta(days=30)
"""So long the operator has to review an admission that a new rulebook would not give, or to draft a withdrawn version anew."""
ANEW = "rulebook.withdrawn"
"""The thread of tasks about withdrawn versions: the next version that is published with its notice ends them."""


def on_rulebook_published(event: RulebookPublished, envelope: Envelope) -> None:
    """Notify every participant when the version takes effect, and why it may do so at once. The first version has no readers."""
    if event.lane != URGENT:
        finish_for_operator(TaskKind.REVIEW, ANEW)
    wording = texts.PUBLISHED.fill(
        number=str(event.number),
        rulebook=event.rulebook,
        moment=format_moment(event.effective_from),
        why=(texts.AT_ONCE if event.lane == URGENT else texts.WITH_NOTICE).as_dict(),
    )
    send_notices(subject=event.rulebook, wordings=dict.fromkeys(participant_keys(), wording))


def on_rulebook_withdrawn(event: RulebookWithdrawn, envelope: Envelope) -> None:
    """Tell every participant that a version will not take effect, and ask the operator to draft it anew."""
    number = str(event.number)
    wording = texts.WITHDRAWN.fill(number=number, rulebook=event.rulebook, urgent=event.urgent)
    send_notices(subject=event.rulebook, wordings=dict.fromkeys(participant_keys(), wording))
    ask_operator(
        TaskKind.REVIEW,
        event.rulebook,
        thread=ANEW,
        title=texts.DRAFT_ANEW,
        deadline=clock.now() + REVIEW_WITHIN,
        number=number,
        urgent=event.urgent,
    )


def on_admission_rescreened(event: AdmissionRescreened, envelope: Envelope) -> None:
    """Tell who keeps an admission that it would not get now, and ask the operator to review it; or close that task."""
    party = get_organisation(event.organisation)
    if event.passes:
        finish_for_operator(TaskKind.REVIEW, event.admission)
        return
    told, title = (
        (texts.FACTS_CHANGED, texts.REVIEW_FACTS)
        if event.cause == FACTS
        else (texts.RESCREENED, texts.REVIEW_RESCREENED)
    )
    wording = told.fill(admission=event.admission, decision=event.decision, rulebook=event.rulebook)
    send_notice(organisation_id=party.id, subject=event.admission, wording=wording)
    ask_operator(
        TaskKind.REVIEW,
        event.admission,
        title=title,
        deadline=clock.now() + REVIEW_WITHIN,
        party=party.name,
        decision=event.decision,
    )
