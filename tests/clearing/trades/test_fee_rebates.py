"""Fees by volume: the first rate at conclusion, the difference back at the cut-off of the same cycle, exactly and once."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clearing.cycles.errors import CycleFaulty
from clearing.models import Cycle, Invoice, NetPosition, Obligation, Trade
from clearing.run.services.cycles import close_cycle
from clearing.trades.fee_rebates import fee_rebates, wrong_rebates
from clearing.trades.services.fee_rebates import make_fee_rebates
from marketplace.participants.queries import operator_organisation
from marketplace.rules.models import Rulebook
from tests.rules.factories import publish as publish_rulebook
from tests.standing import made_once

from .. import factories
from ..run.test_cycles import tampered
from ..test_invariants import broken

TIERS = [{"from_minor": 0, "rate_bp": 500}, {"from_minor": 100_000, "rate_bp": 300}]
TIERED: dict[str, Any] = copy.deepcopy(factories.RULEBOOK)
TIERED["tariffs"][0] |= {"tiers": TIERS, "minimum_minor": 0}


def rulebook(**changes: Any) -> dict[str, Any]:
    """The tiered rulebook with changes to its one tariff."""
    document = copy.deepcopy(TIERED)
    document["tariffs"][0] |= changes
    return document


@made_once
def tiered() -> factories.Market:
    """A market whose fee falls from 5% to 3% above 100,000 in a cycle."""
    return factories.market(TIERED)


def rebates() -> list[tuple[str, int]]:
    rows = Obligation.objects.filter(kind="fee_refund").order_by("trade__business_key")
    return list(rows.values_list("trade__public_id", "amount_minor"))


def position(cycle: Cycle, market: factories.Market, name: str) -> NetPosition:
    return NetPosition.objects.get(cycle=cycle, organisation=market.party(name))


def test_a_trade_records_its_fee_s_rulebook_and_is_charged_the_first_rate(tiered):
    trade = factories.conclude(tiered, "buyer", "seller", 200_000)
    assert (trade.fee_minor, trade.tariff, trade.fee_tiered) == (10_000, "STANDARD-5", True)
    assert trade.rulebook == Rulebook.objects.get().public_id
    publish_rulebook(factories.RULEBOOK)
    plain = factories.conclude(tiered, "buyer", "seller", 200_000)
    assert (plain.fee_minor, plain.fee_tiered) == (10_000, False)
    assert plain.rulebook == Rulebook.objects.get(number=2).public_id


def test_who_passes_a_band_gets_the_difference_back_in_the_same_cycle(tiered):
    one = factories.accepted(tiered, "buyer", "seller", 80_000)
    two = factories.accepted(tiered, "buyer", "seller", 120_000)
    small = factories.accepted(tiered, "buyer", "other", 100_000)
    cycle = factories.clear(tiered)
    # 5% of 100,000 and 3% of the other 100,000 are 8,000 of the 10,000 charged.
    assert rebates() == [(one.public_id, 800), (two.public_id, 1_200)]
    made = Obligation.objects.get(trade=one, kind="fee_refund")
    assert (made.debtor_id, made.creditor_id, made.tax_minor, made.tax_rate_bp) == (
        operator_organisation().id,
        tiered.party("seller").pk,
        80,
        1_000,
    )
    assert (made.source, made.legal_basis, made.cycle_id) == (
        f"tier:{one.public_id}",
        "market_terms",
        cycle.pk,
    )
    seller = position(cycle, tiered, "seller")
    assert (seller.fees_minor, seller.fee_tax_minor) == (-10_000, -1_000)
    assert (seller.fee_refunds_minor, seller.fee_refund_tax_minor) == (2_000, 200)
    other = position(cycle, tiered, "other")
    assert (other.fees_minor, other.fee_refunds_minor) == (-5_000, 0)
    assert small.fee_minor == 5_000
    assert broken() == {}


def test_what_comes_back_has_a_return_invoice_of_its_own_and_is_settled(tiered):
    one = factories.accepted(tiered, "buyer", "seller", 80_000)
    two = factories.accepted(tiered, "buyer", "seller", 120_000)
    cycle = factories.settle(tiered, factories.clear(tiered))
    assert cycle.state == "settled"
    fees, back = (Invoice.objects.get(cycle=cycle, purpose=purpose) for purpose in ("fee", "fee_refund"))
    assert (fees.kind, fees.net_minor, fees.tax_minor, fees.total_minor) == (
        "invoice",
        10_000,
        1_000,
        11_000,
    )
    assert (back.kind, back.net_minor, back.tax_minor) == ("return_invoice", 2_000, 200)
    assert {line["reference"] for line in back.document["lines"]} == {one.public_id, two.public_id}
    # 220,000 with tax, less fees of 11,000, with 2,200 back.
    assert [row.amount_minor for row in factories.instructions(cycle)] == [211_200, 8_800]
    assert broken() == {}


def test_where_the_buyer_bears_the_fee_its_volume_counts(db):
    market = factories.market(rulebook(borne_by="buyer"))
    trades = [
        factories.accepted(market, "buyer", seller, 100_000, reference=f"PO-{seller}") for seller in "ab"
    ]
    cycle = factories.clear(market)
    assert rebates() == [(trade.public_id, 1_000) for trade in trades]
    assert position(cycle, market, "buyer").fee_refunds_minor == 2_000
    assert position(cycle, market, "a").fee_refunds_minor == 0
    assert broken() == {}


def test_each_cycle_counts_for_itself(tiered):
    factories.accepted(tiered, "buyer", "seller", 100_000)
    factories.clear(tiered)
    factories.accepted(tiered, "buyer", "seller", 100_000)
    factories.clear(tiered)
    assert rebates() == []
    assert broken() == {}


def test_a_remainder_is_shared_by_the_order_of_business_keys(tiered):
    prices = {"PO-C": 70_010, "PO-A": 70_010, "PO-B": 70_000}
    for reference, price in prices.items():
        factories.accepted(tiered, "buyer", "seller", price, reference=reference)
    factories.clear(tiered)
    made = dict(Obligation.objects.filter(kind="fee_refund").values_list("trade__reference", "amount_minor"))
    # 10,500 charged, 8,300 by the bands (of 210,020): 2,200 back; 3,500 is charged on each.
    assert sum(made.values()) == 2_200
    assert made == {"PO-A": 734, "PO-B": 733, "PO-C": 733}


def test_the_same_fee_counts_together_across_versions_of_the_rulebook(tiered):
    factories.accepted(tiered, "buyer", "seller", 100_000)
    publish_rulebook(TIERED | {"title": {"ja": "改訂", "en": "Revised"}})
    factories.accepted(tiered, "buyer", "seller", 100_000)
    # Other terms under the same code are another fee.
    publish_rulebook(rulebook(cap_minor=400_000))
    factories.accepted(tiered, "buyer", "seller", 100_000)
    factories.clear(tiered)
    assert [amount for _, amount in rebates()] == [1_000, 1_000]
    assert broken() == {}


def test_minimum_and_ceiling_stay(db):
    market = factories.market(rulebook(minimum_minor=1_000, cap_minor=6_000))
    for number in range(12):
        factories.accepted(market, "buyer", "small", 9_000, reference=f"S-{number}")
    factories.accepted(market, "buyer", "large", 500_000)
    factories.clear(market)
    # 12 times the minimum of 1,000; the rate would have charged 5,400, and by the bands 5,240.
    back = dict(Obligation.objects.filter(kind="fee_refund").values_list("trade_id", "amount_minor"))
    assert (len(back), sum(back.values())) == (12, 160)
    assert broken() == {}


def test_a_cycle_without_tiers_pays_nothing_for_them(market):
    factories.accepted(market, "buyer", "seller", 500_000)
    cycle = close_cycle(actor=market.actor, currency="JPY")
    with CaptureQueriesContext(connection) as captured:
        assert make_fee_rebates(cycle) == 0
    assert len(captured) == 1
    assert "clearing_" not in captured[0]["sql"]
    factories.advance_to(cycle, "settling")
    assert rebates() == []


def test_rebates_are_made_once_however_often_the_step_is_tried(tiered):
    factories.accepted(tiered, "buyer", "seller", 300_000)
    cycle = close_cycle(actor=tiered.actor, currency="JPY")
    with pytest.raises(RuntimeError), transaction.atomic():
        assert make_fee_rebates(cycle) == 1
        raise RuntimeError("killed")
    assert rebates() == []
    assert [make_fee_rebates(cycle), make_fee_rebates(cycle)] == [1, 0]
    factories.advance_to(cycle, "settling")
    assert [amount for _, amount in rebates()] == [4_000]
    assert broken() == {}


def test_the_same_trades_give_the_same_hashes_in_any_order(tiered):
    trades = [
        factories.conclude(tiered, "buyer", "seller", price, reference=f"PO-{price}")
        for price in (90_001, 70_003, 50_007)
    ]
    factories.pay_in(tiered, "buyer", sum(trade.gross_minor for trade in trades))
    found = []
    for order in (trades, trades[::-1]):
        with pytest.raises(RuntimeError), transaction.atomic():
            for trade in order:
                factories.accept(Trade.objects.get(pk=trade.pk))
            cycle = factories.clear(tiered, "netted")
            found.append((cycle.input_hash, cycle.output_hash, rebates()))
            raise RuntimeError("once more")
    assert found[0] == found[1]
    assert len(found[0][2]) == 3


def test_a_fee_that_was_given_back_is_not_given_back_again(tiered):
    one = factories.accepted(tiered, "buyer", "seller", 100_000, reference="PO-A")
    two = factories.accepted(tiered, "buyer", "seller", 100_000, reference="PO-B")
    Obligation.objects.create(
        trade=one,
        kind="fee_refund",
        debtor_id=operator_organisation().id,
        creditor_id=one.seller_id,
        amount_minor=one.fee_minor,
        tax_minor=500,
        tax_rate_bp=1_000,
        currency="JPY",
        cycle=tiered.cycle,
        legal_basis="market_terms",
        source="refund:raw",
        made_at=one.accepted_at,
    )
    factories.clear(tiered)
    # Of the 5,000 that remain the bands ask more: nothing further comes back.
    assert rebates() == [(one.public_id, 5_000)]
    assert two.fee_minor == 5_000
    assert broken() == {}


def raw_refund(trade: Trade, **changes: Any) -> None:
    row = {
        "trade_id": trade.pk,
        "kind": "fee_refund",
        "debtor_id": operator_organisation().id,
        "creditor_id": trade.seller_id,
        "amount_minor": 1,
        "tax_minor": changes.get("amount_minor", 1) // 10,
        "tax_rate_bp": 1_000,
        "currency": "JPY",
        "cycle_id": Cycle.objects.get(state="open").pk,
        "legal_basis": "market_terms",
        "source": f"tier:{trade.public_id}",
    } | changes
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO clearing_obligation ({', '.join(row)}, made_at)"
            f" VALUES ({', '.join(['%s'] * len(row))}, now())",
            list(row.values()),
        )


def test_more_than_a_fee_is_never_given_back(tiered):
    trade = factories.accepted(tiered, "buyer", "seller", 100_000)
    for changes in (
        {"amount_minor": 5_001},
        {"amount_minor": 5_001, "source": "refund:raw"},
        # Not even to the other party.
        {"creditor_id": trade.buyer_id, "source": "refund:raw"},
    ):
        with pytest.raises(IntegrityError, match="exceeds the fee"):
            raw_refund(trade, **changes)
    raw_refund(trade, amount_minor=3_000, source="refund:1")
    with pytest.raises(IntegrityError, match="exceeds the fee"):
        raw_refund(trade, amount_minor=2_001, source="refund:2")
    raw_refund(trade, amount_minor=2_000, source="refund:2")
    assert Obligation.objects.filter(kind="fee_refund").count() == 2
    assert broken() == {}


def test_a_rebate_is_of_its_trade_s_fee(tiered):
    trade = factories.accepted(tiered, "buyer", "seller", 100_000)
    publish_rulebook(factories.RULEBOOK)
    plain = factories.accepted(tiered, "buyer", "seller", 100_000)
    waiting = factories.conclude(tiered, "buyer", "seller", 100_000)
    for subject, changes in (
        (trade, {"source": "tier:trd_other"}),
        (trade, {"creditor_id": trade.buyer_id}),
        (trade, {"tax_rate_bp": 800}),
        (plain, {}),
        (waiting, {"source": f"tier:{waiting.public_id}"}),
    ):
        with pytest.raises(IntegrityError, match="is not of its fee"):
            raw_refund(subject, **changes)
    factories.clear(tiered)
    with pytest.raises(IntegrityError, match="is not of its fee"):
        raw_refund(trade)
    factories.pay_own_money(tiered, 5_500)
    raw_refund(plain, source="refund:raw", amount_minor=5_000)
    assert Obligation.objects.filter(kind="fee_refund").count() == 1


def test_a_rebate_that_the_tiers_do_not_say_is_found(tiered):
    factories.accepted(tiered, "buyer", "seller", 300_000)
    cycle = factories.clear(tiered, "netted")
    assert wrong_rebates() == []
    tampered("UPDATE clearing_obligation SET amount_minor = amount_minor - 1 WHERE kind = 'fee_refund'")
    assert wrong_rebates() == [{"cycle": cycle.business_key, "differ": 2}]


def test_a_fee_of_no_published_tiers_is_not_validated(tiered):
    trade = factories.accepted(tiered, "buyer", "seller", 300_000)
    cycle = close_cycle(actor=tiered.actor, currency="JPY")
    tampered("UPDATE clearing_trade SET tariff = 'OTHER' WHERE id = %s", trade.pk)
    with pytest.raises(CycleFaulty, match="no tiers of OTHER"):
        factories.advance_to(cycle, "validated")
    cycle.refresh_from_db()
    assert (cycle.state, rebates()) == ("closing", [])
    with pytest.raises(IntegrityError, match="trade_tiers_of_rulebook"):
        tampered("UPDATE clearing_trade SET rulebook = NULL WHERE id = %s", trade.pk)


def test_many_trades_of_many_payers_are_read_in_a_few_queries(tiered):
    for payer in ("a", "b", "c"):
        for _ in range(2):
            factories.accepted(tiered, "buyer", payer, 100_000)
    factories.accepted(tiered, "buyer", "small", 1_000)
    cycle = close_cycle(actor=tiered.actor, currency="JPY")
    with CaptureQueriesContext(connection) as captured:
        found = list(fee_rebates(cycle))
    assert (len(found), {rebate.amount_minor for rebate in found}) == (6, {1_000})
    assert len(captured) == 3
