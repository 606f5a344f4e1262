"""Tax points: on which day a charge counts as supplied, and at which rates it is taxed then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from clearing.models import Obligation, Trade
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.services.charges import begin_due_charges
from marketplace.kernel import clock
from marketplace.kernel.aside import FAILURES_MAX
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.models import AsideRow
from tests.poison import aside, let_pauses_pass, tasks_to_repair
from tests.roles import unguarded
from tests.rules.factories import publish as publish_rulebook
from tests.standing import made_once

from .. import factories
from ..raw import ACCEPT, refused, run

RAISED = {"category": "standard", "rate_bp": 1200, "from": "2030-04-10", "source": "test"}
LOWERED = {"category": "standard", "rate_bp": 700, "from": "2030-04-10", "source": "test"}


def rulebook(*rates: dict[str, Any], **tables: Any) -> dict[str, Any]:
    return factories.RULEBOOK | {"tax_rates": [*factories.RULEBOOK["tax_rates"], *rates]} | tables


@made_once
def before_change():
    """A market on the day before which nothing of the change of rates is felt."""
    factories.on_day(2030, 4, 9)


def broken() -> dict[str, object]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


def owed(trade: Trade) -> dict[str, tuple[int, int, int]]:
    return {
        row.kind: (row.amount_minor, row.tax_minor, row.tax_rate_bp)
        for row in Obligation.objects.filter(trade=trade)
    }


def test_a_file_is_taxed_at_the_rate_of_the_day_of_its_acceptance(before_change):
    market = factories.market(rulebook(RAISED))
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    assert (trade.tax_point, trade.supplied_on, trade.supply_class) == ("delivery_accepted", None, "domestic")
    assert (trade.tax_rate_bp, trade.gross_minor, trade.fee_tax_rate_bp) == (1_200, 11_200, 1_000)
    factories.pay_in(market, "buyer", 11_200)
    factories.on_day(2030, 4, 10)
    trade.refresh_from_db()
    trade = factories.accept(trade)
    assert (trade.supplied_on, trade.fee_supplied_on) == (clock.today(), clock.today())
    assert owed(trade) == {"purchase": (10_000, 1_200, 1_200), "fee": (500, 0, 1_200)}
    assert broken() == {}


def test_what_the_hold_has_too_much_at_the_day_of_acceptance_comes_back(before_change):
    market = factories.market(rulebook(RAISED))
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 11_200)
    trade.refresh_from_db()
    trade = factories.accept(trade)
    assert (trade.captured_tax_minor, trade.captured_tax_rate_bp) == (1_000, 1_000)
    assert (factories.available(market, "buyer"), factories.balance(market, "buyer", "payable")) == (
        200,
        11_000,
    )
    factories.clear(market)
    assert broken() == {}


def test_a_price_corrected_before_acceptance_takes_the_rate_of_the_acceptance(before_change):
    market = factories.market(rulebook(LOWERED))
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", trade.gross_minor)
    trade.refresh_from_db()
    factories.adjust(market, trade, "seller", "buyer", 105)
    factories.on_day(2030, 4, 11)
    trade = factories.accept(trade)
    made = Obligation.objects.filter(trade=trade, kind="adjustment").order_by("pk")
    assert [(row.amount_minor, row.tax_minor, row.tax_rate_bp) for row in made] == [
        (105, 10, 1_000),
        (105, 10, 1_000),
        (105, 7, 700),
    ]
    assert made[1].reverses_id == made[0].pk
    assert broken() == {}


def test_a_rate_published_after_the_conclusion_takes_no_more_than_is_on_hold(before_change):
    market = factories.market()
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", trade.gross_minor)
    trade.refresh_from_db()
    publish_rulebook(rulebook(RAISED))
    factories.on_day(2030, 4, 10)
    trade = factories.accept(trade)
    assert (trade.state, factories.balance(market, "buyer", "held")) == ("secured", 11_000)
    assert Obligation.objects.count() == 0
    assert aside("clearing.accept_put_off") == [trade.agreement]
    assert AsideRow.objects.get(subject=trade.agreement).next_at is not None
    ((title, state),) = tasks_to_repair()
    assert (trade.agreement in title, "HoldBelowTax" in title, state) == (True, True, "open")
    let_pauses_pass()
    assert carry_out_deadlines() == 0
    assert AsideRow.objects.get(subject=trade.agreement).failures == FAILURES_MAX + 1
    publish_rulebook(factories.RULEBOOK)
    let_pauses_pass()
    assert carry_out_deadlines() == 1
    trade.refresh_from_db()
    assert (trade.state, trade.captured_tax_minor) == ("accepted", 1_000)
    assert (aside("clearing.accept_put_off"), tasks_to_repair()[0][1], broken()) == ([], "done", {})


def test_an_acceptance_that_was_put_off_is_forgotten_when_a_dispute_ends_the_trade(before_change):
    market = factories.market()
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", trade.gross_minor)
    publish_rulebook(rulebook(RAISED))
    factories.on_day(2030, 4, 10)
    trade = factories.accept(trade)
    factories.resolve(factories.complain(trade), "refund")
    let_pauses_pass()
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, aside("clearing.accept_put_off"), broken()) == ("refunded", [], {})


def test_a_grant_of_rights_is_taxed_on_the_day_on_which_its_contract_takes_effect(before_change):
    market = factories.market(rulebook(RAISED))
    trade = rights(market)
    assert (trade.tax_point, trade.supplied_on) == ("contract_effective", clock.today())
    assert (trade.tax_rate_bp, trade.gross_minor) == (1_000, 11_000)
    concluded_on = clock.today()
    factories.pay_in(market, "buyer", 11_000)
    factories.on_day(2030, 4, 11)
    trade.refresh_from_db()
    trade = factories.accept(trade)
    assert (trade.supplied_on, trade.fee_supplied_on) == (concluded_on, clock.today())
    assert owed(trade) == {"purchase": (10_000, 1_000, 1_000), "fee": (500, 0, 1_200)}
    assert broken() == {}


def rights(market: factories.Market, price_minor: int = 10_000, **changes: Any) -> Trade:
    """A trade of a listing that grants rights."""
    factories.state_supply(market, "seller", "rights", "lst_rights")
    return factories.conclude(market, "buyer", "seller", price_minor, listing="lst_rights", **changes)


def test_each_period_is_taxed_on_its_due_day(before_change):
    market = factories.market(rulebook(RAISED))
    trade = factories.plan(market, "subscription", 10_000, charges=3, first_period_from="2030-04-09")
    assert (trade.tax_point, trade.supplied_on) == ("due_date", clock.today())
    assert trade.tax_rate_bp == 1_000
    factories.pay_in(market, "buyer", 11_000)
    factories.accept(trade)
    factories.on_day(2030, 5, 9)
    begin_due_charges(limit=10)
    second = factories.charges(trade.agreement)[1]
    assert (second.supplied_on, second.tax_rate_bp, second.gross_minor) == (clock.today(), 1_200, 11_200)
    assert broken() == {}


def test_instalments_are_taxed_on_the_day_of_the_one_delivery(before_change):
    market = factories.market(rulebook(RAISED))
    trade = factories.plan(market, "instalment", 10_000, charges=2)
    factories.pay_in(market, "buyer", 11_200)
    trade.refresh_from_db()
    trade = factories.accept(trade)
    delivered_on = clock.today()
    factories.on_day(2030, 5, 9)
    begin_due_charges(limit=10)
    second = factories.charges(trade.agreement)[1]
    factories.pay_in(market, "buyer", second.gross_minor)
    second.refresh_from_db()
    assert (second.state, second.supplied_on, second.captured_tax_rate_bp) == (
        "accepted",
        delivered_on,
        1_000,
    )
    assert broken() == {}


def test_the_operators_table_decides_from_its_own_day_on(db):
    factories.on_day(2030, 4, 9)
    row = {"charge": "data", "source": "test"}
    table = [
        row | {"point": "delivery_accepted", "from": "1989-04-01"},
        row | {"point": "contract_effective", "from": "2030-04-10"},
        row | {"charge": "fee", "point": "delivery_accepted", "from": "1989-04-01"},
    ]
    market = factories.market(rulebook(tax_points=table))
    assert factories.conclude(market, "buyer", "seller", 10_000).tax_point == "delivery_accepted"
    factories.on_day(2030, 4, 10)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    assert (trade.tax_point, trade.supplied_on) == ("contract_effective", clock.today())


def test_the_database_refuses_another_day_or_rate(market, secured):
    for change, because in (
        ("supplied_on = (now() AT TIME ZONE 'Asia/Tokyo')::date - 1", "is not the day"),
        ("supplied_on = NULL", "is not the day|trade_captured"),
        ("captured_tax_rate_bp = tax_rate_bp + 1", "trade_captured"),
        ("captured_tax_rate_bp = NULL", "trade_captured"),
        ("captured_fee_tax_rate_bp = NULL", "trade_captured"),
        ("fee_supplied_on = NULL", "trade_captured"),
    ):
        column = change.split(" ")[0]
        others = ", ".join(
            part for part in ACCEPT.split(" SET ")[1].split(", ") if not part.startswith(column)
        )
        refused(f"UPDATE clearing_trade SET {others}, {change}, accepted_at = now()", because=because)
    for change, because in (
        ("supply_class = 'export_exempt'", "cannot be changed"),
        ("tax_point = 'due_date'", "cannot be changed"),
        ("supplied_on = current_date", "trade_supplied"),
        ("fee_class = 'outside_scope'", "cannot be changed"),
    ):
        refused(f"UPDATE clearing_trade SET {change}", because=because)
    before = (secured.state, secured.supplied_on, secured.tax_point)
    secured.refresh_from_db()
    assert (secured.state, secured.supplied_on, secured.tax_point) == before


def test_a_day_forced_in_is_named(market, secured):
    factories.accept(secured)
    assert broken() == {}
    with unguarded("clearing_trade"):
        run("UPDATE clearing_trade SET supplied_on = supplied_on - %s", timedelta(days=1))
    assert "clearing.taxed_at_the_tax_point" in broken()
