"""Queries on payout accounts: which one is used on a day, and the changes that a caller may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Func, IntegerField, Q, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.kernel.prepared import fetch_prepared

from .models import PayoutAccountChange
from .payout_accounts import PayoutAccount
from .states import PayoutChangeState

_IN_USE = """
    SELECT DISTINCT ON (c.organisation_id) c.organisation_id, c.bank_code, c.branch_code, c.account_type,
           c.account_number, c.account_holder_kana
      FROM participants_payoutaccountchange c
     WHERE c.organisation_id = ANY(%s::bigint[]) AND c.state = 'confirmed' AND c.usable_from <= %s
     ORDER BY c.organisation_id, c.usable_from DESC, c.id DESC
"""


@dataclass(frozen=True, slots=True)
class PendingAccount:
    """A changed account that is not used yet: from ``usable_from``, or once somebody confirms it (None)."""

    change: str
    usable_from: date | None


def payout_accounts_on(day: date, organisation_ids: Collection[int]) -> dict[int, PayoutAccount]:
    """The account at which each organisation (database key) is paid on a day, in one query; those without are left out."""
    keys = list(organisation_ids)
    rows = fetch_prepared(_IN_USE, [keys, day]) if keys else []
    return {key: PayoutAccount(*account) for key, *account in rows}


def payout_account_now(organisation_id: int) -> PayoutAccount | None:
    """The account at which an organisation is paid today; None if it has stated none."""
    return payout_accounts_on(clock.today(), [organisation_id]).get(organisation_id)


def pending_account(organisation_id: int) -> PendingAccount | None:
    """The changed account of an organisation that is not used yet; None if it changes none."""
    row = changes_under_way(organisation_id).first()
    return None if row is None else PendingAccount(row.public_id, row.usable_from)


def changes_under_way(organisation_id: int) -> QuerySet[PayoutAccountChange]:
    """The change of an organisation's account that is not used yet, if there is one."""
    own = PayoutAccountChange.objects.filter(organisation_id=organisation_id)
    waiting = own.filter(state=PayoutChangeState.CONFIRMED, usable_from__gt=clock.today())
    return (own.filter(state=PayoutChangeState.PROPOSED) | waiting).order_by("pk")


def acting_members(organisation_id: int) -> int:
    """How many people belong to an organisation now; under a suspension that lets some roles act alone, how many of those
    may change its account."""
    return int(fetch_prepared("SELECT public.acting_members(%s::bigint)", [organisation_id])[0][0])


def visible_account_changes(actor: Actor) -> QuerySet[PayoutAccountChange]:
    """Accounts of the actor's organisation, with their history; of others, what the operator's staff have to confirm."""
    rows = PayoutAccountChange.objects.select_related("organisation")
    seen = Q(organisation_id=actor.organisation_id)
    if actor.may(Permission.ADMISSION_WRITE):
        acting = Func(F("organisation_id"), function="public.acting_members", output_field=IntegerField())
        rows = rows.annotate(acting=acting)
        seen |= Q(state=PayoutChangeState.PROPOSED, acting=1) | Q(reviewed_by__isnull=False)
    return rows.filter(seen)
