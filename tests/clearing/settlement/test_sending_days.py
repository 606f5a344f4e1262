"""A planned payment has a day by which it is sent; once that has passed, an alarm stands until it is."""

from __future__ import annotations

from datetime import date, datetime, time

from clearing.models import SettlementInstruction
from clearing.settlement.metrics import held_back_payments, unsent_payments
from clearing.settlement.services.own_money import plan_own_money
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.kernel import clock
from marketplace.observability.alarms import apply_readings
from tests.participants.factories import client_of
from tests.standing import made_once

from .. import factories
from ..raw import refused
from ..test_invariants import broken

FRIDAY, MONDAY, TUESDAY = date(2030, 4, 5), date(2030, 4, 8), date(2030, 4, 9)
NAME = "clearing.planned_payments_have_a_day"


def on(day: date) -> None:
    clock.move_to(datetime.combine(day, time(12), clock.market_zone()), running=False)


@made_once
def planned():
    """On a Friday the payments of a cycle are planned: 10,450 to the seller, and the operator's 550."""
    on(FRIDAY)
    market = factories.market()
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    return market


def days() -> list[date]:
    return list(SettlementInstruction.objects.order_by("pk").values_list("send_by", flat=True))


def test_a_payment_is_to_be_sent_by_the_next_business_day(planned):
    assert days() == [MONDAY, MONDAY]
    plan_own_money(actor=planned.actor, amount_minor=1)
    assert days() == [MONDAY, MONDAY, MONDAY]
    rows = client_of(planned.operator).get("/api/v1/settlement-instructions/").json()["results"]
    assert {(row["waiting"]["code"], row["waiting"]["until"]) for row in rows} == {
        ("payment.planned", "2030-04-08"),
        ("payment.operator_pays_in", "2030-04-08"),
    }


def test_a_payment_that_is_made_again_has_a_day_of_its_own(planned):
    cycle = SettlementInstruction.objects.order_by("pk")[0].cycle
    create_transfer_file(actor=planned.actor, cycle=cycle.public_id)
    failed = factories.instructions(cycle)[0]
    report_failed_payment(actor=planned.actor, instruction=failed.public_id, reason="口座該当なし")
    on(MONDAY)
    assert retry_payment(actor=planned.actor, instruction=failed.public_id).send_by == TUESDAY


def test_the_gauges_count_from_the_day_after(planned):
    payment = SettlementInstruction.objects.order_by("pk")[0]
    on(MONDAY)
    assert (unsent_payments(), held_back_payments()) == (0, 0)
    on(TUESDAY)
    assert (unsent_payments(), held_back_payments()) == (2, 0)
    SettlementInstruction.objects.filter(pk=payment.pk).update(held_back="no_account")
    assert (unsent_payments(), held_back_payments()) == (1, 1)
    SettlementInstruction.objects.filter(pk=payment.pk).update(held_back="")
    create_transfer_file(actor=planned.actor, cycle=payment.cycle.public_id)
    assert (unsent_payments(), held_back_payments()) == (0, 0)


def test_a_payment_that_nobody_sends_and_no_alarm_names_is_found(planned):
    on(date(2030, 4, 15))
    assert NAME not in broken()
    on(date(2030, 4, 16))
    assert [row["send_by"] for row in broken()[NAME]] == [MONDAY, MONDAY]
    apply_readings({"payments_unsent": 2.0})
    assert NAME not in broken()
    payment = SettlementInstruction.objects.order_by("pk")[0]
    SettlementInstruction.objects.filter(pk=payment.pk).update(held_back="no_account")
    assert [row["reference"] for row in broken()[NAME]] == [payment.reference]
    apply_readings({"payments_held_back": 1.0})
    assert NAME not in broken()


def test_the_day_is_near_and_stays(planned):
    refused("UPDATE clearing_settlementinstruction SET send_by = send_by + 1", because="cannot be changed")
    for days_later in (-2, 40):
        refused(
            "INSERT INTO clearing_settlementinstruction (public_id, purpose, organisation_id, sequence, reference,"
            " direction, amount_minor, currency, state, planned_at, send_by, failure_reason)"
            " SELECT 'stl_raw', 'own_money', organisation_id, 99, 'RAW', 'in', 1, 'JPY', 'planned', now(),"
            " current_date + %s, '' FROM clearing_settlementinstruction ORDER BY id DESC LIMIT 1",
            days_later, because="instruction_send_by",
        )  # fmt: skip
