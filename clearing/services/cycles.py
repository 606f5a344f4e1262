"""The life of a clearing cycle: opened, cut off, and taken on step by step."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from marketplace.events.schemas.clearing import CycleMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.money import exponent
from marketplace.kernel.states import advance

from ..errors import NoOpenCycle
from ..ledger.accounts import open_market_accounts
from ..models import Cycle, CycleStep
from ..states import CYCLE, CycleState
from .steps import STEPS

logger = logging.getLogger(__name__)

ADVANCE_TASK = "clearing.tasks.advance"


@transaction.atomic
def open_first_cycle(*, actor: Actor, currency: str) -> Cycle:
    """Begin clearing in a currency: the market's accounts and the first cycle. Repeating it returns the open one.

    Raises FieldInvalid for what is no currency, Forbidden.
    """
    actor.require_operator()
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise FieldInvalid(
            "currency",
            Label("write three capital letters (ISO 4217)", "ISO 4217の英大文字3字で指定してください"),
        )
    open_market_accounts(currency)
    existing = Cycle.objects.filter(currency=currency, state=CycleState.OPEN).first()
    return existing or _open(actor, currency, number=1)


@transaction.atomic
def close_cycle(*, actor: Actor, cycle: str | None = None, currency: str | None = None) -> Cycle:
    """Cut off the open cycle of ``currency``, or the ``cycle`` named, and open the next one.

    This transaction is the barrier: acceptances and complaints that were committed before it are still taken into
    account, before anything is validated. A named cycle that is closed already is returned as it stands. Raises
    NoOpenCycle, Missing, Forbidden.
    """
    actor.require_operator()
    wanted = {"public_id": cycle} if cycle else {"currency": currency, "state": CycleState.OPEN}
    subject = Cycle.objects.select_for_update(no_key=True).filter(**wanted).first()
    if subject is None and cycle:
        raise Missing(kind="cycle", identifier=cycle)
    if subject is None:
        raise NoOpenCycle(currency=currency)
    if subject.state != CycleState.OPEN:
        return subject
    barrier = _current_transaction()
    advance(
        subject,
        CYCLE,
        command="close",
        role="operator",
        barrier=barrier,
        closed_at=clock.now(),
        epoch=subject.epoch + 1,
    )
    record(
        kind="clearing.cycle_closed",
        subject=subject.public_id,
        actor=actor,
        payload={"business_key": subject.business_key, "barrier": barrier},
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


def advance_cycle(*, cycle: str, actor: Actor = SYSTEM) -> str | None:
    """Do the next step of a cycle, in a transaction of its own; the state it is in afterwards.

    None if nothing is to be done now: the cycle waits for events or payments, is on hold, open or over, or another
    worker took the step. Raises Missing, CycleFaulty (nothing is changed then).
    """
    seen = Cycle.objects.filter(public_id=cycle).first()
    if seen is None:
        raise Missing(kind="cycle", identifier=cycle)
    step = STEPS.get(seen.state)
    if step is None:
        return None
    began_at = clock.real_now()
    with transaction.atomic():
        locked = Cycle.objects.select_for_update(no_key=True).filter(pk=seen.pk, epoch=seen.epoch).first()
        if locked is None or locked.on_hold_since is not None or not step(locked, actor):
            return None
        if locked.epoch != seen.epoch:
            CycleStep.objects.create(
                cycle=locked,
                epoch=locked.epoch,
                state=locked.state,
                began_at=began_at,
                ended_at=clock.real_now(),
            )
    return str(locked.state)


def nudge(cycle: str) -> None:
    """Ask a worker to take the cycle on. Without a broker it only logs: the sweep finds what a nudge lost."""
    try:
        current_app.send_task(ADVANCE_TASK, args=[cycle], retry=False, expires=60, ignore_result=True)
    except OperationalError as error:
        logger.warning("no broker for a nudge; the sweep will take cycle %s on: %s", cycle, error)
