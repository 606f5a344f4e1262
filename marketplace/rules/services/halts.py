"""Halt trading in a listing, a segment or the whole market, by one person, and lift halts, by two."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from marketplace.events.schemas.rules import TradingHalted as TradingHaltedEvent
from marketplace.events.schemas.rules import TradingResumed
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.interest_queries import require_unrelated_to_parties

from ..errors import AlreadyHalted, HaltLifted, TradingHalted
from ..halts import SUBJECTS
from ..locks import TRADING_LOCK
from ..models import Halt
from ..queries import halt_of
from ..states import HaltScope

REASON_LENGTH_MAX = 500


@transaction.atomic
def halt_trading(*, actor: Actor, scope: str, subject: str = "", reason: Mapping[str, str]) -> Halt:
    """Halt trading, as the operator, in a ``listing`` (public identifier), a ``segment`` (code) or the ``market``.

    Agreements that are being concluded are completed first; after this commits, no agreement is concluded and no
    negotiation begins there. Agreements concluded before continue. ``reason`` is ``{"ja", "en"}`` and published.
    Who has declared an interest in the seller of a listing halts no trading in it. Emits trading.halted. Raises Recused, AlreadyHalted, Missing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.TRADING_HALT)
    _check_subject(scope, subject)
    if scope == HaltScope.LISTING:
        require_unrelated_to_parties(actor, subject)
    said = _check_reason(reason)
    TRADING_LOCK.acquire()
    standing = Halt.objects.filter(scope=scope, subject=subject, lifted_at=None).first()
    if standing is not None:
        raise AlreadyHalted(halt=standing.public_id, scope=scope, subject=subject)
    halt = Halt.objects.create(
        scope=scope, subject=subject, reason=said, started_at=clock.now(), started_by=actor.identifier
    )
    record(
        kind="rules.trading_halted",
        subject=halt.public_id,
        actor=actor,
        payload={"scope": scope, "subject": subject, "reason": said},
    )
    emit(
        TradingHaltedEvent(
            halt=halt.public_id, scope=scope, target=subject or None, since=halt.started_at.isoformat()
        )
    )
    return halt


@transaction.atomic
def lift_halt(*, actor: Actor, halt: str, reason: Mapping[str, str], first_person: str) -> Halt:
    """Lift a halt, as the second person of the operator. ``reason`` is ``{"ja", "en"}`` and published.

    ``first_person`` is the identifier of who gave the same command first (``clearing.approvals.halts``). Another halt that
    covers the same trades stays in force. Emits trading.resumed. Raises Missing, HaltLifted, FieldInvalid, Forbidden.
    """
    subject, said = standing_halt(actor=actor, halt=halt, reason=reason)
    actor.require_second_to(first_person)
    subject.lifted_at, subject.lifted_by, subject.lift_reason = clock.now(), actor.identifier, said
    subject.lift_first_person = first_person
    subject.save(update_fields=["lifted_at", "lifted_by", "lift_reason", "lift_first_person"])
    record(
        kind="rules.trading_resumed",
        subject=halt,
        actor=actor,
        payload={
            "scope": subject.scope,
            "subject": subject.subject,
            "reason": said,
            "first_person": first_person,
        },
    )
    emit(
        TradingResumed(
            halt=halt,
            scope=subject.scope,
            target=subject.subject or None,
            resumed_at=subject.lifted_at.isoformat(),
        )
    )
    return subject


def standing_halt(*, actor: Actor, halt: str, reason: Mapping[str, str]) -> tuple[Halt, dict[str, str]]:
    """The halt that is to be lifted, and the reason as published; no trade begins until the transaction ends.

    Raises Missing, HaltLifted, FieldInvalid, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    said = _check_reason(reason)
    TRADING_LOCK.acquire()
    subject = Halt.objects.filter(public_id=halt).first()
    if subject is None:
        raise Missing(kind="halt", identifier=halt)
    if subject.lifted_at is not None:
        raise HaltLifted(halt=halt, lifted_at=subject.lifted_at.isoformat())
    return subject, said


def require_trading_open(*, listing: str, segment: str) -> None:
    """Raise TradingHalted if a halt covers the trade; no halt can begin until the transaction ends.

    It waits for a halt that is being declared, so a caller that passes commits before the next halt.
    """
    TRADING_LOCK.acquire_shared()
    halt = halt_of(listing=listing, segment=segment)
    if halt is not None:
        raise TradingHalted(halt)


def _check_subject(scope: str, subject: str) -> None:
    if scope not in HaltScope.values:
        known = ", ".join(HaltScope.values)
        raise FieldInvalid("scope", Label(f"choose one of {known}", f"{known} から選んでください"))
    if scope == HaltScope.MARKET:
        if subject:
            raise FieldInvalid(
                "subject",
                Label("leave it out when the whole market is halted", "市場全体の停止では指定できません"),
            )
        return
    if not subject or "\x00" in subject or not SUBJECTS[scope](subject):
        raise Missing(kind=scope, identifier=subject)


def _check_reason(reason: Mapping[str, str]) -> dict[str, str]:
    said = {language: str(reason.get(language, "")).strip() for language in ("ja", "en")}
    if any(not text or len(text) > REASON_LENGTH_MAX or "\x00" in text for text in said.values()):
        raise FieldInvalid(
            "reason",
            Label(
                f"give the reason in Japanese and English, at most {REASON_LENGTH_MAX} characters each",
                f"理由を日本語と英語で、それぞれ{REASON_LENGTH_MAX}字以内で入力してください",
            ),
        )
    return said
