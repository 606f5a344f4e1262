"""Covers participants' shortfalls when a cycle is netted.

The totals of the parties alone show who has a shortfall; if there is none, nothing further is read. Otherwise the
missing money is set aside, some participants at a time, from the participant's own money in this order
(``clearing_vector``): free receivables, available money, planned payments that were not sent (``set_offs``), security
deposit. For those whose own money is not enough, the
reserve lends what is then missing, within its cap, and the remainder is deferred: it becomes an obligation of the same
kind in the open cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, F, Sum

from marketplace.events.schemas.clearing import PaymentDeferred, ShortfallOccurred
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.queries import operator_organisation, organisations_by_id

from ...cycles.models import Cycle, CyclePart
from ...cycles.states import StepPart
from ...ledger.journal import Draft, Line, post
from ...ledger.locks import MOVER_LOCK
from ...ledger.models import Entry
from ...ledger.states import AccountKind, EntryKind, LineKind
from ...netting.positions import Position
from ...trades.models import Obligation
from ...trades.obligation_kinds import TAXED_PER_CYCLE
from ...trades.services.eligibility import cycle_for
from ..clearing_vector import Cover, cover_of
from ..exposures import Deferred, ShortfallOutcome, resolve_shortfalls
from ..models import Deferral, Shortfall
from ..own_money import OwnMoney, awaits_planning
from .set_offs import FailedSetOffs, set_off_payments


def missing_money(positions: Mapping[int, Position]) -> dict[int, int]:
    """Participants that owe more than the cycle brings them → the amount that must come from elsewhere.

    The operator is never among them: it pays its own refunds with its own money.
    """
    operator_id = operator_organisation().id
    return {
        key: -position.unsecured_minor
        for key, position in positions.items()
        if key != operator_id and position.unsecured_minor < 0
    }


def set_aside(cycle: Cycle, missing: Mapping[int, int]) -> None:
    """Set aside the money of those participants of ``missing`` whose own money is enough; leave the others.

    The money can then be spent on nothing else, also if the participant becomes insolvent meanwhile.
    """
    MOVER_LOCK.acquire()
    money = OwnMoney(cycle)
    money.lock(missing)
    enough = {key: minor for key, minor in missing.items() if money.of(key).own_minor >= minor}
    _cover(cycle, enough, money, lent_minor={})


def decide_shortfalls(
    cycle: Cycle, positions: Mapping[int, Position], missing: Mapping[int, int], actor: Actor
) -> bool:
    """Meet the shortfalls of those for whom ``set_aside`` found too little money; nothing if there are none.

    False, with nothing decided, while an earlier cycle has still to plan a payment to one of them: its money is not
    known to be enough or not before. Uses up their own money, lends from the reserve, and defers the remainder, in one transaction over all whom it can
    affect. Emits shortfall.occurred for each participant whose own money was not enough, payment.deferred for each that
    must wait. The result is final.
    """
    covered = Entry.objects.filter(cycle=cycle, kind=EntryKind.COVER).values_list(
        "organisation_id", flat=True
    )
    short = sorted(set(missing) - set(covered))
    if not short:
        return True
    MOVER_LOCK.acquire()
    money = OwnMoney(cycle)
    money.lock(short)
    decision = resolve_shortfalls(
        cycle_id=cycle.pk,
        currency=cycle.currency,
        positions=positions,
        money=money,
        short=short,
        operator_id=operator_organisation().id,
    )
    lacking = {row.obligation.debtor_id for row in decision.deferred} | set(decision.lent_minor)
    if awaits_planning(cycle, lacking):
        return False
    _defer(cycle, decision.deferred)
    needed = _needed(positions, decision, short)
    money.lock(needed)
    _cover(cycle, needed, money, lent_minor=decision.lent_minor)
    _record_shortfalls(cycle, decision, actor)
    return True


def shortfall_figures(cycle: Cycle, positions: Mapping[int, Position]) -> dict[str, int]:
    """Figures for the evidence of netting; ``positions`` with their deferrals. Empty if no money was missing."""
    if not CyclePart.objects.filter(cycle=cycle, part=StepPart.COVER).exists():
        return {}
    deferrals = Deferral.objects.filter(cycle=cycle).aggregate(
        minor=Sum(F("amount_minor") + F("tax_minor"), default=0), count=Count("pk")
    )
    lent = Shortfall.objects.filter(cycle=cycle).aggregate(minor=Sum("lent_minor", default=0))
    return {
        "set_aside_minor": sum(missing_money(positions).values()),
        "lent_minor": int(lent["minor"]),
        "deferred_minor": int(deferrals["minor"]),
        "deferrals": deferrals["count"],
    }


def _needed(
    positions: Mapping[int, Position], decision: ShortfallOutcome, short: Iterable[int]
) -> dict[int, int]:
    """What the parties touched by a decision owe beyond what the cycle brings them, after the deferrals."""
    change = dict.fromkeys(short, 0)
    for row in decision.deferred:
        debtor, creditor = row.obligation.debtor_id, row.obligation.creditor_id
        change[debtor] = change.get(debtor, 0) + row.gross_minor
        change[creditor] = change.get(creditor, 0) - row.gross_minor
    change.pop(operator_organisation().id, None)
    needed = {key: -positions[key].unsecured_minor - minor for key, minor in change.items()}
    return {key: minor for key, minor in needed.items() if minor > 0}


def _defer(cycle: Cycle, deferred: Iterable[Deferred]) -> None:
    """Make deferrals obligations of the open cycle."""
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


def _cover(
    cycle: Cycle, needed: Mapping[int, int], money: OwnMoney, *, lent_minor: Mapping[int, int]
) -> None:
    """Move what each party still needs to its payable account, where it cannot be spent otherwise."""
    covers = {
        key: cover_of(needed_minor=minor, resources=money.of(key), reserve_minor=lent_minor.get(key, 0))
        for key, minor in sorted(needed.items())
        if minor > money.of(key).set_aside_minor
    }
    if not covers:
        return
    lines = {key: _lines(cover, money.accounts[key]) for key, cover in covers.items()}
    failed = FailedSetOffs(cycle, [key for key, cover in covers.items() if cover.receivable_minor])
    set_off_payments(
        cycle, {key: cover.planned_minor for key, cover in covers.items() if cover.planned_minor}, money
    )
    names = organisations_by_id(lines)
    drafts = [
        Draft(
            kind=EntryKind.COVER,
            reference=_reference(cycle, names[key].public_id, again=bool(money.of(key).set_aside_minor)),
            lines=of_party,
            description=cycle.business_key,
            cycle_id=cycle.pk,
            organisation_id=key,
        )
        for key, of_party in lines.items()
    ]
    post(drafts, currency=cycle.currency, purpose=cycle.business_key)
    failed.tell()


def _reference(cycle: Cycle, organisation: str, *, again: bool) -> str:
    """The reference of a cover; one that others' deferrals make necessary on top of the first has its own."""
    return f"cover:{cycle.public_id}:{organisation}" + (":awaited" if again else "")


def _lines(cover: Cover, accounts: Mapping[str, int]) -> list[Line]:
    sources = (
        (LineKind.DRAWN_RECEIVABLE, AccountKind.RECEIVABLE, cover.receivable_minor),
        (LineKind.DRAWN, AccountKind.AVAILABLE, cover.available_minor),
        (LineKind.DRAWN_PAYMENT, AccountKind.RECEIVABLE, cover.planned_minor),
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
