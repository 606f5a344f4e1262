"""Checks every business day that client money equals what is owed to clients."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Min

from marketplace.events.schemas.clearing import SegregationBroken, SegregationRestored
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.calendars import BusinessCalendar

from ...bank.models import BankStatement
from ...bank.queries import confirmed_statement
from ...ledger.locks import MOVER_LOCK
from ...ledger.models import Account
from ...ledger.queries import client_money
from ...ledger.states import AccountKind
from ...settlement.models import ClientAccount
from ..locks import SEGREGATION_CHECK_LOCK
from ..models import SegregationCheck

logger = logging.getLogger(__name__)

CHECKED = Loop("clearing.check_client_money")
DUE_HOUR = 9
"""The hour of the market's day by which the statement of the bank business day before is imported and confirmed."""


def check_client_money(*, actor: Actor = SYSTEM) -> int:
    """Check client money against what is owed, once per business day and currency; returns how many checks.

    The balance of the bank counts if a second person confirmed it and it covers every bank business day before today. The
    check is made as soon as there is one, and at ``DUE_HOUR`` without one, when it fails; a check that failed is made again
    once it agrees. A check covers the days since the last one, so one is enough after days without a check. A check that
    does not agree is logged as an error and emitted. Emits segregation.broken, segregation.restored.
    """
    today = clock.today()
    if not BusinessCalendar().is_business_day(today):
        return 0
    currencies = Account.objects.filter(kind=AccountKind.BANK_CLIENT).values_list("currency", flat=True)
    done = SegregationCheck.objects.filter(business_date=today, agrees=True).values_list(
        "currency", flat=True
    )
    return CHECKED.each(sorted(set(currencies) - set(done)), lambda currency: _check(currency, today, actor))


@dataclass(frozen=True, slots=True)
class _BankBalance:
    """The newest confirmed ``statement``, and the bank business day that it must reach; None if there was none yet."""

    statement: BankStatement | None
    due_on: date | None

    @property
    def is_fresh(self) -> bool:
        """Whether the confirmed balance covers every bank business day before today."""
        return self.due_on is None or (
            self.statement is not None and self.statement.closing_on >= self.due_on
        )

    @property
    def difference_minor(self) -> int | None:
        """The bank's balance less the ledger's at the import."""
        if self.statement is None:
            return None
        return self.statement.closing_balance_minor - self.statement.ledger_balance_minor


def _bank_balance(currency: str, today: date) -> _BankBalance:
    due_on = BusinessCalendar().roll_back(today - timedelta(days=1))
    registered = ClientAccount.objects.filter(currency=currency).aggregate(first=Min("effective_from"))
    since = registered["first"]
    is_due = since is not None and clock.business_date(since) <= due_on
    return _BankBalance(confirmed_statement(currency), due_on if is_due else None)


@transaction.atomic
def _check(currency: str, today: date, actor: Actor) -> bool:
    MOVER_LOCK.acquire()
    SEGREGATION_CHECK_LOCK.acquire()
    last = SegregationCheck.objects.filter(currency=currency).order_by("business_date", "attempt").last()
    failed_today = last is not None and last.business_date == today
    if last is not None and (last.business_date > today or (failed_today and last.agrees)):
        return False
    bank = _bank_balance(currency, today)
    early = clock.now().astimezone(clock.market_zone()).hour < DUE_HOUR
    if not bank.is_fresh and (early or failed_today):
        return False
    money = client_money(currency)
    agrees = (
        bank.is_fresh
        and money.bank_minor >= money.owed_minor
        and money.bank_minor + money.outstanding_minor == money.owed_minor + money.operator_minor
        and not bank.difference_minor
    )
    if failed_today and not agrees:
        return False
    check = SegregationCheck.objects.create(
        currency=currency,
        business_date=today,
        attempt=last.attempt + 1 if last is not None and failed_today else 1,
        since=_since(last, today),
        **asdict(money),
        due_on=bank.due_on,
        statement=bank.statement,
        stated_on=bank.statement.closing_on if bank.statement else None,
        stated_minor=bank.statement.closing_balance_minor if bank.statement else None,
        stated_difference_minor=bank.difference_minor,
        agrees=agrees,
        checked_at=clock.now(),
    )
    _record_check(check, bank, was_broken=last is not None and not last.agrees, actor=actor)
    return True


def _since(last: SegregationCheck | None, today: date) -> date:
    """The first day that a check of today covers."""
    if last is None:
        return today
    return last.since if last.business_date == today else last.business_date + timedelta(days=1)


def _record_check(check: SegregationCheck, bank: _BankBalance, *, was_broken: bool, actor: Actor) -> None:
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
            "outstanding_minor": check.outstanding_minor,
            "due_on": _iso(check.due_on),
            "stated_on": _iso(check.stated_on),
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
        "client money in %s does not agree on %s: ledger %s, owed %s, operator %s, difference from the bank %s, confirmed up"
        " to %s, due %s",
        check.currency,
        check.business_date,
        check.bank_minor,
        check.owed_minor,
        check.operator_minor,
        check.stated_difference_minor,
        check.stated_on,
        check.due_on,
    )
    emit(
        SegregationBroken(
            currency=check.currency,
            check=check.public_id,
            business_date=check.business_date.isoformat(),
            bank_minor=check.bank_minor,
            owed_minor=check.owed_minor,
            stated_difference_minor=check.stated_difference_minor or 0,
            due_on="" if bank.is_fresh else _iso(check.due_on) or "",
            stated_on=_iso(check.stated_on) or "",
        )
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
