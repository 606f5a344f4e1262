"""After the end: the buyer deletes the data and certifies it; it is reminded, and what is overdue goes to people of the operator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from listings.rights import end_of
from marketplace.cases.on_call import HALT_LOOKED_AT_WITHIN, Duty
from marketplace.cases.on_call_queries import on_call_now
from marketplace.cases.texts import people_on_call
from marketplace.events.schemas.contracts import DeletionMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.evidence.signatures import sign
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.days import stated_day
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text
from marketplace.notices import services as notices
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import TASK_TITLES, fill_label

from ..amending.queries import version_in_force
from ..deletion import texts
from ..deletion.copies import access_began, are_copies_sent
from ..deletion.models import STATEMENT_LENGTH_MAX, DeletionCertificate, DeletionDuty
from ..deletion.states import DELETION, DeletionState
from ..ending.states import CERTIFICATE_DAYS
from ..models import Agreement
from ..plan import plan_of
from ..states import TerminationReason

REMINDED_BEFORE: Final = timedelta(days=7)
BATCH: Final = 200
REMIND = Loop("contracts.remind_deletions")
ESCALATE = Loop("contracts.escalate_deletions")


def begin_duty(agreement: Agreement) -> DeletionDuty | None:
    """The duty of the buyer of an agreement that has just ended, which the caller has locked; None if its plan demands no deletion.

    Where nothing was sent, nothing is to be deleted. A duty that stands stays. Emits deletion.moved.
    """
    if not _is_deleted(agreement) or not are_copies_sent(agreement.public_id):
        return None
    if standing := DeletionDuty.objects.filter(agreement=agreement).first():
        return standing
    now = clock.now()
    duty = DeletionDuty.objects.create(
        agreement=agreement,
        arose_at=now,
        due_by=end_of(now.astimezone(clock.market_zone()), f"P{CERTIFICATE_DAYS}D").astimezone(UTC),
    )
    _record(duty, agreement, SYSTEM)
    notices.open_task(
        organisation_id=agreement.buyer_id,
        kind=TaskKind.DELETE,
        subject=duty.public_id,
        thread=duty.public_id,
        title=fill_label(TASK_TITLES[TaskKind.DELETE], agreement=agreement.public_id),
        deadline=duty.due_by,
    )
    return duty


def _is_deleted(agreement: Agreement) -> bool:
    """Whether the plan of the version in force at the end says that copies are deleted after it; without a plan the rights say it."""
    ended_at = agreement.terminated_at or agreement.expired_at
    said, reason = version_in_force(agreement, ended_at).said, agreement.termination_reason
    if "plan" not in said:
        return (
            bool(said["terms"]["rights"].get("delete_at_end")) and reason != TerminationReason.PAYMENT_FAILED
        )
    how = ("agreement", reason) if reason else ("access", "expired")
    return any((each.of, each.reason, each.copies) == (*how, "deleted") for each in plan_of(said).endings)


@transaction.atomic
def certify_deletion(
    *, actor: Actor, duty: str, deleted_on: date, statement: str, kept: str = ""
) -> DeletionDuty:
    """Certify, as a signatory of the buyer, that the data and its copies were deleted on a day; the market signs it as a witness.

    ``kept``: what the law lets the buyer keep, and why. Emits deletion.moved; the seller is told. Raises Missing, IllegalTransition,
    FieldInvalid, Forbidden, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    said = stated_text("statement", statement, STATEMENT_LENGTH_MAX)
    keeps = stated_text("kept", kept, STATEMENT_LENGTH_MAX) if kept else ""
    subject, agreement = _locked(actor, duty)
    if actor.organisation_id != agreement.buyer_id:
        raise Forbidden(needed=Label("the buyer", "利用者"))
    DELETION.target(state=subject.state, command="certify", role="buyer")
    _check_day(agreement, deleted_on)
    now = clock.now()
    advance(subject, DELETION, command="certify", role="buyer", certified_at=now)
    claims = {
        "type": "sanpo.deletion.v1",
        "agreement": agreement.public_id,
        "signed_hash": agreement.signed_hash,
        "organisation": agreement.buyer_identifier,
        "signer": actor.identifier,
        "deleted_on": deleted_on.isoformat(),
        "statement": said,
        "kept": keeps,
        "certified_at": now.isoformat(),
    }
    certificate = DeletionCertificate.objects.create(
        duty=subject,
        deleted_on=deleted_on,
        statement=said,
        kept=keeps,
        certified_by=actor.identifier,
        jws=sign(claims),
        given_at=now,
    )
    record(
        kind="contracts.deletion_certified",
        subject=certificate.public_id,
        actor=actor,
        payload={
            "agreement": agreement.public_id,
            "duty": subject.public_id,
            "deleted_on": deleted_on.isoformat(),
            "statement_commitment": commitment_to(certificate.salt, said),
            "jws_sha256": sha256_hex(certificate.jws.encode()),
        },
    )
    _emit(subject, agreement)
    notices.close_tasks(thread=subject.public_id, kinds=(TaskKind.DELETE,), done_by=agreement.buyer_id)
    finish_for_operator(TaskKind.LOOK_INTO, subject.public_id)
    wording = texts.CERTIFIED.fill(agreement=agreement.public_id, deleted_on=deleted_on.isoformat())
    notices.send_notices(subject=subject.public_id, wordings={agreement.seller_id: wording})
    return subject


def _check_day(agreement: Agreement, deleted_on: date) -> None:
    """Raise FieldInvalid unless the data could be deleted on that day: since access began, and not after today."""
    stated_day("deleted_on", deleted_on)
    first = clock.business_date(access_began(agreement.public_id) or agreement.concluded_at)
    if not first <= deleted_on <= clock.today():
        raise FieldInvalid(
            "deleted_on",
            Label(
                f"specify a day from {first}, when access began, to today",
                f"提供が始まった {first} から本日までの日を指定してください",
            ),
        )


def remind_deletions() -> int:
    """Remind buyers whose certificate is due within ``REMINDED_BEFORE``, once; returns how many."""
    now = clock.now()
    due = DeletionDuty.objects.filter(
        state=DeletionState.OPEN, reminded_at=None, due_by__lte=now + REMINDED_BEFORE, due_by__gt=now
    )
    return _each(REMIND, due, _remind)


@transaction.atomic
def _remind(public_id: str) -> bool:
    duty, agreement = _locked(SYSTEM, public_id)
    if duty.state != DeletionState.OPEN or duty.reminded_at is not None:
        return False
    duty.reminded_at = clock.now()
    duty.save(update_fields=["reminded_at"])
    due = duty.due_by.astimezone(clock.market_zone()).strftime("%Y-%m-%d %H:%M")
    wording = texts.REMINDED.fill(agreement=agreement.public_id, duty=duty.public_id, due=due)
    notices.send_notices(subject=duty.public_id, wordings={agreement.buyer_id: wording})
    return True


def escalate_deletions() -> int:
    """Ask the people on call to look into certificates that are overdue, and tell the sellers; returns how many. Emits deletion.moved."""
    due = DeletionDuty.objects.filter(state=DeletionState.OPEN, due_by__lte=clock.now())
    return _each(ESCALATE, due, _escalate)


@transaction.atomic
def _escalate(public_id: str) -> bool:
    duty, agreement = _locked(SYSTEM, public_id)
    if duty.state != DeletionState.OPEN or duty.due_by > clock.now():
        return False
    advance(duty, DELETION, command="escalate", role="system", overdue_at=clock.now())
    _record(duty, agreement, SYSTEM)
    ask_operator(
        TaskKind.LOOK_INTO,
        duty.public_id,
        deadline=clock.now() + HALT_LOOKED_AT_WITHIN,
        title=texts.LOOK_INTO_DELETION,
        needs=Permission.DISPUTES_WRITE,
        agreement=agreement.public_id,
        duty=duty.public_id,
        on_call=people_on_call(on_call_now(Duty.DISPUTES)),
    )
    wording = texts.OVERDUE.fill(agreement=agreement.public_id, duty=duty.public_id)
    notices.send_notices(
        subject=duty.public_id, wordings={agreement.buyer_id: wording, agreement.seller_id: wording}
    )
    return True


def _record(duty: DeletionDuty, agreement: Agreement, actor: Actor) -> None:
    record(
        kind=f"contracts.deletion_{duty.state}",
        subject=duty.public_id,
        actor=actor,
        payload={"agreement": agreement.public_id, "due_by": duty.due_by.isoformat()},
    )
    _emit(duty, agreement)


def _emit(duty: DeletionDuty, agreement: Agreement) -> None:
    emit(
        DeletionMoved(
            duty=duty.public_id,
            agreement=agreement.public_id,
            buyer=agreement.buyer_identifier,
            seller=agreement.seller_identifier,
            state=str(duty.state),
            due_by=duty.due_by.isoformat(),
        )
    )


def _locked(actor: Actor, public_id: str) -> tuple[DeletionDuty, Agreement]:
    """The duty, locked, and its agreement; raises Missing, also where it is of two others."""
    duty = (
        DeletionDuty.objects.select_for_update(of=("self",))
        .select_related("agreement")
        .filter(public_id=public_id)
        .first()
    )
    if duty is None:
        raise Missing(kind="deletion duty", identifier=public_id)
    agreement = duty.agreement
    actor.require_scope(agreement.buyer_id, agreement.seller_id, kind="deletion duty", identifier=public_id)
    return duty, agreement


def _each(loop: Loop, due: QuerySet[DeletionDuty], work: Callable[[str], bool]) -> int:
    rows = due.exclude(public_id__in=loop.standing_aside()).order_by("due_by", "pk")
    return loop.each(rows.values_list("public_id", flat=True)[:BATCH], work)
