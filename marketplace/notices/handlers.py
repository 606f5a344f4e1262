"""Reactions of the inbox to what happens in the market.

Events of one thread (a negotiation, an agreement) come in the order of their commits, each once; tasks are opened
and closed along them. A task that is open already is not opened twice, and closing what is closed does nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import (
    ApprovalAsked,
    ApprovalEnded,
    CycleCaughtUp,
    CycleOverdue,
    InvoiceIssued,
    MoneyReturning,
    MoneyStuck,
    PaymentDeferred,
    PaymentFound,
    PaymentLost,
    PaymentReceived,
    SegregationBroken,
    SegregationRestored,
    ShortfallOccurred,
    StatementMade,
    TradeConcluded,
    TradeFailed,
    TradeRefunded,
    TradeSecured,
)
from marketplace.events.schemas.contracts import DisputeOpened, DisputeResolved, NegotiationMoved
from marketplace.events.schemas.delivery import DeliveryAccepted, DeliveryGranted, DeliveryMatched
from marketplace.events.schemas.listings import ListingVersionPublished, ListingVersionRefused
from marketplace.events.schemas.participants import AdmissionDecided, ParticipantSuspended
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money
from marketplace.participants.queries import (
    OrganisationView,
    get_organisation,
    get_segment,
    operator_organisation,
    organisations_by_public_id,
    suspension_reason,
)
from marketplace.participants.states import AdmissionState, Capacity

from . import texts
from .queries import latest_task_subject
from .services import close_tasks, open_task, tell
from .states import TaskKind
from .texts import TASK_TITLES, Wording, worded

SIGNING_STATES = ("accepted", "agreed")
RECEIVING = (TaskKind.COLLECT, TaskKind.ACCEPT)


def on_admission_decided(event: AdmissionDecided, envelope: Envelope) -> None:
    """Tell the applicant; what is on hold becomes a task of the operator, which any later decision closes."""
    applicant, segment = get_organisation(event.organisation), get_segment(event.segment)
    capacity = cast(Label, Capacity(event.capacity).label)
    wording = texts.ADMISSIONS[event.state].worded(
        segment=segment.name, capacity=capacity.as_dict(), decision=event.decision or "-"
    )
    tell(organisation_id=applicant.id, subject=event.admission, wording=wording)
    operator = operator_organisation()
    if event.state == AdmissionState.ON_HOLD:
        open_task(
            organisation_id=operator.id,
            kind=TaskKind.REVIEW,
            subject=event.admission,
            thread=event.admission,
            title=worded(TASK_TITLES[TaskKind.REVIEW], party=applicant.name, segment=segment.name),
        )
    else:
        close_tasks(thread=event.admission, kinds=(TaskKind.REVIEW,), done_by=operator.id)


def on_participant_suspended(event: ParticipantSuspended, envelope: Envelope) -> None:
    """Tell the organisation, with the words of the operator if it is still suspended."""
    organisation = get_organisation(event.organisation)
    reason = suspension_reason(event.organisation) or event.reason_code
    tell(
        organisation_id=organisation.id,
        subject=event.organisation,
        wording=texts.SUSPENDED.worded(reason=reason),
    )


def on_version_published(event: ListingVersionPublished, envelope: Envelope) -> None:
    """Tell the seller that its data is on sale."""
    wording = texts.VERSION_PUBLISHED.worded(listing=event.listing, version=event.listing_version)
    tell(organisation_id=get_organisation(event.seller).id, subject=event.listing, wording=wording)


def on_version_refused(event: ListingVersionRefused, envelope: Envelope) -> None:
    """Tell the seller where the reasons are."""
    wording = texts.VERSION_REFUSED.worded(
        listing=event.listing, version=event.listing_version, decision=event.decision
    )
    tell(organisation_id=get_organisation(event.seller).id, subject=event.listing, wording=wording)


def on_negotiation_moved(event: NegotiationMoved, envelope: Envelope) -> None:
    """The party whose move it is gets the task to answer or to sign; the other's is closed.

    The buyer signs last, so a negotiation that the system finalizes leaves nothing undone by the buyer.
    """
    parties = _parties(event.buyer, event.seller)
    mover = parties["buyer"] if event.state == "finalized" else parties.get(event.by)
    waiting = parties.get(event.waits_for or "")
    kind = TaskKind.SIGN if event.state in SIGNING_STATES else TaskKind.ANSWER
    close_tasks(
        thread=event.negotiation,
        done_by=mover.id if mover else None,
        but=(waiting.id, kind) if waiting else None,
    )
    if waiting is not None:
        party = parties["seller" if event.waits_for == "buyer" else "buyer"]
        open_task(
            organisation_id=waiting.id,
            kind=kind,
            subject=event.negotiation,
            thread=event.negotiation,
            title=worded(TASK_TITLES[kind], party=party.name),
            deadline=_instant(event.respond_by),
        )
    elif event.state == "finalized":
        _tell_both(parties, event.negotiation, texts.NEGOTIATION_FINALIZED, negotiation=event.negotiation)
    elif event.state == "terminated":
        _tell_both(parties, event.negotiation, texts.NEGOTIATION_TERMINATED, negotiation=event.negotiation)


def on_trade_concluded(event: TradeConcluded, envelope: Envelope) -> None:
    """The buyer gets the task to pay."""
    parties = _parties(event.buyer, event.seller)
    open_task(
        organisation_id=parties["buyer"].id,
        kind=TaskKind.FUND,
        subject=event.trade,
        thread=event.agreement,
        title=worded(
            TASK_TITLES[TaskKind.FUND],
            party=parties["seller"].name,
            amount=_amount(event.gross_minor, event.currency),
        ),
        deadline=_instant(event.fund_by),
    )


def on_trade_secured(event: TradeSecured, envelope: Envelope) -> None:
    """Paid: the buyer's task is done, and the seller knows."""
    parties = _parties(event.buyer, event.seller)
    close_tasks(thread=event.agreement, kinds=(TaskKind.FUND,), done_by=parties["buyer"].id)
    wording = texts.TRADE_SECURED.worded(party=parties["buyer"].name, trade=event.trade)
    tell(organisation_id=parties["seller"].id, subject=event.trade, wording=wording)


def on_trade_failed(event: TradeFailed, envelope: Envelope) -> None:
    """Nothing is left to do in this agreement, and both know."""
    close_tasks(thread=event.agreement)
    parties = _parties(event.buyer, event.seller)
    _tell_both(parties, event.trade, texts.TRADE_FAILED, trade=event.trade, reason_code=event.reason_code)


def on_trade_refunded(event: TradeRefunded, envelope: Envelope) -> None:
    """Nothing is left to do in this agreement, and both know what went back."""
    close_tasks(thread=event.agreement)
    parties = _parties(event.buyer, event.seller)
    amount = _amount(event.amount_minor, event.currency)
    _tell_both(parties, event.trade, texts.TRADE_REFUNDED, trade=event.trade, amount=amount)


def on_delivery_granted(event: DeliveryGranted, envelope: Envelope) -> None:
    """The buyer gets the task to collect the data."""
    parties = _parties(event.buyer, event.seller)
    _ask_to_collect(parties, event.entitlement, event.agreement)


def on_delivery_matched(event: DeliveryMatched, envelope: Envelope) -> None:
    """Collected: now the buyer inspects, until the period ends."""
    parties = _parties(event.buyer, event.seller)
    close_tasks(thread=event.agreement, kinds=(TaskKind.COLLECT,), done_by=parties["buyer"].id)
    open_task(
        organisation_id=parties["buyer"].id,
        kind=TaskKind.ACCEPT,
        subject=event.entitlement,
        thread=event.agreement,
        title=worded(TASK_TITLES[TaskKind.ACCEPT], party=parties["seller"].name),
        deadline=_instant(event.inspect_by),
    )


def on_delivery_accepted(event: DeliveryAccepted, envelope: Envelope) -> None:
    """Inspection is over, by the buyer's word or without it, and the seller knows."""
    parties = _parties(event.buyer, event.seller)
    done_by = parties["buyer"].id if event.by == "buyer" else None
    close_tasks(thread=event.agreement, kinds=RECEIVING, done_by=done_by)
    wording = texts.DELIVERY_ACCEPTED[event.by].worded(party=parties["buyer"].name, trade=event.trade)
    tell(organisation_id=parties["seller"].id, subject=event.trade, wording=wording)


def on_dispute_opened(event: DisputeOpened, envelope: Envelope) -> None:
    """Inspection stands still, the operator gets the task to decide, and both parties know."""
    parties = _parties(event.buyer, event.seller)
    close_tasks(thread=event.agreement, kinds=RECEIVING, done_by=parties["buyer"].id)
    open_task(
        organisation_id=operator_organisation().id,
        kind=TaskKind.RESOLVE,
        subject=event.dispute,
        thread=event.agreement,
        title=worded(
            TASK_TITLES[TaskKind.RESOLVE], buyer=parties["buyer"].name, seller=parties["seller"].name
        ),
    )
    _tell_both(
        parties,
        event.dispute,
        texts.DISPUTE_OPENED,
        dispute=event.dispute,
        reason_code=event.reason_code,
    )


def on_dispute_resolved(event: DisputeResolved, envelope: Envelope) -> None:
    """Decided: both know, and where data is delivered again the buyer collects it again."""
    parties = _parties(event.buyer, event.seller)
    close_tasks(thread=event.agreement, kinds=(TaskKind.RESOLVE,), done_by=operator_organisation().id)
    outcome = texts.DISPUTE_OUTCOMES[event.outcome].as_dict()
    _tell_both(parties, event.dispute, texts.DISPUTE_RESOLVED, dispute=event.dispute, outcome=outcome)
    entitlement = latest_task_subject(event.agreement, RECEIVING)
    if event.outcome == "redelivery" and entitlement is not None:
        _ask_to_collect(parties, entitlement, event.agreement)


def on_payment_received(event: PaymentReceived, envelope: Envelope) -> None:
    """Tell the payer that its money arrived."""
    wording = texts.PAYMENT_RECEIVED.worded(
        amount=_amount(event.amount_minor, event.currency), reference=event.bank_reference
    )
    payer = get_organisation(event.organisation)
    tell(organisation_id=payer.id, subject=event.organisation, wording=wording)


def on_invoice_issued(event: InvoiceIssued, envelope: Envelope) -> None:
    """Tell the recipient that a document is ready, and the supplier that its copy is."""
    wording = texts.INVOICE_ISSUED.worded(number=event.number, invoice=event.invoice)
    tell(organisation_id=get_organisation(event.recipient).id, subject=event.invoice, wording=wording)
    if event.supplier is not None:
        copied = texts.INVOICE_COPIED.worded(number=event.number, invoice=event.invoice)
        tell(organisation_id=get_organisation(event.supplier).id, subject=event.invoice, wording=copied)


def on_statement_made(event: StatementMade, envelope: Envelope) -> None:
    """Tell the participant that the statement of a month is ready."""
    wording = texts.STATEMENT_MADE.worded(
        month=event.month, currency=event.currency, statement=event.statement
    )
    tell(organisation_id=get_organisation(event.organisation).id, subject=event.statement, wording=wording)


def on_payment_deferred(event: PaymentDeferred, envelope: Envelope) -> None:
    """Tell a creditor why it is paid less, and that nothing of its claim is lost."""
    wording = texts.PUT_OFF.worded(amount=_amount(event.amount_minor, event.currency), cycle=event.cycle)
    tell(organisation_id=get_organisation(event.organisation).id, subject=event.cycle, wording=wording)


def on_shortfall_occurred(event: ShortfallOccurred, envelope: Envelope) -> None:
    """Tell the participant what it lacked, and what of it goes on into the next cycle."""
    wording = texts.SHORTFALL.worded(
        missing=_amount(event.missing_minor, event.currency),
        carried=_amount(event.deferred_minor, event.currency),
    )
    tell(organisation_id=get_organisation(event.organisation).id, subject=event.shortfall, wording=wording)


def on_cycle_overdue(event: CycleOverdue, envelope: Envelope) -> None:
    """The operator gets the task to bring a cycle on."""
    open_task(
        organisation_id=operator_organisation().id,
        kind=TaskKind.EXPEDITE,
        subject=event.cycle,
        thread=event.cycle,
        title=worded(
            TASK_TITLES[TaskKind.EXPEDITE],
            cycle=event.business_key,
            reason=texts.CYCLE_OVERDUE[event.reason_code].as_dict(),
        ),
    )


def on_cycle_caught_up(event: CycleCaughtUp, envelope: Envelope) -> None:
    """It has moved on: nothing is left to do."""
    close_tasks(thread=event.cycle, kinds=(TaskKind.EXPEDITE,), done_by=operator_organisation().id)


def on_approval_asked(event: ApprovalAsked, envelope: Envelope) -> None:
    """Somebody else of the operator gets the task to give the same command, or to withdraw it."""
    open_task(
        organisation_id=operator_organisation().id,
        kind=TaskKind.COUNTERSIGN,
        subject=event.approval,
        thread=event.approval,
        title=worded(
            TASK_TITLES[TaskKind.COUNTERSIGN],
            command=event.command,
            amount=_amount(event.amount_minor, event.currency),
            approval=event.approval,
        ),
        deadline=_instant(event.expires_at),
    )


def on_approval_ended(event: ApprovalEnded, envelope: Envelope) -> None:
    """Nobody is needed any more; where it expired, nobody did it."""
    done_by = None if event.state == "expired" else operator_organisation().id
    close_tasks(thread=event.approval, kinds=(TaskKind.COUNTERSIGN,), done_by=done_by)


def on_segregation_broken(event: SegregationBroken, envelope: Envelope) -> None:
    """The operator gets the task to find out why clients' money does not agree."""
    open_task(
        organisation_id=operator_organisation().id,
        kind=TaskKind.RECONCILE,
        subject=event.check,
        thread=f"segregation:{event.currency}",
        title=worded(
            TASK_TITLES[TaskKind.RECONCILE],
            currency=event.currency,
            day=event.business_date,
            bank=_amount(event.bank_minor, event.currency),
            owed=_amount(event.owed_minor, event.currency),
        ),
    )


def on_segregation_restored(event: SegregationRestored, envelope: Envelope) -> None:
    """It agrees again."""
    close_tasks(
        thread=f"segregation:{event.currency}",
        kinds=(TaskKind.RECONCILE,),
        done_by=operator_organisation().id,
    )


def on_payment_lost(event: PaymentLost, envelope: Envelope) -> None:
    """The operator gets the task to ask the bank."""
    open_task(
        organisation_id=operator_organisation().id,
        kind=TaskKind.LOOK_UP,
        subject=event.instruction,
        thread=event.instruction,
        title=worded(
            TASK_TITLES[TaskKind.LOOK_UP],
            reference=event.reference,
            amount=_amount(event.amount_minor, event.currency),
            day=event.value_date,
        ),
    )


def on_payment_found(event: PaymentFound, envelope: Envelope) -> None:
    """The bank has said what became of it."""
    close_tasks(thread=event.instruction, kinds=(TaskKind.LOOK_UP,), done_by=operator_organisation().id)


def on_money_returning(event: MoneyReturning, envelope: Envelope) -> None:
    """Tell the participant that its money goes back, and why."""
    wording = texts.MONEY_RETURNING[event.reason_code].worded(
        amount=_amount(event.amount_minor, event.currency), instruction=event.instruction
    )
    owner = get_organisation(event.organisation)
    tell(organisation_id=owner.id, subject=event.instruction, wording=wording)


def on_money_stuck(event: MoneyStuck, envelope: Envelope) -> None:
    """Tell the participant that its money would go back, and what hinders it."""
    wording = texts.MONEY_STUCK[event.reason_code].worded(amount=_amount(event.amount_minor, event.currency))
    owner = get_organisation(event.organisation)
    tell(organisation_id=owner.id, subject=event.organisation, wording=wording)


def _parties(buyer: str, seller: str) -> dict[str, OrganisationView]:
    """Both organisations, by ``buyer`` and ``seller``, in one query."""
    found = organisations_by_public_id((buyer, seller))
    return {"buyer": found[buyer], "seller": found[seller]}


def _tell_both(
    parties: dict[str, OrganisationView], subject: str, wording: Wording, **fields: str | dict[str, str]
) -> None:
    """Tell buyer and seller the same; ``party`` is the other one for each."""
    for reader, party in (("buyer", "seller"), ("seller", "buyer")):
        tell(
            organisation_id=parties[reader].id,
            subject=subject,
            wording=wording.worded(party=parties[party].name, **fields),
        )


def _ask_to_collect(parties: dict[str, OrganisationView], entitlement: str, agreement: str) -> None:
    open_task(
        organisation_id=parties["buyer"].id,
        kind=TaskKind.COLLECT,
        subject=entitlement,
        thread=agreement,
        title=worded(TASK_TITLES[TaskKind.COLLECT], party=parties["seller"].name),
    )


def _amount(minor: int, currency: str) -> dict[str, str]:
    """An amount as readers of either language write it."""
    money = Money(minor, currency)
    return {"ja": money.formatted("ja"), "en": money.formatted("en")}


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
