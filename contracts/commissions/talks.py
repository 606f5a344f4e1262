"""Talk about the price of commissioned work: ask, answer, remind, and flag what the law forbids (取適法, article 5, paragraph 2, item 4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from listings.rights import end_of
from marketplace.cases.on_call import HALT_LOOKED_AT_WITHIN, Duty
from marketplace.cases.on_call_queries import on_call_now
from marketplace.cases.texts import people_on_call
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text
from marketplace.notices import services as notices
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import fill_label

from ..models import Agreement, Negotiation
from ..queries import latest_proposal
from ..states import AgreementState, NegotiationState
from ..terms import parse_terms
from . import talk_texts as texts
from .errors import NotCommissioned, TalkOpen
from .models import TEXT_LENGTH_MAX
from .raising import agreement_to_raise, raise_price
from .states import ANSWER_DAYS, TALK, TalkAnswer, TalkFlag, TalkState
from .talk_models import PriceTalk
from .terms import is_by_law

REMINDED_BEFORE: Final = timedelta(days=3)
BATCH: Final = 200
OPEN: Final = (TalkState.OPEN, TalkState.UNANSWERED)
REMIND = Loop("contracts.remind_price_talks")
FLAG = Loop("contracts.flag_price_talks")
DROP_OVER = Loop("contracts.drop_price_talks")


@transaction.atomic
def ask_for_talk(*, actor: Actor, negotiation: str, reason: str) -> PriceTalk:
    """Ask, as the seller of commissioned work that a law protects, to talk about the price, and say why; the buyer has a task.

    It can be asked in a negotiation, and while its agreement is in force. Raises Missing, NotCommissioned, TalkOpen, FieldInvalid,
    Forbidden, PermissionNeeded.
    """
    actor.require(Permission.NEGOTIATIONS_WRITE)
    said = stated_text("reason", reason, TEXT_LENGTH_MAX)
    subject = Negotiation.objects.select_for_update().filter(public_id=negotiation).first()
    if subject is None:
        raise Missing(kind="negotiation", identifier=negotiation)
    actor.require_scope(subject.buyer_id, subject.seller_id, kind="negotiation", identifier=negotiation)
    if actor.organisation_id != subject.seller_id:
        raise Forbidden(needed=Label("the seller", "提供者"))
    if _is_over(subject) or not is_by_law(parse_terms(latest_proposal(subject).terms).commission):
        raise NotCommissioned(agreement=negotiation)
    standing = PriceTalk.objects.filter(negotiation=subject, state__in=OPEN).first()
    if standing is not None:
        raise TalkOpen(talk=standing.public_id)
    now = clock.now()
    talk = PriceTalk.objects.create(
        negotiation=subject,
        reason=said,
        asked_by=actor.identifier,
        asked_at=now,
        answer_by=end_of(now.astimezone(clock.market_zone()), f"P{ANSWER_DAYS}D").astimezone(UTC),
    )
    _record(talk, actor, "asked", reason_commitment=commitment_to(talk.salt, said))
    notices.open_task(
        organisation_id=subject.buyer_id,
        kind=TaskKind.ANSWER,
        subject=talk.public_id,
        thread=talk.public_id,
        title=fill_label(texts.TALK, negotiation=negotiation),
        deadline=talk.answer_by,
    )
    return talk


@record_refusals()
def answer_talk(
    *, actor: Actor, talk: str, answer: str, reason: str = "", added_minor: int | None = None
) -> PriceTalk:
    """Answer, as the buyer, a talk about the price: ``agreed``, ``partly`` or ``refused``, with reasons.

    A refusal without reasons is flagged; a flag stays. The seller is told. Before the conclusion a new price is proposed as any other.
    While the agreement is in force, who agrees states what it pays in addition (``added_minor``, without tax), as a signatory within its
    authority, and owes it at once (``raise_price``). Raises Missing, IllegalTransition, FieldInvalid, Forbidden, PermissionNeeded, and as
    ``raise_price``.
    """
    actor.require(Permission.NEGOTIATIONS_WRITE)
    if answer not in TalkAnswer.values:
        known = ", ".join(TalkAnswer.values)
        raise FieldInvalid("answer", Label(f"specify one of {known}", f"{known} から選んでください"))
    said = stated_text("reason", reason, TEXT_LENGTH_MAX) if reason.strip() else ""
    subject = _locked(talk)
    negotiation = subject.negotiation
    actor.require_scope(negotiation.buyer_id, negotiation.seller_id, kind="price talk", identifier=talk)
    if actor.organisation_id != negotiation.buyer_id:
        raise Forbidden(needed=Label("the buyer", "利用者"))
    TALK.target(state=subject.state, command="answer", role="buyer")
    agreement = agreement_to_raise(subject, answer, added_minor)
    raised: dict[str, Any] = {}
    if agreement is not None and added_minor is not None:
        adjustment = raise_price(actor, subject, agreement, added_minor)
        raised = {"added_minor": added_minor, "adjustment": adjustment}
    flagged: dict[str, Any] = {}
    if answer == TalkAnswer.REFUSED and not said and subject.flag is None:
        flagged = {"flag": TalkFlag.NO_REASONS, "flagged_at": clock.now()}
    advance(
        subject,
        TALK,
        command="answer",
        role="buyer",
        answer=answer,
        answer_reason=said,
        answered_by=actor.identifier,
        answered_at=clock.now(),
        **flagged,
        **raised,
    )
    _record(
        subject,
        actor,
        "answered",
        answer=answer,
        flag=subject.flag,
        adjustment=subject.adjustment.public_id if subject.adjustment else None,
        reason_commitment=commitment_to(subject.salt, said),
    )
    notices.close_tasks(thread=subject.public_id, kinds=(TaskKind.ANSWER,), done_by=negotiation.buyer_id)
    finish_for_operator(TaskKind.LOOK_INTO, subject.public_id)
    wording = texts.ANSWERED.fill(negotiation=negotiation.public_id, talk=subject.public_id)
    notices.send_notices(subject=subject.public_id, wordings={negotiation.seller_id: wording})
    return subject


def remind_talks() -> int:
    """Remind buyers whose answer is due within ``REMINDED_BEFORE``, once; returns how many."""
    now = clock.now()
    due = PriceTalk.objects.filter(
        state=TalkState.OPEN, reminded_at=None, answer_by__lte=now + REMINDED_BEFORE, answer_by__gt=now
    )
    return _each(REMIND, due, _remind)


@transaction.atomic
def _remind(public_id: str) -> bool:
    talk = _locked(public_id)
    if talk.state != TalkState.OPEN or talk.reminded_at is not None:
        return False
    talk.reminded_at = clock.now()
    talk.save(update_fields=["reminded_at"])
    due = talk.answer_by.astimezone(clock.market_zone()).strftime("%Y-%m-%d %H:%M")
    wording = texts.REMINDED.fill(negotiation=talk.negotiation.public_id, talk=public_id, due=due)
    notices.send_notices(subject=public_id, wordings={talk.negotiation.buyer_id: wording})
    return True


def flag_talks() -> int:
    """Flag talks that the buyer has not answered in time, tell both, and ask the people on call to look into them; returns how many."""
    due = PriceTalk.objects.filter(state=TalkState.OPEN, answer_by__lte=clock.now())
    return _each(FLAG, due, _flag)


@transaction.atomic
def _flag(public_id: str) -> bool:
    talk = _locked(public_id)
    if talk.state != TalkState.OPEN or talk.answer_by > clock.now():
        return False
    advance(talk, TALK, command="flag", role="system", flag=TalkFlag.SILENCE, flagged_at=clock.now())
    _record(talk, SYSTEM, "unanswered", flag=talk.flag)
    ask_operator(
        TaskKind.LOOK_INTO,
        public_id,
        deadline=clock.now() + HALT_LOOKED_AT_WITHIN,
        title=texts.LOOK_INTO_TALK,
        needs=Permission.DISPUTES_WRITE,
        negotiation=talk.negotiation.public_id,
        talk=public_id,
        on_call=people_on_call(on_call_now(Duty.DISPUTES)),
    )
    wording = texts.UNANSWERED.fill(negotiation=talk.negotiation.public_id, talk=public_id)
    parties = (talk.negotiation.buyer_id, talk.negotiation.seller_id)
    notices.send_notices(subject=public_id, wordings=dict.fromkeys(parties, wording))
    return True


def drop_talks() -> int:
    """Drop talks whose negotiation or agreement is over, with their tasks, and tell both; returns how many."""
    over = PriceTalk.objects.filter(state__in=OPEN).filter(
        Q(negotiation__state=NegotiationState.TERMINATED)
        | Q(negotiation__agreement__isnull=False) & ~Q(negotiation__agreement__state=AgreementState.IN_FORCE)
    )
    return _each(DROP_OVER, over, _drop)


@transaction.atomic
def _drop(public_id: str) -> bool:
    talk = _locked(public_id)
    if talk.state not in OPEN:
        return False
    advance(talk, TALK, command="drop", role="system")
    _record(talk, SYSTEM, "dropped")
    notices.close_tasks(thread=public_id, kinds=(TaskKind.ANSWER, TaskKind.LOOK_INTO))
    wording = texts.DROPPED.fill(negotiation=talk.negotiation.public_id, talk=public_id)
    parties = (talk.negotiation.buyer_id, talk.negotiation.seller_id)
    notices.send_notices(subject=public_id, wordings=dict.fromkeys(parties, wording))
    return True


def _is_over(negotiation: Negotiation) -> bool:
    if negotiation.state == NegotiationState.TERMINATED:
        return True
    agreement = Agreement.objects.filter(negotiation=negotiation).only("state").first()
    return agreement is not None and agreement.state != AgreementState.IN_FORCE


def _record(talk: PriceTalk, actor: Actor, what: str, **stated: str | None) -> None:
    record(
        kind=f"contracts.price_talk_{what}",
        subject=talk.public_id,
        actor=actor,
        payload={
            "negotiation": talk.negotiation.public_id,
            "answer_by": talk.answer_by.isoformat(),
            **{name: None if value is None else str(value) for name, value in stated.items()},
        },
    )


def _locked(public_id: str) -> PriceTalk:
    talk = (
        PriceTalk.objects.select_for_update(of=("self",))
        .select_related("negotiation")
        .filter(public_id=public_id)
        .first()
    )
    if talk is None:
        raise Missing(kind="price talk", identifier=public_id)
    return talk


def _each(loop: Loop, due: QuerySet[PriceTalk], work: Callable[[str], bool]) -> int:
    rows = due.exclude(public_id__in=loop.standing_aside()).order_by("answer_by", "pk")
    return loop.each(rows.values_list("public_id", flat=True)[:BATCH], work)
