"""Incidents, questions, holds and records, made as the market lets them be made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.notices.models import Notice, Task
from marketplace.oversight.activity.models import ActivityRecord
from marketplace.oversight.activity.services import ask_records
from marketplace.oversight.consultations import services as consultations
from marketplace.oversight.consultations.models import Consultation
from marketplace.oversight.holds import services as holds
from marketplace.oversight.holds.models import LegalHold
from marketplace.oversight.incidents import services as incidents
from marketplace.oversight.incidents.models import Incident
from marketplace.oversight.reviews.detectors import Seen, SeenEnd
from marketplace.oversight.reviews.models import Review
from marketplace.oversight.reviews.services import see_agreement, see_broken_off
from marketplace.oversight.seals import services as seals
from marketplace.oversight.seals.models import RecordSeal
from marketplace.participants.models import Organisation
from tests.roles import assert_refused

FRIDAY = datetime(2026, 4, 10, 1, tzinfo=UTC)
"""Friday, 2026-04-10, 10:00 in Tokyo."""
STATED: dict[str, Any] = {
    "kind": "leak",
    "ground": "special_care",
    "persons": 120,
    "data": "健康診断の結果",
    "description": "誤った宛先にファイルが送信された。",
}
QUESTION: dict[str, Any] = {
    "matter": "public_body",
    "question": "市の保有個人情報から匿名加工情報を作成できますか。",
}
ANSWER: dict[str, Any] = {"outcome": "conditional", "answer": "加工基準を満たすことが条件です。"}
HOLD: dict[str, Any] = {
    "reason": "訴訟の提起が予想されるため",
    "reference": "令和8年(ワ)第1号",
    "days": 180,
}


def opened(actor: Actor, *concerned: Organisation, **changes: Any) -> Incident:
    """An incident that ``actor`` opened, known now."""
    names = [each.public_id for each in concerned]
    return incidents.open_incident(
        actor=actor, organisations=names, **(STATED | {"known_at": clock.now()} | changes)
    )


def reported(actor: Actor, incident: Incident, *duties: str) -> None:
    """Reports of an incident that ``actor`` recorded."""
    for duty in duties:
        incidents.write_entry(
            actor=actor,
            incident=incident.public_id,
            kind="report",
            duty=duty,
            addressee="個人情報保護委員会",
            text=f"{duty} を報告した。",
        )


def closed(first: Actor, second: Actor, incident: Incident) -> Incident:
    """The incident, closed by two people."""
    command = {"incident": incident.public_id, "conclusion": "再発防止策を実施した。"}
    with pytest.raises(SecondPersonNeeded):
        incidents.close_incident(actor=first, **command)
    return incidents.close_incident(actor=second, **command)


def asked(actor: Actor, **changes: Any) -> Consultation:
    """A question of ``actor`` to the desk."""
    return consultations.ask_beforehand(actor=actor, **(QUESTION | changes))


def answered(actor: Actor, row: Consultation, **changes: Any) -> Consultation:
    """The question, answered by ``actor``."""
    stated = {**ANSWER, "is_binding": False} | changes
    return consultations.answer_question(actor=actor, consultation=row.public_id, **stated)


def held(actor: Actor, subject: str = "", **changes: Any) -> LegalHold:
    """A legal hold that ``actor`` opened."""
    return holds.open_hold(actor=actor, subject=subject, **(HOLD | changes))


def lifted(first: Actor, second: Actor, hold: LegalHold) -> LegalHold:
    """The hold, lifted by two people."""
    command = {"hold": hold.public_id, "reason": "判決が確定したため"}
    with pytest.raises(SecondPersonNeeded):
        holds.lift_hold(actor=first, **command)
    return holds.lift_hold(actor=second, **command)


SEAL: dict[str, Any] = {
    "ground": "suspicious",
    "legal_basis": "犯罪による収益の移転防止に関する法律第8条第3項",
    "reason": "疑わしい取引の届出の対象であるため",
    "days": 180,
}


def record_about(party: Organisation) -> str:
    """A record of evidence about a participant."""
    row = EvidenceRecord.objects.filter(subject=party.public_id).order_by("pk").first()
    assert row is not None
    return row.public_id


def sealed(first: Actor, second: Actor, record: str, **changes: Any) -> RecordSeal:
    """A record, sealed by two people."""
    command = {"record": record, **SEAL, **changes}
    with pytest.raises(SecondPersonNeeded):
        seals.seal_record(actor=first, **command)
    return seals.seal_record(actor=second, **command)


def unsealed(first: Actor, second: Actor, seal: RecordSeal) -> RecordSeal:
    """A seal, ended by two people."""
    command = {"seal": seal.public_id, "reason": "手続が終了したため"}
    with pytest.raises(SecondPersonNeeded):
        seals.end_seal(actor=first, **command)
    return seals.end_seal(actor=second, **command)


def records_asked(actor: Actor) -> ActivityRecord:
    """Activity records that ``actor`` asked for."""
    return ask_records(actor=actor)


def seen_between(buyer: Organisation, seller: Organisation, **changes: Any) -> None:
    """The surveillance sees an agreement of two organisations."""
    stated: dict[str, Any] = {"segment": "mobility", "price_minor": 1_000, "currency": "JPY"}
    names = {"agreement": new_identifier("agr"), "buyer": buyer.public_id, "seller": seller.public_id}
    see_agreement(actor=SYSTEM, seen=Seen(**(stated | names | changes)), concluded_at=clock.now())


def broken_off_between(buyer: Organisation, seller: Organisation, times: int = 1, by: str = "buyer") -> None:
    """The surveillance sees so many negotiations of two organisations end without agreement."""
    for _ in range(times):
        seen = SeenEnd(new_identifier("ngt"), buyer.public_id, seller.public_id, by)
        see_broken_off(actor=SYSTEM, seen=seen, ended_at=clock.now())


def review_of(one: Organisation, another: Organisation) -> Review:
    """A review of two organisations that traded back and forth."""
    for buyer, seller in ((one, another), (another, one)) * 2:
        seen_between(buyer, seller)
    return Review.objects.get(detector="back_and_forth")


def recorded(subject: str) -> list[str]:
    """The kinds of evidence about a subject, oldest first."""
    rows = EvidenceRecord.objects.filter(subject=subject).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def open_tasks(kind: str) -> dict[str, Any]:
    """The open tasks of a kind: subject → deadline."""
    return dict(
        Task.objects.filter(kind=kind, state="open").order_by("pk").values_list("subject", "deadline")
    )


def notices_of(organisation: Organisation) -> list[str]:
    """The subjects of an organisation's notices."""
    return list(
        Notice.objects.filter(organisation=organisation).order_by("pk").values_list("subject", flat=True)
    )


def holds_everywhere() -> bool:
    """Whether every invariant of oversight, and of evidence, holds."""
    return not [name for app in ("oversight", "evidence") for name, rows in verify_all(app).items() if rows]


def named(invariant: str) -> int:
    """How many rows an invariant names."""
    return len(REGISTER[invariant].check())


def run(statement: str) -> None:
    """Run raw SQL."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    """Raw SQL is refused, to the application and to the owner."""
    assert_refused(lambda: run(statement), because=because)
