"""Opens, closes, pauses and resumes a cycle, and advances it step by step."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from marketplace.events.schemas.clearing import CycleMoved, CyclePaused, CycleResumed
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.money import exponent
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text

from ...approvals.services import require_second_person
from ...cycles.errors import CycleCannotBePaused, CycleIsPaused, CycleNotPaused, NoOpenCycle
from ...cycles.models import Cycle, CycleStep
from ...cycles.nudge import nudge
from ...cycles.parts import first_began_at
from ...cycles.services import require_currency
from ...cycles.states import CYCLE, PAUSABLE_STATES, CycleState
from ...ground.parallel import collector_paused
from ...ledger.accounts import open_market_accounts
from ...ledger.services import require_funds_regime
from .steps import READ_AHEAD, STEPS

logger = logging.getLogger(__name__)
REASON_LENGTH_MAX = 200
SECONDS_A_TURN = 5.0
"""After this time a worker hands a cycle on, so that other work of its queue comes in between."""


@transaction.atomic
def open_first_cycle(*, actor: Actor, currency: str) -> Cycle:
    """Begin clearing in a currency: open the market's accounts and the first cycle; returns the open cycle if any.

    Raises FieldInvalid for an invalid currency, FundsRegimeMissing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_currency(currency)
    require_funds_regime(currency)
    open_market_accounts(currency)
    existing = Cycle.objects.filter(currency=currency, state=CycleState.OPEN).first()
    return existing or _open(actor, currency, number=1)


@transaction.atomic
def close_cycle(*, actor: Actor, cycle: str | None = None, currency: str | None = None) -> Cycle:
    """Close the given ``cycle``, or the open one of ``currency``, and open the next one.

    This transaction is the barrier: acceptances and disputes committed before it are processed before the cycle is
    validated. A cycle that is already closed is returned unchanged. Raises NoOpenCycle, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    if cycle is None:
        cycle = (
            Cycle.objects.filter(currency=currency, state=CycleState.OPEN)
            .values_list("public_id", flat=True)
            .first()
        )
        if cycle is None:
            raise NoOpenCycle(currency=currency)
    subject = _lock_cycle(cycle)
    if subject.state != CycleState.OPEN:
        return subject
    return cut_off(subject, actor, role="operator")


def cut_off(
    subject: Cycle,
    actor: Actor,
    *,
    role: str,
    cut_off_at: datetime | None = None,
    evidence: dict[str, Any] | None = None,
) -> Cycle:
    """Close an open cycle whose row the caller has locked, and open the next one, in the caller's transaction.

    ``cut_off_at`` is the scheduled cut-off; ``evidence`` is added to the evidence record.
    """
    barrier = _current_transaction()
    advance(
        subject,
        CYCLE,
        command="close",
        role=role,
        barrier=barrier,
        closed_at=clock.now(),
        cut_off_at=cut_off_at,
        epoch=subject.epoch + 1,
    )
    record(
        kind="clearing.cycle_closed",
        subject=subject.public_id,
        actor=actor,
        payload={
            "business_key": subject.business_key,
            "barrier": barrier,
            "cut_off_at": cut_off_at.isoformat() if cut_off_at else None,
            **(evidence or {}),
        },
    )
    emit(CycleMoved(cycle=subject.public_id, state=subject.state))
    _open(actor, subject.currency, number=subject.number + 1)
    transaction.on_commit(lambda: nudge(subject.public_id))
    return subject


def _open(actor: Actor, currency: str, *, number: int) -> Cycle:
    cycle = Cycle.objects.create(
        currency=currency,
        number=number,
        business_key=f"{currency}-{clock.today().year}-{number:04d}",
        opened_at=clock.now(),
    )
    record(
        kind="clearing.cycle_opened",
        subject=cycle.public_id,
        actor=actor,
        payload={"business_key": cycle.business_key, "digits": exponent(currency)},
    )
    emit(CycleMoved(cycle=cycle.public_id, state=cycle.state))
    return cycle


def _current_transaction() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return str(cursor.fetchone()[0])


@transaction.atomic
def pause_cycle(*, actor: Actor, cycle: str, reason: str) -> Cycle:
    """Pause a cycle between its cut-off and its settlement; it keeps its state and gets no transfer file.

    Bank entries are still posted. Emits cycle.paused. Raises CycleIsPaused, CycleCannotBePaused, FieldInvalid, Missing,
    Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    reason = stated_text("reason", reason, REASON_LENGTH_MAX)
    subject = _lock_cycle(cycle)
    if subject.paused_since is not None:
        raise CycleIsPaused(cycle=subject.business_key, reason=subject.pause_reason)
    if subject.state not in PAUSABLE_STATES:
        raise CycleCannotBePaused(cycle=subject.business_key, state=subject.state)
    subject.paused_since, subject.pause_reason, subject.paused_by = clock.now(), reason, actor.identifier
    subject.paused_responsible = actor.responsible
    subject.save(update_fields=["paused_since", "pause_reason", "paused_by", "paused_responsible"])
    record(
        kind="clearing.cycle_paused",
        subject=subject.public_id,
        actor=actor,
        payload={"business_key": subject.business_key, "state": subject.state, "reason": reason},
    )
    emit(CyclePaused(cycle=subject.public_id, state=subject.state))
    return subject


@record_refusals()
def resume_cycle(*, actor: Actor, cycle: str, reason: str) -> Cycle:
    """Resume a paused cycle, as another person than the one who paused it, or answers for the program that did. Emits cycle.resumed.

    Raises CycleNotPaused; SecondPersonNeeded if its net value is large, or for the person who paused it; FieldInvalid,
    Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    reason = stated_text("reason", reason, REASON_LENGTH_MAX)
    subject = _lock_cycle(cycle)
    if subject.paused_since is None:
        raise CycleNotPaused(cycle=subject.business_key)
    is_holder = actor.identifier in (subject.paused_by, subject.paused_responsible)
    if not is_holder:
        actor.require_person()
    approval = require_second_person(
        actor=actor,
        command="clearing.cycle_resume",
        subject=subject.public_id,
        payee="",
        amount_minor=max(subject.net_minor or 0, 1),
        currency=subject.currency,
        payload={"paused_by": subject.paused_by, "paused_for": subject.pause_reason},
        always=is_holder,
    )
    subject.released_by = approval.first_person if is_holder and approval else actor.identifier
    pause = {
        "paused_since": subject.paused_since.isoformat(),
        "paused_by": subject.paused_by,
        "paused_responsible": subject.paused_responsible,
        "paused_for": subject.pause_reason,
        "released_by": subject.released_by,
    }
    subject.paused_since, subject.pause_reason, subject.paused_by, subject.paused_responsible = (
        None,
        "",
        "",
        "",
    )
    subject.save(
        update_fields=["paused_since", "pause_reason", "paused_by", "paused_responsible", "released_by"]
    )
    record(
        kind="clearing.cycle_resumed",
        subject=subject.public_id,
        actor=actor,
        payload={"business_key": subject.business_key, "state": subject.state, "reason": reason, **pause},
    )
    emit(CycleResumed(cycle=subject.public_id, state=subject.state))
    transaction.on_commit(lambda: nudge(subject.public_id))
    return subject


def _lock_cycle(cycle: str) -> Cycle:
    subject = Cycle.objects.select_for_update(no_key=True).filter(public_id=cycle).first()
    if subject is None:
        raise Missing(kind="cycle", identifier=cycle)
    return subject


def advance_cycle(*, cycle: str, actor: Actor = SYSTEM) -> str | None:
    """Do the next step of a cycle, or the next chunk of it, in its own transaction; returns the state afterwards.

    None if there is nothing to do now: the cycle waits for events or payments, is paused, open or over, or another
    worker did the step. Raises Missing, CycleFaulty (nothing is changed then).
    """
    seen = Cycle.objects.filter(public_id=cycle).first()
    if seen is None:
        raise Missing(kind="cycle", identifier=cycle)
    step = STEPS.get(seen.state)
    if step is None or seen.paused_since is not None:
        return None
    began_at = clock.real_now()
    with collector_paused():
        read_ahead = READ_AHEAD.get(seen.state)
        ahead = read_ahead(seen) if read_ahead else None
        with transaction.atomic():
            locked = Cycle.objects.select_for_update(no_key=True).filter(pk=seen.pk, epoch=seen.epoch).first()
            if locked is None or locked.paused_since is not None or not step(locked, actor, ahead):
                return None
            if locked.epoch != seen.epoch:
                CycleStep.objects.create(
                    cycle=locked,
                    epoch=locked.epoch,
                    state=locked.state,
                    began_at=min(began_at, first_began_at(locked, locked.state) or began_at),
                    ended_at=clock.real_now(),
                )
    return str(locked.state)


class Turn(NamedTuple):
    """What a worker did for a cycle in one turn: steps and chunks of steps, and whether more may be left to do."""

    chunks: int
    more: bool


def advance_for_a_while(*, cycle: str, actor: Actor = SYSTEM, seconds_max: float = SECONDS_A_TURN) -> Turn:
    """Do steps and chunks of a cycle until there is nothing to do now, or ``seconds_max`` have passed.

    The last one begins before that time. Raises Missing, CycleFaulty.
    """
    deadline = time.monotonic() + seconds_max
    chunks = 0
    while advance_cycle(cycle=cycle, actor=actor) is not None:
        chunks += 1
        if time.monotonic() >= deadline:
            return Turn(chunks, more=True)
    return Turn(chunks, more=False)
