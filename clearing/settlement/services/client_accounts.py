"""Registers the client account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ...approvals.services import require_two_people
from ..held_by_two import ACCOUNT_KEY, REGISTER_ACCOUNT
from ..models import ClientAccount
from ..notice import require_notice
from ..queries import client_account
from ..routes import route_for


@record_refusals()
def register_client_account(
    *,
    actor: Actor,
    currency: str,
    requester_code: str,
    requester_name: str,
    bank_code: str,
    branch_code: str,
    account_type: str,
    account_number: str,
    bank_name: str = "",
    branch_name: str = "",
    effective_from: datetime | None = None,
) -> ClientAccount:
    """Register the bank account that holds participants' money in ``currency`` from ``effective_from`` (default: now).

    Takes two people. Another account than the one in force takes effect after ``control_notice_hours``. The route of the
    currency checks the fields. Raises SecondPersonNeeded, RouteMissing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    stated = {
        "requester_code": requester_code,
        "requester_name": requester_name,
        "bank_code": bank_code,
        "bank_name": bank_name,
        "branch_code": branch_code,
        "branch_name": branch_name,
        "account_type": account_type,
        "account_number": account_number,
    }
    route_for(currency).validate_originator(stated)
    now = clock.now()
    if effective_from is not None and effective_from < now:
        raise FieldInvalid(
            "effective_from",
            Label("choose the present or a later moment", "現在以降の日時を指定してください"),
        )
    if _is_another(client_account(currency), stated):
        require_notice(effective_from, now)
    approval = require_two_people(
        actor=actor,
        command=REGISTER_ACCOUNT,
        subject=currency,
        payload={**stated, "effective_from": effective_from.isoformat() if effective_from else None},
    )
    account = ClientAccount.objects.create(
        currency=currency,
        effective_from=effective_from or now,
        approval=approval,
        registered_by=actor.identifier,
        registered_at=now,
        **stated,
    )
    record(
        kind="clearing.client_account_registered",
        subject=account.public_id,
        actor=actor,
        payload={
            "currency": currency,
            "bank_code": bank_code,
            "branch_code": branch_code,
            "effective_from": account.effective_from.isoformat(),
            "first_person": approval.first_person,
        },
    )
    return account


def _is_another(before: ClientAccount | None, stated: Mapping[str, str]) -> bool:
    """Whether ``stated`` is another account at the bank than the one in force (the guard: ``ACCOUNT_NOTICED``)."""
    return before is not None and any(getattr(before, name) != stated[name] for name in ACCOUNT_KEY)
