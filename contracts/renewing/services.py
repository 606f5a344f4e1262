"""Remind both parties of a renewal, have either refuse it, and renew as both signed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from listings import queries as listings
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.notices import services as notices
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import fill_label
from marketplace.participants import queries as participants
from marketplace.rules import services as rules
from marketplace.rules.errors import TradingHalted
from marketplace.rules.halt_time import covered_by_halts

from ..amending.concluding import tell_version
from ..amending.queries import amended_of
from ..ending.queries import party_of
from ..ending.states import EndingState
from ..errors import AgreementEnded
from ..locks import CONCLUSION_LOCK
from ..models import Agreement
from ..pools.queries import is_pooled
from ..services.agreements import locked_agreement
from ..states import AgreementState, Party, label_of
from .claims import CLAUSE
from .documents import first_day, make_renewed
from .errors import NoRenewal, RenewalOver
from .models import Renewal
from .moves import drop_renewal, follow_renewal
from .states import RENEWAL, DropReason, RenewalKind, RenewalState
from .texts import NOT_RENEWED, REFUSED, REMINDERS, RENEWED, TO_AMEND, TO_REFUSE

REMINDED_BEFORE: Final = timedelta(days=14)
BATCH: Final = 200
ATTEND = Loop("contracts.attend_renewals")


@transaction.atomic
def refuse_renewal(*, actor: Actor, agreement: str) -> Renewal:
    """Give notice, as a signatory of a party, that the agreement is not renewed: it ends with its term.

    Raises Missing, AgreementEnded, NoRenewal, RenewalOver once its day of notice has come, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    subject = locked_agreement(actor, agreement)
    party = party_of(actor, subject)
    if subject.state != AgreementState.IN_FORCE:
        raise AgreementEnded(agreement=agreement)
    renewal = (
        subject.renewals.select_for_update()
        .filter(state=RenewalState.STANDING, kind=RenewalKind.AUTOMATIC)
        .first()
    )
    if renewal is None:
        raise NoRenewal(agreement=agreement)
    if clock.now() >= renewal.notice_by:
        raise RenewalOver(agreement=agreement, notice_by=renewal.notice_by.isoformat())
    advance(
        renewal,
        RENEWAL,
        command="refuse",
        role=party,
        refused_party=party,
        refused_by=actor.identifier,
        closed_at=clock.now(),
    )
    record(
        kind="contracts.renewal_refused",
        subject=renewal.public_id,
        actor=actor,
        payload={"agreement": agreement, "party": party},
    )
    notices.close_tasks(thread=renewal.public_id, done_by=actor.require_organisation())
    wording = REFUSED.fill(
        agreement=agreement, party=label_of(Party, party).as_dict(), day=_last_day(subject.ends_at)
    )
    notices.send_notices(subject=agreement, wordings={subject.buyer_id: wording, subject.seller_id: wording})
    return renewal


def attend_renewals() -> int:
    """Remind both parties of what is renewed soon, and renew what nobody refused by its day of notice; returns how many rows changed.

    What cannot be renewed then comes to nothing, and both are told why; while trading is halted it waits. Emits agreement.amended.
    """
    now = clock.now()
    is_due = Q(kind=RenewalKind.AUTOMATIC, notice_by__lte=now)
    is_reminded = Q(reminded_at=None) & (
        Q(kind=RenewalKind.AUTOMATIC, notice_by__lte=now + REMINDED_BEFORE)
        | Q(kind=RenewalKind.BY_AGREEMENT, notice_by__lte=now)
    )
    halted = covered_by_halts(listing="agreement__listing", segment="agreement__segment")
    due = Renewal.objects.filter(is_due | is_reminded, state=RenewalState.STANDING).exclude(is_due & halted)
    rows = due.exclude(public_id__in=ATTEND.standing_aside()).order_by("notice_by", "pk")
    return ATTEND.each(rows.values_list("public_id", flat=True)[:BATCH], _attend)


@transaction.atomic
def _attend(public_id: str) -> bool:
    # One that another transaction has is seen by the next sweep.
    agreement = (
        Agreement.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(renewals__public_id=public_id)
        .first()
    )
    if agreement is None:
        return False
    renewal = Renewal.objects.select_for_update().get(public_id=public_id)
    if renewal.state != RenewalState.STANDING:
        return False
    if renewal.kind == RenewalKind.BY_AGREEMENT or clock.now() < renewal.notice_by:
        return _remind(renewal, agreement)
    try:
        rules.require_trading_open(listing=agreement.listing, segment=agreement.segment)
    except TradingHalted:
        return False
    return _settle(renewal, agreement)


def _settle(renewal: Renewal, agreement: Agreement) -> bool:
    """Renew, or say why not."""
    reason, decision = _obstacle(agreement), ""
    if reason is None:
        CONCLUSION_LOCK.acquire_for(str(agreement.buyer_id))
        trade = {
            "segment": agreement.segment,
            "price_minor": amended_of(agreement).terms.price_minor,
            "currency": agreement.currency,
        }
        decisions = rules.evaluate_in_turn(
            points={"conclusion": {}, "trading": {"trade": trade}}, subject=renewal.public_id, actor=SYSTEM
        )
        reason, decision = (None if decisions[-1].passes else DropReason.RULES), decisions[0].public_id
    if reason is not None:
        drop_renewal(renewal, agreement, reason)
        wording = NOT_RENEWED.fill(
            agreement=agreement.public_id,
            day=_last_day(agreement.ends_at),
            reason=label_of(DropReason, reason.value).as_dict(),
        )
        notices.send_notices(
            subject=agreement.public_id, wordings={agreement.buyer_id: wording, agreement.seller_id: wording}
        )
        return True
    version = make_renewed(renewal, agreement, decision)
    document = version.renewal
    assert document is not None  # noqa: S101  version_made_by
    advance(renewal, RENEWAL, command="renew", role="system", closed_at=clock.now())
    record(
        kind="contracts.agreement_renewed",
        subject=renewal.public_id,
        actor=SYSTEM,
        payload={
            "agreement": agreement.public_id,
            "version": version.public_id,
            "document": document.public_id,
            "signed_hash": document.signed_hash,
            "clause": CLAUSE,
            "jws_sha256": sha256_hex(document.jws.encode()),
        },
    )
    tell_version(SYSTEM, version, RENEWED)
    agreement.refresh_from_db()
    follow_renewal(agreement)
    notices.close_tasks(thread=renewal.public_id)
    return True


def _obstacle(agreement: Agreement) -> DropReason | None:
    """Why an agreement, which is locked, is not renewed on its day of notice, apart from the rules; None if nothing is against it."""
    if agreement.state != AgreementState.IN_FORCE:
        return DropReason.AGREEMENT_ENDED
    if agreement.endings.filter(state=EndingState.SCHEDULED).exists():
        return DropReason.ENDING
    if listings.is_withdrawn(agreement.listing):
        return DropReason.LISTING_WITHDRAWN
    if is_pooled(agreement.listing):
        return DropReason.POOLED
    standings = participants.standings_in(agreement.segment, [agreement.buyer_id, agreement.seller_id])
    for key, capacity in ((agreement.buyer_id, Party.BUYER), (agreement.seller_id, Party.SELLER)):
        if capacity not in standings[key].admitted_as:
            return DropReason.NOT_ADMITTED
    if first_day(amended_of(agreement)) <= clock.today():
        return DropReason.LATE
    return None


def _remind(renewal: Renewal, agreement: Agreement) -> bool:
    """Open a task of both parties, once."""
    if renewal.reminded_at is not None:
        return False
    renewal.reminded_at = clock.now()
    renewal.save(update_fields=["reminded_at"])
    kind = RenewalKind(renewal.kind)
    is_automatic = kind is RenewalKind.AUTOMATIC
    deadline = renewal.notice_by if is_automatic else agreement.ends_at
    for party in (agreement.buyer_id, agreement.seller_id):
        notices.open_task(
            organisation_id=party,
            kind=TaskKind.ANSWER,
            subject=agreement.public_id,
            thread=renewal.public_id,
            title=fill_label(REMINDERS[kind], agreement=agreement.public_id, day=_last_day(deadline)),
            deadline=deadline,
            detail=fill_label(TO_REFUSE if is_automatic else TO_AMEND, agreement=agreement.public_id),
        )
    return True


def _last_day(until: datetime | None) -> str:
    """The last day (Japan) before an instant at which a day begins."""
    assert until is not None  # noqa: S101  what is renewed ends
    return (until - timedelta(microseconds=1)).astimezone(clock.market_zone()).date().isoformat()
