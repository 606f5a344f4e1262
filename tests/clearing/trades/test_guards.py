"""The database's guards of trades and obligations, tried by raw SQL."""

from __future__ import annotations

from typing import Any

import pytest

from clearing.models import Cycle, Obligation
from clearing.trades.services.eligibility import cycle_for

from .. import factories
from ..raw import ACCEPT, OBLIGATION, WHOLE, account, base, refused, run


@pytest.mark.usefixtures("no_causes")
def test_an_unused_part_comes_back_with_the_capture_only(market, secured):
    available, held, payable = (account(market, "buyer", kind) for kind in ("available", "held", "payable"))
    posting = (
        f"{WHOLE[:-1]}, trade_id) SELECT made.id, leg, account, amount, 'JPY', line, %s FROM made,"
        " unnest(%s::int[], %s::bigint[], %s::bigint[], %s::text[]) AS p(leg, account, amount, line)"
    )

    def attempt(*rows: tuple[int, int, str]) -> list[Any]:
        accounts, amounts, lines = zip(*rows, strict=True)
        return [secured.pk, list(range(1, len(rows) + 1)), list(accounts), list(amounts), list(lines)]

    because = "not the whole of a trade of its buyer"
    refused(posting, *attempt((held.pk, 4_000, "unused"), (available.pk, -4_000, "unused")), because=because)
    refused(posting, *attempt((held.pk, 7_000, "unhold"), (payable.pk, -7_000, "unhold")), because=because)
    assert factories.balance(market, "buyer", "held") == 11_000


@pytest.mark.usefixtures("no_causes")
def test_held_money_names_its_trade_and_is_ended_once(market, secured):
    available, held = account(market, "buyer", "available"), account(market, "buyer", "held")
    posting = (
        f"{WHOLE[:-1]}, trade_id) SELECT id, 1, %s, %s, 'JPY', %s, %s::bigint FROM made"
        " UNION ALL SELECT id, 2, %s, -%s, 'JPY', %s, %s::bigint FROM made"
    )
    trade = secured.pk
    for amount, line, named in (
        (11_000, "unhold", None),
        (10_999, "unhold", trade),
        (11_000, "pay_in", trade),
    ):
        refused(
            posting, held.pk, amount, line, named, available.pk, amount, line, named,
            because="not the whole of a trade of its buyer",
        )  # fmt: skip
    refused(
        posting,
        available.pk,
        11_000,
        "hold",
        trade,
        held.pk,
        11_000,
        "hold",
        trade,
        because="posting_hold_once",
    )
    assert factories.balance(market, "buyer", "held") == 11_000
    factories.accept(secured)
    refused(
        posting,
        held.pk,
        11_000,
        "unhold",
        trade,
        available.pk,
        11_000,
        "unhold",
        trade,
        because="posting_hold_once",
    )
    assert factories.balance(market, "buyer", "held") == 0


def test_no_more_is_captured_than_was_held(market, secured):
    for change in (
        "captured_price_minor = price_minor + 1",
        "captured_price_minor = -1",
        "captured_price_minor = NULL",
        "captured_tax_minor = tax_minor - 1",
        "captured_fee_minor = NULL",
    ):
        column = change.split(" ")[0]
        others = ", ".join(
            part for part in ACCEPT.split(" SET ")[1].split(", ") if not part.startswith(column)
        )
        refused(
            f"UPDATE clearing_trade SET {others}, {change}, accepted_at = now()", because="trade_captured"
        )
    refused("UPDATE clearing_trade SET captured_price_minor = 1", because="trade_captured")
    secured.refresh_from_db()
    assert (secured.state, secured.captured_price_minor) == ("secured", None)


def test_the_terms_of_a_trade_never_change(market, secured):
    for change in (
        "price_minor = 1",
        "fee_minor = 0",
        "seller_id = buyer_id",
        "business_key = 'x'",
        "fund_by = now()",
    ):
        refused(
            f"UPDATE clearing_trade SET {change}",
            because="cannot be changed|trade_|does not move with the state",
        )
    refused("UPDATE clearing_trade SET state = 'concluded'", because="does not lead to")
    refused("UPDATE clearing_trade SET state = 'failed', ended_at = now()", because="does not lead to")
    refused("UPDATE clearing_trade SET secured_at = now() - interval '1 day'", because="cannot be changed")
    refused(f"{ACCEPT}, accepted_at = NULL", because="trade_moments")
    refused("DELETE FROM clearing_trade", because="are kept")
    before = (secured.state, secured.price_minor, secured.secured_at)
    secured.refresh_from_db()
    assert (secured.state, secured.price_minor, secured.secured_at) == before


def test_an_obligation_needs_an_accepted_trade(market, secured):
    sql, values = base(market, secured, market.cycle)
    refused(sql, *values, because="differs from the trade")
    assert Obligation.objects.count() == 0


def test_a_trade_enters_one_cycle_only(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    sql, values = base(market, trade, market.cycle)
    refused(sql, *values, because="obligation_once")
    factories.clear(market, "closing")
    sql, values = base(market, trade, market.cycle)
    refused(sql, *values, because="obligation_once")
    assert Obligation.objects.count() == 2


@pytest.mark.usefixtures("no_causes")
def test_price_and_fee_are_made_together_as_agreed(market, secured):
    run(f"{ACCEPT}, accepted_at = now() WHERE id = %s", secured.pk)
    sql, values = base(market, secured, market.cycle, price=9_999)
    refused(sql, *values, because="differs from the trade")
    sql, values = base(market, secured, market.cycle)
    alone = sql.replace(", (%s, %s, %s, %s, %s, %s, 1000, 'JPY', %s, 'market_terms', NULL, now())", "")
    refused(alone, *values[:7], because="not made together")
    assert Obligation.objects.count() == 0
    run(sql, *values)
    assert Obligation.objects.count() == 2


def test_a_correction_is_between_the_parties_and_has_a_cause(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    row = "(%s, 'adjustment', %s, %s, 100, 10, 1000, 'JPY', %s, 'market_terms', %s, now())"
    stranger = market.party("stranger").pk
    refused(
        OBLIGATION + row, trade.pk, stranger, trade.buyer_id, market.cycle.pk, "adj_1",
        because="differs from the trade",
    )  # fmt: skip
    refused(
        OBLIGATION + row, trade.pk, trade.seller_id, trade.buyer_id, market.cycle.pk, None,
        because="obligation_has_cause",
    )  # fmt: skip
    assert Obligation.objects.count() == 2


def test_a_closed_cycle_takes_no_obligation(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    row = "(%s, 'adjustment', %s, %s, 100, 10, 1000, 'JPY', %s, 'market_terms', 'adj_1', now())"
    refused(
        OBLIGATION + row, trade.pk, trade.seller_id, trade.buyer_id, cycle.pk, because="takes no obligations"
    )
    for change in ("input_hash = 'x'", "barrier = '1'", "trades = 7", "closed_at = now() - interval '1 day'"):
        refused(f"UPDATE clearing_cycle SET {change} WHERE id = %s", cycle.pk, because="cannot be changed")
    refused("UPDATE clearing_cycle SET state = 'open' WHERE id = %s", cycle.pk, because="does not lead to")
    refused("UPDATE clearing_cycle SET state = 'netted' WHERE id = %s", cycle.pk, because="cycle_netted_what")
    refused("DELETE FROM clearing_cycle", because="are kept")
    assert Cycle.objects.get(pk=cycle.pk).state == "validated"


def test_a_share_goes_to_a_named_beneficiary_from_the_seller(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    columns = OBLIGATION.replace("made_at)", "made_at, beneficiary_key)")
    row = "(%s, 'share', %s, %s, 100, 0, 0, 'JPY', %s, 'market_terms', 'shr_1', now(), %s)"
    beneficiary = market.party("beneficiary").pk
    refused(
        columns + row, trade.pk, trade.seller_id, beneficiary, market.cycle.pk, None,
        because="obligation_beneficiary",
    )  # fmt: skip
    refused(
        columns + row, trade.pk, trade.buyer_id, beneficiary, market.cycle.pk, "1",
        because="differs from the trade",
    )  # fmt: skip
    assert Obligation.objects.count() == 2


def test_an_event_of_before_the_cut_off_locks_the_closing_cycle(market):
    closing = factories.clear(market, "closing")
    barrier = int(closing.barrier)
    assert cycle_for("JPY", barrier - 1).id == closing.pk
    assert cycle_for("JPY", barrier).id == market.cycle.pk
    assert cycle_for("JPY", None).id == market.cycle.pk
