"""Opens the sending of payments again after the database was restored."""

from __future__ import annotations

from django.db.models import Count, Sum

from marketplace.events.schemas.clearing import SendingOpened
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.refusals import record_refusals

from ..approvals.services import require_second_person
from ..cycles.queries import value_date_on
from ..ledger.locks import MOVER_LOCK
from ..settlement.models import Restoration, SendingOpening, SettlementInstruction
from ..settlement.restorations import newest_restoration, paying_currencies, shut_currencies
from ..settlement.states import InstructionState, PaymentDirection
from .errors import SendingNotShut, StatementsOutstanding, StatementUnreconciled
from .models import BankEntry, BankStatement
from .states import BankDirection, BankMatch


@record_refusals()
def open_sending(*, actor: Actor, restoration: str, currency: str) -> Restoration:
    """Open the sending of payments in ``currency`` after the newest restoration; always takes two people.

    The newest bank statement that states a closing balance must have been imported after the day on which the bank
    carries out what was handed to it just before the restoration, and agree with the ledger: then it shows every payment
    that the market sent and does not remember. Both people confirm the number and total of debits since the restoration
    that no payment explains. Emits sending.opened. Raises SendingNotShut, StatementsOutstanding, StatementUnreconciled,
    SecondPersonNeeded, Missing, Forbidden.
    """
    actor.require_operator()
    MOVER_LOCK.acquire()
    subject = Restoration.objects.filter(public_id=restoration).first()
    if subject is None:
        raise Missing(kind="restoration", identifier=restoration)
    if subject != newest_restoration() or currency not in shut_currencies([currency]):
        raise SendingNotShut(restoration=restoration, currency=currency)
    statement = _statement_up_to_now(subject, currency)
    unexplained = _unexplained_debits(subject, currency)
    approval = require_second_person(
        actor=actor,
        command="clearing.open_sending",
        subject=subject.public_id,
        amount_minor=max(_planned_minor(currency), 1),
        currency=currency,
        payload={"number": subject.number, "statement": statement.public_id, **unexplained},
        always=True,
    )
    first_person = approval.first_person if approval else ""
    SendingOpening.objects.create(
        restoration=subject,
        currency=currency,
        statement=statement.public_id,
        first_person=first_person,
        opened_by=actor.identifier,
        opened_at=clock.now(),
    )
    record(
        kind="clearing.sending_opened",
        subject=subject.public_id,
        actor=actor,
        payload={
            "currency": currency,
            "statement": statement.public_id,
            "first_person": first_person,
            **unexplained,
        },
    )
    everywhere = not shut_currencies(paying_currencies())
    emit(SendingOpened(restoration=subject.public_id, currency=currency, everywhere=everywhere))
    return subject


def _statement_up_to_now(restoration: Restoration, currency: str) -> BankStatement:
    """The newest statement that states a closing balance, if it covers what was sent before the restoration."""
    carried_out_on = value_date_on(clock.business_date(restoration.happened_at), currency)
    newest = (
        BankStatement.objects.filter(closing_currency=currency, recorded_at__gt=restoration.recorded_at)
        .order_by("-pk")
        .first()
    )
    if newest is None or clock.business_date(newest.imported_at) <= carried_out_on:
        raise StatementsOutstanding(currency=currency, day=carried_out_on.isoformat())
    if newest.closing_balance_minor != newest.ledger_balance_minor:
        raise StatementUnreconciled(
            statement=newest.public_id,
            stated_minor=newest.closing_balance_minor,
            ledger_minor=newest.ledger_balance_minor,
            currency=currency,
        )
    return newest


def _unexplained_debits(restoration: Restoration, currency: str) -> dict[str, int]:
    found = BankEntry.objects.filter(
        statement__recorded_at__gt=restoration.recorded_at,
        currency=currency,
        direction=BankDirection.DEBIT,
        match=BankMatch.UNALLOCATED,
    ).aggregate(count=Count("pk"), total=Sum("amount_minor"))
    return {"unexplained_debits": found["count"], "unexplained_minor": int(found["total"] or 0)}


def _planned_minor(currency: str) -> int:
    """What waits to be sent in ``currency``."""
    rows = SettlementInstruction.objects.filter(
        currency=currency, direction=PaymentDirection.OUT, state=InstructionState.PLANNED
    )
    return int(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)
