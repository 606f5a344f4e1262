"""Remind the party whose turn it is before its time to answer ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from marketplace.cases.queries import held_subjects
from marketplace.cases.states import CaseKindCode
from marketplace.kernel import clock
from marketplace.kernel.aside import Loop
from marketplace.kernel.labels import Label
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording
from marketplace.participants import queries as participants
from marketplace.rules.halt_time import covered_by_halts

from .. import queries
from ..models import Negotiation, Proposal
from ..reminders.models import Reminder
from ..states import REMINDED_DAYS, WAITS_FOR, NegotiationState, Party
from .moves import give_back_halted_time, identifier_of

REMINDING = Loop("contracts.remind_to_answer")
REMINDER = Wording(
    Label("{party} waits for your answer", "{party} への回答期限が近づいています"),
    Label(
        "Answer in negotiation {negotiation} by {deadline}. After that it ends without an agreement.",
        "交渉 {negotiation} には {deadline} までに回答してください。期限を過ぎると、交渉は契約に至らず終了します。",
    ),
)


def remind_to_answer(*, limit: int = 100) -> int:
    """Remind of negotiations that wait for a party and end soon, at most ``limit``; returns the number of notices.

    Each in its own transaction, once for each turn and number of days (``REMINDED_DAYS``). None while a halt covers it or two people of
    the operator decide its conclusion.
    """
    due: QuerySet[Negotiation] = Negotiation.objects.none()
    for days in REMINDED_DAYS:
        due = due | _due(days)
    rows = (
        due.exclude(covered_by_halts())
        .exclude(public_id__in=held_subjects(CaseKindCode.CONCLUSION))
        .exclude(public_id__in=REMINDING.standing_aside())
        .order_by("pk")
        .values_list("public_id", flat=True)[:limit]
    )
    return REMINDING.each(rows, _remind)


def _due(days: int) -> QuerySet[Negotiation]:
    """Negotiations whose time to answer ends within the days, of which this turn's party was not reminded so late.

    Not those of a signed proposal that is open no longer than the days.
    """
    now = clock.now()
    # Of the negotiation around the query in which it stands.
    latest = Proposal.objects.filter(negotiation=OuterRef(OuterRef("pk"))).order_by("-number")
    reminded = Reminder.objects.filter(
        proposal__negotiation=OuterRef("pk"),
        proposal=latest.values("pk")[:1],
        state=OuterRef("state"),
        days__lte=days,
    )
    short = Proposal.objects.filter(pk=latest.values("pk")[:1], terms__open_days__lte=days)
    return (
        Negotiation.objects.filter(
            state__in=WAITS_FOR, respond_by__gt=now, respond_by__lte=now + timedelta(days=days)
        )
        .exclude(Exists(reminded))
        .exclude(Q(state=NegotiationState.AGREED) & Q(Exists(short)))
    )


@transaction.atomic
def _remind(public_id: str) -> int:
    negotiation = (
        Negotiation.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(public_id=public_id, state__in=WAITS_FOR)
        .first()
    )
    if negotiation is None or give_back_halted_time(negotiation):
        return 0
    proposal = queries.latest_proposal(negotiation)
    days = _days_left(negotiation, proposal)
    if days is None:
        return 0
    _made, is_new = Reminder.objects.get_or_create(
        proposal=proposal, state=str(negotiation.state), days=days, defaults={"reminded_at": clock.now()}
    )
    if is_new:
        _tell(negotiation)
    return int(is_new)


def _days_left(negotiation: Negotiation, proposal: Proposal) -> int | None:
    """The reminder that is due now; None if none is, such as of a period that is no longer than the reminder's days."""
    if negotiation.respond_by is None:
        return None
    left = negotiation.respond_by - clock.now()
    days = min((days for days in REMINDED_DAYS if timedelta(0) < left <= timedelta(days=days)), default=None)
    is_short = negotiation.state == NegotiationState.AGREED and proposal.terms["open_days"] <= (days or 0)
    return None if is_short else days


def _tell(negotiation: Negotiation) -> None:
    waiting = WAITS_FOR[NegotiationState(negotiation.state)]
    other = Party.SELLER if waiting is Party.BUYER else Party.BUYER
    party = participants.get_organisation(identifier_of(negotiation, other))
    wording = REMINDER.fill(
        party=party.name, negotiation=negotiation.public_id, deadline=_moment(negotiation.respond_by)
    )
    told = negotiation.buyer_id if waiting is Party.BUYER else negotiation.seller_id
    notices.send_notice(organisation_id=told, subject=negotiation.public_id, wording=wording)


def _moment(instant: datetime | None) -> str:
    local = (instant or clock.now()).astimezone(clock.market_zone())
    return f"{local:%Y-%m-%d %H:%M} ({settings.MARKET_TIME_ZONE})"
