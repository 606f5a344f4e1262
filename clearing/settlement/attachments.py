"""Which planned payments attachments hold back (民事執行法145), and what of an attachment is not paid yet. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db import connection

from .guards import UNPAID
from .models import SettlementInstruction
from .states import InstructionState, PaymentDirection

_ATTACHED = f"""
    SELECT r.organisation_id, {UNPAID}::bigint FROM public.clearing_setoffrestraint r
     WHERE r.organisation_id = ANY(%s) AND r.currency = %s AND r.kind = 'attachment' AND r.lifts_id IS NULL
       AND NOT EXISTS (SELECT FROM public.clearing_setoffrestraint l WHERE l.lifts_id = r.id)
"""  # noqa: S608  our own words
_UNPAID = f"SELECT {UNPAID}::bigint FROM public.clearing_setoffrestraint r WHERE r.id = %s"  # noqa: S608  our own words


def attached_payments(organisation_ids: Collection[int], currency: str) -> set[int]:
    """Keys of the planned payments to some participants that attachments hold back.

    All of them where the whole claim is attached; else the oldest, until they come to the attached amounts together, less
    what creditors are paid already. A payment is not split.
    """
    attached = _attached_amounts(organisation_ids, currency)
    if not attached:
        return set()
    planned = SettlementInstruction.objects.filter(
        organisation_id__in=attached,
        currency=currency,
        direction=PaymentDirection.OUT,
        creditor_payment=None,
        state=InstructionState.PLANNED,
    )
    held: set[int] = set()
    held_minor: dict[int, int] = defaultdict(int)
    for key, organisation_id, amount_minor in planned.order_by("pk").values_list(
        "pk", "organisation_id", "amount_minor"
    ):
        amounts = attached[organisation_id]
        if None in amounts or held_minor[organisation_id] < sum(amount or 0 for amount in amounts):
            held.add(key)
            held_minor[organisation_id] += amount_minor
    return held


def attached_parties(organisation_ids: Collection[int], currency: str) -> set[int]:
    """Those of some participants whose claim, or a part of it, is attached."""
    return set(_attached_amounts(organisation_ids, currency))


def _attached_amounts(organisation_ids: Collection[int], currency: str) -> dict[int, list[int | None]]:
    """The attached amounts that no payment to a creditor pays yet, by participant; None for the whole claim."""
    attached: dict[int, list[int | None]] = defaultdict(list)
    if not organisation_ids:
        return attached
    with connection.cursor() as cursor:
        cursor.execute(_ATTACHED, [list(organisation_ids), currency])
        for organisation_id, unpaid_minor in cursor.fetchall():
            attached[organisation_id].append(unpaid_minor)
    return attached


def unpaid_minor(restraint_id: int) -> int | None:
    """What of an attached amount no payment to a creditor pays yet; None where the whole claim is attached."""
    with connection.cursor() as cursor:
        cursor.execute(_UNPAID, [restraint_id])
        found = cursor.fetchone()[0]
    return None if found is None else int(found)
