"""Event handlers about qualifications, disqualifications and interests of third parties: who is concerned is told."""

from __future__ import annotations

from typing import cast

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.listings import StakeMoved
from marketplace.events.schemas.participants import (
    DisqualificationMoved,
    QualificationExpiring,
    QualificationMoved,
)
from marketplace.kernel.labels import Label
from marketplace.participants.disqualification_grounds import DisqualificationGround
from marketplace.participants.qualification_queries import kind_name
from marketplace.participants.qualification_states import VERIFIED_WITHIN, QualificationState
from marketplace.participants.queries import get_organisation

from .. import qualification_texts as texts
from ..operator_tasks import ask_operator, finish_for_operator
from ..services import send_notice
from ..states import TaskKind


def on_qualification_moved(event: QualificationMoved, envelope: Envelope) -> None:
    """Ask the operator to verify a stated qualification in time; tell the organisation what became of it otherwise."""
    party = get_organisation(event.organisation)
    name = kind_name(event.kind)
    if event.state == QualificationState.STATED:
        ask_operator(
            TaskKind.REVIEW,
            event.qualification,
            deadline=envelope.occurred_at + VERIFIED_WITHIN,
            title=texts.VERIFY,
            party=party.name,
            qualification=event.qualification,
            name=name,
        )
        return
    finish_for_operator(TaskKind.REVIEW, event.qualification)
    send_notice(
        organisation_id=party.id,
        subject=event.qualification,
        wording=texts.MOVED[event.state].fill(qualification=event.qualification, name=name),
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


def on_stake_moved(event: StakeMoved, envelope: Envelope) -> None:
    """Tell the seller of an interest that a third party claims in its listing, and of one that has ended."""
    wording = texts.STAKES.get(event.change)
    if wording is not None:
        send_notice(
            organisation_id=get_organisation(event.seller).id,
            subject=event.stake,
            wording=wording.fill(stake=event.stake, listing=event.listing),
        )
