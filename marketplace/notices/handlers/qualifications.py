"""Event handlers about qualifications and disqualifications: the organisation is told what became of them."""

from __future__ import annotations

from typing import cast

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import (
    DisqualificationMoved,
    QualificationExpiring,
    QualificationMoved,
)
from marketplace.kernel.labels import Label
from marketplace.participants.disqualification_grounds import DisqualificationGround
from marketplace.participants.qualification_queries import kind_name
from marketplace.participants.qualification_states import QualificationState
from marketplace.participants.queries import get_organisation

from .. import qualification_texts as texts
from ..operator_tasks import ask_operator, finish_for_operator
from ..services import send_notice
from ..states import TaskKind


def on_qualification_moved(event: QualificationMoved, envelope: Envelope) -> None:
    """Ask the operator to verify a stated qualification; tell the organisation what became of it otherwise."""
    party = get_organisation(event.organisation)
    words: dict[str, str | dict[str, str]] = {
        "qualification": event.qualification,
        "name": kind_name(event.kind),
    }
    if event.state == QualificationState.STATED:
        ask_operator(TaskKind.REVIEW, event.qualification, title=texts.VERIFY, party=party.name, **words)
        return
    finish_for_operator(TaskKind.REVIEW, event.qualification)
    send_notice(
        organisation_id=party.id, subject=event.qualification, wording=texts.MOVED[event.state].fill(**words)
    )


def on_qualification_expiring(event: QualificationExpiring, envelope: Envelope) -> None:
    """Tell the organisation until when its qualification counts."""
    wording = texts.EXPIRING.fill(
        qualification=event.qualification, name=kind_name(event.kind), day=event.valid_until
    )
    send_notice(
        organisation_id=get_organisation(event.organisation).id, subject=event.qualification, wording=wording
    )


def on_disqualification_moved(event: DisqualificationMoved, envelope: Envelope) -> None:
    """Tell the organisation that it or an officer of it was disqualified, or that this ended."""
    whom = texts.OFFICER if event.of_officer else texts.ORGANISATION
    wording = texts.DISQUALIFIED[event.change].fill(
        whom=whom.as_dict(),
        ground=cast(Label, DisqualificationGround(event.ground).label).as_dict(),
        day=event.until,
        disqualification=event.disqualification,
    )
    send_notice(
        organisation_id=get_organisation(event.organisation).id,
        subject=event.disqualification,
        wording=wording,
    )
