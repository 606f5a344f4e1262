"""What every route of payment promises, and that a further one needs no change elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from clearing.bank.queries import pay_in_reference
from clearing.models import ClientAccount, SettlementInstruction, StuckMoney, TransferFile
from clearing.run.services.cycles import open_first_cycle
from clearing.safeguarding.services.idle_money import return_idle_money
from clearing.settlement.errors import RouteMissing, TransferNotPossible
from clearing.settlement.queries import PaymentReadings
from clearing.settlement.routes import ROUTES
from clearing.settlement.routes.route import PlannedPayment, Unwritable
from clearing.settlement.services.client_accounts import register_client_account
from clearing.settlement.services.funds_regimes import declare_funds_regime
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.settlement.states import Hindrance
from marketplace.events.models import OutboxEvent
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from tests.participants.factories import PAYOUT_ACCOUNT, client_of

from ... import factories
from ...test_invariants import broken
from .samples import JSON_SAMPLE, SAMPLES, JsonRoute

VALUE_DATE = date(2026, 12, 7)
CONTRACTED = [
    *(pytest.param(currency, route, SAMPLES[currency], id=currency) for currency, route in ROUTES.items()),
    pytest.param("EUR", JsonRoute(), JSON_SAMPLE, id="json"),
]


@pytest.mark.parametrize(("currency", "route", "sample"), CONTRACTED)
class TestContract:
    """What any route must do."""

    def payment(self, currency, route, sample):
        reference = route.reference(currency=currency, cycle_number=1, sequence=1)
        return PlannedPayment(reference, 10_450, sample.payee)

    def render(self, route, sample, *payments):
        return route.render(originator=sample.originator, payments=payments, value_date=VALUE_DATE)

    def test_the_same_input_gives_the_same_bytes(self, currency, route, sample):
        payment = self.payment(currency, route, sample)
        content = self.render(route, sample, payment)
        assert self.render(route, sample, payment) == content
        assert self.render(route, sample, replace(payment, amount_minor=10_451)) != content

    def test_a_reference_comes_back(self, currency, route, sample):
        for cycle_number, restoration in (
            (None, 0),
            (1, 0),
            (99_999, 0),
            (100_000, 0),
            (None, 7),
            (99_999, 7),
        ):
            reference = route.reference(
                currency=currency, cycle_number=cycle_number, sequence=12, restoration=restoration
            )
            assert (f"R{restoration}-" in reference) == (restoration > 0)
            longest = SettlementInstruction._meta.get_field("reference").max_length
            assert len(reference) <= longest
            for text in (
                reference,
                f"振込 {reference}",
                f"組戻　{reference.lower()}",
                f"{reference} {reference}",
            ):
                assert route.find_references(text) == [reference]
        assert route.find_references("家賃") == []

    def test_references_differ(self, currency, route, sample):
        counted = [(None, 1), (None, 2), (1, 1), (1, 2), (2, 1), (None, 1_000_001), (1, 999_999)]
        made = {
            route.reference(currency=currency, cycle_number=cycle, sequence=number, restoration=restoration)
            for cycle, number in counted
            for restoration in (0, 1, 2, 11)
        }
        assert len(made) == 4 * len(counted)

    def test_a_payee_that_nothing_hinders_can_be_written(self, currency, route, sample):
        assert route.hindrance(sample.payee, cross_border_allowed=False) == ""
        payment = self.payment(currency, route, sample)
        assert payment.reference.encode() in self.render(route, sample, payment)

    def test_what_hinders_is_named(self, currency, route, sample):
        found = [route.hindrance(payee, cross_border_allowed=False) for _, payee in sample.hindered]
        assert found == [hindrance.value for hindrance, _ in sample.hindered]
        assert Hindrance.NO_ACCOUNT.value in found

    def test_a_payment_that_does_not_fit_is_refused_by_field_and_reference(self, currency, route, sample):
        good = self.payment(currency, route, sample)
        for field, change in sample.refused_payment:
            bad = replace(good, **{"reference": f"{good.reference[:-1]}2", **change})
            with pytest.raises(Unwritable) as refused:
                self.render(route, sample, good, bad)
            assert (refused.value.field, refused.value.reference) == (field, bad.reference)

    def test_an_originator_that_does_not_fit_is_refused_by_field(self, currency, route, sample):
        route.validate_originator(sample.originator)
        for field, change in sample.refused_originator:
            with pytest.raises(FieldInvalid) as refused:
                route.validate_originator(sample.originator | change)
            assert refused.value.name == field


@pytest.fixture
def euro(market, monkeypatch):
    """A market with 5,000 euro cents of a buyer, idle for five days, and a route for them while the test runs."""
    monkeypatch.setitem(ROUTES, "EUR", JsonRoute())
    factories.by_two(market, declare_funds_regime, currency="EUR", **factories.FUNDS_REGIME)
    open_first_cycle(actor=market.actor, currency="EUR")
    factories.by_two(market, register_client_account, currency="EUR", **factories.CLIENT_ACCOUNT)
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    factories.receive(market, [euros("credit", 5_000, reference)], currency="EUR")
    clock.move_to(clock.now() + timedelta(days=5), running=False)
    return market


def euros(direction: str, amount_minor: int, remittance: str) -> tuple:
    row = list(factories.booking(direction, amount_minor, remittance))
    row[4] = "EUR"
    return tuple(row)


def test_a_further_route_needs_an_entry_and_nothing_else(euro):
    assert return_idle_money() == 1
    made = create_transfer_file(actor=euro.actor, currency="EUR")
    (payment,) = SettlementInstruction.objects.filter(currency="EUR")
    assert (made.currency, made.records, made.total_minor, made.left_out) == ("EUR", 1, 5_000, [])
    assert (payment.state, payment.transfer_file) == ("sending", made)
    written = json.loads(bytes(made.content))
    assert (written["from"], written["on"]) == ("7654321", made.value_date.isoformat())
    ((reference, amount_minor, account),) = written["payments"]
    assert (reference, amount_minor) == ("EUR00000-000001", 5_000)
    assert account["account_number"] == PAYOUT_ACCOUNT["account_number"]
    factories.receive(euro, [euros("debit", 5_000, f"SEPA {reference}")], currency="EUR")
    payment.refresh_from_db()
    assert payment.state == "confirmed"
    assert broken() == {}


def test_without_a_route_no_account_is_registered_and_no_file_made(euro, monkeypatch):
    assert return_idle_money() == 1
    monkeypatch.delitem(ROUTES, "EUR")
    registered = ClientAccount.objects.count()
    with pytest.raises(RouteMissing) as refused:
        register_client_account(actor=euro.actor, currency="EUR", **factories.CLIENT_ACCOUNT)
    assert refused.value.fields == {"currency": "EUR"}
    with pytest.raises(RouteMissing):
        create_transfer_file(actor=euro.actor, currency="EUR")
    (payment,) = SettlementInstruction.objects.filter(currency="EUR")
    assert (payment.state, TransferFile.objects.count()) == ("planned", 0)
    assert ClientAccount.objects.count() == registered
    assert PaymentReadings([payment]).waiting(payment).reason.code == "payment.no_route"


def test_idle_money_without_a_route_stays_with_its_owner_who_is_told_once(euro, monkeypatch):
    monkeypatch.delitem(ROUTES, "EUR")
    for _ in range(2):
        assert return_idle_money() == 0
    (stuck,) = StuckMoney.objects.all()
    assert (stuck.reason_code, stuck.amount_minor, stuck.currency) == ("no_route", 5_000, "EUR")
    assert OutboxEvent.objects.filter(type="money.stuck").count() == 1
    assert not SettlementInstruction.objects.exists()
    monkeypatch.setitem(ROUTES, "EUR", JsonRoute())
    assert return_idle_money() == 1
    assert broken() == {}


def test_a_cycle_without_a_route_is_planned_and_paid_once_there_is_one(market, monkeypatch):
    factories.accepted(market, "buyer", "seller", 10_000)
    yen = ROUTES["JPY"]
    monkeypatch.delitem(ROUTES, "JPY")
    cycle = factories.clear(market)
    planned = SettlementInstruction.objects.filter(cycle=cycle).order_by("sequence")
    operator = market.operator.pk
    assert {row.held_back for row in planned if row.organisation_id != operator} == {"no_route"}
    assert planned[0].reference == f"JPY{cycle.number:05d}-000001"
    with pytest.raises(RouteMissing):
        create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    answer = client_of(market.party("seller")).get("/api/v1/expected-payments/").json()
    (expected,) = answer["payments"]
    assert (expected["reason_code"], expected["expected_on"]) == ("payment.no_route", None)
    monkeypatch.setitem(ROUTES, "JPY", yen)
    factories.settle(market, cycle)
    cycle.refresh_from_db()
    assert cycle.state == "settled"
    assert broken() == {}


def test_a_refused_transfer_names_the_payment_at_fault(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.accepted(market, "buyer", "rich", 20_000_000_000)
    cycle = factories.clear(market)
    with pytest.raises(TransferNotPossible) as refused:
        create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    too_large = SettlementInstruction.objects.get(organisation=market.party("rich"))
    assert refused.value.fields == {"reference": too_large.reference, "what": "amount_minor"}
    assert (TransferFile.objects.count(), factories.planned(cycle)) == (0, 3)
