"""Which planned payments attachments hold back (民事執行法145). Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from .models import SettlementInstruction
from .restraint_models import SetOffRestraint
from .states import InstructionState, PaymentDirection, RestraintKind


def attached_payments(organisation_ids: Collection[int], currency: str) -> set[int]:
    """Keys of the planned payments to some participants that attachments hold back.

    All of them where the whole claim is attached; else the oldest, until they come to the attached amounts together. A
    payment is not split.
    """
    attached: dict[int, list[int | None]] = defaultdict(list)
    rows = SetOffRestraint.objects.filter(
        organisation_id__in=organisation_ids,
        currency=currency,
        kind=RestraintKind.ATTACHMENT,
        lifts=None,
        lifted_by=None,
    )
    for organisation_id, amount_minor in rows.values_list("organisation_id", "amount_minor"):
        attached[organisation_id].append(amount_minor)
    if not attached:
        return set()
    planned = SettlementInstruction.objects.filter(
        organisation_id__in=attached,
        currency=currency,
        direction=PaymentDirection.OUT,
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
