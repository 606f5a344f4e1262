"""Lowers the operator's reserve: two people announce it, and on its day it becomes the operator's own money."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from marketplace.events.schemas.payments import ReserveLowered, ReserveReductionAnnounced
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.aside import Loop
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text

from ...approvals.services import require_two_people_to_pay
from ...ground.parameters import control_notice
from ...ledger.accounts import market_accounts, require_cleared
from ...ledger.journal import Draft, Line, post
from ...ledger.locking import lock_balances
from ...ledger.locks import MOVER_LOCK
from ...ledger.models import Entry
from ...ledger.states import AccountKind, EntryKind, LineKind
from ..errors import ReserveNeeded
from ..held_by_two import LOWER_RESERVE
from ..notice import require_notice
from ..queries import reductions_due
from ..reserve import free_reserve
from ..reserve_models import REASON_LENGTH_MAX, ReserveReduction

LOWERING = Loop("clearing.lower_reserve")
REDUCTIONS_A_SWEEP = 100


@record_refusals()
def announce_reserve_reduction(
    *,
    actor: Actor,
    amount_minor: int,
    reason: str,
    currency: str = "JPY",
    effective_from: datetime | None = None,
) -> ReserveReduction:
    """Decide that the reserve is lowered from ``effective_from`` on (default: when the notice is over); takes two people.

    At most by what no claim needs and no other reduction takes. Everybody can read it at once. Emits
    reserve.reduction_announced. Raises SecondPersonNeeded, ReserveNeeded, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_amount("amount_minor", amount_minor)
    require_cleared(currency)
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    now = clock.now()
    if effective_from is not None:
        require_notice(effective_from, now)
    reserve = market_accounts(currency)[AccountKind.RESERVE]
    MOVER_LOCK.acquire()
    lock_balances([reserve])
    if (free_minor := free_reserve(currency)) < amount_minor:
        raise ReserveNeeded(most_minor=max(free_minor, 0), currency=currency)
    approval = require_two_people_to_pay(
        actor=actor,
        command=LOWER_RESERVE,
        subject=currency,
        payee="",
        amount_minor=amount_minor,
        currency=currency,
        payload={
            "reason": why,
            "effective_from": effective_from.isoformat() if effective_from else None,
        },
    )
    announced = ReserveReduction.objects.create(
        currency=currency,
        amount_minor=amount_minor,
        reason=why,
        effective_from=effective_from or now + control_notice(),
        approval=approval,
        decided_by=actor.identifier,
        decided_at=now,
    )
    _tell(actor, announced)
    return announced


def _tell(actor: Actor, announced: ReserveReduction) -> None:
    """Record as evidence what is announced, and publish it."""
    record(
        kind="clearing.reserve_reduction_announced",
        subject=announced.public_id,
        actor=actor,
        payload={
            "amount_minor": announced.amount_minor,
            "currency": announced.currency,
            "reason": announced.reason,
            "effective_from": announced.effective_from.isoformat(),
            "first_person": announced.approval.first_person,
        },
    )
    emit(
        ReserveReductionAnnounced(
            reduction=announced.public_id,
            amount_minor=announced.amount_minor,
            currency=announced.currency,
            effective_from=announced.effective_from.isoformat(),
        )
    )


def lower_reserves(*, actor: Actor = SYSTEM) -> int:
    """Carry out the reductions whose day has come; returns how many.

    One that claims leave no room for stands aside with a task, and is tried again. Emits reserve.lowered.
    """
    due = reductions_due().exclude(public_id__in=LOWERING.standing_aside())
    some = list(due.values_list("public_id", flat=True)[:REDUCTIONS_A_SWEEP])
    return LOWERING.each(some, lambda reduction: _lower(reduction, actor), are_all=False)


@transaction.atomic
def _lower(reduction: str, actor: Actor) -> bool:
    MOVER_LOCK.acquire()
    due = reductions_due().filter(public_id=reduction).first()
    reference = f"{EntryKind.RESERVE_LOWERED}:{reduction}"
    if due is None or Entry.objects.filter(reference=reference).exists():
        return False
    market = market_accounts(due.currency)
    lock_balances([market[AccountKind.RESERVE], market[AccountKind.OWN_FUNDS]])
    # What this reduction takes is among what is to come.
    if (free_minor := free_reserve(due.currency)) < 0:
        raise ReserveNeeded(most_minor=max(due.amount_minor + free_minor, 0), currency=due.currency)
    line = Line(
        LineKind.RESERVE_LOWERED,
        market[AccountKind.RESERVE],
        market[AccountKind.OWN_FUNDS],
        due.amount_minor,
    )
    post(
        [Draft(kind=EntryKind.RESERVE_LOWERED, reference=reference, lines=[line])],
        currency=due.currency,
        purpose=reduction,
    )
    figures = {"amount_minor": due.amount_minor, "currency": due.currency}
    record(kind="clearing.reserve_lowered", subject=reduction, actor=actor, payload=figures)
    emit(ReserveLowered(reduction=reduction, amount_minor=due.amount_minor, currency=due.currency))
    return True
