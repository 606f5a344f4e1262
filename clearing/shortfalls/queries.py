"""Reads shortfalls, participants' funds and claims, and facts for the rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.participants.queries import OrganisationView, organisations_by_id

from ..ground.scopes import own_key
from ..ledger.models import Balance
from ..ledger.queries import balances
from ..ledger.states import AccountKind
from .bad_debt_models import FeeWriteOff
from .models import SetOff, Shortfall


@dataclass(frozen=True, slots=True)
class Funds:
    """A participant's money in one currency, in minor units; ``claim_minor`` is what the reserve lent it."""

    organisation: str
    currency: str
    available_minor: int
    deposit_minor: int
    claim_minor: int


def funds_of(owner: OrganisationView, currency: str) -> Funds:
    """A participant's funds now."""
    found = balances(owner.id).get(currency, {})
    return Funds(
        organisation=owner.public_id,
        currency=currency,
        available_minor=found.get(AccountKind.AVAILABLE, 0),
        deposit_minor=found.get(AccountKind.DEPOSIT, 0),
        claim_minor=found.get(AccountKind.CLAIM, 0),
    )


RECENT = timedelta(days=90)


def visible_shortfalls(actor: Actor) -> QuerySet[Shortfall]:
    """Shortfalls of the actor's organisation; all shortfalls for the operator."""
    rows = Shortfall.objects.select_related("cycle")
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


def visible_set_offs(actor: Actor) -> QuerySet[SetOff]:
    """Set-offs against payments to the actor's organisation; all set-offs for the operator."""
    rows = SetOff.objects.select_related("cycle", "instruction", "remainder")
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


def open_claims(shortfalls: Collection[Shortfall]) -> set[tuple[int, str]]:
    """The participants with a shortfall and an open claim now, by key and currency, in one query."""
    owing = Balance.objects.filter(
        account__organisation_id__in={row.organisation_id for row in shortfalls},
        account__kind=AccountKind.CLAIM,
        balance_minor__gt=0,
    )
    return set(owing.values_list("account__organisation_id", "account__currency"))


_OPEN_DEFERRALS = """
    WITH RECURSIVE deferred(cycle_id, id) AS (
        SELECT cycle_id, next_id FROM clearing_deferral WHERE cycle_id = ANY(%s)
        UNION ALL
        SELECT deferred.cycle_id, d.next_id FROM deferred JOIN clearing_deferral d ON d.obligation_id = deferred.id
    )
    SELECT DISTINCT deferred.cycle_id, o.debtor_id
      FROM deferred JOIN clearing_obligation o ON o.id = deferred.id JOIN clearing_cycle c ON c.id = o.cycle_id
     WHERE c.posted_at IS NULL AND NOT EXISTS (SELECT FROM clearing_deferral d WHERE d.obligation_id = deferred.id)
"""


def open_deferrals(cycles: Collection[int]) -> set[tuple[int, int]]:
    """Cycles and debtors with a deferral that no later cycle has settled, by their keys, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_DEFERRALS, [list(cycles)])
        return set(cursor.fetchall())


def shortfall_facts(shortfall: str) -> dict[str, Any]:
    """Facts about a shortfall for the rules; amounts in its currency. Raises Missing."""
    row = Shortfall.objects.filter(public_id=shortfall).first()
    if row is None:
        raise Missing(kind="shortfall", identifier=shortfall)
    owner = organisations_by_id([row.organisation_id])[row.organisation_id]
    funds = funds_of(owner, row.currency)
    recent = Shortfall.objects.filter(
        organisation_id=row.organisation_id,
        currency=row.currency,
        occurred_at__gt=row.occurred_at - RECENT,
        occurred_at__lte=row.occurred_at,
    )
    return {
        "organisation": owner.public_id,
        "currency": row.currency,
        "missing_minor": row.missing_minor,
        "deferred_minor": row.deferred_minor,
        "awaited_minor": row.awaited_minor,
        "claim_minor": funds.claim_minor,
        "deposit_minor": funds.deposit_minor,
        "shortfalls_in_90_days": recent.count(),
    }


FEES_PUT_OFF = """
    SELECT coalesce(sum(o.amount_minor), 0)::bigint AS collected_minor,
           coalesce(sum(o.amount_minor - coalesce(d.amount_minor + d.tax_minor, 0)) FILTER (
               WHERE written.cycle_id <= o.cycle_id), 0)::bigint AS bad_minor
      FROM public.clearing_obligation o
      LEFT JOIN public.clearing_deferral d ON d.obligation_id = o.id
      LEFT JOIN public.clearing_feewriteoff w ON w.trade_id = o.trade_id
      LEFT JOIN public.clearing_obligation written ON written.id = w.obligation_id
     WHERE o.cycle_id = {cycle} AND o.kind = 'fee' AND o.deferred_from_id IS NOT NULL
"""


def fees_put_off(cycle: int) -> tuple[int, int]:
    """The fees that earlier cycles put off into a cycle (its key), and what it collects of those that were written off.

    With their tax, in minor units; what the cycle puts off again is not collected. Call it once the cycle is netted.
    """
    with connection.cursor() as cursor:
        cursor.execute(FEES_PUT_OFF.format(cycle="%s"), [cycle])
        collected, bad = cursor.fetchone()
    return int(collected), int(bad)


def visible_fee_write_offs() -> QuerySet[FeeWriteOff]:
    """All fees that were written off; only the operator reads them."""
    return FeeWriteOff.objects.select_related("obligation__trade", "tax_relief")
