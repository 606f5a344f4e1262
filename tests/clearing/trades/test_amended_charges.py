"""Coming charges follow the version of the agreement that both signed; what is due stays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from clearing import handlers
from clearing.models import AwaitedCorrection
from clearing.trades.charge_models import ChargeAmendment, ChargePlan, ChargeProgress
from clearing.trades.models import Trade
from clearing.trades.queries import charging_counts
from clearing.trades.services.charges import begin_due_charges
from contracts.amending.services import amend_agreement
from contracts.models import Agreement
from contracts.services import sign
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.contracts import AdjustmentDue, AgreementAmended
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER, verify_all
from tests.notices.factories import handle
from tests.roles import assert_refused, unguarded

from .test_charged_as_signed import MONTHLY, concluded, market

__all__ = ["market"]
pytestmark = pytest.mark.django_db
JST = ZoneInfo("Asia/Tokyo")


def at(day: date) -> None:
    clock.move_to(datetime(day.year, day.month, day.day, 9, tzinfo=JST), running=False)


def amended(market, agreement: Agreement, day: date, **terms) -> ChargeAmendment | None:
    """What clearing makes of an amendment that both sign."""
    wanted = {"effective_on": day, **terms}
    row = amend_agreement(actor=market.buyer, agreement=agreement.public_id, terms=wanted)
    sign(actor=market.seller, negotiation=row.public_id)
    sign(actor=market.buyer, negotiation=row.public_id)
    event = OutboxEvent.objects.filter(type="agreement.amended").latest("pk")
    handle(handlers.on_agreement_amended, AgreementAmended(**event.data))
    return ChargeAmendment.objects.order_by("-pk").first()


@pytest.fixture
def monthly(market) -> Agreement:
    """A subscription of twelve months at 10,000 yen, from 2027-04-01 on."""
    at(date(2027, 4, 1))
    return concluded(market, price_minor=10_000, charging=MONTHLY, rights={"duration": "P2Y"})


def charged(agreement: Agreement) -> list[tuple[int, int]]:
    return list(
        Trade.objects.filter(agreement=agreement.public_id)
        .order_by("charge")
        .values_list("charge", "price_minor")
    )


def broken() -> dict:
    return {
        name: found
        for name, found in verify_all().items()
        if found and name.startswith(("clearing.charg", "clearing.plan", "clearing.trades", "contracts."))
    }


def test_coming_charges_cost_what_was_signed_last(market, monthly):
    row = amended(market, monthly, date(2027, 6, 1), price_minor=12_000, funding_days=5)
    assert (row.version, row.from_charge, row.charges, row.price_minor) == (2, 3, 12, 12_000)
    at(date(2027, 6, 2))
    assert begin_due_charges(limit=10) == 2
    assert charged(monthly) == [(1, 10_000), (2, 10_000), (3, 12_000)]
    assert charging_counts()["subscription"]["total_minor"] == 2 * 10_000 + 10 * 12_000
    assert broken() == {}


def test_charges_are_added_and_dropped(market, monthly):
    amended(market, monthly, date(2027, 6, 1), charging={**MONTHLY, "charges": 2})
    progress = ChargeProgress.objects.get(plan__agreement=monthly.public_id)
    assert (progress.next_charge, progress.next_due_on) == (2, date(2027, 5, 1))
    at(date(2027, 5, 20))
    assert begin_due_charges(limit=10) == 1
    progress.refresh_from_db()
    assert (progress.next_charge, progress.next_due_on) == (3, None)
    amended(market, monthly, date(2027, 6, 1), charging={**MONTHLY, "charges": 4}, price_minor=9_000)
    progress.refresh_from_db()
    assert (progress.next_charge, progress.next_due_on) == (3, date(2027, 6, 1))
    at(date(2027, 8, 1))
    assert begin_due_charges(limit=10) == 2
    assert charged(monthly) == [(1, 10_000), (2, 10_000), (3, 9_000), (4, 9_000)]
    assert broken() == {}


def test_a_charge_waits_for_what_was_signed_however_late_it_is_heard_of(market, monthly):
    """Signed on the eve for the next charge, and handled after that fell due: nothing sticks, and the charge is the new one."""
    at(date(2027, 4, 30))
    wanted = {"effective_on": date(2027, 5, 1), "funding_days": 5}
    row = amend_agreement(actor=market.buyer, agreement=monthly.public_id, terms=wanted)
    sign(actor=market.seller, negotiation=row.public_id)
    sign(actor=market.buyer, negotiation=row.public_id)
    at(date(2027, 5, 2))
    assert (begin_due_charges(limit=10), charged(monthly)) == (0, [(1, 10_000)])
    event = OutboxEvent.objects.filter(type="agreement.amended").latest("pk")
    handle(handlers.on_agreement_amended, AgreementAmended(**event.data))
    assert ChargeAmendment.objects.get().from_charge == 2
    assert begin_due_charges(limit=10) == 1
    assert charged(monthly) == [(1, 10_000), (2, 10_000)]
    assert broken() == {}


def test_a_correction_of_a_charge_that_is_dropped_is_void(market, monthly):
    for charge in (2, 5):
        due = AdjustmentDue(
            adjustment=f"adj_of_{charge}",
            agreement=monthly.public_id,
            debtor=monthly.seller_identifier,
            creditor=monthly.buyer_identifier,
            amount_minor=700,
            currency="JPY",
            reason_code="quality",
            charge=charge,
        )
        handle(handlers.on_adjustment_due, due)
    assert AwaitedCorrection.objects.filter(ended_at=None).count() == 2
    amended(market, monthly, date(2027, 6, 1), charging={**MONTHLY, "charges": 2})
    assert list(AwaitedCorrection.objects.filter(ended_at=None).values_list("charge", flat=True)) == [2]
    (void,) = EvidenceRecord.objects.filter(kind="clearing.trade_adjustment_void")
    assert void.payload["adjustment"] == "adj_of_5"


def test_a_version_is_applied_once(market, monthly):
    amended(market, monthly, date(2027, 6, 1), price_minor=12_000)
    event = OutboxEvent.objects.get(type="agreement.amended")
    handle(handlers.on_agreement_amended, AgreementAmended(**event.data))
    assert ChargeAmendment.objects.count() == 1


def test_a_price_that_is_paid_at_once_has_no_coming_charges(market):
    agreement = concluded(market, rights={"duration": "P1Y"})
    assert amended(market, agreement, clock.today() + timedelta(days=1), rights={"duration": "P2Y"}) is None
    assert charged(agreement) == [(1, 100_000)]


def test_charges_change_as_signed_alone(market, monthly):
    amended(market, monthly, date(2027, 6, 1), price_minor=12_000)
    plan = ChargePlan.objects.get(agreement=monthly.public_id)

    def amend_by_statement(version: int, price_minor: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO clearing_chargeamendment (plan_id, version, from_charge, charges, price_minor, funding_days, amended_at)"
                " VALUES (%s, %s, 3, 12, %s, 3, public.business_now())",
                [plan.pk, version, price_minor],
            )

    assert_refused(lambda: amend_by_statement(3, 12_000), because="as both parties signed")
    with unguarded("clearing_plannedcharge"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clearing_plannedcharge SET due_on = due_on + 1 WHERE version = 2 AND charge = 5"
        )
    named = REGISTER["clearing.charged_as_signed"].check()
    assert [(row["agreement"], row["charge"]) for row in named] == [(monthly.public_id, 5)]
