"""Meeting what participants owe beyond what a cycle brings them, when it is netted.

From the totals of each party alone it follows who lacks something; if nobody does, nothing further is read. Whoever
does has the rest set aside from its own money, rung by rung (``clearing_vector``): what is due to it and not on
its way, what it can dispose of, its deposit. What is missing even so is lent by the reserve within its cap, and the
last rest is put off: an obligation of the same kind in the cycle that is open now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marketplace.events.schemas.clearing import PaymentDeferred, ShortfallOccurred
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.queries import operator_organisation, organisations_by_id

from ...cycles.models import Cycle
from ...ledger.journal import Draft, Line, post
from ...ledger.locks import MOVER_LOCK
from ...ledger.states import AccountKind, EntryKind, LineKind
from ...netting.positions import Position
from ...trades.models import Obligation
from ...trades.obligation_kinds import TAXED_PER_CYCLE
from ...trades.services.eligibility import cycle_for
from ..clearing_vector import Cover, cover_of
from ..exposures import Deferred, ShortfallOutcome, resolve_shortfalls
from ..models import Deferral, Shortfall
from ..own_money import OwnMoney


def meet_shortfalls(cycle: Cycle, positions: dict[int, Position], actor: Actor) -> dict[str, int]:
    """Set money aside for whoever owes more than ``cycle`` brings it, and put off what cannot be met.

    ``positions`` get what is deferred forward. Returns figures for the record of the step. Emits shortfall.occurred
    for each participant whose own money did not do, payment.deferred for each that has to wait for it. Nothing of it is computed again later: what was set aside is
    used when the cycle is posted, whatever becomes of the participant.
    """
    operator_id = operator_organisation().id
    asked = {
        key: -position.unsecured_minor
        for key, position in positions.items()
        if key != operator_id and position.unsecured_minor < 0
    }
    if not asked:
        return {}
    MOVER_LOCK.acquire()
    money = OwnMoney(cycle.currency)
    money.lock(asked)
    short = [key for key, minor in asked.items() if money.of(key).own_minor < minor]
    decision = ShortfallOutcome()
    if short:
        decision = resolve_shortfalls(
            cycle_id=cycle.pk,
            currency=cycle.currency,
            positions=positions,
            money=money,
            short=short,
            operator_id=operator_id,
        )
        _defer(cycle, positions, decision.deferred)
    covered = _set_aside(cycle, positions, money, decision, operator_id)
    _tell(cycle, decision, actor)
    return {
        "set_aside_minor": covered,
        "lent_minor": sum(decision.lent_minor.values()),
        "deferred_minor": sum(row.gross_minor for row in decision.deferred),
        "deferrals": len(decision.deferred),
    }


def _defer(cycle: Cycle, positions: Mapping[int, Position], deferred: Iterable[Deferred]) -> None:
    """Make what is put off obligations of the open cycle, and take it out of the positions of this one."""
    rests = sorted(deferred, key=lambda row: row.obligation.id)
    if not rests:
        return
    following = cycle_for(cycle.currency, None)
    keys = [row.obligation.id for row in rests]
    originals = Obligation.objects.in_bulk(keys)
    successors = Obligation.objects.bulk_create(
        _deferred_obligation(originals[row.obligation.id], row, following.id) for row in rests
    )
    Deferral.objects.bulk_create(
        Deferral(
            cycle=cycle,
            obligation_id=row.obligation.id,
            next=successor,
            amount_minor=row.amount_minor,
            tax_minor=row.tax_minor,
        )
        for row, successor in zip(rests, successors, strict=True)
    )
    for row in rests:
        positions[row.obligation.debtor_id].deferred_minor += row.gross_minor
        positions[row.obligation.creditor_id].deferred_minor -= row.gross_minor


def _deferred_obligation(original: Obligation, rest: Deferred, cycle_id: int) -> Obligation:
    """What remains of an obligation. A fee was taxed in its own cycle: its rest includes that tax, and bears none."""
    taxed = original.kind in TAXED_PER_CYCLE
    return Obligation(
        trade_id=original.trade_id,
        kind=original.kind,
        debtor_id=original.debtor_id,
        creditor_id=original.creditor_id,
        amount_minor=rest.gross_minor if taxed else rest.amount_minor,
        tax_minor=0 if taxed else rest.tax_minor,
        tax_rate_bp=0 if taxed else original.tax_rate_bp,
        currency=original.currency,
        cycle_id=cycle_id,
        legal_basis=original.legal_basis,
        beneficiary_key=original.beneficiary_key,
        deferred_from=original,
        made_at=clock.now(),
    )


def _set_aside(
    cycle: Cycle,
    positions: Mapping[int, Position],
    money: OwnMoney,
    decision: ShortfallOutcome,
    operator_id: int,
) -> int:
    """Move what each party lacks to what is due to the cycle, where nobody else can spend it; the sum."""
    needed = {
        key: -position.unsecured_minor
        for key, position in positions.items()
        if key != operator_id and position.unsecured_minor < 0
    }
    if not needed:
        return 0
    money.lock(needed)
    names = organisations_by_id(needed)
    drafts = [
        Draft(
            kind=EntryKind.COVER,
            reference=f"cover:{cycle.public_id}:{names[key].public_id}",
            lines=_lines(
                cover_of(
                    needed_minor=minor,
                    resources=money.of(key),
                    reserve_minor=decision.lent_minor.get(key, 0),
                ),
                money.accounts[key],
            ),
            description=cycle.business_key,
            cycle_id=cycle.pk,
            organisation_id=key,
        )
        for key, minor in sorted(needed.items())
    ]
    post(drafts, currency=cycle.currency, purpose=cycle.business_key)
    return sum(needed.values())


def _lines(cover: Cover, accounts: Mapping[str, int]) -> list[Line]:
    rungs = (
        (LineKind.DRAWN_RECEIVABLE, AccountKind.RECEIVABLE, cover.receivable_minor),
        (LineKind.DRAWN, AccountKind.AVAILABLE, cover.available_minor),
        (LineKind.DRAWN_DEPOSIT, AccountKind.DEPOSIT, cover.deposit_minor),
        (LineKind.DRAWN_RESERVE, AccountKind.CLAIM, cover.reserve_minor),
    )
    due = accounts[AccountKind.PAYABLE]
    return [Line(line, accounts[source], due, minor) for line, source, minor in rungs if minor]


def _tell(cycle: Cycle, decision: ShortfallOutcome, actor: Actor) -> None:
    """Record who fell short, with evidence, and emit it; and tell those who have to wait for what they are owed."""
    deferred: dict[int, int] = {}
    awaited: dict[int, int] = {}
    for row in decision.deferred:
        debtor, creditor = row.obligation.debtor_id, row.obligation.creditor_id
        deferred[debtor] = deferred.get(debtor, 0) + row.gross_minor
        awaited[creditor] = awaited.get(creditor, 0) + row.gross_minor
    names = organisations_by_id({*deferred, *awaited, *decision.lent_minor})
    for key in sorted({*deferred, *decision.lent_minor}, key=lambda key: names[key].public_id):
        lent = decision.lent_minor.get(key, 0)
        shortfall = Shortfall.objects.create(
            cycle=cycle,
            organisation_id=key,
            currency=cycle.currency,
            missing_minor=lent + deferred.get(key, 0),
            lent_minor=lent,
            deferred_minor=deferred.get(key, 0),
            awaited_minor=awaited.get(key, 0),
            occurred_at=clock.now(),
        )
        record(
            kind="clearing.shortfall_occurred",
            subject=names[key].public_id,
            actor=actor,
            payload=_figures(cycle, shortfall),
        )
        emit(
            ShortfallOccurred(
                shortfall=shortfall.public_id,
                organisation=names[key].public_id,
                cycle=cycle.public_id,
                missing_minor=shortfall.missing_minor,
                deferred_minor=shortfall.deferred_minor,
                currency=cycle.currency,
            )
        )
    for key in sorted(awaited, key=lambda key: names[key].public_id):
        if not names[key].is_operator:
            emit(
                PaymentDeferred(
                    organisation=names[key].public_id,
                    cycle=cycle.public_id,
                    amount_minor=awaited[key],
                    currency=cycle.currency,
                )
            )


def _figures(cycle: Cycle, shortfall: Shortfall) -> dict[str, Any]:
    return {
        "shortfall": shortfall.public_id,
        "cycle": cycle.business_key,
        "missing_minor": shortfall.missing_minor,
        "lent_minor": shortfall.lent_minor,
        "deferred_minor": shortfall.deferred_minor,
        "awaited_minor": shortfall.awaited_minor,
        "currency": shortfall.currency,
    }
