"""Event handlers about payout accounts: everybody of an organisation is told of a change, and of a payment that came back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import (
    PayoutAccountConfirmed,
    PayoutAccountEnded,
    PayoutAccountProposed,
)
from marketplace.events.schemas.payments import PaymentReturned, ReturnSetOff, ReturnSettled
from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.payout_queries import pending_account
from marketplace.participants.queries import OrganisationView, get_organisation, operator_organisation

from .. import payout_texts
from ..formats import format_amount
from ..operator_tasks import ask_operator, finish_for_operator
from ..services import close_tasks, open_task, send_notice
from ..states import TaskKind
from ..texts import TASK_TITLES, fill_label


def on_payout_account_proposed(event: PayoutAccountProposed, envelope: Envelope) -> None:
    """Tell the organisation, and open the task to confirm: its own, or the operator's for a participant of one person."""
    party = get_organisation(event.organisation)
    confirming = payout_texts.STAFF if event.by_staff else payout_texts.COLLEAGUE
    send_notice(
        organisation_id=party.id,
        subject=event.change,
        wording=payout_texts.PROPOSED.fill(
            change=event.change, confirming=confirming.as_dict(), lapses_on=event.lapses_on
        ),
    )
    open_task(
        organisation_id=operator_organisation().id if event.by_staff else party.id,
        kind=TaskKind.VET_ACCOUNT,
        subject=event.change,
        thread=event.change,
        title=fill_label(TASK_TITLES[TaskKind.VET_ACCOUNT], change=event.change),
        deadline=_end_of(event.lapses_on),
        needs=Permission.ADMISSION_WRITE if event.by_staff else None,
    )


def on_payout_account_confirmed(event: PayoutAccountConfirmed, envelope: Envelope) -> None:
    """Tell the organisation from which day the account is used, and close the task."""
    party = get_organisation(event.organisation)
    done_by = operator_organisation().id if event.by_staff else party.id
    close_tasks(thread=event.change, kinds=(TaskKind.VET_ACCOUNT,), done_by=done_by)
    wording = payout_texts.CONFIRMED.fill(change=event.change, usable_from=event.usable_from)
    send_notice(organisation_id=party.id, subject=event.change, wording=wording)


def on_payout_account_ended(event: PayoutAccountEnded, envelope: Envelope) -> None:
    """Tell the organisation that the account in use stays, and close the task."""
    close_tasks(thread=event.change, kinds=(TaskKind.VET_ACCOUNT,))
    send_notice(
        organisation_id=get_organisation(event.organisation).id,
        subject=event.change,
        wording=payout_texts.ENDED[event.state].fill(change=event.change),
    )


def on_payment_returned(event: PaymentReturned, envelope: Envelope) -> None:
    """Open the operator's task to plan the payment again, and tell the payee; both name the account that is to come.

    Of a payment to a creditor they name the attachment instead.
    """
    party = get_organisation(event.organisation)
    amount = format_amount(event.amount_minor, event.currency)
    if event.restraint is not None:
        _tell_of_creditor(event, party, amount)
        return
    account = _account_to_come(party.id).as_dict()
    ask_operator(
        TaskKind.PAY_AGAIN,
        event.instruction,
        party=party.name,
        account=account,
        reference=event.reference,
        amount=amount,
    )
    if not party.is_operator:
        wording = payout_texts.RETURNED.fill(account=account, reference=event.reference, amount=amount)
        send_notice(organisation_id=party.id, subject=event.instruction, wording=wording)


def _tell_of_creditor(event: PaymentReturned, party: OrganisationView, amount: str | dict[str, str]) -> None:
    words: dict[str, Any] = {
        "reference": event.reference,
        "amount": amount,
        "restraint": event.restraint or "",
    }
    ask_operator(
        TaskKind.PAY_AGAIN,
        event.instruction,
        title=payout_texts.PAY_CREDITOR_AGAIN,
        party=party.name,
        **words,
    )
    wording = payout_texts.RETURNED_OF_CREDITOR.fill(**words)
    send_notice(organisation_id=party.id, subject=event.instruction, wording=wording)


def on_return_set_off(event: ReturnSetOff, envelope: Envelope) -> None:
    """Tell the payee what was set off and what stays due; the operator's task ends when nothing does."""
    wording = payout_texts.RETURN_SET_OFF.fill(
        cycle=event.cycle,
        reference=event.reference,
        amount=format_amount(event.amount_minor, event.currency),
        remainder=format_amount(event.remainder_minor, event.currency),
    )
    send_notice(
        organisation_id=get_organisation(event.organisation).id, subject=event.instruction, wording=wording
    )
    if not event.remainder_minor:
        finish_for_operator(TaskKind.PAY_AGAIN, event.instruction)


def on_return_settled(event: ReturnSettled, envelope: Envelope) -> None:
    """Close the operator's task: the payment was planned again, or made after all."""
    finish_for_operator(TaskKind.PAY_AGAIN, event.instruction)


def _account_to_come(organisation_id: int) -> Label:
    """Which account an organisation changes to, and from which day it is used."""
    pending = pending_account(organisation_id)
    if pending is None:
        return payout_texts.NO_CHANGE
    if pending.usable_from is None:
        return fill_label(payout_texts.UNCONFIRMED_CHANGE, change=pending.change)
    day = pending.usable_from.isoformat()
    return fill_label(payout_texts.PENDING_CHANGE, change=pending.change, usable_from=day)


def _end_of(day: str) -> datetime:
    """The end of a business day."""
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), clock.market_zone())
