"""Event handlers that open and close tasks and send notices.

Events of one thread (a negotiation, an agreement) arrive once each, in the order of their commits. Opening a task that
is already open, or closing one that is closed, does nothing.
"""

from __future__ import annotations

from typing import cast

from marketplace.approvals.queries import permission_for
from marketplace.events.envelope import Envelope
from marketplace.events.schemas.approvals import ApprovalAsked, ApprovalEnded
from marketplace.events.schemas.clearing import (
    CycleCaughtUp,
    CycleOverdue,
    MoneyReturning,
    MoneyStuck,
    PaymentDeferred,
    PaymentFound,
    PaymentLost,
    PaymentReceived,
    PaymentSetOff,
    SegregationBroken,
    SegregationRestored,
    SendingOpened,
    SendingShut,
    ShortfallOccurred,
    StatementConfirmationEnded,
    StatementConfirmationNeeded,
    StatementMade,
    TradeConcluded,
    TradeSecured,
)
from marketplace.events.schemas.contracts import DisputeOpened, DisputeResolved, NegotiationMoved
from marketplace.events.schemas.delivery import DeliveryAccepted, DeliveryGranted, DeliveryMatched
from marketplace.events.schemas.participants import AdmissionDecided
from marketplace.kernel.labels import Label
from marketplace.participants.queries import (
    OrganisationView,
    get_organisation,
    get_segment,
    operator_organisation,
    organisations_by_public_id,
)
from marketplace.participants.states import AdmissionState, Capacity

from .. import texts
from ..admission_texts import ADMISSIONS
from ..formats import format_amount, parse_instant
from ..operator_tasks import ask_operator, finish_for_operator
from ..queries import latest_task_subject
from ..services import close_tasks, open_task, send_notice, send_notices
from ..states import TaskKind
from ..texts import TASK_TITLES, Wording, fill_label

SIGNING_STATES = ("accepted", "agreed")
RECEIVING = (TaskKind.COLLECT, TaskKind.ACCEPT)


def on_admission_decided(event: AdmissionDecided, envelope: Envelope) -> None:
    """Notify the applicant. What is on hold is a case, of which ``marketplace.cases`` tells the operator."""
    applicant, segment = get_organisation(event.organisation), get_segment(event.segment)
    capacity = cast(Label, Capacity(event.capacity).label)
    wording = ADMISSIONS[event.state].fill(
        segment=segment.name, capacity=capacity.as_dict(), decision=event.decision or "-"
    )
    send_notice(organisation_id=applicant.id, subject=event.admission, wording=wording)
    if event.state != AdmissionState.ADMITTED:
        close_tasks(
            thread=event.admission,
            kinds=(TaskKind.KEEP,),
            done_by=applicant.id if event.state == AdmissionState.RENEWED else None,
        )


def on_negotiation_moved(event: NegotiationMoved, envelope: Envelope) -> None:
    """Open the task to answer or sign for the party that must act next, and close the other party's task.

    The buyer signs last, so a negotiation that the system finalizes counts as done by the buyer.
    """
    parties = _parties(event.buyer, event.seller)
    mover = parties["buyer"] if event.state == "finalized" else parties.get(event.by)
    waiting = parties.get(event.waits_for or "")
    kind = TaskKind.SIGN if event.state in SIGNING_STATES else TaskKind.ANSWER
    close_tasks(
        thread=event.negotiation,
        done_by=mover.id if mover else None,
        except_for=(waiting.id, kind) if waiting else None,
    )
    if waiting is not None:
        party = parties["seller" if event.waits_for == "buyer" else "buyer"]
        open_task(
            organisation_id=waiting.id,
            kind=kind,
            subject=event.negotiation,
            thread=event.negotiation,
            title=fill_label(TASK_TITLES[kind], party=party.name),
            deadline=parse_instant(event.respond_by),
            detail=_changed_terms(event),
        )
    elif event.state == "finalized":
        _notify_both(parties, event.negotiation, texts.NEGOTIATION_FINALIZED, negotiation=event.negotiation)
    elif event.state == "terminated":
        _notify_both(parties, event.negotiation, texts.NEGOTIATION_TERMINATED, negotiation=event.negotiation)


def _changed_terms(event: NegotiationMoved) -> Label | None:
    """What the proposal changes, one term a line; None where it changes nothing."""
    if not event.changes:
        return None
    lines = {
        language: "\n".join(getattr(one, language) for one in event.changes) for language in ("ja", "en")
    }
    return fill_label(texts.CHANGED_TERMS, lines=lines)


def on_trade_concluded(event: TradeConcluded, envelope: Envelope) -> None:
    """Open the buyer's task to pay in, unless the trade is secured already."""
    if not event.waits_for_money:
        return
    parties = _parties(event.buyer, event.seller)
    open_task(
        organisation_id=parties["buyer"].id,
        kind=TaskKind.FUND,
        subject=event.trade,
        thread=event.agreement,
        title=fill_label(
            TASK_TITLES[TaskKind.FUND],
            party=parties["seller"].name,
            amount=format_amount(event.gross_minor, event.currency),
        ),
        deadline=parse_instant(event.fund_by),
    )


def on_trade_secured(event: TradeSecured, envelope: Envelope) -> None:
    """Close the buyer's task to pay in, and notify the seller."""
    parties = _parties(event.buyer, event.seller)
    close_tasks(thread=event.agreement, kinds=(TaskKind.FUND,), done_by=parties["buyer"].id)
    wording = texts.TRADE_SECURED.fill(party=parties["buyer"].name, trade=event.trade)
    send_notice(organisation_id=parties["seller"].id, subject=event.trade, wording=wording)


def on_delivery_granted(event: DeliveryGranted, envelope: Envelope) -> None:
    """Open the buyer's task to download the data."""
    parties = _parties(event.buyer, event.seller)
    _open_collect_task(parties, event.entitlement, event.agreement)


def on_delivery_matched(event: DeliveryMatched, envelope: Envelope) -> None:
    """Close the buyer's task to download, and open the task to inspect until the end of the inspection period."""
    parties = _parties(event.buyer, event.seller)
    close_tasks(thread=event.agreement, kinds=(TaskKind.COLLECT,), done_by=parties["buyer"].id)
    open_task(
        organisation_id=parties["buyer"].id,
        kind=TaskKind.ACCEPT,
        subject=event.entitlement,
        thread=event.agreement,
        title=fill_label(TASK_TITLES[TaskKind.ACCEPT], party=parties["seller"].name),
        deadline=parse_instant(event.inspect_by),
    )


def on_delivery_accepted(event: DeliveryAccepted, envelope: Envelope) -> None:
    """Close the buyer's task to inspect, and notify the seller how the data was accepted."""
    parties = _parties(event.buyer, event.seller)
    done_by = parties["buyer"].id if event.by == "buyer" else None
    close_tasks(thread=event.agreement, kinds=RECEIVING, done_by=done_by)
    wording = texts.DELIVERY_ACCEPTED[event.by].fill(party=parties["buyer"].name, trade=event.trade)
    send_notice(organisation_id=parties["seller"].id, subject=event.trade, wording=wording)


def on_dispute_opened(event: DisputeOpened, envelope: Envelope) -> None:
    """Open the operator's task to resolve the dispute, and notify both parties; the buyer's own closes its tasks to receive."""
    parties = _parties(event.buyer, event.seller)
    buyer, seller = parties["buyer"].name, parties["seller"].name
    ask_operator(TaskKind.RESOLVE, event.dispute, buyer=buyer, seller=seller)
    words = {"dispute": event.dispute, "reason_code": event.reason_code}
    if event.opened_as == "buyer":
        close_tasks(thread=event.agreement, kinds=RECEIVING, done_by=parties["buyer"].id)
        _notify_both(parties, event.dispute, texts.DISPUTE_OPENED, **words)
        return
    wording = texts.DISPUTE_OPENED_BY_OTHER.fill(
        agreement=event.agreement, opened_as=texts.DISPUTE_PARTIES[event.opened_as].as_dict(), **words
    )
    send_notices(subject=event.dispute, wordings={party.id: wording for party in parties.values()})


def on_dispute_resolved(event: DisputeResolved, envelope: Envelope) -> None:
    """Close the operator's task and notify both parties; for a redelivery, open the buyer's task to download."""
    parties = _parties(event.buyer, event.seller)
    finish_for_operator(TaskKind.RESOLVE, event.dispute)
    outcome = texts.DISPUTE_OUTCOMES[event.outcome].as_dict()
    _notify_both(parties, event.dispute, texts.DISPUTE_RESOLVED, dispute=event.dispute, outcome=outcome)
    entitlement = latest_task_subject(event.agreement, RECEIVING)
    if event.outcome == "redelivery" and entitlement is not None:
        _open_collect_task(parties, entitlement, event.agreement)


def on_payment_received(event: PaymentReceived, envelope: Envelope) -> None:
    """Notify the payer of its pay-in, or of its pay-ins of a statement."""
    wording = (texts.PAYMENT_RECEIVED if event.receipts == 1 else texts.PAYMENTS_RECEIVED).fill(
        amount=format_amount(event.amount_minor, event.currency),
        reference=event.bank_reference,
        count=str(event.receipts),
    )
    _notify(event.organisation, event.organisation, wording)


def on_statement_made(event: StatementMade, envelope: Envelope) -> None:
    """Notify the participant of its monthly statement."""
    wording = texts.STATEMENT_MADE.fill(month=event.month, currency=event.currency, statement=event.statement)
    _notify(event.organisation, event.statement, wording)


def on_payment_deferred(event: PaymentDeferred, envelope: Envelope) -> None:
    """Notify a creditor of a deferral."""
    wording = texts.PAYMENT_DEFERRED.fill(
        amount=format_amount(event.amount_minor, event.currency), cycle=event.cycle
    )
    _notify(event.organisation, event.cycle, wording)


def on_payment_set_off(event: PaymentSetOff, envelope: Envelope) -> None:
    """Notify a participant of the part of its planned payment that was set off, and of what remains."""
    fields = {"amount": event.amount_minor, "remainder": event.remainder_minor}
    amounts = {name: format_amount(minor, event.currency) for name, minor in fields.items()}
    wording = texts.PAYMENT_SET_OFF.fill(payment=event.payment, cycle=event.cycle, **amounts)
    _notify(event.organisation, event.set_off, wording)


def on_shortfall_occurred(event: ShortfallOccurred, envelope: Envelope) -> None:
    """Notify the participant of its shortfall: the deferred part and what the reserve lent."""
    wording = texts.SHORTFALL.fill(
        missing=format_amount(event.missing_minor, event.currency),
        deferred=format_amount(event.deferred_minor, event.currency),
        lent=format_amount(event.missing_minor - event.deferred_minor, event.currency),
    )
    _notify(event.organisation, event.shortfall, wording)


def on_cycle_overdue(event: CycleOverdue, envelope: Envelope) -> None:
    """Open the operator's task to attend to a late cycle."""
    reason = texts.CYCLE_OVERDUE[event.reason_code].as_dict()
    ask_operator(TaskKind.EXPEDITE, event.cycle, cycle=event.business_key, reason=reason)


def on_cycle_caught_up(event: CycleCaughtUp, envelope: Envelope) -> None:
    """Close the operator's task: the cycle is no longer late."""
    finish_for_operator(TaskKind.EXPEDITE, event.cycle)


def on_approval_asked(event: ApprovalAsked, envelope: Envelope) -> None:
    """Open the task of the organisation: a second person of it approves the command or withdraws it."""
    open_task(
        organisation_id=get_organisation(event.organisation).id,
        kind=TaskKind.COUNTERSIGN,
        subject=event.approval,
        thread=event.approval,
        title=fill_label(
            texts.TASK_TITLES[TaskKind.COUNTERSIGN],
            command=event.command,
            amount=format_amount(event.amount_minor, event.currency),
            approval=event.approval,
        ),
        deadline=parse_instant(event.expires_at),
        needs=permission_for(event.approval),
    )


def on_approval_ended(event: ApprovalEnded, envelope: Envelope) -> None:
    """Close the task to approve: done, or no longer needed if the approval expired."""
    done_by = None if event.state == "expired" else get_organisation(event.organisation).id
    close_tasks(thread=event.approval, kinds=(TaskKind.COUNTERSIGN,), done_by=done_by)


def on_statement_confirmation_needed(event: StatementConfirmationNeeded, envelope: Envelope) -> None:
    """Open the operator's task: a second person confirms the bank statement or withdraws it."""
    ask_operator(
        TaskKind.COUNTERSIGN,
        event.statement_import,
        command="clearing.confirm_statement",
        amount=format_amount(event.amount_minor, event.currency),
        approval=event.statement_import,
    )


def on_statement_confirmation_ended(event: StatementConfirmationEnded, envelope: Envelope) -> None:
    """Close the task to confirm a bank statement."""
    close_tasks(
        thread=event.statement_import, kinds=(TaskKind.COUNTERSIGN,), done_by=operator_organisation().id
    )


def on_segregation_broken(event: SegregationBroken, envelope: Envelope) -> None:
    """Open the operator's task to find the difference of the segregation check."""
    ask_operator(
        TaskKind.RECONCILE,
        event.check,
        thread=f"segregation:{event.currency}",
        title=texts.BALANCE_OUTDATED if event.due_on else None,
        due=event.due_on,
        stated_on=event.stated_on or "—",
        currency=event.currency,
        day=event.business_date,
        bank=format_amount(event.bank_minor, event.currency),
        owed=format_amount(event.owed_minor, event.currency),
        stated=format_amount(event.stated_difference_minor, event.currency),
    )


def on_segregation_restored(event: SegregationRestored, envelope: Envelope) -> None:
    """Close the operator's task: the segregation check finds no difference any more."""
    finish_for_operator(TaskKind.RECONCILE, f"segregation:{event.currency}")


def on_sending_shut(event: SendingShut, envelope: Envelope) -> None:
    """Open the operator's task to open the sending of payments after a restoration."""
    ask_operator(TaskKind.REOPEN, event.restoration, number=str(event.number))


def on_sending_opened(event: SendingOpened, envelope: Envelope) -> None:
    """Close the operator's task once no currency is shut."""
    if event.everywhere:
        finish_for_operator(TaskKind.REOPEN, event.restoration)


def on_payment_lost(event: PaymentLost, envelope: Envelope) -> None:
    """Open the operator's task to ask the bank for the outcome of a payment."""
    ask_operator(
        TaskKind.LOOK_UP,
        event.instruction,
        reference=event.reference,
        amount=format_amount(event.amount_minor, event.currency),
        day=event.value_date,
    )


def on_payment_found(event: PaymentFound, envelope: Envelope) -> None:
    """Close the operator's task: the outcome of the payment is known."""
    finish_for_operator(TaskKind.LOOK_UP, event.instruction)


def on_money_returning(event: MoneyReturning, envelope: Envelope) -> None:
    """Notify the participant that its money is being paid back, and why."""
    wording = texts.MONEY_RETURNING[event.reason_code].fill(
        amount=format_amount(event.amount_minor, event.currency), instruction=event.instruction
    )
    _notify(event.organisation, event.instruction, wording)


def on_money_stuck(event: MoneyStuck, envelope: Envelope) -> None:
    """Notify the participant that its money cannot be paid back, and why."""
    wording = texts.MONEY_STUCK[event.reason_code].fill(
        amount=format_amount(event.amount_minor, event.currency)
    )
    _notify(event.organisation, event.organisation, wording)


def _parties(buyer: str, seller: str) -> dict[str, OrganisationView]:
    """Both organisations under the keys ``buyer`` and ``seller``, read in one query."""
    found = organisations_by_public_id((buyer, seller))
    return {"buyer": found[buyer], "seller": found[seller]}


def _notify(organisation: str, subject: str, wording: Wording) -> None:
    """Send a notice to an organisation (public identifier)."""
    send_notice(organisation_id=get_organisation(organisation).id, subject=subject, wording=wording)


def _notify_both(
    parties: dict[str, OrganisationView], subject: str, wording: Wording, **fields: str | dict[str, str]
) -> None:
    """Send buyer and seller the same notice; ``party`` is the other party's name for each."""
    wordings = {
        parties[reader].id: wording.fill(party=parties[party].name, **fields)
        for reader, party in (("buyer", "seller"), ("seller", "buyer"))
    }
    send_notices(subject=subject, wordings=wordings)


def _open_collect_task(parties: dict[str, OrganisationView], entitlement: str, agreement: str) -> None:
    open_task(
        organisation_id=parties["buyer"].id,
        kind=TaskKind.COLLECT,
        subject=entitlement,
        thread=agreement,
        title=fill_label(TASK_TITLES[TaskKind.COLLECT], party=parties["seller"].name),
    )
