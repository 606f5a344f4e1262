"""What both sides signed of charges is what clearing charges, from the signature to the last period."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from clearing import handlers
from clearing.models import ChargePlan, PlannedCharge, Trade, UsageRecord
from contracts.models import Agreement
from contracts.plan import plan_of
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.contracts import AgreementConcluded, Beneficiary
from marketplace.events.schemas.delivery import UsageRecorded
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from tests.contracts import factories as contracts
from tests.notices.factories import handle
from tests.roles import assert_refused, unguarded
from tests.rules import factories as rulebooks
from tests.standing import FIRST_DAY

pytestmark = pytest.mark.django_db
MONTHLY = {"kind": "subscription", "charges": 12, "period_months": 1}


@pytest.fixture
def market():
    clock.move_to(FIRST_DAY)
    made = contracts.market()
    rulebooks.publish({**contracts.RULES, "tariffs": [rulebooks.tariff()]})
    return made


def concluded(market, **terms) -> Agreement:
    """An agreement that both signed, and what clearing made of it."""
    agreement = contracts.agreement(market, **terms)
    event = OutboxEvent.objects.get(type="agreement.concluded", subject=agreement.public_id)
    shares = tuple(Beneficiary(**share) for share in event.data["beneficiaries"])
    handle(handlers.on_agreement_concluded, AgreementConcluded(**{**event.data, "beneficiaries": shares}))
    return agreement


def breaches() -> list[tuple[str, int]]:
    return [(row["agreement"], row["charge"]) for row in REGISTER["clearing.charged_as_signed"].check()]


def test_a_subscription_that_was_negotiated_is_charged(market):
    agreement = concluded(market, price_minor=10_000, charging=MONTHLY)
    money = plan_of(agreement.instrument.said).money
    plan = ChargePlan.objects.get(agreement=agreement.public_id)
    assert (plan.charging, plan.charges, plan.period_months) == ("subscription", 12, 1)
    planned = list(plan.planned.order_by("charge"))
    assert [row.price_minor for row in planned] == [charge.price_minor for charge in money.charges]
    assert planned[0].due_on == planned[0].period_from == clock.today()
    assert [row.period_until for row in planned[:-1]] == [row.due_on for row in planned[1:]]
    trade = Trade.objects.get(agreement=agreement.public_id)
    assert (trade.charge, trade.price_minor, trade.charging) == (1, 10_000, "subscription")
    assert breaches() == []


def test_instalments_on_stated_days_are_charged_on_them(market):
    first = clock.today() + timedelta(days=40)
    charging = {
        "kind": "instalment",
        "charges": 3,
        "period_months": 2,
        "first_period_from": first.isoformat(),
    }
    agreement = concluded(market, price_minor=100_000, charging=charging)
    money = plan_of(agreement.instrument.said).money
    planned = PlannedCharge.objects.filter(plan__agreement=agreement.public_id).order_by("charge")
    assert [row.price_minor for row in planned] == [33_334, 33_333, 33_333]
    assert [row.due_on.isoformat() for row in planned][1:] == [one.due_on for one in money.charges][1:]
    assert breaches() == []


def test_a_plain_price_is_charged_once(market):
    agreement = concluded(market)
    assert not ChargePlan.objects.exists()
    assert Trade.objects.get(agreement=agreement.public_id).price_minor == 100_000
    assert breaches() == []


def test_metered_use_is_charged_up_to_what_was_signed_of_a_period(market):
    charging = {"kind": "metered", "charges": 12, "unit_price_minor": 4_000}
    agreement = concluded(market, price_minor=10_000, charging=charging)
    plan = ChargePlan.objects.get(agreement=agreement.public_id)
    assert (plan.charging, plan.charges, plan.price_minor) == ("metered", 12, 10_000)
    for number in range(1, 4):
        used = UsageRecorded(
            agreement=agreement.public_id,
            usage=f"dnl_{number}",
            quantity=1,
            amount_minor=4_000,
            currency="JPY",
            used_at=clock.now().isoformat(),
        )
        handle(handlers.on_usage_recorded, used)
    charged = UsageRecord.objects.order_by("pk").values_list("charged_minor", "refusal")
    assert list(charged) == [(4_000, None), (4_000, None), (2_000, "beyond_ceiling")]
    assert breaches() == []


@pytest.mark.parametrize(
    "changes", [{"price_minor": 9_999}, {"inspection_days": 1}, {"charging": "instalment"}]
)
def test_no_other_charge_is_made_than_was_signed(market, changes):
    agreement = contracts.agreement(market, price_minor=10_000, charging=MONTHLY)
    event = OutboxEvent.objects.get(type="agreement.concluded", subject=agreement.public_id)
    forged = AgreementConcluded(**{**event.data, **changes})
    assert_refused(
        lambda: handle(handlers.on_agreement_concluded, forged), because="what the signed plan says"
    )
    assert not Trade.objects.exists()


@pytest.mark.parametrize(
    ("table", "statement", "charge"),
    [
        ("clearing_trade", "UPDATE clearing_trade SET inspection_days = 1", 1),
        ("clearing_chargeplan", "UPDATE clearing_chargeplan SET funding_days = 9", 0),
        (
            "clearing_plannedcharge",
            "UPDATE clearing_plannedcharge SET due_on = due_on + 1 WHERE charge = 7",
            7,
        ),
    ],
)
def test_what_is_charged_otherwise_than_signed_is_named(market, table, statement, charge):
    agreement = concluded(market, price_minor=10_000, charging=MONTHLY)
    assert breaches() == []
    with unguarded(table), connection.cursor() as cursor:
        cursor.execute(statement)
    assert breaches() == [(agreement.public_id, charge)]
