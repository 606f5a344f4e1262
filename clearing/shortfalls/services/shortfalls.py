"""Covers participants' shortfalls when a cycle is netted.

The totals of the parties alone show who has a shortfall; if there is none, nothing further is read. Otherwise the
missing money is set aside from the participant's own money in this order (``clearing_vector``): free receivables,
available money, security deposit. The reserve lends what is then missing, within its cap, and the remainder is
deferred: it becomes an obligation of the same kind in the open cycle.
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
    """Set aside money of participants that owe more than ``cycle`` brings them, and defer what cannot be covered.

    Adds the deferrals to ``positions``. Returns figures for the step's evidence. Emits shortfall.occurred for each
    participant whose own money was not enough, payment.deferred for each that must wait. The result is final: posting
    the cycle uses the money set aside, even if the participant becomes insolvent meanwhile.
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
    _record_shortfalls(cycle, decision, actor)
    return {
        "set_aside_minor": covered,
        "lent_minor": sum(decision.lent_minor.values()),
        "deferred_minor": sum(row.gross_minor for row in decision.deferred),
        "deferrals": len(decision.deferred),
    }


def _defer(cycle: Cycle, positions: Mapping[int, Position], deferred: Iterable[Deferred]) -> None:
    """Make deferrals obligations of the open cycle, and take them out of the positions of this one."""
    deferrals = sorted(deferred, key=lambda row: row.obligation.id)
    if not deferrals:
        return
    following = cycle_for(cycle.currency, None)
    keys = [row.obligation.id for row in deferrals]
    originals = Obligation.objects.in_bulk(keys)
    successors = Obligation.objects.bulk_create(
        _deferred_obligation(originals[row.obligation.id], row, following.id) for row in deferrals
    )
    Deferral.objects.bulk_create(
        Deferral(
            cycle=cycle,
            obligation_id=row.obligation.id,
            next=successor,
            amount_minor=row.amount_minor,
            tax_minor=row.tax_minor,
        )
        for row, successor in zip(deferrals, successors, strict=True)
    )
    for row in deferrals:
        positions[row.obligation.debtor_id].deferred_minor += row.gross_minor
        positions[row.obligation.creditor_id].deferred_minor -= row.gross_minor


def _deferred_obligation(original: Obligation, deferral: Deferred, cycle_id: int) -> Obligation:
    """The obligation that a deferral becomes. A fee was taxed in its own cycle, so its amount includes the tax."""
    taxed = original.kind in TAXED_PER_CYCLE
    return Obligation(
        trade_id=original.trade_id,
        kind=original.kind,
        debtor_id=original.debtor_id,
        creditor_id=original.creditor_id,
        amount_minor=deferral.gross_minor if taxed else deferral.amount_minor,
        tax_minor=0 if taxed else deferral.tax_minor,
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
    """Move each party's missing money to its payable account, where it cannot be spent otherwise; returns the sum."""
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
    sources = (
        (LineKind.DRAWN_RECEIVABLE, AccountKind.RECEIVABLE, cover.receivable_minor),
        (LineKind.DRAWN, AccountKind.AVAILABLE, cover.available_minor),
        (LineKind.DRAWN_DEPOSIT, AccountKind.DEPOSIT, cover.deposit_minor),
        (LineKind.DRAWN_RESERVE, AccountKind.CLAIM, cover.reserve_minor),
    )
    due = accounts[AccountKind.PAYABLE]
    return [Line(line, accounts[source], due, minor) for line, source, minor in sources if minor]


def _record_shortfalls(cycle: Cycle, decision: ShortfallOutcome, actor: Actor) -> None:
    """Record and emit shortfalls, and emit to the creditors of deferrals that they must wait."""
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
