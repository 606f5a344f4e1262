"""Declares the funds regimes: by what right participants' money is held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.bounds import IDLE_DAYS_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ...approvals.services import require_two_people
from ...ledger.models import FundsRegime
from ...ledger.queries import regime_in_force
from ...ledger.states import FundsRegimeKind
from ..held_by_two import DECLARE_REGIME
from ..notice import require_notice

IDLE_DAYS = 5


@record_refusals()
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

    Takes two people. What weakens the protection of that money (another regime, a higher cap, more idle days, payments
    abroad) takes effect after ``control_notice_hours``. Raises SecondPersonNeeded, FieldInvalid for fields that do not fit
    together or an ``effective_from`` that is too early, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    now = clock.now()
    stated = {
        "regime": regime,
        "legal_reference": legal_reference.strip(),
        "registration_number": registration_number.strip(),
        "balance_cap_minor": balance_cap_minor,
        "idle_days": idle_days,
        "cross_border_allowed": cross_border_allowed,
        "cross_border_basis": cross_border_basis.strip(),
    }
    _require_fitting(currency, stated, effective_from, now)
    before = regime_in_force(currency, effective_from)
    if before is not None and _weakens(before, stated):
        require_notice(effective_from, now)
    approval = require_two_people(
        actor=actor,
        command=DECLARE_REGIME,
        subject=currency,
        payload={**stated, "effective_from": effective_from.isoformat() if effective_from else None},
    )
    declared = FundsRegime.objects.create(
        currency=currency,
        effective_from=effective_from or now,
        approval=approval.public_id,
        declared_by=actor.identifier,
        declared_at=now,
        **stated,
    )
    record(
        kind="clearing.funds_regime_declared",
        subject=declared.public_id,
        actor=actor,
        payload={
            "currency": currency,
            **stated,
            "effective_from": declared.effective_from.isoformat(),
            "first_person": approval.first_person,
        },
    )
    return declared


def _require_fitting(
    currency: str, stated: Mapping[str, Any], effective_from: datetime | None, now: datetime
) -> None:
    """Raise FieldInvalid for the first field that does not fit the others."""
    wrong = _first_invalid_field(
        currency=len(currency) == 3 and currency.isascii() and currency.isupper(),
        regime=stated["regime"] in FundsRegimeKind.values,
        legal_reference=bool(stated["legal_reference"]),
        registration_number=stated["regime"] != FundsRegimeKind.FUNDS_TRANSFER
        or bool(stated["registration_number"]),
        balance_cap_minor=stated["balance_cap_minor"] > 0,
        idle_days=1 <= stated["idle_days"] <= IDLE_DAYS_MAX,
        cross_border_basis=stated["cross_border_allowed"] == bool(stated["cross_border_basis"]),
        effective_from=effective_from is None or effective_from >= now,
    )
    if wrong:
        raise FieldInvalid(wrong, _EXPECTED[wrong])


def _weakens(before: FundsRegime, stated: Mapping[str, Any]) -> bool:
    """Whether participants' money is protected less than under ``before`` (the guard: ``REGIME_NOTICED``)."""
    return bool(
        stated["regime"] != before.regime
        or stated["balance_cap_minor"] > before.balance_cap_minor
        or stated["idle_days"] > before.idle_days
        or (stated["cross_border_allowed"] and not before.cross_border_allowed)
    )


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
