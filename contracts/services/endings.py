"""End agreements before their term: by both, by notice, or by law; each after its consequences were shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from marketplace.approvals.services import require_two_people
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.participants.interest_queries import related_to, require_unrelated

from ..ending.consequences import digest_of_consequences, refund_after_loss
from ..ending.lost_time import time_lost_since
from ..ending.models import REASON_LENGTH_MAX, Ending
from ..ending.queries import adjusted_by_charge, charge_left, consequences_shown, party_of
from ..ending.states import ANSWER_DAYS, ENDING, EndingGround, EndingParty, EndingState
from ..errors import ConsequencesChanged, EndingOpen, EndingOver
from ..law.models import LawAdjustment
from ..models import Agreement
from ..states import ENDED_EARLY, DisputeState, Party, TerminationReason
from .agreements import locked_agreement, make_adjustment, terminate_agreement
from .ending_moves import drop_endings, move_ending, tell_ending

BY_PARTIES: Final = (EndingGround.MUTUAL.value, EndingGround.CONVENIENCE.value)
ORDERED_WITHIN: Final = timedelta(hours=72)
BATCH: Final = 200
LAPSE = Loop("contracts.lapse_endings")
CARRY_OUT = Loop("contracts.carry_out_endings")


@transaction.atomic
def end_early(
    *,
    actor: Actor,
    agreement: str,
    ground: str,
    last_day: date,
    digest: str,
    refund: str | None = None,
    reason: str = "",
) -> Ending:
    """End an agreement, as a party's signatory, after ``last_day``: ``mutual`` proposes it to the other party, ``convenience`` is a
    notice that the contract allows; after one by the seller what was not enjoyed comes back, and no instalment that is due later is owed.

    A notice replaces one that is scheduled with a later last day; a proposal does so when it is accepted. ``digest`` is that of the
    consequences that were shown (``ending_queries.consequences_shown``); others are refused. Emits agreement.ending. Raises Missing, AgreementEnded, NoNoticeAgreed, EndingOpen, ConsequencesChanged, FieldInvalid, PermissionNeeded,
    ProofNeeded, Forbidden.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    why = stated_text("reason", reason, REASON_LENGTH_MAX) if reason else ""
    if ground not in BY_PARTIES:
        known = ", ".join(BY_PARTIES)
        raise FieldInvalid("ground", Label(f"specify one of {known}", f"{known} から選んでください"))
    subject = locked_agreement(actor, agreement)
    party = party_of(actor, subject)
    consequences = _confirmed(subject, digest, ground=ground, last_day=last_day, refund=refund, party=party)
    is_proposal = ground == EndingGround.MUTUAL
    proposed = subject.endings.filter(state=EndingState.PROPOSED).first() if is_proposal else None
    if proposed is not None:
        raise EndingOpen(agreement=agreement, ending=proposed.public_id)
    scheduled = _require_earlier(subject, last_day)
    if scheduled is not None and not is_proposal:
        move_ending(scheduled, subject, actor=SYSTEM, command="drop", role="system")
    return make_ending(actor, subject, consequences, digest, party=party, reason=why)


@record_refusals()
def end_by_law(*, actor: Actor, agreement: str, last_day: date, digest: str, reason: str) -> Ending:
    """End an agreement after ``last_day``, as two people of the operator without an interest in a party, because law requires it.

    What else would have ended it is dropped; the price of the days not enjoyed comes back. Otherwise as ``end_early``. Raises
    SecondPersonNeeded and Recused besides.
    """
    actor.require(Permission.DISPUTES_WRITE)
    actor.require_person()
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    subject = locked_agreement(actor, agreement)
    consequences = _confirmed(subject, digest, ground=EndingGround.LAW, last_day=last_day, refund=None)
    require_unrelated(actor, subject.buyer_id, subject.seller_id)
    approval = require_two_people(
        actor=actor,
        permission=Permission.DISPUTES_WRITE,
        organisation=actor.organisation or "",
        command="contracts.end_by_law",
        subject=agreement,
        payload={"digest": digest, "reason": why},
        expires_in=ORDERED_WITHIN,
        barred=related_to(subject.buyer_id, subject.seller_id),
    )
    drop_endings(subject)
    return make_ending(
        actor,
        subject,
        consequences,
        digest,
        party=EndingParty.OPERATOR,
        reason=why,
        first_person=approval.first_person,
    )


def _require_earlier(agreement: Agreement, last_day: date) -> Ending | None:
    """What is scheduled to end an agreement that the caller has locked, if anything; raises EndingOpen unless that is after ``last_day``."""
    scheduled = agreement.endings.select_for_update().filter(state=EndingState.SCHEDULED).first()
    if scheduled is not None and scheduled.last_day <= last_day:
        raise EndingOpen(agreement=agreement.public_id, ending=scheduled.public_id)
    return scheduled


def _confirmed(agreement: Agreement, digest: str, **how: Any) -> dict[str, Any]:
    """The consequences of ending the agreement so, which the caller confirmed by their digest; raises ConsequencesChanged."""
    consequences = consequences_shown(agreement, **how)
    if digest_of_consequences(consequences) != digest:
        raise ConsequencesChanged(agreement=agreement.public_id)
    return consequences


def make_ending(
    actor: Actor,
    agreement: Agreement,
    consequences: dict[str, Any],
    digest: str,
    *,
    party: str,
    reason: str,
    first_person: str = "",
    law_adjustment: LawAdjustment | None = None,
) -> Ending:
    """The end of a locked agreement with these consequences, proposed or scheduled; by ``law_adjustment`` the market itself schedules it.

    Emits agreement.ending."""
    until = datetime.fromisoformat(consequences["access_until"])
    is_proposal = consequences["ground"] == EndingGround.MUTUAL
    ending = Ending.objects.create(
        agreement=agreement,
        ground=consequences["ground"],
        party=party,
        refund=consequences["refund"],
        last_day=date.fromisoformat(consequences["last_day"]),
        access_until=until,
        refund_minor=consequences["refund_minor"],
        consequences=consequences,
        digest=digest,
        reason=reason,
        state=EndingState.PROPOSED if is_proposal else EndingState.SCHEDULED,
        proposed_by=actor.identifier,
        first_person=first_person,
        law_adjustment=law_adjustment,
        proposed_at=clock.now(),
        respond_by=min(clock.now() + timedelta(days=ANSWER_DAYS), until) if is_proposal else None,
    )
    tell_ending(ending, agreement, actor)
    return ending


@transaction.atomic
def accept_ending(*, actor: Actor, ending: str, digest: str) -> Ending:
    """Accept, as the other party's signatory, a proposed ending with the consequences that it states; it is then scheduled, and what
    was scheduled with a later last day is dropped.

    Emits agreement.ending. Raises Missing, IllegalTransition, EndingOver, EndingOpen, ConsequencesChanged, Forbidden, PermissionNeeded,
    ProofNeeded.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    subject, agreement = _locked(actor, ending)
    role = _require_other(actor, subject, agreement, "accept")
    now = clock.now()
    if subject.respond_by is None or now >= min(subject.respond_by, subject.access_until):
        raise EndingOver(ending=ending)
    standing = consequences_shown(
        agreement, ground=subject.ground, last_day=subject.last_day, refund=subject.refund
    )
    if not subject.digest == digest == digest_of_consequences(standing):
        raise ConsequencesChanged(agreement=agreement.public_id)
    scheduled = _require_earlier(agreement, subject.last_day)
    if scheduled is not None:
        move_ending(scheduled, agreement, actor=SYSTEM, command="drop", role="system")
    move_ending(
        subject,
        agreement,
        actor=actor,
        command="accept",
        role=role,
        answered_by=actor.identifier,
        answered_at=now,
    )
    return subject


@transaction.atomic
def refuse_ending(*, actor: Actor, ending: str) -> Ending:
    """Refuse, as the other party, a proposed ending; the agreement goes on.

    Emits agreement.ending. Raises Missing, IllegalTransition, Forbidden, PermissionNeeded.
    """
    actor.require(Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)
    subject, agreement = _locked(actor, ending)
    role = _require_other(actor, subject, agreement, "refuse")
    move_ending(subject, agreement, actor=actor, command="refuse", role=role)
    return subject


@transaction.atomic
def withdraw_ending(*, actor: Actor, ending: str) -> Ending:
    """Withdraw, as its party, a proposed ending that was not answered.

    Emits agreement.ending. Raises Missing, IllegalTransition, Forbidden, PermissionNeeded.
    """
    actor.require(Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)
    subject, agreement = _locked(actor, ending)
    role = party_of(actor, agreement)
    if role != subject.party:
        raise Forbidden(needed=Label("the party that proposed it", "提案した当事者"))
    move_ending(subject, agreement, actor=actor, command="withdraw", role=role)
    return subject


def _require_other(actor: Actor, ending: Ending, agreement: Agreement, command: str) -> str:
    role = party_of(actor, agreement)
    ENDING.target(state=ending.state, command=command, role=role)
    if role == ending.party:
        raise Forbidden(needed=Label("the other party", "相手方"))
    return role


def _locked(actor: Actor, public_id: str) -> tuple[Ending, Agreement]:
    """The ending and its agreement, both locked, the agreement first; raises Missing, also where it is of two others."""
    of = Ending.objects.filter(public_id=public_id).values_list("agreement__public_id", flat=True).first()
    if of is None:
        raise Missing(kind="ending", identifier=public_id)
    try:
        agreement = locked_agreement(actor, of)
    except Missing:
        raise Missing(kind="ending", identifier=public_id) from None
    return Ending.objects.select_for_update().get(public_id=public_id), agreement


def lapse_endings() -> int:
    """End proposals that were not answered in time; returns how many. Emits agreement.ending."""
    now = clock.now()
    due = Ending.objects.filter(Q(respond_by__lte=now) | Q(access_until__lte=now), state=EndingState.PROPOSED)
    return _each(LAPSE, due, _lapse)


@transaction.atomic
def _lapse(public_id: str) -> bool:
    ending, agreement = _locked(SYSTEM, public_id)
    if ending.state != EndingState.PROPOSED:
        return False
    move_ending(ending, agreement, actor=SYSTEM, command="lapse", role="system")
    return True


def carry_out_endings() -> int:
    """Terminate the agreements whose last day has passed, and have clearing return what comes back; returns how many.

    While a dispute is open, access is closed and nothing ends: its decision comes first. Emits adjustment.due, agreement.terminated.
    """
    due = Ending.objects.filter(state=EndingState.SCHEDULED, access_until__lte=clock.now())
    return _each(CARRY_OUT, due.exclude(agreement__disputes__state=DisputeState.OPEN), _carry_out)


@transaction.atomic
def _carry_out(public_id: str) -> bool:
    ending, agreement = _locked(SYSTEM, public_id)
    is_disputed = agreement.disputes.filter(state=DisputeState.OPEN).exists()
    if ending.state != EndingState.SCHEDULED or is_disputed:
        return False
    charge = ending.consequences["charge"]
    lost = time_lost_since(agreement.public_id, ending.proposed_at)
    added_minor = adjusted_by_charge(agreement).get(charge, 0)
    wanted_minor = refund_after_loss(ending.consequences, lost, added_minor)
    # What was returned of the charge meanwhile is not returned again.
    refund_minor = min(wanted_minor, charge_left(agreement, charge, adjusted=True)) if wanted_minor else 0
    if refund_minor > 0:
        make_adjustment(
            SYSTEM,
            agreement,
            debtor=Party.SELLER,
            charge=charge,
            amount_minor=refund_minor,
            reason=f"Paid in advance and not enjoyed ({ending.public_id}).",
            reason_code=ENDED_EARLY,
            within_left=True,
        )
    move_ending(ending, agreement, actor=SYSTEM, command="carry_out", role="system")
    terminate_agreement(
        agreement=agreement.public_id, reason_code=TerminationReason(ending.ground), cause=ending.public_id
    )
    return True


def _each(loop: Loop, due: QuerySet[Ending], work: Callable[[str], bool]) -> int:
    rows = due.exclude(public_id__in=loop.standing_aside()).order_by("pk")
    return loop.each(rows.values_list("public_id", flat=True)[:BATCH], work)
