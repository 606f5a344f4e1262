"""From a signed clause to the correction of its charge: what both signed is what money follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from clearing import handlers as clearing
from clearing.models import Cycle, Obligation, Trade
from clearing.run.services.cycles import open_first_cycle
from clearing.settlement.services.funds_regimes import declare_funds_regime
from contracts import handlers
from contracts.adjusting.services import adjust_used_period
from contracts.models import Adjustment, FiredAdjustment
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import TradeConcluded
from marketplace.events.schemas.contracts import AdjustmentDue
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from tests.clearing.factories import FUNDS_REGIME
from tests.clearing.trades.test_charged_as_signed import concluded, market
from tests.clearing.trades.test_used_as_signed import use
from tests.clearing.two_people import Staffed, by_two
from tests.contracts import factories as contracts
from tests.notices.factories import handle
from tests.roles import assert_refused, unguarded

pytestmark = pytest.mark.django_db
__all__ = ["market"]
INDEX = {"kind": "index", "index": "cpi_jp", "base_milli": 100_000, "floor_bp": 9_000, "cap_bp": 11_000}


@pytest.fixture
def agreement(market):
    """A subscription whose first charge an index of 104 made dearer by 400."""
    staffed = Staffed(market.organisation("operator"))
    by_two(staffed, declare_funds_regime, currency="JPY", **FUNDS_REGIME)
    open_first_cycle(actor=staffed.actor, currency="JPY")
    contracts.index_value(market)
    charging = {"kind": "subscription", "charges": 12, "adjustments": [INDEX]}
    made = concluded(market, price_minor=10_000, charging=charging)
    begun = OutboxEvent.objects.get(type="trade.concluded", subject=made.public_id)
    handle(handlers.on_trade_concluded, TradeConcluded(**begun.data))
    return made


def due() -> AdjustmentDue:
    return AdjustmentDue(**OutboxEvent.objects.get(type="adjustment.due").data)


def breaches() -> list[str]:
    return [row["source"] for row in REGISTER["clearing.adjusted_by_clause"].check()]


def test_the_charge_of_a_clause_is_corrected_once(agreement):
    for _ in range(2):
        handle(clearing.on_adjustment_due, due())
    row = Obligation.objects.get(kind="adjustment")
    assert (row.debtor_id, row.creditor_id, row.amount_minor, row.tax_minor) == (
        agreement.buyer_id,
        agreement.seller_id,
        400,
        40,
    )
    assert (row.trade.agreement, row.trade.charge) == (agreement.public_id, 1)
    assert breaches() == []


@pytest.mark.parametrize("changes", [{"amount_minor": 401}, {"debtor": "seller", "creditor": "buyer"}])
def test_no_other_correction_than_the_clauses_is_made(agreement, changes):
    parties = {"buyer": agreement.buyer_identifier, "seller": agreement.seller_identifier}
    changes = {name: parties.get(value, value) for name, value in changes.items()}
    forged = AdjustmentDue(**{**due().data(), **changes})
    assert_refused(lambda: handle(clearing.on_adjustment_due, forged), because="another than its clause made")
    assert not Obligation.objects.filter(kind="adjustment").exists()


def test_a_correction_that_departs_from_its_clause_is_named(agreement):
    adjustment = Adjustment.objects.get().public_id
    assert breaches() == []
    clock.move_to(clock.now() + timedelta(days=2), running=False)
    assert breaches() == [adjustment]
    handle(clearing.on_adjustment_due, due())
    assert breaches() == []
    with unguarded("clearing_obligation"), connection.cursor() as cursor:
        cursor.execute("UPDATE clearing_obligation SET amount_minor = 401 WHERE kind = 'adjustment'")
    assert breaches() == [adjustment]


VOLUME = {"kind": "volume", "beyond_uses": 10, "reduction_bp": 500}


@pytest.fixture
def used(market):
    """A metered period of 11 uses that cost 1,100, which a clause about the volume of use made cheaper by 55."""
    staffed = Staffed(market.organisation("operator"))
    by_two(staffed, declare_funds_regime, currency="JPY", **FUNDS_REGIME)
    open_first_cycle(actor=staffed.actor, currency="JPY")
    charging = {"kind": "metered", "charges": 12, "unit_price_minor": 100, "adjustments": [VOLUME]}
    made = concluded(market, price_minor=5_000, charging=charging)
    use(made, 11)
    with unguarded("clearing_trade"):
        Trade.objects.filter(agreement=made.public_id).update(
            state="accepted", secured_at=clock.now(), accepted_at=clock.now(), cycle=Cycle.objects.get(),
            captured_price_minor=1_100, captured_tax_minor=110, captured_fee_minor=0, captured_withholding_minor=0,
            captured_tax_rate_bp=1_000, captured_fee_tax_rate_bp=1_000, supplied_on=clock.today(), fee_supplied_on=clock.today(),
        )  # fmt: skip
    adjust_used_period(agreement=made.public_id, charge=1, uses=11, charged_minor=1_100)
    return made


def test_a_discount_for_use_is_of_what_was_charged(used):
    handle(clearing.on_adjustment_due, due())
    assert Obligation.objects.get(kind="adjustment").amount_minor == 55
    assert breaches() == []


@pytest.mark.parametrize("forged", [{"before_minor": 1_120, "after_minor": 1_064}, {"inputs": {"value": 12}}])
def test_a_discount_for_invented_use_is_refused_and_named(used, forged):
    with unguarded("contracts_firedadjustment"):
        FiredAdjustment.objects.update(**forged)
    assert breaches() == [Adjustment.objects.get().public_id]
    assert_refused(lambda: handle(clearing.on_adjustment_due, due()), because="another than its clause made")
