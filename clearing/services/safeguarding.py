"""Safeguarding of clients' money: the regime is declared, and every business day the money is checked."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from marketplace.events.schemas.clearing import SegregationBroken, SegregationRestored
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..errors import FundsRegimeMissing
from ..models import Account, BankStatement, FundsRegime, SegregationCheck
from ..models.safeguarding import IDLE_DAYS_MAX
from ..queries.ledger import client_money
from ..queries.safeguarding import regime_in_force
from ..states import AccountKind, FundsRegimeKind

logger = logging.getLogger(__name__)

CHECK_LOCK = 5_301_016
IDLE_DAYS = 5


@transaction.atomic
def declare_funds_regime(
    *,
    actor: Actor,
    currency: str,
    regime: str,
    legal_reference: str,
    balance_cap_minor: int,
    registration_number: str = "",
    idle_days: int = IDLE_DAYS,
    cross_border_allowed: bool = False,
    cross_border_basis: str = "",
    effective_from: datetime | None = None,
) -> FundsRegime:
    """State by what right participants' money in ``currency`` is held from ``effective_from`` (now) on.

    Raises FieldInvalid for what does not fit together or for a time that has passed, Forbidden.
    """
    actor.require_operator()
    now = clock.now()
    effective_from = effective_from or now
    wrong = _wrong_field(
        currency=len(currency) == 3 and currency.isascii() and currency.isupper(),
        regime=regime in FundsRegimeKind.values,
        legal_reference=bool(legal_reference.strip()),
        registration_number=regime != FundsRegimeKind.FUNDS_TRANSFER or bool(registration_number.strip()),
        balance_cap_minor=balance_cap_minor > 0,
        idle_days=1 <= idle_days <= IDLE_DAYS_MAX,
        cross_border_basis=cross_border_allowed == bool(cross_border_basis.strip()),
        effective_from=effective_from >= now,
    )
    if wrong:
        raise FieldInvalid(wrong, _EXPECTED[wrong])
    declared = FundsRegime.objects.create(
        currency=currency,
        regime=regime,
        legal_reference=legal_reference.strip(),
        registration_number=registration_number.strip(),
        balance_cap_minor=balance_cap_minor,
        idle_days=idle_days,
        cross_border_allowed=cross_border_allowed,
        cross_border_basis=cross_border_basis.strip(),
        effective_from=effective_from,
        declared_by=actor.identifier,
        declared_at=now,
    )
    record(
        kind="clearing.funds_regime_declared",
        subject=declared.public_id,
        actor=actor,
        payload={
            "currency": currency,
            "regime": regime,
            "legal_reference": declared.legal_reference,
            "registration_number": declared.registration_number,
            "balance_cap_minor": balance_cap_minor,
            "idle_days": idle_days,
            "cross_border_basis": declared.cross_border_basis,
            "effective_from": effective_from.isoformat(),
        },
    )
    return declared


_EXPECTED = {
    "currency": Label("write three capital letters (ISO 4217)", "ISO 4217の英大文字3字で指定してください"),
    "regime": Label(
        "choose one of " + ", ".join(FundsRegimeKind.values),
        "次から選んでください: " + ", ".join(FundsRegimeKind.values),
    ),
    "legal_reference": Label(
        "name the law, contract or opinion it stands on", "根拠となる法令・契約等を記載してください"
    ),
    "registration_number": Label(
        "a funds-transfer business states its registration", "資金移動業は登録番号を記載してください"
    ),
    "balance_cap_minor": Label("state a cap above zero", "正の上限額を指定してください"),
    "idle_days": Label(
        f"state 1 to {IDLE_DAYS_MAX} calendar days", f"1～{IDLE_DAYS_MAX}日で指定してください"
    ),
    "cross_border_basis": Label(
        "name the licence or exemption exactly if paying abroad is allowed",
        "国外への支払を認める場合に限り、許認可または適用除外の根拠を記載してください",
    ),
    "effective_from": Label(
        "a regime is in force when it is declared, or later", "宣言時以降の日時を指定してください"
    ),
}


def _wrong_field(**conditions: bool) -> str | None:
    return next((name for name, holds in conditions.items() if not holds), None)


def require_funds_regime(currency: str) -> FundsRegime:
    """The regime in force for ``currency``; raises FundsRegimeMissing: no money is taken without one."""
    regime = regime_in_force(currency)
    if regime is None:
        raise FundsRegimeMissing(currency=currency)
    return regime


def check_client_money(*, actor: Actor = SYSTEM) -> int:
    """Check clients' money against what is owed, once a business day and currency; returns how many checks were made.

    A check covers the days since the last one, so one is enough after days on which nobody checked. What does not
    agree is an error in the log and an event. Emits segregation.broken, segregation.restored.
    """
    today = clock.today()
    if not BusinessCalendar().is_business_day(today):
        return 0
    currencies = Account.objects.filter(kind=AccountKind.BANK_CLIENT).values_list("currency", flat=True)
    done = SegregationCheck.objects.filter(business_date=today).values_list("currency", flat=True)
    return sum(_check(currency, today, actor) for currency in sorted(set(currencies) - set(done)))


@transaction.atomic
def _check(currency: str, today: date, actor: Actor) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHECK_LOCK])
    last = SegregationCheck.objects.filter(currency=currency).order_by("business_date").last()
    if last is not None and last.business_date >= today:
        return False
    money = client_money(currency)
    statement = BankStatement.objects.filter(closing_currency=currency).order_by("pk").last()
    difference = None
    if statement is not None:
        difference = (statement.closing_balance_minor or 0) - (statement.ledger_balance_minor or 0)
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
    _tell(check, was_broken=last is not None and not last.agrees, actor=actor)
    return True


def _tell(check: SegregationCheck, *, was_broken: bool, actor: Actor) -> None:
    """Evidence of every check; an alarm where it does not agree, and its end where it agrees again."""
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
        "client money in %s does not agree on %s: bank %s, owed %s, operator %s, the bank's word differs by %s",
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
