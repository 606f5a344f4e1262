"""Reads guarantees and what is free of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import F, QuerySet, Sum

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor

from ..ground.scopes import own_key
from ..ledger.models import Balance
from ..ledger.states import AccountKind
from .models import Guarantee
from .states import GuaranteeKind

HAS_GUARANTEE = """EXISTS (
    SELECT FROM clearing_guarantee WHERE organisation_id = {organisation} AND currency = {currency})"""
"""Whether a participant has ever had a guarantee in a currency: a question within statements that are sent anyway."""


class Room(NamedTuple):
    """A guarantee, and how much more it can secure, in minor units."""

    guarantee: Guarantee
    room_minor: int


def visible_guarantees(actor: Actor) -> QuerySet[Guarantee]:
    """Guarantees of the actor's organisation; all guarantees for the operator."""
    rows = Guarantee.objects.all()
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


def has_room(organisation_id: int, currency: str) -> bool:
    """Whether a participant has an unexpired guarantee that is not all used."""
    return Guarantee.objects.filter(
        organisation_id=organisation_id,
        currency=currency,
        amount_minor__gt=F("used_minor"),
        expires_at__gt=clock.now(),
    ).exists()


def lock_guarantees(organisation_ids: Collection[int], currency: str) -> list[Guarantee]:
    """The unexpired guarantees of participants, those that expire first at the front, locked in key order.

    Lock order: trades, guarantees, balances; prevents deadlock.
    """
    rows = Guarantee.objects.select_for_update(no_key=True).filter(
        organisation_id__in=organisation_ids, currency=currency, amount_minor__gt=0
    )
    now = clock.now()
    valid = [row for row in rows.order_by("pk") if row.expires_at > now]
    return sorted(valid, key=lambda row: (row.expires_at, row.pk))


def locked_rooms(organisation_id: int, currency: str) -> list[Room]:
    """What is free of each unexpired guarantee of a participant; the caller's transaction keeps it.

    Limits that its deposit backs have together no more room than the deposit leaves.
    """
    guarantees = lock_guarantees([organisation_id], currency)
    if not guarantees:
        return []
    limits_minor = free_deposit_minor([organisation_id], currency).get(organisation_id, 0)
    free = [(row, row.amount_minor - row.used_minor) for row in guarantees]
    return [
        Room(row, min(minor, limits_minor) if row.kind == GuaranteeKind.DEPOSIT_LIMIT else minor)
        for row, minor in free
    ]


def free_deposit_minor(organisation_ids: Collection[int], currency: str) -> dict[int, int]:
    """What the security deposits of participants leave beyond the use of the limits that they back, by key."""
    deposits = Balance.objects.filter(
        account__organisation_id__in=organisation_ids,
        account__kind=AccountKind.DEPOSIT,
        account__currency=currency,
    ).values_list("account__organisation_id", "balance_minor")
    used = used_of_limits(organisation_ids, currency)
    return {key: -minor - used.get(key, 0) for key, minor in deposits if key is not None}


def used_of_limits(organisation_ids: Collection[int], currency: str) -> dict[int, int]:
    """What is used of the limits that participants' deposits back, by key; participants without use are left out."""
    rows = (
        Guarantee.objects.filter(
            organisation_id__in=organisation_ids, currency=currency, kind=GuaranteeKind.DEPOSIT_LIMIT
        )
        .exclude(used_minor=0)
        .values("organisation_id")
        .annotate(used=Sum("used_minor"))
    )
    return {row["organisation_id"]: int(row["used"]) for row in rows}
