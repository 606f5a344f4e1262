"""Classes of supply: what is known of both parties and of the listing decides the tax; what is not stated is held."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.models import Invoice, NetPosition, Obligation, SupplyStatement, Trade
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.services.supplies import state_supply
from marketplace.events.models import OutboxEvent
from marketplace.kernel import clock
from marketplace.kernel.errors import Missing
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import actor_for, client_of
from tests.roles import unguarded

from .. import factories
from ..raw import OBLIGATION, refused, run


def broken() -> dict[str, object]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


@pytest.mark.parametrize(
    ("seller", "buyer", "supply", "supply_class", "gross_minor"),
    [
        ("seller", "buyer", None, "domestic", 11_000),
        ("seller", "buyer", "rights", "domestic", 11_000),
        ("seller", "guest", "data", "outside_scope", 10_000),
        ("seller", "guest", "rights", "export_exempt", 10_000),
        ("abroad", "buyer", "data", "reverse_charge", 10_000),
        ("abroad", "buyer", "rights", "outside_scope", 10_000),
        ("abroad", "consumer", "data", "consumer_from_abroad", 11_000),
        ("abroad", "guest", None, "outside_scope", 10_000),
    ],
)
def test_the_class_follows_from_both_parties_and_from_what_is_supplied(
    market, seller, buyer, supply, supply_class, gross_minor
):
    factories.foreign(market, "abroad")
    factories.foreign(market, "guest")
    market.parties["consumer"] = factories.participants.organisation(
        "consumer", kind="individual", corporate_number=None
    )
    if supply:
        factories.state_supply(market, seller, supply)
    trade = factories.conclude(market, buyer, seller, 10_000)
    assert (trade.supply_class, trade.supply, trade.gross_minor) == (supply_class, supply, gross_minor)
    factories.pay_in(market, buyer, gross_minor)
    trade.refresh_from_db()
    trade = factories.accept(trade)
    assert trade.captured_tax_minor == gross_minor - 10_000
    assert broken() == {}


def test_a_trade_whose_class_is_not_stated_is_held_and_its_seller_is_asked(market):
    factories.foreign(market, "guest")
    trade = factories.conclude(market, "guest", "seller", 10_000)
    factories.pay_in(market, "guest", 11_000)
    trade.refresh_from_db()
    assert (trade.state, trade.supply_class, trade.tax_point) == ("concluded", None, None)
    assert (factories.available(market, "guest"), factories.balance(market, "guest", "held")) == (11_000, 0)
    shown = client_of(market.party("seller")).get(f"/api/v1/trades/{trade.public_id}/").json()
    assert (shown["waiting"]["code"], shown["supply_class"]) == ("trade.supply_unstated", None)
    (asked,) = OutboxEvent.objects.filter(type="trade.supply_unstated").values_list("data", flat=True)
    assert (asked["listing"], asked["seller"]) == ("lst_1", market.party("seller").public_id)
    assert broken() == {}


def test_a_statement_classifies_what_waited_for_it(market):
    factories.foreign(market, "guest")
    trade = factories.conclude(market, "guest", "seller", 10_000)
    factories.pay_in(market, "guest", 11_000)
    answer = client_of(market.party("seller")).post(
        "/api/v1/supply-statements/",
        {"listing": "lst_1", "supply": "data"},
        headers={"Idempotency-Key": "supply-1"},
    )
    assert (answer.status_code, answer.json()["supply"]) == (201, "data")
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, trade.supply_class, trade.supply) == ("secured", "outside_scope", "data")
    trade = factories.accept(trade)
    assert (trade.captured_tax_minor, trade.captured_tax_rate_bp) == (0, 0)
    assert factories.available(market, "guest") == 1_000
    factories.clear(market)
    assert broken() == {}


def test_a_statement_of_somebody_else_or_of_no_listing_has_no_effect(market):
    factories.foreign(market, "guest")
    trade = factories.conclude(market, "guest", "seller", 10_000)
    with pytest.raises(Missing):
        state_supply(actor=actor_for(market.party("other")), listing="lst_1", supply="data")
    assert SupplyStatement.objects.count() == 0
    factories.state_supply(market, "other", "data")
    factories.pay_in(market, "guest", 11_000)
    trade.refresh_from_db()
    assert (trade.state, trade.supply_class) == ("concluded", None)
    own = client_of(market.party("seller")).get("/api/v1/supply-statements/").json()
    assert own["results"] == []


def test_a_trade_that_nobody_classifies_fails_at_its_deadline(market):
    factories.foreign(market, "guest")
    trade = factories.conclude(market, "guest", "seller", 10_000)
    factories.pay_in(market, "guest", 11_000)
    clock.move_to(trade.fund_by + timedelta(minutes=1), running=False)
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, factories.available(market, "guest")) == ("failed", 11_000)
    (event,) = OutboxEvent.objects.filter(type="trade.failed").values_list("data", flat=True)
    assert event["reason_code"] == "supply_unstated"
    assert broken() == {}


def test_the_invoice_says_how_the_supply_is_taxed(market):
    factories.foreign(market, "abroad")
    factories.foreign(market, "guest")
    factories.state_supply(market, "abroad", "data")
    factories.state_supply(market, "seller", "rights")
    factories.accepted(market, "buyer", "abroad", 10_000)
    factories.accepted(market, "guest", "seller", 20_000)
    factories.accepted(market, "buyer", "seller", 30_000)
    factories.clear(market)
    notes = {
        row.net_minor: (row.document["notes"]["ja"], row.tax_minor)
        for row in Invoice.objects.filter(purpose="purchase")
    }
    assert "リバースチャージ" in notes[10_000][0]
    assert "輸出免税" in notes[20_000][0]
    assert {minor: tax for minor, (_, tax) in notes.items()} == {10_000: 0, 20_000: 0, 30_000: 3_000}
    assert not {"リバースチャージ", "輸出免税", "不課税"} & set(notes[30_000][0].split())
    fees = {row.recipient_id: (row.net_minor, row.tax_minor) for row in Invoice.objects.filter(purpose="fee")}
    assert fees == {
        market.party("abroad").pk: (500, 0),
        market.party("seller").pk: (2_500, 250),
    }
    (abroad,) = Invoice.objects.filter(purpose="fee", recipient=market.party("abroad"))
    assert "不課税" in abroad.document["notes"]["ja"]
    assert broken() == {}


def test_the_database_secures_and_taxes_no_trade_against_its_class(market):
    factories.foreign(market, "guest")
    trade = factories.conclude(market, "guest", "seller", 10_000)
    refused("UPDATE clearing_trade SET state = 'secured', secured_at = now()", because="trade_class_stated")
    refused(
        "UPDATE clearing_trade SET supply_class = 'domestic'", because="trade_class_stated|trade_supplied"
    )
    refused("UPDATE clearing_supplystatement SET supply = 'rights'", because="append-only")
    refused(
        "INSERT INTO clearing_supplystatement (public_id, organisation_id, listing, supply, stated_at, stated_by)"
        " SELECT 'sps_raw', id, 'lst_1', 'other', now(), '' FROM participants_organisation LIMIT 1",
        because="supply_statement_stated",
    )
    before = trade.state
    trade.refresh_from_db()
    assert (trade.state, trade.supply_class, before) == ("concluded", None, "concluded")


def test_a_rate_forced_in_against_the_class_is_named(market):
    factories.foreign(market, "guest")
    factories.state_supply(market, "seller", "data")
    trade = factories.accepted(market, "guest", "seller", 10_000)
    assert Obligation.objects.get(trade=trade, kind="purchase").tax_minor == 0
    assert broken() == {}
    with unguarded("clearing_trade"):
        run("ALTER TABLE clearing_trade DROP CONSTRAINT trade_class_stated")
        run("UPDATE clearing_trade SET supply_class = NULL")
    assert "clearing.taxed_at_the_tax_point" in broken()
    assert Trade.objects.get().state == "accepted"


def individual(market: factories.Market, name: str) -> None:
    """A person in Japan who sells, without a corporate number."""
    market.parties[name] = factories.participants.organisation(
        name,
        kind="individual",
        corporate_number=None,
        payout_account=factories.participants.PAYOUT_ACCOUNT,
    )


@pytest.mark.parametrize(
    ("seller", "price_minor", "withheld_minor"),
    [
        ("author", 10_000, 1_021),
        ("author", 1_500_000, 102_100 + 102_100),
        ("abroad", 10_000, 2_042),
        ("seller", 10_000, 0),
    ],
)
def test_the_buyer_of_a_royalty_keeps_back_the_income_tax(market, seller, price_minor, withheld_minor):
    individual(market, "author")
    factories.foreign(market, "abroad")
    factories.state_supply(market, seller, "rights")
    trade = factories.accepted(market, "buyer", seller, price_minor)
    assert trade.captured_withholding_minor == withheld_minor
    made = Obligation.objects.filter(trade=trade, kind="withholding")
    assert [
        (row.debtor_id, row.creditor_id, row.amount_minor, row.tax_minor, row.tax_rate_bp) for row in made
    ] == ([(trade.seller_id, trade.buyer_id, withheld_minor, 0, 0)] if withheld_minor else [])
    assert broken() == {}
    factories.clear(market)
    fee_minor, gross_minor = (
        trade.fee_minor + trade.fee_minor * trade.fee_rate_bp // 10_000,
        trade.gross_minor,
    )
    position = NetPosition.objects.get(organisation=market.party(seller))
    assert position.net_minor == gross_minor - fee_minor - withheld_minor
    notes = Invoice.objects.get(purpose="purchase").document["notes"]["ja"]
    assert (f"{withheld_minor:,} JPY は源泉所得税" in notes) == bool(withheld_minor)
    assert broken() == {}


def test_data_of_an_individual_bears_no_withholding_once_stated_and_is_held_before(market):
    individual(market, "author")
    held = factories.conclude(market, "buyer", "author", 10_000, listing="lst_2")
    assert held.supply_class is None
    factories.state_supply(market, "author", "data")
    trade = factories.accepted(market, "buyer", "author", 20_000)
    assert (trade.supply_class, trade.captured_withholding_minor) == ("domestic", 0)
    assert Obligation.objects.filter(kind="withholding").count() == 0


def test_more_or_less_than_the_income_tax_is_refused_and_named(market):
    individual(market, "author")
    factories.state_supply(market, "author", "rights")
    trade = factories.accepted(market, "buyer", "author", 10_000)
    values = (trade.pk, trade.seller_id, trade.buyer_id, market.cycle.pk)
    for amount, kind, source in ((1_021, "withholding", "again"), (1, "withholding", "less")):
        refused(
            f"{OBLIGATION} (%s, %s, %s, %s, %s, 0, 0, 'JPY', %s, 'market_terms', %s, now())",
            values[0], kind, values[1], values[2], amount, values[3], source,
            because="exceeds the income tax withheld|differs from the trade",
        )  # fmt: skip
    assert Obligation.objects.filter(kind="withholding").count() == 1
    assert broken() == {}
    with unguarded("clearing_trade"):
        run("UPDATE clearing_trade SET captured_withholding_minor = 0")
    assert {"clearing.taxed_at_the_tax_point", "clearing.given_within_limits"} <= set(broken())
