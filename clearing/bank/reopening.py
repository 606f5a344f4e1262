"""Opens the sending of payments again after the database was restored."""

from __future__ import annotations

from datetime import UTC, date

from django.db.models import Count, Sum

from marketplace.events.schemas.clearing import SendingOpened
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ..approvals.services import require_second_person
from ..cycles.queries import value_date_on
from ..ledger.locks import MOVER_LOCK
from ..settlement.models import Restoration, SendingOpening, SettlementInstruction
from ..settlement.restorations import (
    newest_restoration,
    paying_currencies,
    require_counted_restoration,
    shut_currencies,
)
from ..settlement.states import InstructionState, PaymentDirection
from .errors import SendingNotShut, StatementsOutstanding, StatementUnreconciled
from .models import BankEntry, BankStatement
from .states import BankDirection, BankMatch


@record_refusals()
def open_sending(*, actor: Actor, restoration: str, currency: str) -> Restoration:
    """Open the sending of payments in ``currency`` after the newest restoration; always takes two people.

    The newest bank statement must reach the end of the day on which the bank carries out
    what was handed to it just before the restoration (its ``closing_on``, whenever it is imported after that day), and
    agree with the ledger: then it shows every payment that the market sent and does not remember. Both people confirm
    the statement, its closing day, and the number and total of debits since the restoration that no payment explains. Emits sending.opened. Raises SendingNotShut, StatementsOutstanding, StatementUnreconciled,
    RestorationUncounted, SecondPersonNeeded, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    MOVER_LOCK.acquire()
    require_counted_restoration()
    subject = Restoration.objects.filter(public_id=restoration).first()
    if subject is None:
        raise Missing(kind="restoration", identifier=restoration)
    if subject != newest_restoration() or currency not in shut_currencies([currency]):
        raise SendingNotShut(restoration=restoration, currency=currency)
    statement, closing_on = _statement_up_to_now(subject, currency)
    relied_on = {
        "statement": statement.public_id,
        "closing_on": closing_on.isoformat(),
        **_unexplained_debits(subject, currency),
    }
    approval = require_second_person(
        actor=actor,
        command="clearing.open_sending",
        subject=subject.public_id,
        payee="",
        amount_minor=max(_planned_minor(currency), 1),
        currency=currency,
        payload={"number": subject.number, **relied_on},
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
        payload={"currency": currency, "first_person": first_person, **relied_on},
    )
    everywhere = not shut_currencies(paying_currencies())
    emit(SendingOpened(restoration=subject.public_id, currency=currency, everywhere=everywhere))
    return subject


def _carried_out_on(restoration: Restoration, currency: str) -> date:
    """The day on which the bank carries out what was handed to it before the restoration.

    No earlier than the day of the restoration in UTC, which the database guard wants.
    """
    handed_over_on = clock.business_date(restoration.happened_at)
    return max(value_date_on(handed_over_on, currency), restoration.happened_at.astimezone(UTC).date())


def _statement_up_to_now(restoration: Restoration, currency: str) -> tuple[BankStatement, date]:
    """The newest statement, if it covers what was sent before the restoration; its day."""
    carried_out_on = _carried_out_on(restoration, currency)
    newest = (
        BankStatement.objects.filter(currency=currency, recorded_at__gt=restoration.recorded_at)
        .order_by("-pk")
        .first()
    )
    # On the day itself the bank may still carry out more, so the statement is imported after it.
    if (
        newest is None
        or newest.closing_on < carried_out_on
        or clock.business_date(newest.imported_at) <= carried_out_on
    ):
        raise StatementsOutstanding(currency=currency, day=carried_out_on.isoformat())
    if newest.closing_balance_minor != newest.ledger_balance_minor:
        raise StatementUnreconciled(
            statement=newest.public_id,
            stated_minor=newest.closing_balance_minor,
            ledger_minor=newest.ledger_balance_minor,
            currency=currency,
        )
    return newest, newest.closing_on


def _unexplained_debits(restoration: Restoration, currency: str) -> dict[str, int]:
    found = BankEntry.objects.filter(
        statement__recorded_at__gt=restoration.recorded_at,
        currency=currency,
        direction=BankDirection.DEBIT,
        match=BankMatch.UNALLOCATED,
        debit_booking=None,
    ).aggregate(count=Count("pk"), total=Sum("amount_minor"))
    return {"unexplained_debits": found["count"], "unexplained_minor": int(found["total"] or 0)}


def _planned_minor(currency: str) -> int:
    """What waits to be sent in ``currency``."""
    rows = SettlementInstruction.objects.filter(
        currency=currency, direction=PaymentDirection.OUT, state=InstructionState.PLANNED
    )
    return int(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)
