"""What the sides state in a dispute after its opening: an answer, a reply each, and files with their hashes."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from listings.rights import end_of
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.permissions import Permission
from marketplace.notices import services as notices
from marketplace.notices.states import TaskKind

from ...disputing import texts
from ...disputing.errors import AlreadyStated, StatementLate, TooManyFiles
from ...disputing.models import Dispute
from ...disputing.rules import FILES_MAX, REPLY_DAYS, RESPONDENT
from ...disputing.statement_models import DisputeFile, Statement
from ...disputing.states import StatementKind
from ...states import DisputeParty, DisputeState, label_of
from ..attachments import checked_file
from .opening import check_text
from .sides import locked_dispute, side_of, tell


@transaction.atomic
def answer_dispute(*, actor: Actor, dispute: str, text: str) -> Dispute:
    """Answer a dispute, as a side that did not open it, within its time, once.

    Raises Missing, Forbidden, StatementLate, AlreadyStated, FieldInvalid, PermissionNeeded.
    """
    return _state(actor, dispute, StatementKind.ANSWER, text)


@transaction.atomic
def reply_in_dispute(*, actor: Actor, dispute: str, text: str) -> Dispute:
    """Reply, as either side, once, within ``REPLY_DAYS`` of the last answer. Raises as ``answer_dispute``."""
    return _state(actor, dispute, StatementKind.REPLY, text)


def _state(actor: Actor, public_id: str, kind: StatementKind, text: str) -> Dispute:
    actor.require(Permission.DELIVERIES_ANSWER)
    actor.require_person()
    said = check_text("text", text)
    agreement, dispute = locked_dispute(actor, public_id)
    side = side_of(actor, dispute, agreement)
    if dispute.statements.filter(party=side, kind=kind).exists():
        raise AlreadyStated(dispute=public_id, kind=label_of(StatementKind, kind).as_dict())
    until = _until(dispute, side, kind)
    if dispute.state != DisputeState.OPEN or until is None or clock.now() >= until:
        raise StatementLate(dispute=public_id, until=until.isoformat() if until else "")
    row = Statement.objects.create(
        dispute=dispute, kind=kind, party=side, text=said, stated_by=actor.identifier, stated_at=clock.now()
    )
    record(
        kind="contracts.dispute_stated",
        subject=row.public_id,
        actor=actor,
        payload={
            "dispute": public_id,
            "kind": kind.value,
            "party": side.value,
            "text_commitment": commitment_to(row.salt, said),
        },
    )
    if kind is StatementKind.ANSWER and side is RESPONDENT[DisputeParty(dispute.opened_as)]:
        notices.close_tasks(thread=public_id, kinds=(TaskKind.ANSWER,), done_by=actor.organisation_id)
    wording = texts.STATED.fill(
        dispute=public_id,
        party=label_of(DisputeParty, side).as_dict(),
        kind=label_of(StatementKind, kind).as_dict(),
    )
    tell(dispute, agreement, wording, but=side)
    return dispute


def _until(dispute: Dispute, side: DisputeParty, kind: StatementKind) -> datetime | None:
    """Until when the side may give the statement; None if it is not its turn."""
    if kind is StatementKind.ANSWER:
        return None if side == dispute.opened_as else dispute.answer_by
    last = dispute.statements.filter(kind=StatementKind.ANSWER).order_by("-stated_at").first()
    if last is None:
        return None
    return end_of(last.stated_at.astimezone(clock.market_zone()), f"P{REPLY_DAYS}D").astimezone(UTC)


@transaction.atomic
def file_in_dispute(*, actor: Actor, dispute: str, content: bytes, name: str) -> DisputeFile:
    """Hand in a file, as a side of an open dispute. Same content again: the same file.

    Raises Missing, Forbidden, StatementLate, TooManyFiles, FieldInvalid, PermissionNeeded.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    media_type = checked_file(content, name)
    agreement, subject = locked_dispute(actor, dispute)
    side = side_of(actor, subject, agreement)
    if subject.state != DisputeState.OPEN:
        raise StatementLate(dispute=dispute, until="")
    digest = sha256_hex(content)
    own = DisputeFile.objects.filter(dispute=subject, party=side).defer("content")
    if known := own.filter(sha256=digest).first():
        return known
    if own.count() >= FILES_MAX:
        raise TooManyFiles(dispute=dispute, files_max=FILES_MAX)
    row = DisputeFile.objects.create(
        dispute=subject,
        party=side,
        file_name=name,
        media_type=media_type,
        content=content,
        size_bytes=len(content),
        sha256=digest,
        added_by=actor.identifier,
        added_at=clock.now(),
    )
    record(
        kind="contracts.dispute_file_added",
        subject=row.public_id,
        actor=actor,
        payload={"dispute": dispute, "size_bytes": row.size_bytes, "sha256": digest},
    )
    wording = texts.FILED.fill(
        dispute=dispute, party=label_of(DisputeParty, side).as_dict(), file=name, sha256=digest
    )
    tell(subject, agreement, wording, but=side)
    return row
