"""Find unlawful terms of agreements in force, tell both parties, settle what was amended, and end what was not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from marketplace.events.schemas.contracts import AgreementUnlawful
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.evidence.signatures import sign
from marketplace.jobs.kinds import JobKind
from marketplace.jobs.services import enqueue
from marketplace.jobs.states import Queue
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.states import advance
from marketplace.notices import services as notices
from marketplace.rules.law_queries import law_in_force, unlawful_terms
from marketplace.rules.queries import parameter

from ..ending.consequences import access_until, digest_of_consequences
from ..ending.queries import consequences_shown
from ..ending.states import EndingGround, EndingParty, EndingState
from ..library.demands import value_at
from ..models import Agreement
from ..services.agreements import locked_agreement
from ..services.ending_moves import drop_endings
from ..services.endings import make_ending
from ..states import AgreementState
from . import words
from .errors import LeftUnlawful
from .in_force import law_of
from .models import LawAdjustment, LawExamination
from .queries import adjustments_by_law, agreements_breaking, can_be_amended, open_adjustments, terms_at
from .states import GRACE, LAW_ADJUSTMENT, LawAdjustmentState
from .terms import Entry, breached

RECORD_TYPE: Final = "sanpo.law_adjustment.v1"
SETTLED_IN: Final = timedelta(minutes=5)
"""So long after a rulebook takes effect its examination waits: whatever was signed under the one before has committed by then."""
BATCH: Final = 200
FOLLOW: Final = Loop("contracts.follow_law")
CARRY_OUT: Final = Loop("contracts.carry_out_law")


@transaction.atomic
def follow_law(agreement: str) -> int:
    """Open a record for each term of an agreement in force that the rulebook in force makes unlawful, and settle those that are lawful
    by now or whose agreement has ended; returns how many were opened or settled.

    Emits agreement.unlawful. Raises Missing.
    """
    subject = locked_agreement(SYSTEM, agreement)
    law = law_of(subject.segment)
    standing = {row.code: row for row in adjustments_by_law(subject).filter(state=LawAdjustmentState.OPEN)}
    done = sum(_settle(row, subject, law) for row in standing.values())
    if subject.state != AgreementState.IN_FORCE:
        return done
    amend_by = _amend_by()
    for entry in breached(terms_at(subject, amend_by), law):
        if entry["code"] not in standing:
            _open(subject, entry, amend_by)
            done += 1
    return done


def _amend_by() -> datetime:
    """The beginning of the last day of grace, of which today is not counted: by then an amendment takes effect."""
    return datetime.combine(clock.today() + timedelta(days=parameter(GRACE)), time.min, clock.market_zone())


def _settle(row: LawAdjustment, agreement: Agreement, law: tuple[Entry, ...]) -> int:
    """Settle a record of a locked agreement if its term is lawful by now, or the agreement has ended; returns whether it was."""
    command = ""
    entry = next((each for each in law if each["code"] == row.code), None)
    if agreement.state != AgreementState.IN_FORCE:
        command = "end"
    elif entry is None:
        command = "lift"
    elif not any(breached(terms_at(agreement, row.amend_by), [entry])):
        was_changed = not any(breached(terms_at(agreement, row.amend_by), [row.found["entry"]]))
        command = "amend" if was_changed else "lift"
    if not command:
        return 0
    advance(row, LAW_ADJUSTMENT, command=command, role="system", closed_at=clock.now())
    _tell(row, agreement, words.SETTLED[row.state].fill(**_names(row, agreement)))
    return 1


def _open(agreement: Agreement, entry: Entry, amend_by: datetime) -> None:
    term, opened_at, public_id = entry["term"], clock.now(), new_identifier("lad")
    rulebook = law_in_force()
    found: dict[str, Any] = {
        "entry": dict(entry),
        "value": value_at(terms_at(agreement, amend_by), term),
        "can_be_amended": can_be_amended(agreement, term),
    }
    said = {
        "type": RECORD_TYPE,
        "id": public_id,
        "agreement": agreement.public_id,
        "rulebook": rulebook.public_id,
        **found,
        "amend_by": amend_by.isoformat(),
        "opened_at": opened_at.isoformat(),
    }
    row = LawAdjustment.objects.create(
        public_id=public_id,
        agreement=agreement,
        rulebook_id=rulebook.id,
        code=entry["code"],
        term=term,
        found=found,
        jws=sign(said),
        opened_at=opened_at,
        amend_by=amend_by,
    )
    how: Any = "" if found["can_be_amended"] else words.NOT_AMENDABLE.as_dict()
    wording = words.UNLAWFUL.fill(
        **_names(row, agreement),
        source=entry["source"],
        text=entry["text"],
        day=clock.business_date(amend_by).isoformat(),
        how=how,
    )
    _tell(row, agreement, wording)


def _names(row: LawAdjustment, agreement: Agreement) -> dict[str, str]:
    return {"agreement": agreement.public_id, "term": row.term, "code": row.code}


def _tell(row: LawAdjustment, agreement: Agreement, wording: Any) -> None:
    """Record, emit and tell both parties the present state of a record."""
    record(
        kind=f"contracts.law_adjustment_{row.state}",
        subject=row.public_id,
        actor=SYSTEM,
        payload={
            "agreement": agreement.public_id,
            "rulebook": row.rulebook.public_id,
            "code": row.code,
            "term": row.term,
            "amend_by": row.amend_by.isoformat(),
        },
    )
    emit(
        AgreementUnlawful(
            law_adjustment=row.public_id,
            agreement=agreement.public_id,
            buyer=agreement.buyer_identifier,
            seller=agreement.seller_identifier,
            code=row.code,
            term=row.term,
            state=str(row.state),
            amend_by=row.amend_by.isoformat(),
        )
    )
    notices.send_notices(
        subject=agreement.public_id, wordings={agreement.buyer_id: wording, agreement.seller_id: wording}
    )


def carry_out_law() -> int:
    """Settle what has ended, and end by law the agreements whose unlawful term was not amended in time; returns how many rows changed.

    Emits agreement.unlawful, agreement.ending.
    """
    over = ~Q(agreement__state=AgreementState.IN_FORCE)
    overdue = Q(amend_by__lte=clock.now()) & ~Q(agreement__endings__state=EndingState.SCHEDULED)
    rows = open_adjustments().filter(over | overdue).exclude(public_id__in=CARRY_OUT.standing_aside())
    due = list(rows.order_by("pk").values_list("public_id", flat=True).distinct()[:BATCH])
    return CARRY_OUT.each(due, _carry_out)


@transaction.atomic
def _carry_out(public_id: str) -> int:
    of = LawAdjustment.objects.values_list("agreement__public_id", flat=True).get(public_id=public_id)
    agreement = locked_agreement(SYSTEM, of)
    row = (
        LawAdjustment.objects.select_for_update(of=("self",))
        .select_related("rulebook")
        .get(public_id=public_id)
    )
    if row.state != LawAdjustmentState.OPEN:
        return 0
    if _settle(row, agreement, law_of(agreement.segment)) or clock.now() < row.amend_by:
        return 1
    last_day = clock.today()
    ends_by_itself = (
        agreement.ends_at is not None and access_until(last_day, clock.market_zone()) >= agreement.ends_at
    )
    if (
        ends_by_itself
        or agreement.endings.filter(state=EndingState.SCHEDULED, last_day__lte=last_day).exists()
    ):
        return 0
    consequences = consequences_shown(agreement, ground=EndingGround.LAW, last_day=last_day, refund=None)
    drop_endings(agreement)
    why = words.ENDED.fill({**_names(row, agreement), "source": row.found["entry"]["source"]})
    make_ending(
        SYSTEM,
        agreement,
        consequences,
        digest_of_consequences(consequences),
        party=EndingParty.OPERATOR,
        reason=f"{why.ja} / {why.en}",
        law_adjustment=row,
    )
    return 1


def ask_for_examination() -> int:
    """Ask for the examination of the agreements in force under a rulebook that has taken effect; returns whether it was due."""
    rulebook = law_in_force()
    if not rulebook.id or rulebook.effective_from > clock.now() - SETTLED_IN:
        return 0
    if not unlawful_terms() and not open_adjustments().exists():
        return 0
    if LawExamination.objects.filter(rulebook_id=rulebook.id).exists():
        return 0
    with transaction.atomic():
        enqueue(kind=EXAMINE, subject=rulebook.public_id)
    return 1


def examine(rulebook: str, report: Callable[[int, int], None]) -> None:
    """Follow the law of a rulebook, if it is in force, in every agreement in force that breaks it, or did.

    Raises LeftUnlawful while one could not be followed, so that the job is tried again.
    """
    if law_in_force().public_id != rulebook:
        return
    breaking = agreements_breaking(unlawful_terms())
    standing = open_adjustments().values_list("agreement__public_id", flat=True)
    due = list(dict.fromkeys([*breaking, *standing]))
    FOLLOW.each(due, follow_law)
    report(len(due), len(due))
    if left := [subject for subject in FOLLOW.subjects() if subject in due]:
        raise LeftUnlawful(agreement=left[0], left=len(left))
    _finish(rulebook)


@transaction.atomic
def _finish(rulebook: str) -> None:
    in_force = law_in_force()
    if in_force.public_id != rulebook:
        return
    found = LawAdjustment.objects.filter(rulebook_id=in_force.id).count()
    row, made = LawExamination.objects.get_or_create(
        rulebook_id=in_force.id, defaults={"found": found, "finished_at": clock.now()}
    )
    if made:
        record(
            kind="contracts.law_examined",
            subject=row.public_id,
            actor=SYSTEM,
            payload={"rulebook": rulebook, "found": found},
        )


EXAMINE = JobKind(
    name="contracts.examine_law",
    queue=Queue.DOCUMENTS,
    label=Label(
        "find agreements with terms that a new rulebook makes unlawful",
        "新規程により違法となる契約条件の確認",
    ),
    run=lambda work: examine(work.subject, work.report_progress),
    seconds_max=900,
    backoff_seconds=(10, 60, 600),
)
