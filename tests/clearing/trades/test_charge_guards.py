"""The database itself refuses what the rules of charging forbid, however it is tried."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from clearing.models import (
    ChargePlan,
    ChargeProgress,
    Obligation,
    PlannedCharge,
    PlannedShare,
    Trade,
    UsageRecord,
)
from clearing.trades.services.acceptance import accept_ended_periods
from marketplace.events.schemas.contracts import Beneficiary
from marketplace.kernel import clock

from .. import factories
from ..raw import ACCEPT, OBLIGATION, refused, run

PLAN = (
    "INSERT INTO clearing_chargeplan (agreement, charging, charges, period_months, price_minor, currency,"
    " funding_days, concluded_at) VALUES (%s, %s, %s, 1, %s, 'JPY', 1, now())"
)
CHARGE = "INSERT INTO clearing_plannedcharge (plan_id, charge, price_minor, due_on) VALUES "
USE = (
    "INSERT INTO clearing_usagerecord (usage, agreement, planned_id, quantity, amount_minor, charged_minor,"
    " currency, refusal, used_at, recorded_at) VALUES (%s, %s, %s, 1, %s, %s, 'JPY', %s, now(), now())"
)


@pytest.fixture
def metered(market):
    """The secured first period of metered use, up to 1,000."""
    factories.pay_in(market, "buyer", 1_100)
    return factories.plan(market, "metered", 1_000, charges=3)


def test_a_plan_comes_whole(market):
    with pytest.raises(IntegrityError, match="has no charges"), transaction.atomic():
        run(PLAN, "agr_raw", "instalment", 2, 100)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    refused(PLAN, "agr_raw", "one_off", 2, 100, because="charge_plan_charges")
    refused(PLAN, "agr_raw", "weekly", 2, 100, because="charge_plan_charges")
    refused(PLAN, "agr_raw", "instalment", 2, -1, because="charge_plan_price")
    run(PLAN, "agr_raw", "instalment", 2, 100)
    plan = ChargePlan.objects.get().pk
    for rows in (
        [(1, 50)],
        [(1, 50), (3, 50)],
        [(2, 50), (3, 50)],
        [(1, 50), (2, 51)],
        [(1, 50), (2, 25), (3, 25)],
    ):
        values = [value for charge, price in rows for value in (plan, charge, price)]
        marks = ", ".join(["(%s, %s, %s, now())"] * len(rows))
        refused(CHARGE + marks, *values, because="differ from its plan")
    marks = "(%s, %s, %s, now()), (%s, %s, %s, now())"
    run(CHARGE + marks, plan, 1, 50, plan, 2, 50)
    refused(CHARGE + marks, plan, 1, 50, plan, 2, 50, because="planned_charge_once")
    for table in ("clearing_chargeplan", "clearing_plannedcharge"):
        refused(f"DELETE FROM {table}", because="append-only")
        refused(f"UPDATE {table} SET price_minor = 1", because="append-only")
    assert PlannedCharge.objects.count() == 2


def test_a_period_costs_what_was_agreed(market):
    run(PLAN, "agr_raw", "subscription", 2, 100)
    plan = ChargePlan.objects.get().pk
    marks = "(%s, %s, %s, now()), (%s, %s, %s, now())"
    refused(CHARGE + marks, plan, 1, 50, plan, 2, 50, because="differ from its plan")
    refused(CHARGE + marks, plan, 1, 150, plan, 2, 50, because="differ from its plan")
    run(CHARGE + marks, plan, 1, 100, plan, 2, 100)


def copy_of(trade: Trade, **changes: object) -> tuple[str, list[object]]:
    """A statement that makes another row of a trade, with some columns changed."""
    columns = [
        field.column for field in Trade._meta.concrete_fields if field.name not in ("id", "gross_minor")
    ]
    fresh = {
        "public_id": "trd_raw",
        "business_key": "raw",
        "state": "concluded",
        "secured_at": None,
    } | changes
    selected = ", ".join("%s" if column in fresh else column for column in columns)
    values = [fresh[column] for column in columns if column in fresh]
    names = ", ".join(columns)
    return f"INSERT INTO clearing_trade ({names}) SELECT {selected} FROM clearing_trade WHERE id = %s", [
        *values,
        trade.pk,
    ]


def test_no_trade_is_beyond_its_plan(market, metered):
    for changes, because in (
        ({"charge": 4}, "differs from its plan"),
        ({"charge": 2, "price_minor": 999, "tax_minor": 99}, "differs from its plan"),
        ({"charge": 2, "charging": "subscription"}, "differs from its plan"),
        ({"charge": 2, "charging": "one_off"}, "differs from its plan"),
        ({"charge": 1, "agreement": "agr_other"}, "differs from its plan"),
        ({"charge": 3}, "would leave a gap"),
        ({"charge": 1}, "trade_charge_once"),
    ):
        sql, values = copy_of(metered, **changes)
        refused(sql, *values, because=because)
    plain = factories.conclude(market, "poor", "seller", 10)
    sql, values = copy_of(plain, charge=2)
    refused(sql, *values, because="differs from its plan")
    assert Trade.objects.count() == 2
    sql, values = copy_of(metered, charge=2)
    run(sql, *values)


def test_how_far_charging_has_come_is_kept(market, metered):
    refused("DELETE FROM clearing_chargeprogress", because="are kept")
    refused("UPDATE clearing_chargeprogress SET ended_at = now()", because="charge_progress_ended")
    run("UPDATE clearing_chargeprogress SET delivered_at = now() - interval '1 day'")
    refused("UPDATE clearing_chargeprogress SET delivered_at = now()", because="cannot be changed")
    assert ChargeProgress.objects.get().ended_at is None


def test_use_is_charged_within_its_ceiling(market, metered):
    planned = PlannedCharge.objects.get(charge=1).pk
    agreement = metered.agreement
    factories.use(metered, 900, clock.now())
    refused(USE, "use_raw", agreement, planned, 101, 101, None, because="cannot be charged")
    refused(USE, "use_raw", agreement, None, 5, 5, None, because="usage_refused_why")
    refused(USE, "use_raw", agreement, planned, 5, 6, None, because="usage_amounts")
    refused(USE, "use_raw", agreement, planned, 5, 5, "beyond_ceiling", because="usage_refused_why")
    refused(USE, "use_raw", "agr_other", planned, 5, 5, None, because="cannot be charged")
    known = UsageRecord.objects.get().usage
    refused(USE, known, agreement, planned, 5, 5, None, because="usage_key")
    refused("UPDATE clearing_usagerecord SET charged_minor = 0", because="append-only")
    refused(f"{ACCEPT}, accepted_at = now()", because="differs from its charged use")
    factories.accept(metered)
    clock.move_to(clock.now() + factories.days(40), running=False)
    accept_ended_periods(limit=9)
    metered.refresh_from_db()
    assert (metered.state, metered.captured_price_minor) == ("accepted", 900)
    refused(USE, "use_raw", agreement, planned, 5, 5, None, because="cannot be charged")
    assert UsageRecord.objects.count() == 1


def test_no_more_is_shared_or_given_back_than_was_captured(market):
    person = market.party("person")
    shares = (Beneficiary(organisation=person.public_id, share_bp=5_000),)
    trade = factories.accepted(market, "buyer", "seller", 10_000, beneficiaries=shares)
    waiting = factories.conclude(market, "poor", "seller", 10_000)
    cycle, key = market.cycle.pk, person.corporate_number
    columns = OBLIGATION.replace("made_at)", "made_at, beneficiary_key)")
    share = columns + "(%s, 'share', %s, %s, %s, 0, 0, 'JPY', %s, 'market_terms', 'raw', now(), %s)"
    refused(
        share, trade.pk, trade.seller_id, person.pk, 5_001, cycle, key, because="exceeds the shared price"
    )
    refused(
        share,
        trade.pk,
        trade.seller_id,
        market.party("x").pk,
        1,
        cycle,
        "1",
        because="is not a beneficiary of its plan",
    )
    other = OBLIGATION + "(%s, %s, %s, %s, %s, %s, 1000, 'JPY', %s, 'market_terms', 'raw', now())"
    back = (trade.pk, "refund", trade.seller_id, trade.buyer_id)
    refused(other, *back, 10_001, 1_000, cycle, because="exceeds the price")
    refused(other, *back, 10_000, 1_001, cycle, because="exceeds the tax of the sum")
    refused(
        other, waiting.pk, "refund", waiting.seller_id, waiting.buyer_id, 1, 0, cycle,
        because="takes no refund now",
    )  # fmt: skip
    fee = (trade.pk, "fee_refund", market.operator.pk, trade.seller_id)
    refused(other, *fee, 501, 0, cycle, because="exceeds the fee")
    refused(
        other, trade.pk, "penalty", trade.seller_id, trade.buyer_id, 1, 1, cycle,
        because="obligation_fee_tax_later",
    )  # fmt: skip
    refused(
        "INSERT INTO clearing_plannedshare (plan_id, organisation_id, beneficiary_key, share_bp)"
        " SELECT plan_id, %s, '1', 5001 FROM clearing_plannedshare",
        market.party("x").pk, because="exceed the whole",
    )  # fmt: skip
    refused("DELETE FROM clearing_plannedshare", because="append-only")
    assert (Obligation.objects.count(), PlannedShare.objects.count()) == (3, 1)
    run(other, *back, 10_000, 1_000, cycle)
