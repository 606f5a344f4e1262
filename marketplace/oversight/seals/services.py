"""Seal a record that law keeps secret, and end a seal."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.evidence.queries import parties_of_record
from marketplace.evidence.services import record as record_evidence
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import identifying_text, stated_text
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import related_to, require_unrelated
from marketplace.participants.queries import organisations_by_public_id

from ..locks import SEAL_LOCK
from ..texts import choice_of
from . import texts
from .errors import SealOver, SealStands
from .models import STAFF, RecordSeal
from .queries import seal_that_stands, unsealed_soon
from .states import APPROVED_WITHIN, BASIS_LENGTH_MAX, DAYS_MAX, REASON_LENGTH_MAX, TOTAL_DAYS_MAX, SealGround


@record_refusals()
def seal_record(
    *, actor: Actor, record: str, ground: str, legal_basis: str, reason: str, days: int
) -> RecordSeal:
    """Keep a record from its parties for ``days``, as a law demands; takes two people. A later seal makes it longer.

    Opens a task with the review date. Raises SecondPersonNeeded, SealStands, Recused, FieldInvalid, Missing for a record that is
    not there or is nobody's, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(STAFF)
    actor.require_person()
    happened_at, parties = parties_of_record(record)
    if happened_at is None or not parties:
        raise Missing(kind="evidence record of a participant", identifier=record)
    require_unrelated(actor, *_keys(parties))
    now = clock.now()
    _require_term(days, latest_days=(happened_at + timedelta(days=TOTAL_DAYS_MAX) - now).days)
    stated = {
        "ground": choice_of("ground", ground, SealGround.values),
        "legal_basis": identifying_text("legal_basis", legal_basis, BASIS_LENGTH_MAX),
        "reason": stated_text("reason", reason, REASON_LENGTH_MAX),
    }
    review_at = now + timedelta(days=days)
    SEAL_LOCK.acquire_for(record)
    if standing := seal_that_stands(record, stated["ground"], stated["legal_basis"], review_at):
        raise SealStands(record=record, seal=standing.public_id, review_at=standing.review_at.isoformat())
    approval = require_two_people(
        actor=actor,
        permission=STAFF,
        organisation=actor.organisation or "",
        command="oversight.seal_record",
        subject=record,
        payload={**stated, "days": days},
        expires_in=APPROVED_WITHIN,
        barred=related_to(*_keys(parties)),
    )
    seal = RecordSeal.objects.create(
        public_id=new_identifier("rsl"),
        record=record,
        parties=parties,
        review_at=review_at,
        first_person=approval.first_person,
        sealed_by=actor.identifier,
        sealed_at=now,
        **stated,
    )
    record_evidence(
        kind="oversight.record_sealed",
        subject=seal.public_id,
        actor=actor,
        payload={
            "record": record,
            "ground": seal.ground,
            "basis_commitment": commitment_to(seal.salt, seal.legal_basis),
            "reason_commitment": commitment_to(seal.salt, seal.reason),
            "review_at": seal.review_at.isoformat(),
            "first_person": approval.first_person,
        },
    )
    if record not in dict(unsealed_soon()):
        finish_for_operator(TaskKind.DISCLOSE, record)
    ask_operator(
        TaskKind.DISCLOSE,
        seal.public_id,
        deadline=seal.review_at,
        title=texts.REVIEW,
        needs=STAFF,
        seal=seal.public_id,
        record=record,
    )
    return seal


def _require_term(days: int, *, latest_days: int) -> None:
    """Raise FieldInvalid unless a seal may last so long."""
    highest = min(DAYS_MAX, latest_days)
    if highest < 1:
        raise FieldInvalid(
            "record",
            Label(
                f"it happened {TOTAL_DAYS_MAX} days ago: nothing is sealed longer",
                f"発生から{TOTAL_DAYS_MAX}日を経過した記録は封印できません",
            ),
        )
    if not 1 <= days <= highest:
        raise FieldInvalid(
            "days", Label(f"choose 1 to {highest}", f"1から{highest}までの値を指定してください")
        )


@record_refusals()
def end_seal(*, actor: Actor, seal: str, reason: str) -> RecordSeal:
    """End a seal before its review date, which takes two people; the parties read the record, and that it was sealed.

    Raises SecondPersonNeeded, Recused, SealOver, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(STAFF)
    actor.require_person()
    row = _locked(seal)
    if row.ended_at is not None:
        raise SealOver(seal=seal)
    require_unrelated(actor, *_keys(row.parties))
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    approval = require_two_people(
        actor=actor,
        permission=STAFF,
        organisation=actor.organisation or "",
        command="oversight.end_seal",
        subject=seal,
        payload={"reason": why},
        expires_in=APPROVED_WITHIN,
        barred=related_to(*_keys(row.parties)),
    )
    return _end(row, actor, first_person=approval.first_person, reason=why)


def _keys(parties: list[str]) -> list[int]:
    """The database keys of organisations that identifiers name."""
    return [party.id for party in organisations_by_public_id(parties).values()]


@transaction.atomic
def end_over(*, seal: str) -> bool:
    """End a seal whose review date has come. The market's own step; False if it ended meanwhile."""
    row = _locked(seal)
    if row.ended_at is not None or row.review_at > clock.now():
        return False
    _end(row, SYSTEM)
    return True


def _end(row: RecordSeal, actor: Actor, *, first_person: str = "", reason: str = "") -> RecordSeal:
    row.ended_at, row.ended_by = clock.now(), actor.identifier
    row.ended_first, row.ended_reason = first_person, reason
    row.save(update_fields=["ended_at", "ended_by", "ended_first", "ended_reason"])
    record_evidence(
        kind="oversight.seal_ended",
        subject=row.public_id,
        actor=actor,
        payload={
            "record": row.record,
            "first_person": first_person,
            "reason_commitment": commitment_to(row.salt, reason) if reason else "",
        },
    )
    finish_for_operator(TaskKind.DISCLOSE, row.public_id)
    return row


def _locked(seal: str) -> RecordSeal:
    """The seal, locked until the transaction ends; raises Missing."""
    row = RecordSeal.objects.select_for_update(no_key=True).filter(public_id=seal).first()
    if row is None:
        raise Missing(kind="record seal", identifier=seal)
    return row
