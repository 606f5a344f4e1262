"""The price of a trade behind which a pool stands is divided by the shares in force on the day on which its charge falls due."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from clearing.models import Obligation
from contracts.pools.models import Pool, PoolShare, PoolVersion
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER, verify_all
from tests.roles import assert_refused, unguarded
from tests.standing import made_once

from .. import factories
from ..factories import on_day

CHECK = "clearing.pool_divides_by_the_day"


def version(market, pool, number, effective_on, denominator, **numerators):
    """A version of a pool that was signed; what signs it is tried elsewhere."""
    row = PoolVersion.objects.create(
        pool=pool, number=number, cause="terms", effective_on=effective_on, lead_decides=True, denominator=denominator,
        content={}, content_hash=f"{number:064x}", state="signed", proposed_by="usr_x", proposed_at=clock.now(), closed_at=clock.now(),
    )  # fmt: skip
    for name, numerator in numerators.items():
        party = market.party(name)
        PoolShare.objects.create(
            version=row, organisation=party, organisation_identifier=party.public_id, numerator=numerator
        )


@made_once
def market():
    """Monday, 4 January 2027: a pool of thirds from the 5th on; the member "ally" leaves on the 10th."""
    on_day(2027, 1, 4)
    made = factories.market()
    lead = made.party("seller")
    with unguarded("contracts_pool", "contracts_poolversion", "contracts_poolshare"):
        pool = Pool.objects.create(
            listing="lst_1",
            lead=lead,
            lead_identifier=lead.public_id,
            opened_by="usr_x",
            opened_at=clock.now(),
        )
        version(made, pool, 1, date(2027, 1, 5), 3, seller=1, ally=1, friend=1)
        version(made, pool, 2, date(2027, 1, 10), 2, seller=1, friend=1)
    return made


def divided(market, trade):
    """What each member is owed of a trade, by name, without tax."""
    names = {market.party(name).pk: name for name in ("seller", "ally", "friend", "buyer")}
    rows = Obligation.objects.filter(trade=trade, kind="share").values_list("creditor_id", "amount_minor")
    return {names[key]: amount for key, amount in rows}


def accepted(market, day, price_minor=1_000, buyer="buyer", accepted_on=None):
    """A trade that is concluded, so due, on a day of January 2027, and accepted then or on another day."""
    on_day(2027, 1, day)
    factories.pay_in(market, buyer, price_minor * 2)
    trade = factories.conclude(market, buyer, "seller", price_minor)
    on_day(2027, 1, accepted_on or day)
    return factories.accept(trade)


@pytest.mark.parametrize(
    ("day", "shares"),
    [(4, {}), (5, {"ally": 400, "friend": 400}), (9, {"ally": 400, "friend": 400}), (10, {"friend": 600})],
)
def test_the_shares_of_the_day_on_which_the_charge_falls_due_count(market, day, shares):
    trade = accepted(market, day, price_minor=1_200)
    assert trade.state == "accepted"
    assert divided(market, trade) == shares
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


@pytest.mark.parametrize("accepted_on", [5, 10, 12])
def test_the_lead_chooses_no_other_day_by_when_it_supplies(market, accepted_on):
    """Who supplies late, or states another kind of supply, divides by the shares of the same day."""
    trade = accepted(market, 5, price_minor=1_200, accepted_on=accepted_on)
    assert divided(market, trade) == {"ally": 400, "friend": 400}
    assert REGISTER[CHECK].check() == []


def test_remainders_go_to_the_largest_fractions_and_then_in_order(market):
    trade = accepted(market, 5, price_minor=1_001)
    owed = divided(market, trade)
    assert sorted(owed.values()) == [334, 334]
    assert trade.captured_price_minor - sum(owed.values()) == 333


def test_a_member_that_buys_has_no_part_in_it(market):
    trade = accepted(market, 5, buyer="ally")
    assert divided(market, trade) == {"friend": 500}


def test_what_was_earned_before_stays_and_is_settled_with_the_cycle(market):
    trade = accepted(market, 9, price_minor=1_200)
    on_day(2027, 1, 12)
    factories.clear(market)
    assert divided(market, trade) == {"ally": 400, "friend": 400}
    assert factories.balance(market, "ally", "receivable") == 400
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def test_the_database_gives_nobody_else_a_share(market):
    trade = accepted(market, 10)
    insert = (
        "INSERT INTO clearing_obligation (trade_id, kind, debtor_id, creditor_id, amount_minor, tax_minor, tax_rate_bp, currency, cycle_id,"
        " legal_basis, beneficiary_key, source, made_at) SELECT trade_id, kind, debtor_id, %s, 1, 0, 0, currency, cycle_id, legal_basis,"
        " 'x', 'forged', public.business_now() FROM clearing_obligation WHERE trade_id = %s AND kind = 'share'"
    )

    def attack():
        with connection.cursor() as cursor:
            cursor.execute(insert, [market.party("ally").pk, trade.pk])

    assert_refused(attack, because="not a beneficiary of its plan or pool")
    assert REGISTER[CHECK].check() == []
    with unguarded("clearing_obligation"):
        attack()
    assert [row["trade"] for row in REGISTER[CHECK].check()] == [trade.public_id]
