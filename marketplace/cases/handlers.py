"""Event handlers of cases: what is put on hold opens one, and whoever waits or must decide is told."""

from __future__ import annotations

from datetime import datetime

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.cases import CaseMoved
from marketplace.events.schemas.listings import ListingWithdrawn
from marketplace.events.schemas.participants import AdmissionDecided, ParticipantSuspended, SuspensionEnded
from marketplace.events.schemas.rules import AdmissionRescreened, TradingHalted, TradingResumed
from marketplace.kernel.permissions import Permission
from marketplace.notices.formats import format_moment
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.services import close_tasks, send_notices
from marketplace.notices.states import TaskKind
from marketplace.participants.queries import get_organisation, operator_organisation, organisations_by_id
from marketplace.participants.states import OVER_ADMISSIONS, AdmissionState
from marketplace.participants.suspension_queries import standing_suspensions
from marketplace.rules.queries import halts, reasons_of

from .models import Case
from .on_call import HALT_LOOKED_AT_WITHIN, Duty
from .on_call_queries import on_call_now
from .queries import get_case
from .services import drop_cases, follow_rescreening, open_case, waiting_for
from .states import CaseKindCode, CaseOutcome, CaseState
from .texts import KIND_WORDS, LOOK_AT_SUSPENSION, MOVED, OUTCOME_WORDS, TASKS, people_on_call, wording_of

TASK_KINDS = {
    CaseKindCode.ADMISSION.value: TaskKind.REVIEW,
    CaseKindCode.PUBLICATION.value: TaskKind.REVIEW,
    CaseKindCode.CONCLUSION.value: TaskKind.REVIEW,
    CaseKindCode.RESCREENING.value: TaskKind.REVIEW,
    CaseKindCode.EXPULSION.value: TaskKind.REVIEW,
    CaseKindCode.APPEAL.value: TaskKind.APPEAL,
}


def on_admission_decided(event: AdmissionDecided, envelope: Envelope) -> None:
    """Open the case of an application that the rules put on hold; an application or admission that is over needs none any more."""
    if event.state == AdmissionState.ON_HOLD:
        open_case(
            kind=CaseKindCode.ADMISSION.value,
            subject=event.admission,
            thread=event.admission,
            organisation_id=get_organisation(event.organisation).id,
            decision=event.decision or "",
        )
    elif event.state in OVER_ADMISSIONS:
        drop_cases(
            thread=event.admission, kinds=(CaseKindCode.ADMISSION.value, CaseKindCode.RESCREENING.value)
        )


def on_admission_rescreened(event: AdmissionRescreened, envelope: Envelope) -> None:
    """Open the case of an admission that a new rulebook would not give, or drop it where the next one does."""
    follow_rescreening(admission=event.admission, organisation_id=get_organisation(event.organisation).id)


def on_listing_withdrawn(event: ListingWithdrawn, envelope: Envelope) -> None:
    """The versions of a listing that was withdrawn need no decision any more."""
    drop_cases(thread=event.listing, kinds=(CaseKindCode.PUBLICATION.value,))


def on_trading_halted(event: TradingHalted, envelope: Envelope) -> None:
    """Ask the people on call to look at the halt in time; one that was lifted meanwhile needs nobody."""
    if not halts().filter(public_id=event.halt, lifted_at=None).exists():
        return
    ask_operator(
        TaskKind.RELEASE,
        event.halt,
        deadline=datetime.fromisoformat(event.since) + HALT_LOOKED_AT_WITHIN,
        halt=event.halt,
        on_call=people_on_call(on_call_now(Duty.RULEBOOK)),
    )


def on_trading_resumed(event: TradingResumed, envelope: Envelope) -> None:
    """Close the task to look at the halt."""
    finish_for_operator(TaskKind.RELEASE, event.halt)


def on_participant_suspended(event: ParticipantSuspended, envelope: Envelope) -> None:
    """Ask the people on call to look at a suspension in time; one that has ended meanwhile needs nobody."""
    if (
        not standing_suspensions(get_organisation(event.organisation).id)
        .filter(public_id=event.suspension)
        .exists()
    ):
        return
    ask_operator(
        TaskKind.RELEASE,
        event.suspension,
        deadline=envelope.occurred_at + HALT_LOOKED_AT_WITHIN,
        title=LOOK_AT_SUSPENSION,
        suspension=event.suspension,
        organisation=event.organisation,
        on_call=people_on_call(on_call_now(Duty.ADMISSION)),
    )


def on_suspension_ended(event: SuspensionEnded, envelope: Envelope) -> None:
    """Close the task to look at the suspension."""
    finish_for_operator(TaskKind.RELEASE, event.suspension)


def on_case_moved(event: CaseMoved, envelope: Envelope) -> None:
    """Tell who waits, and open or close the tasks of the operator."""
    case = get_case(event.case)
    # Each party reads of the reasons what it may; the operator all.
    told: dict[int, str | None] = {
        key: each.public_id for key, each in organisations_by_id(waiting_for(case)).items()
    }
    if event.change == "overdue":
        told[operator_organisation().id] = None
    moved = MOVED[wording_of(event.kind, event.change, event.outcome)]
    words: dict[str, str | dict[str, str]] = {
        "case": event.case,
        "about": event.about,
        "kind": KIND_WORDS[event.kind].as_dict(),
        "decide_by": format_moment(case.decide_by),
        "kept_until": format_moment(case.kept_until) if case.kept_until else "-",
        "outcome": OUTCOME_WORDS[event.outcome].as_dict() if event.outcome else "-",
        "reason": case.reason or "-",
    }
    wordings = {
        key: moved.fill(**words, why=reasons_of(case.decision, reader).as_dict())
        for key, reader in told.items()
    }
    send_notices(subject=event.case, wordings=wordings)
    _move_tasks(case, event.change)


def _move_tasks(case: Case, change: str) -> None:
    """The operator's task to decide stands while the case is open; that to carry out, until it was."""
    kind = TASK_KINDS[case.kind]
    if change in ("opened", "overdue") and case.state == CaseState.OPEN:
        ask_operator(
            kind,
            case.public_id,
            deadline=case.decide_by,
            title=TASKS.get(case.kind, TASKS["held"]),
            needs=Permission.DISPUTES_WRITE if case.is_appeal else Permission.ADMISSION_WRITE,
            case=case.public_id,
            about=case.subject,
            on_call=people_on_call(on_call_now(Duty.DISPUTES if case.is_appeal else Duty.ADMISSION)),
        )
    elif change == "resolved":
        finish_for_operator(kind, case.public_id)
        if case.outcome == CaseOutcome.CHANGED:
            ask_operator(
                TaskKind.REMEDY,
                case.public_id,
                needs=Permission.ADMISSION_WRITE,
                case=case.public_id,
                about=case.subject,
            )
    elif change == "carried_out":
        finish_for_operator(TaskKind.REMEDY, case.public_id)
    elif change in ("withdrawn", "dropped"):
        close_tasks(thread=case.public_id, kinds=(kind,))
