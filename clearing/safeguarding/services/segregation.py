"""Checks every business day that client money equals what is owed to clients."""

from __future__ import annotations

import logging
from datetime import date, timedelta

from django.db import transaction

from marketplace.events.schemas.clearing import SegregationBroken, SegregationRestored
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.calendars import BusinessCalendar

from ...bank.models import BankStatement
from ...ledger.models import Account
from ...ledger.queries import client_money
from ...ledger.states import AccountKind
from ..locks import SEGREGATION_CHECK_LOCK
from ..models import SegregationCheck

logger = logging.getLogger(__name__)


def check_client_money(*, actor: Actor = SYSTEM) -> int:
    """Check client money against what is owed, once per business day and currency; returns how many checks.

    A check covers the days since the last one, so one is enough after days without a check. A check that does not agree
    is logged as an error and emitted. Emits segregation.broken, segregation.restored.
    """
    today = clock.today()
    if not BusinessCalendar().is_business_day(today):
        return 0
    currencies = Account.objects.filter(kind=AccountKind.BANK_CLIENT).values_list("currency", flat=True)
    done = SegregationCheck.objects.filter(business_date=today).values_list("currency", flat=True)
    return sum(_check(currency, today, actor) for currency in sorted(set(currencies) - set(done)))


@transaction.atomic
def _check(currency: str, today: date, actor: Actor) -> bool:
    SEGREGATION_CHECK_LOCK.acquire()
    last = SegregationCheck.objects.filter(currency=currency).order_by("business_date").last()
    if last is not None and last.business_date >= today:
        return False
    money = client_money(currency)
    statement = BankStatement.objects.filter(currency=currency).order_by("number").last()
    difference = None
    if statement is not None:
        difference = statement.closing_balance_minor - statement.ledger_balance_minor
    agrees = (
        money.bank_minor >= money.owed_minor
        and money.bank_minor == money.owed_minor + money.operator_minor
        and not difference
    )
    check = SegregationCheck.objects.create(
        currency=currency,
        business_date=today,
        since=last.business_date + timedelta(days=1) if last else today,
        bank_minor=money.bank_minor,
        owed_minor=money.owed_minor,
        operator_minor=money.operator_minor,
        statement=statement,
        stated_minor=statement.closing_balance_minor if statement else None,
        stated_difference_minor=difference,
        agrees=agrees,
        checked_at=clock.now(),
    )
    _record_check(check, was_broken=last is not None and not last.agrees, actor=actor)
    return True


def _record_check(check: SegregationCheck, *, was_broken: bool, actor: Actor) -> None:
    """Record evidence of the check; emit the start of a disagreement or its end."""
    record(
        kind="clearing.client_money_checked",
        subject=check.public_id,
        actor=actor,
        payload={
            "currency": check.currency,
            "business_date": check.business_date.isoformat(),
            "since": check.since.isoformat(),
            "bank_minor": check.bank_minor,
            "owed_minor": check.owed_minor,
            "operator_minor": check.operator_minor,
            "stated_minor": check.stated_minor,
            "stated_difference_minor": check.stated_difference_minor,
            "agrees": check.agrees,
        },
    )
    if check.agrees:
        if was_broken:
            emit(SegregationRestored(currency=check.currency, check=check.public_id))
        return
    logger.error(
        "client money in %s does not agree on %s: ledger %s, owed %s, operator %s, difference from the bank %s",
        check.currency,
        check.business_date,
        check.bank_minor,
        check.owed_minor,
        check.operator_minor,
        check.stated_difference_minor,
    )
    emit(
        SegregationBroken(
            currency=check.currency,
            check=check.public_id,
            business_date=check.business_date.isoformat(),
            bank_minor=check.bank_minor,
            owed_minor=check.owed_minor,
            stated_difference_minor=check.stated_difference_minor or 0,
        )
    )
