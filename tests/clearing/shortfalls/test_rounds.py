"""Markets in which much goes wrong at random: whatever happens, every invariant holds and every yen is found again."""

from __future__ import annotations

import random

import pytest
from django.db.models import F, Sum

from clearing.ledger.queries import client_money
from clearing.models import Deferral, NetPosition, Obligation, SettlementInstruction, Shortfall
from clearing.shortfalls.services.deposits import pay_deposit
from clearing.trades.limits import remaining_of, tax_of_part
from clearing.trades.obligation_kinds import CORRECTION_KINDS
from tests.participants.factories import actor_for

from .. import factories
from ..test_invariants import broken

NAMES = ("a", "b", "c", "d", "e")


def correct(market: factories.Market, chance: random.Random, trades: list) -> None:
    """Corrections of the trades of earlier cycles, in every kind, from either side; and shares of the proceeds."""
    for trade in chance.sample(trades, min(len(trades), 5)):
        parties = [trade.seller_id, trade.buyer_id]
        chance.shuffle(parties)
        kind = chance.choice([*CORRECTION_KINDS, "share"])
        beneficiary = market.party("beneficiary")
        share, penalty = kind == "share", kind == "penalty"
        if share:
            factories.let_share(market, trade, "beneficiary")
        # A trade is corrected at most three times: never is more given back than was paid.
        seller_owes = parties[0] == trade.seller_id
        amount = chance.randint(1, 12_000 if penalty else max(trade.price_minor // 4, 1))
        Obligation.objects.create(
            trade=trade,
            kind=kind,
            debtor_id=trade.seller_id if share else parties[0],
            creditor_id=beneficiary.pk if share else parties[1],
            amount_minor=amount,
            tax_minor=0 if share else tax_of_part(remaining_of(trade), kind, amount, seller_owes=seller_owes),
            tax_rate_bp=0 if share or penalty else 1_000,
            currency="JPY",
            cycle=market.cycle,
            legal_basis="assumption_with_release",
            source=f"{kind}:{trade.public_id}:{market.cycle.number}",
            beneficiary_key=beneficiary.corporate_number if share else None,
            made_at=trade.concluded_at,
        )


def trade_on(market: factories.Market, chance: random.Random) -> list:
    made = []
    for _ in range(3):
        buyer, seller = chance.sample(NAMES, 2)
        price_minor = chance.randint(1, 9_000)
        made.append(factories.accepted(market, buyer, seller, price_minor, penalty_cap_minor=36_000))
    for name in NAMES:
        if chance.random() < 0.4:
            amount = chance.randint(2, 4_000)
            factories.pay_in(market, name, amount)
            if chance.random() < 0.5 and factories.available(market, name) > 1:
                pay_deposit(
                    actor=actor_for(market.party(name)),
                    amount_minor=factories.available(market, name) // 2,
                    currency="JPY",
                )
    return made


@pytest.mark.parametrize("seed", range(4))
def test_no_yen_is_lost_through_rounds_of_shortfalls(market, seed):
    chance = random.Random(seed)
    if seed % 2:
        factories.fund_reserve(market, chance.randint(1, 5_000))
    trades, cycles = [], []
    for _ in range(3):
        correct(market, chance, trades)
        trades += trade_on(market, chance)
        cycles.append(factories.clear(market, "netted"))
        assert broken() == {}
        factories.advance_to(cycles[-1], "settling")
        # What is not sent yet is set off against what its payees owe in the next round.
        if factories.instructions(cycles[-1]) and chance.random() < 0.6:
            factories.settle(market, cycles[-1])
        assert broken() == {}
    deferred = Deferral.objects.aggregate(total=Sum(F("amount_minor") + F("tax_minor")))["total"] or 0
    positions = NetPosition.objects.filter(deferred_minor__gt=0)
    told = Shortfall.objects.aggregate(total=Sum("deferred_minor"))["total"] or 0
    assert deferred == told
    assert (positions.aggregate(total=Sum("deferred_minor"))["total"] or 0) <= deferred

    # Everybody pays what is open, and everything that was put off is settled in the end.
    for name in NAMES:
        factories.pay_in(market, name, 10**6)
    last = factories.clear(market)
    for cycle in (*cycles, last):
        if SettlementInstruction.objects.filter(cycle=cycle, state="planned", direction="out").exists():
            factories.settle(market, cycle)
    assert Deferral.objects.filter(cycle=last).count() == 0
    assert Shortfall.objects.filter(cycle=last).count() == 0
    money = client_money("JPY")
    assert money.bank_minor == money.owed_minor + money.operator_minor
    assert broken() == {}


def test_such_markets_do_fall_short(market):
    """The rounds above would prove nothing if nobody ever lacked anything."""
    chance = random.Random(1)
    trades = trade_on(market, chance)
    factories.settle(market, factories.clear(market))
    correct(market, chance, trades)
    factories.clear(market)
    assert Shortfall.objects.count() >= 1
