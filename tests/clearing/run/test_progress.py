"""Watching a cycle: its steps, what it left out and why, and figures that say what they count."""

from __future__ import annotations

import pytest

from clearing.invoices.services.correcting import correct_invoice
from clearing.invoices.services.issuing import issue_invoices
from clearing.models import CycleStep, Invoice, Obligation
from clearing.netting.positions import value_reduced_bp
from clearing.reports.left_out import left_out
from clearing.run.services.cycles import advance_cycle, close_cycle
from clearing.settlement.services.transfer_files import create_transfer_file
from tests.participants.factories import actor_for, client_of
from tests.standing import made_once

from .. import factories


def shown(client, cycle, what="progress/"):
    answer = client.get(f"/api/v1/cycles/{cycle.public_id}/{what}")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize(
    ("state", "done", "percentage"),
    [("closing", 1, 16), ("validated", 2, 33), ("netted", 3, 50), ("posted", 4, 66), ("settling", 5, 83)],
)
def test_progress_goes_step_by_step(market, api, state, done, percentage):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = close_cycle(actor=market.actor, currency="JPY")
    factories.advance_to(cycle, state)
    found = shown(api, cycle)
    statuses = [step["status"] for step in found["steps"]]
    assert statuses == ["done"] * done + ["now"] + ["next"] * (5 - done)
    assert [step["state"] for step in found["steps"]] == [
        "closing", "validated", "netted", "posted", "settling", "settled",
    ]  # fmt: skip
    assert found["percentage"] == percentage
    timed = {step["state"] for step in found["steps"] if step["milliseconds"] is not None}
    assert timed == set(CycleStep.objects.filter(cycle=cycle).values_list("state", flat=True))
    assert (found["overdue"], found["obstacles"]) == (None, None)


def test_invoices_and_payments_are_counted(market, api):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.accepted(market, "seller", "buyer", 1_000)
    factories.adjust(market, trade, "seller", "buyer", 100)
    cycle = factories.clear(market, "posted")
    assert (shown(api, cycle)["invoices_issued"], shown(api, cycle)["invoices_expected"]) == (0, 5)
    for _ in ("payments", "sales"):
        advance_cycle(cycle=cycle.public_id)
    half = shown(api, cycle)
    assert (half["invoices_issued"], half["percentage"]) == (2, (400 + 40) // 6)
    factories.advance_to(cycle, "settling")
    assert Invoice.objects.filter(cycle=cycle).count() == 5
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    payments = factories.instructions(cycle)
    factories.receive(market, [factories.booking("debit", payments[0].amount_minor, payments[0].reference)])
    found = shown(api, cycle)
    assert (found["payments_confirmed"], found["payments_planned"]) == (1, len(payments))
    assert found["waits_for"]["en"] == f"{len(payments) - 1} payments are not confirmed by the bank yet"


def test_a_settled_cycle_is_at_its_end(market, api):
    cycle = factories.clear(market, "settled")
    found = shown(api, cycle)
    assert ({step["status"] for step in found["steps"]}, found["percentage"]) == ({"done"}, 100)
    assert shown(api, market.cycle)["percentage"] == 0
    assert [step["status"] for step in shown(api, market.cycle)["steps"]] == ["now", *["next"] * 5]


def test_obstacles_are_the_operator_s_to_see(market):
    assert shown(client_of(market.operator), market.cycle)["obstacles"] == []
    assert shown(client_of(market.party("buyer")), market.cycle)["obstacles"] is None


@made_once
def standing(market):
    """A trade that cleared, and beside it one that is held, one not accepted and one not paid."""
    factories.accepted(market, "buyer", "seller", 1_000)
    held, waiting = (factories.conclude(market, "buyer", "seller", price) for price in (10_000, 20_000))
    factories.pay_in(market, "buyer", 33_000)
    held.refresh_from_db()
    factories.complain(held)
    unpaid = factories.conclude(market, "other", "seller", 30_000)
    return {
        "trade.disputed": held,
        "trade.waits_for_acceptance": waiting,
        "trade.waits_for_money": unpaid,
    }


def reasons(answer):
    return {row["trade"]: row["reason_code"] for row in answer["results"]}


def test_what_a_cycle_left_out_is_said_with_its_reason(market, standing):
    cycle = factories.clear(market)
    operator = client_of(market.operator)
    found = shown(operator, cycle, "left-out/")
    assert reasons(found) == {trade.public_id: reason for reason, trade in standing.items()}
    by_trade = {row["trade"]: row for row in found["results"]}
    held = by_trade[standing["trade.disputed"].public_id]
    assert held["reason"] == {"ja": "異議の判断を待っています", "en": "a dispute is open"}
    assert (held["state"], held["cleared_in"], held["gross_minor"]) == ("disputed", None, 11_000)
    assert (held["buyer"], held["seller"]) == (
        market.party("buyer").public_id,
        market.party("seller").public_id,
    )
    factories.accept(standing["trade.waits_for_acceptance"])
    again = {row["trade"]: row for row in shown(operator, cycle, "left-out/")["results"]}
    assert again[standing["trade.waits_for_acceptance"].public_id]["cleared_in"] == market.cycle.public_id
    assert (
        again[standing["trade.waits_for_acceptance"].public_id]["reason_code"] == "trade.waits_for_acceptance"
    )


def test_each_party_sees_its_own_left_out_trades(market, standing, api):
    cycle = factories.clear(market)
    own = {
        name: reasons(shown(client_of(market.party(name)), cycle, "left-out/"))
        for name in ("other", "seller", "stranger")
    }
    assert own["other"] == {standing["trade.waits_for_money"].public_id: "trade.waits_for_money"}
    assert len(own["seller"]) == 3
    assert own["stranger"] == {}
    assert api.get(f"/api/v1/cycles/{cycle.public_id}/left-out/").status_code == 401


def test_an_open_cycle_says_what_it_would_leave_out_now(market, standing):
    found = shown(client_of(market.operator), market.cycle, "left-out/")
    assert reasons(found) == {trade.public_id: reason for reason, trade in standing.items()}


def test_left_out_trades_take_the_same_queries_for_one_and_for_more(
    market, standing, django_assert_num_queries
):
    cycle = factories.clear(market)
    buyer, operator = client_of(market.party("other")), client_of(market.operator)
    for client, count in ((buyer, 1), (operator, 3)):
        with django_assert_num_queries(6):
            assert len(shown(client, cycle, "left-out/")["results"]) == count


def test_the_report_reads_all_cycles_with_their_words(market, standing):
    factories.clear(market)
    assert {row["business_key"]: (row["reason"], row["became"]) for row in left_out()} == {
        standing["trade.disputed"].business_key: (
            "a dispute is open",
            "disputed, money stays on hold",
        ),
        standing["trade.waits_for_acceptance"].business_key: (
            "waits for delivery, and for acceptance or the end of the inspection period",
            "payment secured",
        ),
        standing["trade.waits_for_money"].business_key: (
            "the buyer has not paid in yet",
            "concluded, waits for money",
        ),
    }


def test_payments_and_value_reduced_are_told_truthfully(market, api):
    factories.accepted(market, "a", "b", 10_000)
    factories.accepted(market, "b", "a", 9_000)
    cycle = factories.clear(market, "posted")
    assert shown(api, cycle, "")["payments_planned"] is None
    factories.advance_to(cycle, "settling")
    found = shown(api, cycle, "")
    assert (found["payments_before"], found["payments_after"], found["payments_reduced"]) == (4, 3, 1)
    assert found["gross_minor"] == 11_000 + 9_900 + 550 + 495
    assert found["net_minor"] == cycle.net_minor
    assert found["value_reduced_bp"] == 10_000 - -(-10_000 * found["net_minor"] // found["gross_minor"])
    # Both bought and paid beforehand, so money is left to both sellers, and to the operator its fees.
    assert found["payments_planned"] == len(factories.instructions(cycle)) == 3
    still_open = shown(api, market.cycle, "")
    for figure in ("payments_reduced", "value_reduced_bp", "payments_planned", "gross_minor"):
        assert still_open[figure] is None


@pytest.mark.parametrize(
    ("gross", "net", "reduced"), [(0, 0, 0), (3, 1, 6_666), (100, 100, 0), (100, 0, 10_000)]
)
def test_value_reduced_is_never_overstated(gross, net, reduced):
    assert value_reduced_bp(gross_minor=gross, net_minor=net) == reduced


def test_cycles_take_the_same_queries_for_two_and_for_more(market, api, django_assert_num_queries):
    factories.clear(market, "settled")
    for _ in range(2):
        with django_assert_num_queries(5):
            assert len(api.get("/api/v1/cycles/").json()["results"]) >= 2
        factories.clear(market, "settled")


def test_progress_counts_what_issuing_issues(market, api):
    """A penalty and a deferred fee have no document of their own, and a corrected invoice is counted once."""
    trade = factories.accepted(market, "buyer", "seller", 10_000, penalty_cap_minor=55_000)
    factories.accepted(market, "other", "seller", 5_000)
    factories.owe(market, trade, "penalty", "seller", "buyer", 55_000)
    first = factories.clear(market)
    deferred = Obligation.objects.exclude(deferred_from=None)
    assert {row.kind for row in deferred} == {"penalty", "fee"}

    sold = factories.accepted(market, "buyer", "seller", 100_000)
    factories.adjust(market, sold, "seller", "buyer", 500)
    second = factories.clear(market, "posted")
    assert set(deferred.values_list("cycle", flat=True)) == {second.pk}
    before = shown(api, second)
    assert (before["invoices_issued"], before["invoices_expected"]) == (0, 3)
    while issue_invoices(second):
        pass
    for cycle in (first, second):
        subject = Invoice.objects.filter(cycle=cycle, purpose="purchase").latest("pk")
        correct_invoice(
            actor=actor_for(market.party("seller")),
            invoice=subject.public_id,
            changes={"note": "see order"},
            reason="the note was missing",
        )
        found = shown(api, cycle)
        assert (found["invoices_issued"], found["invoices_expected"]) == (3, 3)
        assert Invoice.objects.filter(cycle=cycle).count() == 4
