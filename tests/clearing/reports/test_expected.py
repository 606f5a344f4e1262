"""A seller sees what it will be paid, when, and why something waits or is held."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clearing.models import Cycle
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.trades.services.endings import fail_trade
from marketplace.kernel import clock
from marketplace.kernel.calendars import BusinessCalendar
from marketplace.participants.payout_queries import payout_account_now
from tests.participants import factories as participants
from tests.participants.factories import client_of

from .. import factories

PATH = "/api/v1/expected-payments/"


def shown(market, name="seller", query=""):
    answer = client_of(market.party(name)).get(f"{PATH}{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def by_trade(body):
    return {row["trade"]: row for row in body["results"]}


def test_each_trade_says_why_it_waits(market):
    waiting = factories.conclude(market, "poor", "seller", 1_000)
    secured = factories.conclude(market, "buyer", "seller", 2_000)
    factories.pay_in(market, "buyer", secured.gross_minor)
    held = factories.conclude(market, "other", "seller", 3_000)
    factories.pay_in(market, "other", held.gross_minor)
    factories.complain(held)
    accepted = factories.accepted(market, "buyer", "seller", 10_005, reference="PO-A")
    body = shown(market)
    rows = by_trade(body)
    assert {key: row["reason_code"] for key, row in rows.items()} == {
        waiting.public_id: "trade.waits_for_money",
        secured.public_id: "trade.waits_for_acceptance",
        held.public_id: "trade.disputed",
        accepted.public_id: "trade.waits_for_cut_off_command",
    }
    assert rows[held.public_id]["reason"]["ja"] == "異議の判断を待っています"
    assert rows[waiting.public_id]["fund_by"] is not None
    row = rows[accepted.public_id]
    assert (row["cycle"], row["purchase_order"], row["expected_on"]) == (
        market.cycle.business_key,
        "PO-A",
        None,
    )
    assert row["counterparty"] == market.party("buyer").public_id
    assert (row["gross_minor"], row["fee_minor"], row["fee_tax_minor"], row["net_minor"]) == (
        11_005,
        500,
        50,
        10_455,
    )
    assert row["estimate"]
    (total,) = body["totals"]
    assert (total["expected_on"], total["sales_minor"]) == (None, 1_100 + 2_200 + 3_300 + 11_005)
    assert total["fees_minor"] == -(100 + 100 + 150 + 500)


def test_what_ended_is_not_expected(market):
    failed = factories.conclude(market, "poor", "seller", 1_000)
    clock.move_to(failed.fund_by, running=False)
    assert fail_trade(actor=factories.system(), trade=failed.public_id)
    factories.accepted(market, "buyer", "seller", 2_000)
    factories.settle(market, factories.clear(market))
    body = shown(market)
    assert (body["results"], body["totals"], body["payments"]) == ([], [], [])


def test_a_cleared_trade_is_expected_until_the_bank_confirms(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    calendar = BusinessCalendar()
    next_day = calendar.add_business_days(calendar.roll_forward(clock.today()), 1).isoformat()
    body = shown(market)
    row = by_trade(body)[trade.public_id]
    assert (row["reason_code"], row["expected_on"], row["estimate"]) == ("payment.planned", next_day, False)
    assert row["cut_off_at"] is not None
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    body = shown(market)
    (payment,) = body["payments"]
    assert (payment["reason_code"], payment["amount_minor"]) == ("payment.sent", 10_450)
    (total,) = body["totals"]
    assert (total["expected_on"], total["net_minor"]) == (next_day, 10_450)


def test_totals_agree_with_the_payment_to_the_yen(market):
    trade = factories.accepted(market, "buyer", "seller", 10_105)
    factories.accepted(market, "buyer", "seller", 10_105)
    factories.accepted(market, "seller", "buyer", 3_000)
    factories.adjust(market, trade, "seller", "buyer", 105)
    factories.owe(market, trade, "share", "seller", "keeper", 700)
    before = shown(market)["totals"][0]
    factories.clear(market)
    body = shown(market)
    assert body["totals"][0]["net_minor"] == before["net_minor"] == body["payments"][0]["amount_minor"]
    assert by_trade(body)[trade.public_id]["corrections_minor"] == -815


def test_a_failed_payment_says_which_account_problem(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    (payment,) = [
        row for row in factories.instructions(cycle) if row.organisation_id == market.party("seller").pk
    ]
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    body = shown(market)
    (told,) = body["payments"]
    assert (told["reason_code"], told["failure_reason"], told["expected_on"]) == (
        "payment.failed",
        "口座該当なし",
        None,
    )
    assert by_trade(body)[trade.public_id]["reason_code"] == "payment.failed"
    retry_payment(actor=market.actor, instruction=payment.public_id)
    assert [row["reason_code"] for row in shown(market)["payments"]] == ["payment.planned"]


def test_without_an_account_nothing_is_dated(market):
    market.parties["seller"] = participants.organisation("seller")
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    (payment,) = shown(market)["payments"]
    assert (payment["reason_code"], payment["expected_on"]) == ("payment.no_account", None)
    assert payout_account_now(market.party("seller").pk) is None


def test_a_cycle_on_hold_says_so(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "closing")
    row = shown(market)["results"][0]
    assert (row["reason_code"], row["expected_on"] is not None) == ("trade.being_cleared", True)
    Cycle.objects.filter(pk=cycle.pk).update(
        paused_since=clock.now(), pause_reason="figures are checked", paused_by="usr_1"
    )
    row = shown(market)["results"][0]
    assert (row["reason_code"], row["expected_on"]) == ("cycle.paused", None)


def test_a_beneficiary_sees_its_shares_and_not_who_buys(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.owe(market, trade, "share", "seller", "keeper", 700)
    body = shown(market, "keeper", "?role=beneficiary")
    (row,) = body["results"]
    assert (row["role"], row["net_minor"], row["reason_code"]) == (
        "beneficiary",
        700,
        "trade.waits_for_cut_off_command",
    )
    assert (row["counterparty"], row["purchase_order"]) == (market.party("seller").public_id, None)
    assert [(total["shares_minor"], total["net_minor"]) for total in body["totals"]] == [(700, 700)]
    assert shown(market, "keeper")["results"] == []
    assert shown(market, "seller", "?role=beneficiary")["results"] == []


def test_nobody_sees_what_others_are_paid(market, api):
    factories.accepted(market, "buyer", "seller", 10_000)
    for name in ("buyer", "stranger"):
        body = shown(market, name)
        assert (body["results"], body["totals"], body["payments"]) == ([], [], [])
    assert client_of(market.operator).get(PATH).json()["results"] == []
    assert api.get(PATH).status_code == 401
    assert client_of(market.party("seller")).get(f"{PATH}?role=buyer").status_code == 422


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("state", "queries_taken"), [("open", 12), ("closing", 12), ("settling", 19)])
def test_it_takes_the_same_queries_for_one_row_and_for_more(market, count, state, queries_taken):
    for number in range(count):
        factories.accepted(market, f"buyer{number}", "seller", 1_000)
    if state != "open":
        factories.clear(market, state)
    client = client_of(market.party("seller"))
    with CaptureQueriesContext(connection) as taken:
        assert len(client.get(PATH).json()["results"]) == count
    assert len(taken) == queries_taken


def test_pages_go_on(market):
    for number in range(3):
        factories.accepted(market, f"buyer{number}", "seller", 1_000)
    first = shown(market, query="?page_size=2")
    assert (len(first["results"]), first["previous"]) == (2, None)
    second = client_of(market.party("seller")).get(first["next"]).json()
    assert len(second["results"]) == 1
    assert second["totals"] == first["totals"]


def test_no_cut_off_is_known_while_cycles_are_closed_by_command(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    (row,) = shown(market)["results"]
    assert (row["cut_off_at"], row["expected_on"]) == (None, None)
