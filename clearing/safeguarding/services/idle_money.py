"""Pays back idle money and money above the balance cap."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from marketplace.events.schemas.clearing import MoneyReturning, MoneyStuck
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.guards import sql_list
from marketplace.kernel.identifiers import new_identifier
from marketplace.participants.queries import OrganisationView, organisations_by_id

from ...ledger.accounts import accounts_of
from ...ledger.errors import InsufficientFunds
from ...ledger.journal import Draft, Line, post
from ...ledger.locking import lock_balances
from ...ledger.models import Account, FundsRegime
from ...ledger.queries import regime_in_force
from ...ledger.states import AccountKind, EntryKind, LineKind
from ...settlement.models import SettlementInstruction
from ...settlement.payability import hindrances_of
from ...settlement.planning import instruction_without_cycle
from ...settlement.states import PaymentPurpose
from ...trades.obligation_kinds import CORRECTION_KINDS
from ...trades.services.holds import lock_waiting_trades
from ..models import StuckMoney

RETURNS_A_SWEEP = 100
IDLE_MONEY = Loop("clearing.return_idle_money")
LOCKED_KINDS = (AccountKind.AVAILABLE, AccountKind.RECEIVABLE, AccountKind.CLAIM)

_FREE = f"""
    WITH money AS (
        SELECT a.organisation_id, -b.balance_minor AS available_minor, last.id AS posting_id, last.booked_at,
               (SELECT coalesce(sum(c.balance_minor), 0) FROM clearing_account k
                  JOIN clearing_balance c ON c.account_id = k.id
                 WHERE k.organisation_id = a.organisation_id AND k.currency = a.currency AND k.kind = 'claim')
               AS claim_minor,
               (SELECT coalesce(sum(t.gross_minor), 0) FROM clearing_trade t
                 WHERE t.buyer_id = a.organisation_id AND t.currency = a.currency AND t.state = 'concluded')
               + (SELECT coalesce(sum(p.amount_minor), 0) FROM clearing_guaranteedpart p
                    JOIN clearing_guarantee g ON g.id = p.guarantee_id
                   WHERE g.organisation_id = a.organisation_id AND g.currency = a.currency AND g.used_minor > 0
                     AND p.billed_at IS NOT NULL AND p.paid_at IS NULL AND p.released_at IS NULL) AS wanted_minor,
                      EXISTS (SELECT FROM clearing_stuckmoney s WHERE s.posting_id = last.id) AS known_stuck
          FROM clearing_account a JOIN clearing_balance b ON b.account_id = a.id
         CROSS JOIN LATERAL (
               SELECT p.id, e.booked_at FROM clearing_posting p JOIN clearing_entry e ON e.id = p.entry_id
                WHERE p.account_id = a.id ORDER BY p.id DESC LIMIT 1) last
         WHERE a.kind = 'available' AND a.currency = %(currency)s AND b.balance_minor < 0
           AND (%(organisation)s::bigint IS NULL OR a.organisation_id = %(organisation)s)
           AND (last.booked_at <= %(idle_since)s OR -b.balance_minor > %(cap)s)
           AND NOT EXISTS (
               SELECT FROM clearing_settlementinstruction i
                WHERE i.organisation_id = a.organisation_id AND i.currency = a.currency
                  AND i.purpose = 'idle_return' AND i.state IN ('planned', 'sending', 'unknown'))
    ), judged AS (
        SELECT money.*, booked_at <= %(idle_since)s AND wanted_minor = 0
               AND NOT EXISTS (
                   SELECT FROM clearing_trade t WHERE t.buyer_id = money.organisation_id
                      AND t.currency = %(currency)s AND t.state IN ('secured', 'disputed')
                      AND t.fee_payer = 'buyer' AND t.fee_minor > 0)
               AND NOT EXISTS (
                   SELECT FROM clearing_trade t JOIN clearing_obligation o ON o.trade_id = t.id
                     JOIN clearing_cycle c ON c.id = o.cycle_id
                    WHERE money.organisation_id IN (t.buyer_id, t.seller_id)
                      AND o.debtor_id = money.organisation_id AND o.currency = %(currency)s
                      AND c.posted_at IS NULL
                      AND (o.kind IN ({sql_list(CORRECTION_KINDS)}) OR o.kind = 'fee' AND t.buyer_id = o.debtor_id)
               ) AS idle
          FROM money
    )
    SELECT organisation_id, posting_id, idle, minor FROM (
        SELECT judged.*, (available_minor - claim_minor
               - CASE WHEN idle THEN 0 ELSE wanted_minor + %(cap)s END)::bigint AS minor FROM judged) free
          WHERE minor > 0 ORDER BY known_stuck, organisation_id LIMIT %(limit)s
"""  # noqa: S608  our own words
"""Money to pay back per participant: all idle money; of other money the part above the cap that no trade waits for.

Money from which a claim, a correction or the fee of a trade of its buyer will be taken is not idle.
"""


class _Free(NamedTuple):
    """Money to pay back: owner, newest posting of the account, whether idle (else above the cap), amount."""

    organisation_id: int
    posting_id: int
    idle: bool
    amount_minor: int


def return_idle_money(*, actor: Actor = SYSTEM) -> int:
    """Plan payments of idle money and of money above the cap; returns how many.

    Each in its own transaction, ``RETURNS_A_SWEEP`` per call; one that cannot be planned stands aside. A participant that cannot be paid keeps its money
    available and is notified once.
    Emits money.returning, money.stuck.
    """
    due: list[tuple[OrganisationView, FundsRegime]] = []
    for currency in Account.objects.filter(kind=AccountKind.BANK_CLIENT).values_list("currency", flat=True):
        regime = regime_in_force(currency)
        if regime is None:
            continue
        free = _free_money(regime, organisation_id=None)
        payees = organisations_by_id(row.organisation_id for row in free)
        due += [(payees[row.organisation_id], regime) for row in free]

    def plan(found: tuple[OrganisationView, FundsRegime]) -> bool:
        return _plan_return(*found, actor)

    return IDLE_MONEY.each(due, plan, subject=lambda found: f"{found[0].public_id} {found[1].currency}")


def _free_money(regime: FundsRegime, *, organisation_id: int | None) -> list[_Free]:
    values = {
        "currency": regime.currency,
        "organisation": organisation_id,
        "idle_since": _idle_since(regime),
        "cap": regime.balance_cap_minor,
        "limit": RETURNS_A_SWEEP + len(IDLE_MONEY.standing_aside()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FREE, values)
        return [_Free(*row) for row in cursor.fetchall()]


def _idle_since(regime: FundsRegime) -> datetime:
    return clock.now() - timedelta(days=regime.idle_days)


@transaction.atomic
def _plan_return(payee: OrganisationView, regime: FundsRegime, actor: Actor) -> bool:
    """Plan one participant's payment from its balance under lock; False if nothing is planned.

    A concurrent purchase either takes the money first or finds it gone and waits: the account's lock decides.
    """
    currency = regime.currency
    lock_waiting_trades([payee.id], currency)
    accounts = accounts_of(payee.id, currency)
    lock_balances(accounts[kind] for kind in LOCKED_KINDS)
    found = _free_money(regime, organisation_id=payee.id)
    if not found:
        return False
    (free,) = found
    (hindrance,) = hindrances_of(
        [payee], currency=currency, cross_border_allowed=regime.cross_border_allowed
    ).values()
    if hindrance:
        _emit_stuck(payee, currency, free, hindrance, actor)
        return False
    identifier = new_identifier("stl")
    moved = Line(
        LineKind.IDLE_RETURN,
        accounts[AccountKind.AVAILABLE],
        accounts[AccountKind.RECEIVABLE],
        free.amount_minor,
    )
    draft = Draft(
        kind=EntryKind.IDLE_RETURN,
        reference=f"idle:{identifier}",
        lines=[moved],
        organisation_id=payee.id,
        description=identifier,
    )
    try:
        post([draft], currency=currency, purpose=identifier)
    except InsufficientFunds:
        return False
    planned = instruction_without_cycle(
        currency=currency,
        organisation_id=payee.id,
        amount_minor=free.amount_minor,
        purpose=PaymentPurpose.IDLE_RETURN,
        public_id=identifier,
    )
    planned.save()
    _emit_return(payee, planned, free, regime, actor)
    return True


def _emit_return(
    payee: OrganisationView,
    planned: SettlementInstruction,
    free: _Free,
    regime: FundsRegime,
    actor: Actor,
) -> None:
    reason = "idle" if free.idle else "above_cap"
    record(
        kind="clearing.idle_money_returned",
        subject=planned.public_id,
        actor=actor,
        payload={
            "organisation": payee.public_id,
            "reference": planned.reference,
            "amount_minor": planned.amount_minor,
            "currency": planned.currency,
            "reason": reason,
            "regime": regime.public_id,
        },
    )
    emit(
        MoneyReturning(
            organisation=payee.public_id,
            instruction=planned.public_id,
            amount_minor=planned.amount_minor,
            currency=planned.currency,
            reason_code=reason,
        )
    )


def _emit_stuck(payee: OrganisationView, currency: str, free: _Free, hindrance: str, actor: Actor) -> None:
    """Record and emit, once until the account moves again, that the money cannot be paid back."""
    _, made = StuckMoney.objects.get_or_create(
        posting_id=free.posting_id,
        defaults={
            "organisation_id": payee.id,
            "currency": currency,
            "amount_minor": free.amount_minor,
            "reason_code": hindrance,
            "told_at": clock.now(),
        },
    )
    if not made:
        return
    record(
        kind="clearing.idle_money_stuck",
        subject=payee.public_id,
        actor=actor,
        payload={"amount_minor": free.amount_minor, "currency": currency, "reason": hindrance},
    )
    emit(
        MoneyStuck(
            organisation=payee.public_id,
            amount_minor=free.amount_minor,
            currency=currency,
            reason_code=hindrance,
        )
    )
