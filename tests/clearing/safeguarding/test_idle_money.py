"""Money that is tied to no trade goes back by itself, under a payment of its own."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from clearing.ledger.queries import client_money
from clearing.models import Entry, SettlementInstruction, StuckMoney, TransferFile
from clearing.safeguarding.services.idle_money import return_idle_money
from clearing.settlement.errors import NothingToTransfer
from clearing.settlement.routes.reference import find_references, payment_reference
from clearing.settlement.services.funds_regimes import declare_funds_regime
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from tests.participants.accounts import use_account
from tests.participants.factories import PAYOUT_ACCOUNT, client_of, organisation
from tests.standing import made_once

from .. import factories
from ..settlement.test_settlement import BORNE_BY_BUYER
from ..test_invariants import broken


def pass_days(days: int) -> None:
    clock.move_to(clock.now() + timedelta(days=days), running=False)


def returns() -> list[SettlementInstruction]:
    return list(SettlementInstruction.objects.filter(purpose="idle_return").order_by("pk"))


@made_once
def idle(market):
    """A market in which 5,000 of a buyer have lain idle for five days."""
    factories.pay_in(market, "buyer", 5_000)
    pass_days(5)
    return market


def test_idle_money_goes_back_on_the_fifth_day(market):
    factories.pay_in(market, "buyer", 5_000)
    pass_days(4)
    assert return_idle_money() == 0
    pass_days(1)
    assert return_idle_money() == 1
    assert return_idle_money() == 0
    (planned,) = returns()
    assert (planned.reference, planned.amount_minor, planned.state) == ("JPY00000-000001", 5_000, "planned")
    assert (planned.cycle, planned.organisation) == (None, market.party("buyer"))
    assert (factories.available(market, "buyer"), factories.balance(market, "buyer", "receivable")) == (
        0,
        5_000,
    )
    (told,) = OutboxEvent.objects.filter(type="money.returning")
    assert (told.data["reason_code"], told.data["instruction"]) == ("idle", planned.public_id)
    assert EvidenceRecord.objects.filter(subject=planned.public_id).count() == 1
    assert broken() == {}


def test_it_is_paid_by_a_file_of_its_own_and_confirmed(idle):
    return_idle_money()
    made = create_transfer_file(actor=idle.actor, currency="JPY")
    assert (made.cycle, made.records, made.total_minor) == (None, 1, 5_000)
    with pytest.raises(NothingToTransfer):
        create_transfer_file(actor=idle.actor, currency="JPY")
    (payment,) = returns()
    factories.receive(idle, [factories.booking("debit", 5_000, payment.reference)])
    payment.refresh_from_db()
    assert (payment.state, factories.balance(idle, "buyer", "receivable")) == ("confirmed", 0)
    assert client_money("JPY").bank_minor == 0
    factories.pay_in(idle, "buyer", 70)
    pass_days(5)
    assert return_idle_money() == 1
    assert [row.reference for row in returns()] == ["JPY00000-000001", "JPY00000-000002"]
    assert broken() == {}


def test_what_the_bank_returned_is_paid_again(idle):
    return_idle_money()
    create_transfer_file(actor=idle.actor, currency="JPY")
    (payment,) = returns()
    factories.receive(idle, [factories.booking("debit", 5_000, payment.reference)])
    factories.receive(idle, [factories.booking("credit", 5_000, payment.reference)])
    payment.refresh_from_db()
    assert (payment.state, factories.balance(idle, "buyer", "receivable")) == ("failed", 5_000)
    assert broken() == {}
    factories.pay_in(idle, "buyer", 30)
    pass_days(5)
    assert return_idle_money() == 1
    again = retry_payment(actor=idle.actor, instruction=payment.public_id)
    assert retry_payment(actor=idle.actor, instruction=payment.public_id) == again
    assert (again.instead_of, again.amount_minor, again.reference) == (payment, 5_000, "JPY00000-000003")
    made = create_transfer_file(actor=idle.actor, currency="JPY")
    assert (made.records, made.total_minor) == (2, 5_030)
    report_failed_payment(actor=idle.actor, instruction=again.public_id, reason="口座該当なし")
    third = retry_payment(actor=idle.actor, instruction=payment.public_id)
    assert third.instead_of == again
    assert broken() == {}


def test_money_a_trade_waits_for_stays(idle):
    waiting = factories.conclude(idle, "buyer", "seller", 10_000)
    assert waiting.state == "concluded"
    assert return_idle_money() == 0
    factories.pay_in(idle, "buyer", 6_000)
    waiting.refresh_from_db()
    assert (waiting.state, factories.available(idle, "buyer"), returns()) == ("secured", 0, [])
    assert broken() == {}


def test_money_over_the_cap_goes_back_at_once(market):
    factories.by_two(
        market,
        declare_funds_regime,
        currency="JPY",
        **(factories.FUNDS_REGIME | {"balance_cap_minor": 2_000}),
    )
    factories.pay_in(market, "buyer", 2_000)
    assert return_idle_money() == 0
    factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 8_500)
    assert (factories.available(market, "buyer"), return_idle_money()) == (10_500, 0)
    factories.pay_in(market, "buyer", 3_000)
    assert (factories.balance(market, "buyer", "held"), factories.available(market, "buyer")) == (
        11_000,
        2_500,
    )
    assert return_idle_money() == 1
    assert (returns()[0].amount_minor, factories.available(market, "buyer")) == (500, 2_000)
    (told,) = OutboxEvent.objects.filter(type="money.returning")
    assert told.data["reason_code"] == "above_cap"
    assert broken() == {}


def test_a_fee_that_will_be_drawn_keeps_its_money(db):
    market = factories.market(copy.deepcopy(BORNE_BY_BUYER))
    factories.pay_in(market, "buyer", 11_000 + 700)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    pass_days(6)
    assert (trade.state, return_idle_money()) == ("secured", 0)
    factories.accept(trade)
    pass_days(6)
    assert return_idle_money() == 0
    factories.clear(market)
    assert factories.available(market, "buyer") == 150
    pass_days(6)
    assert (return_idle_money(), returns()[0].amount_minor) == (1, 150)
    assert broken() == {}


def test_money_that_answers_for_a_claim_stays(market):
    factories.fund_reserve(market, 1_000)
    first = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.adjust(market, first, "seller", "buyer", 500)
    factories.clear(market)
    assert factories.balance(market, "seller", "claim") == 550
    factories.pay_in(market, "seller", 600)
    pass_days(6)
    assert return_idle_money() == 1
    assert (returns()[0].amount_minor, factories.available(market, "seller")) == (50, 550)
    assert broken() == {}


def test_who_has_no_account_keeps_the_money_and_is_told_once(idle):
    buyer = idle.party("buyer")
    use_account(buyer, None)
    before = Entry.objects.count()
    for _ in range(2):
        assert return_idle_money() == 0
    assert (factories.available(idle, "buyer"), Entry.objects.count(), returns()) == (5_000, before, [])
    (stuck,) = StuckMoney.objects.all()
    assert (stuck.reason_code, stuck.amount_minor) == ("no_account", 5_000)
    assert OutboxEvent.objects.filter(type="money.stuck").count() == 1
    use_account(buyer, PAYOUT_ACCOUNT)
    assert return_idle_money() == 1
    assert broken() == {}


def test_nobody_abroad_is_sent_its_money_without_a_licence(market):
    market.parties["buyer"] = organisation(
        "buyer", corporate_number=None, country="SG", payout_account=PAYOUT_ACCOUNT
    )
    factories.pay_in(market, "buyer", 5_000)
    pass_days(5)
    assert return_idle_money() == 0
    assert [row.reason_code for row in StuckMoney.objects.all()] == ["abroad"]
    factories.by_two(
        market,
        declare_funds_regime,
        currency="JPY",
        effective_from=clock.now() + timedelta(days=4),
        cross_border_allowed=True,
        cross_border_basis="資金決済法の適用除外",
        **factories.FUNDS_REGIME,
    )
    assert return_idle_money() == 0
    pass_days(4)
    assert return_idle_money() == 1
    assert broken() == {}


def test_returns_are_sent_over_http_by_currency(idle):
    return_idle_money()
    operator, buyer = client_of(idle.operator), client_of(idle.party("buyer"))
    (shown,) = buyer.get("/api/v1/settlement-instructions/?purpose=idle_return").json()["results"]
    assert (shown["cycle"], shown["purpose_label"]["ja"]) == (None, "滞留金の返還")
    assert buyer.post("/api/v1/transfer-files/", {"currency": "JPY"}).status_code == 403
    assert operator.post("/api/v1/transfer-files/", {}).status_code == 422
    both = {"currency": "JPY", "cycle": idle.cycle.public_id}
    assert operator.post("/api/v1/transfer-files/", both).status_code == 422
    assert TransferFile.objects.count() == 0
    made = operator.post("/api/v1/transfer-files/", {"currency": "JPY"})
    assert (made.status_code, made.json()["cycle"], made.json()["total_minor"]) == (201, None, 5_000)
    assert operator.get(f"/api/v1/transfer-files/{made.json()['id']}/").json() == made.json()


def test_a_transfer_file_is_of_a_cycle_or_of_a_currency(market):
    for named in ({}, {"cycle": market.cycle.public_id, "currency": "JPY"}):
        with pytest.raises(FieldInvalid):
            create_transfer_file(actor=market.actor, **named)
    with pytest.raises(NothingToTransfer):
        create_transfer_file(actor=market.actor, currency="JPY")
    assert TransferFile.objects.count() == 0


def own_reference(sequence: int) -> str:
    return payment_reference(currency="JPY", cycle_number=None, sequence=sequence)


def test_returns_are_counted_apart_from_cycles():
    assert own_reference(123) == "JPY00000-000123"
    assert own_reference(1_000_001) == "JPY000001-000001"
    for number in (123, 1_000_001):
        reference = own_reference(number)
        assert find_references(f"振込 {reference}") == [reference]
    with pytest.raises(ValueError, match="does not fit"):
        own_reference(10**11)
