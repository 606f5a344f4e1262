"""Whatever holds a trade, a payment, a cycle, a command or a bank entry back says so in one vocabulary."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from clearing.cycles.services import publish_clearing_schedule
from clearing.models import Cycle, SettlementInstruction, StuckMoney
from clearing.run.services.cycles import advance_cycle, close_cycle, pause_cycle, resume_cycle
from clearing.settlement.services.own_money import plan_own_money
from clearing.settlement.services.payments import (
    mark_overdue_payments,
    report_failed_payment,
    retry_payment,
)
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.settlement.states import Hindrance
from clearing.shortfalls.services.claims import write_off_claim
from clearing.trades.services.endings import fail_trade
from marketplace.kernel import clock
from marketplace.kernel.waiting import REASONS
from tests.participants import factories as participants
from tests.participants.accounts import use_account
from tests.participants.factories import client_of
from tests.roles import unguarded
from tests.standing import made_once

from . import factories

TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY = date(2030, 4, 1)
NINE = datetime(2030, 4, 1, 9, tzinfo=TOKYO).astimezone(UTC)
TOLD = (
    "approval",
    "bank_entry",
    "cycle",
    "payment",
    "shortfall",
    "trade",
)


@made_once
def market():
    clock.move_to(NINE, running=False)
    return factories.market()


def publish(market, **changes: Any) -> None:
    stated = {"currency": "JPY", "effective_from": MONDAY, "cut_off_times": [time(15)]}
    factories.by_two(market, publish_clearing_schedule, **(stated | changes))


def answer(market, path: str, name: str = "operator") -> Any:
    owner = market.operator if name == "operator" else market.party(name)
    found = client_of(owner).get(f"/api/v1/{path}")
    assert found.status_code == 200, found.content
    return found.json()


def waiting(market, path: str, name: str = "operator") -> dict[str, Any] | None:
    return answer(market, path, name)["waiting"]


def code(market, path: str, name: str = "operator") -> str | None:
    found = waiting(market, path, name)
    return found["code"] if found else None


def of_trade(market, trade, name: str = "seller") -> str | None:
    """The same of one trade, of the list, and of what its seller is to be paid, while that is not paid."""
    one = waiting(market, f"trades/{trade.public_id}/", name)
    (row,) = (row for row in answer(market, "trades/", name)["results"] if row["id"] == trade.public_id)
    assert row["waiting"] == one
    expected = {row["trade"]: row for row in answer(market, "expected-payments/", name)["results"]}
    if one is not None:
        found = expected[trade.public_id]
        assert found["waiting"] == one
        assert (found["reason_code"], found["reason"]) == (one["code"], one["label"])
    return one["code"] if one else None


def test_the_codes_of_clearing():
    assert sorted(name for name in REASONS if name.startswith(TOLD)) == [
        "approval.second_person",
        "bank_entry.debit_unexplained",
        "bank_entry.in_suspense",
        "cycle.claims_open",
        "cycle.deferrals_open",
        "cycle.earlier_unplanned",
        "cycle.events_unseen",
        "cycle.open_until_command",
        "cycle.open_until_cut_off",
        "cycle.paused",
        "cycle.payments_failed",
        "cycle.payments_unconfirmed",
        "cycle.payments_unsent",
        "cycle.step_overdue",
        "payment.abroad",
        "payment.attached",
        "payment.creditor_unpaid",
        "payment.failed",
        "payment.no_account",
        "payment.no_route",
        "payment.operator_pays_in",
        "payment.planned",
        "payment.restoration_uncounted",
        "payment.sanctioned",
        "payment.sending_shut",
        "payment.sent",
        "payment.unknown",
        "shortfall.claim_open",
        "shortfall.deferral_open",
        "trade.being_cleared",
        "trade.disputed",
        "trade.supply_unstated",
        "trade.waits_for_acceptance",
        "trade.waits_for_billed_payment",
        "trade.waits_for_cut_off",
        "trade.waits_for_cut_off_command",
        "trade.waits_for_money",
        "trade.waits_for_period",
    ]


def test_a_trade_says_what_holds_it_back_from_its_conclusion_to_its_cycle(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    assert of_trade(market, trade) == "trade.waits_for_money"
    shown = waiting(market, f"trades/{trade.public_id}/", "buyer")
    assert (shown["waits_for"], shown["since"]) == ("participant", "2030-04-01T00:00:00Z")
    assert shown["until"] == trade.fund_by.isoformat().replace("+00:00", "Z")
    factories.pay_in(market, "buyer", trade.gross_minor)
    assert of_trade(market, trade) == "trade.waits_for_acceptance"
    factories.accept(trade)
    assert of_trade(market, trade) == "trade.waits_for_cut_off_command"
    publish(market)
    assert of_trade(market, trade) == "trade.waits_for_cut_off"
    assert waiting(market, f"trades/{trade.public_id}/") == {
        "code": "trade.waits_for_cut_off",
        "label": {
            "en": "accepted; waits for the cut-off of the cycle",
            "ja": "検収済みです。サイクルの締切を待っています",
        },
        "waits_for": "nobody",
        "action": None,
        "since": None,
        "until": "2030-04-01T06:00:00Z",
    }
    cycle = close_cycle(actor=market.actor, currency="JPY")
    for state in ("closing", "validated", "netted"):
        factories.advance_to(cycle, state)
        assert of_trade(market, trade) == "trade.being_cleared"
    pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit")
    assert of_trade(market, trade) == "cycle.paused"
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="done")
    factories.advance_to(cycle, "posted")
    assert of_trade(market, trade) == "trade.being_cleared"
    factories.advance_to(cycle, "settling")
    assert of_trade(market, trade) is None
    (row,) = answer(market, "expected-payments/", "seller")["results"]
    assert row["reason_code"] == "payment.planned"


def test_a_trade_in_dispute_waits_for_the_operator_and_one_that_is_over_for_nobody(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", trade.gross_minor)
    factories.complain(trade)
    assert of_trade(market, trade) == "trade.disputed"
    assert waiting(market, f"trades/{trade.public_id}/")["waits_for"] == "operator"
    factories.resolve(trade, "refund")
    assert of_trade(market, trade) is None
    failed = factories.conclude(market, "poor", "seller", 1_000)
    clock.move_to(failed.fund_by, running=False)
    assert fail_trade(actor=factories.system(), trade=failed.public_id)
    assert of_trade(market, failed) is None


def of_payment(market, cycle: Cycle, name: str = "seller") -> str | None:
    """The same of the payment as of what its payee is to be paid."""
    payment = SettlementInstruction.objects.filter(cycle=cycle, organisation=market.party(name)).latest("pk")
    one = waiting(market, f"settlement-instructions/{payment.public_id}/", name)
    listed = {row["id"]: row for row in answer(market, "settlement-instructions/", name)["results"]}
    assert listed[payment.public_id]["waiting"] == one
    expected = {row["payment"]: row for row in answer(market, "expected-payments/", name)["payments"]}
    if one is None:
        assert payment.public_id not in expected
        return None
    assert expected[payment.public_id]["waiting"] == one
    return str(one["code"])


def test_a_payment_says_what_holds_it_back_until_the_bank_confirms(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    assert of_payment(market, cycle) == "payment.planned"
    pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit")
    assert of_payment(market, cycle) == "cycle.paused"
    assert answer(market, "expected-payments/", "seller")["payments"][0]["expected_on"] is None
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="done")
    made = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert of_payment(market, cycle) == "payment.sent"
    (payment,) = SettlementInstruction.objects.filter(cycle=cycle, organisation=market.party("seller"))
    shown = waiting(market, f"settlement-instructions/{payment.public_id}/")
    assert (shown["waits_for"], shown["until"]) == ("bank", "2030-04-02")
    clock.move_to(NINE + timedelta(days=2), running=False)
    assert mark_overdue_payments() == 2
    assert of_payment(market, cycle) == "payment.unknown"
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    assert of_payment(market, cycle) == "payment.failed"
    again = retry_payment(actor=market.actor, instruction=payment.public_id)
    assert code(market, f"settlement-instructions/{payment.public_id}/") is None
    assert of_payment(market, cycle) == "payment.planned"
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    factories.receive(market, [factories.booking("debit", again.amount_minor, again.reference)])
    assert of_payment(market, cycle) is None
    assert made.value_date == date(2030, 4, 2)


def test_a_payee_that_cannot_be_paid_is_named_as_the_reason(market):
    market.parties["seller"] = participants.organisation("seller")
    market.parties["other"] = participants.organisation(
        "other", corporate_number=None, country="SG", payout_account=participants.PAYOUT_ACCOUNT
    )
    factories.state_supply(market, "other")
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.accepted(market, "buyer", "other", 10_000)
    cycle = factories.clear(market)
    for name, reason in (("seller", "no_account"), ("other", "abroad")):
        assert of_payment(market, cycle, name) == f"payment.{reason}"
        (shown,) = answer(market, "settlement-instructions/", name)["results"]
        assert (shown["held_back"], shown["held_back_label"]) == (reason, shown["waiting"]["label"])
    use_account(market.party("seller"), participants.PAYOUT_ACCOUNT)
    assert of_payment(market, cycle, "seller") == "payment.planned"


def test_own_money_that_the_operator_has_to_pay_in_waits_for_the_operator(market):
    payment = plan_own_money(actor=market.actor, amount_minor=550)
    found = waiting(market, f"settlement-instructions/{payment.public_id}/")
    assert (found["code"], found["waits_for"]) == ("payment.operator_pays_in", "operator")


def test_why_money_cannot_be_paid_has_one_label_for_payments_and_for_idle_money():
    labels = {value: REASONS[f"payment.{value}"].label.as_dict() for value in Hindrance.values}
    for model, field in ((SettlementInstruction, "held_back"), (StuckMoney, "reason_code")):
        choices = dict(model._meta.get_field(field).choices)
        assert {value: choices[value].as_dict() for value in Hindrance.values} == labels


def of_cycle(market, cycle: Cycle) -> str | None:
    """The same of one cycle, of the list, and of its progress."""
    shown = answer(market, f"cycles/{cycle.public_id}/")
    (row,) = (row for row in answer(market, "cycles/")["results"] if row["id"] == cycle.public_id)
    progress = answer(market, f"cycles/{cycle.public_id}/progress/")
    assert shown["waiting"] == row["waiting"] == progress["waiting"]
    words = shown["waiting"]["label"] if shown["waiting"] else None
    assert shown["waits_for"] == row["waits_for"] == progress["waits_for"] == words
    return shown["waiting"]["code"] if shown["waiting"] else None


def test_a_cycle_says_what_holds_it_back_until_it_is_settled(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = market.cycle
    assert of_cycle(market, cycle) == "cycle.open_until_command"
    publish(market)
    assert of_cycle(market, cycle) == "cycle.open_until_cut_off"
    shown = waiting(market, f"cycles/{cycle.public_id}/")
    assert (shown["label"]["en"], shown["until"]) == (
        "open until the cut-off at 2030-04-01T15:00+09:00",
        "2030-04-01T06:00:00Z",
    )
    factories.clear(market, "validated")
    assert of_cycle(market, cycle) is None
    pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit of 買")
    assert of_cycle(market, cycle) == "cycle.paused"
    paused = waiting(market, f"cycles/{cycle.public_id}/", "buyer")
    assert (paused["since"], "audit" in str(paused)) == ("2030-04-01T00:00:00Z", False)
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="done")
    cycle.refresh_from_db()
    factories.advance_to(cycle, "settling")
    assert of_cycle(market, cycle) == "cycle.payments_unsent"
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert of_cycle(market, cycle) == "cycle.payments_unconfirmed"
    shown = waiting(market, f"cycles/{cycle.public_id}/")
    assert (shown["waits_for"], shown["until"]) == ("bank", "2030-04-02")
    payments = factories.instructions(cycle)
    factories.receive(market, [factories.booking("debit", payments[0].amount_minor, payments[0].reference)])
    report_failed_payment(actor=market.actor, instruction=payments[1].public_id, reason="口座該当なし")
    assert of_cycle(market, cycle) is None
    assert advance_cycle(cycle=cycle.public_id) == "partial"
    assert of_cycle(market, cycle) == "cycle.payments_failed"
    again = retry_payment(actor=market.actor, instruction=payments[1].public_id)
    assert of_cycle(market, cycle) == "cycle.payments_unsent"
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert of_cycle(market, cycle) == "cycle.payments_unconfirmed"
    factories.receive(market, [factories.booking("debit", again.amount_minor, again.reference)])
    cycle.refresh_from_db()
    assert (advance_cycle(cycle=cycle.public_id), of_cycle(market, cycle)) == ("settled", None)


def test_a_cycle_waits_for_events_of_before_its_cut_off(market):
    cycle = close_cycle(actor=market.actor, currency="JPY")
    with unguarded("events_outboxevent"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at, transaction)"
            " VALUES ('evt_old', 'delivery.accepted', 1, 'agr_1', '{}', now(), %s::text::xid8)",
            [int(cycle.barrier) - 1],
        )
    assert of_cycle(market, cycle) == "cycle.events_unseen"
    assert waiting(market, f"cycles/{cycle.public_id}/")["waits_for"] == "market"


def test_a_cut_off_that_nobody_takes_in_time_waits_for_the_operator(market):
    publish(market)
    cycle = Cycle.objects.get(state="open")
    assert of_cycle(market, cycle) == "cycle.open_until_cut_off"
    clock.move_to(NINE + timedelta(hours=9), running=False)
    assert of_cycle(market, cycle) == "cycle.step_overdue"


def test_a_step_that_nobody_takes_in_time_waits_for_the_operator(market):
    cycle = factories.clear(market, "validated")
    assert of_cycle(market, cycle) is None
    clock.move_to(NINE + timedelta(hours=2), running=False)
    assert of_cycle(market, cycle) == "cycle.step_overdue"
    assert waiting(market, f"cycles/{cycle.public_id}/")["since"] == "2030-04-01T01:00:00Z"


def test_claims_and_deferrals_hold_a_cycle_back(market):
    factories.fund_reserve(market, 300)
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.adjust(market, trade, "seller", "buyer", 500)
    cycle = factories.settle(market, factories.clear(market))
    assert cycle.state == "partial"
    assert of_cycle(market, cycle) == "cycle.claims_open"
    (shown,) = answer(market, "shortfalls/", "seller")["results"]
    assert (shown["lent_minor"], shown["deferred_minor"]) == (300, 250)
    assert (shown["waiting"]["code"], shown["waiting"]["waits_for"]) == (
        "shortfall.claim_open",
        "participant",
    )
    write_off_claim(
        actor=market.actor, organisation=market.party("seller").public_id, amount_minor=300, reason="試験"
    )
    assert of_cycle(market, cycle) == "cycle.deferrals_open"
    (shown,) = answer(market, "shortfalls/", "seller")["results"]
    assert (shown["waiting"]["code"], shown["waiting"]["waits_for"]) == (
        "shortfall.deferral_open",
        "participant",
    )
    factories.pay_in(market, "seller", 1_000)
    factories.settle(market, factories.clear(market))
    (shown,) = answer(market, "shortfalls/", "seller")["results"]
    assert shown["waiting"] is None


def test_an_approval_waits_for_a_second_person_until_it_expires(market):
    factories.accepted(market, "buyer", "seller", 2_000_000)
    cycle = factories.clear(market)
    client = client_of(market.operator)
    assert client.post("/api/v1/transfer-files/", {"cycle": cycle.public_id}).status_code == 409
    (shown,) = answer(market, "approvals/?state=pending")["results"]
    found = shown["waiting"]
    assert (found["code"], found["waits_for"]) == ("approval.second_person", "colleague")
    assert (found["since"], found["until"]) == (shown["asked_at"], shown["expires_at"])
    withdrawn = client.post(f"/api/v1/approvals/{shown['id']}/withdraw/")
    assert (withdrawn.status_code, withdrawn.json()["waiting"]) == (200, None)


def test_a_bank_entry_in_suspense_waits_for_the_operator(market):
    factories.receive(
        market,
        [factories.booking("credit", 700, "no reference"), factories.booking("debit", 300, "nothing known")],
    )
    factories.pay_in(market, "buyer", 500)
    shown = {row["amount_minor"]: row for row in answer(market, "bank-entries/")["results"]}
    assert {amount: row["waiting"] and row["waiting"]["code"] for amount, row in shown.items()} == {
        700: "bank_entry.in_suspense",
        300: "bank_entry.debit_unexplained",
        500: None,
    }
    allocated = client_of(market.operator).post(
        f"/api/v1/bank-entries/{shown[700]['id']}/allocate/",
        {"organisation": market.party("buyer").public_id},
    )
    assert (allocated.status_code, allocated.json()["waiting"]) == (200, None)
    assert code(market, f"bank-entries/{shown[700]['id']}/") is None


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("path", "state", "queries_taken"),
    [
        ("trades/", "open", 8),
        ("trades/", "settling", 5),
        ("settlement-instructions/?direction=out", "settling", 11),
        ("cycles/", "settling", 6),
    ],
)
def test_lists_take_the_same_queries_for_one_row_and_for_more(
    market, count, path, state, queries_taken, django_assert_num_queries
):
    for number in range(count):
        factories.accepted(market, f"buyer{number}", f"seller{number}", 1_000)
        if path == "cycles/":
            factories.clear(market, state)
    if state != "open" and path != "cycles/":
        factories.clear(market, state)
    client = client_of(market.operator)
    with django_assert_num_queries(queries_taken):
        found = client.get(f"/api/v1/{path}").json()["results"]
    assert len(found) >= count
    assert [row["waiting"] for row in found if row["waiting"]] != [] or state == "settling"
