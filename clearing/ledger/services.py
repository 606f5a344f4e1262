"""Closes the books of a month and declares funds regimes."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from typing import Any

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.bounds import IDLE_DAYS_MAX
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .errors import FundsRegimeMissing, PeriodClosed, PeriodNotOver, PeriodUnbalanced
from .locks import PERIOD_LOCK
from .models import Account, Entry, FundsRegime, LedgerPeriod
from .queries import regime_in_force, trial_balance
from .states import AccountKind, FundsRegimeKind

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
    """Declare the right by which participants' money in ``currency`` is held from ``effective_from`` (default: now).

    Raises FieldInvalid for fields that do not fit together or a past ``effective_from``, Forbidden.
    """
    actor.require_operator()
    now = clock.now()
    effective_from = effective_from or now
    wrong = _first_invalid_field(
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
        "name the law, contract or legal opinion that is the basis",
        "根拠となる法令・契約等を記載してください",
    ),
    "registration_number": Label(
        "a funds-transfer business must state its registration number",
        "資金移動業は登録番号を記載してください",
    ),
    "balance_cap_minor": Label("state a cap above zero", "1以上の上限額を指定してください"),
    "idle_days": Label(
        f"state 1 to {IDLE_DAYS_MAX} calendar days", f"1～{IDLE_DAYS_MAX}日で指定してください"
    ),
    "cross_border_basis": Label(
        "name the licence or exemption if, and only if, payments abroad are allowed",
        "国外への支払を認める場合に限り、許認可または適用除外の根拠を記載してください",
    ),
    "effective_from": Label("choose the present or a later moment", "現在以降の日時を指定してください"),
}


def _first_invalid_field(**conditions: bool) -> str | None:
    return next((name for name, holds in conditions.items() if not holds), None)


def require_funds_regime(currency: str) -> FundsRegime:
    """The regime in force for ``currency``. Raises FundsRegimeMissing: no money is accepted without a regime."""
    regime = regime_in_force(currency)
    if regime is None:
        raise FundsRegimeMissing(currency=currency)
    return regime


@transaction.atomic
def close_ledger_period(*, actor: Actor, month: date) -> LedgerPeriod:
    """Close the books of the month of ``month``; closing it again returns the existing row.

    Months close in order: earlier months close with it. Records the trial balance of every currency as of its last day.
    Waits for transactions that are posting entries. Raises PeriodNotOver, PeriodClosed if a later month is closed,
    PeriodUnbalanced while a cycle is being posted into it, Forbidden.
    """
    actor.require_operator()
    first = month.replace(day=1)
    last = month.replace(day=monthrange(month.year, month.month)[1])
    if clock.today() <= last:
        raise PeriodNotOver(month=f"{first:%Y-%m}")
    PERIOD_LOCK.acquire()
    latest = LedgerPeriod.objects.filter(month__gte=first).order_by("-month").first()
    if latest is not None:
        if latest.month == first:
            return latest
        raise PeriodClosed(month=f"{first:%Y-%m}", closed=f"{latest.month:%Y-%m}")
    balances = _trial_balances(last)
    _require_control_at_zero(balances, first)
    period = LedgerPeriod.objects.create(
        month=first,
        entries=Entry.objects.filter(business_date__range=(first, last)).count(),
        trial_balances=balances,
        sha256=digest_of(balances),
        closed_by=actor.identifier,
        closed_at=clock.now(),
    )
    record(
        kind="clearing.period_closed",
        subject=period.public_id,
        actor=actor,
        payload={"month": f"{first:%Y-%m}", "entries": period.entries, "sha256": period.sha256},
    )
    return period


def _trial_balances(last: date) -> dict[str, list[dict[str, Any]]]:
    currencies = Account.objects.order_by("currency").values_list("currency", flat=True).distinct()
    return {
        currency: [row | {"label": row["label"].as_dict()} for row in trial_balance(currency, until=last)]
        for currency in currencies
    }


def _require_control_at_zero(balances: dict[str, list[dict[str, Any]]], month: date) -> None:
    """Raise PeriodUnbalanced if the clearing control account of a currency is not zero at the end of the month."""
    for currency, rows in balances.items():
        if any(row["kind"] == AccountKind.SETTLEMENT and row["balance_minor"] for row in rows):
            raise PeriodUnbalanced(month=f"{month:%Y-%m}", currency=currency)
