"""The operator's own money is declared and leaves by two people, and never touches participants' money."""

from __future__ import annotations

import pytest

from clearing.bank.services import allocate_pay_in
from clearing.ledger.errors import OperatorMoneyShort
from clearing.ledger.queries import client_money, kind_totals
from clearing.models import BankAllocation, BankEntry, SettlementInstruction
from clearing.settlement.errors import ClientAccountMissing
from clearing.settlement.held_by_two import TAKE_OUT_OWN_MONEY
from clearing.settlement.operator_money import free_operator_money
from clearing.settlement.services.own_money import take_out_own_money
from clearing.settlement.services.payments import retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.trades.services.corrections import refund_trade
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden
from tests.participants.factories import client_of

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards

WHY = "決算利息"
TAKEN = "clearing.surplus_taken_out_by_two"


def receipt(market: factories.Market, amount: int, text: str = "ﾘｿｸ") -> BankEntry:
    """A credit that the market does not recognise."""
    factories.receive(market, [factories.booking("credit", amount, text)])
    return BankEntry.objects.get(remittance_information=text)


def declare(market: factories.Market, entry: BankEntry) -> None:
    """Two people find that a receipt in suspense is the operator's own money."""
    factories.by_two(
        market,
        allocate_pay_in,
        bank_entry=entry.public_id,
        organisation=market.operator.public_id,
        reason=WHY,
    )


def take_out(market: factories.Market, amount: int) -> SettlementInstruction:
    return factories.by_two(market, take_out_own_money, amount_minor=amount, reason=WHY)


def test_interest_is_declared_and_leaves_and_client_money_stays(market):
    factories.pay_in(market, "buyer", 5_000)
    entry = receipt(market, 120)
    assert (kind_totals("JPY")["unallocated"], free_operator_money("JPY")) == (-120, 0)
    declare(market, entry)
    assert (kind_totals("JPY")["unallocated"], free_operator_money("JPY")) == (0, 120)
    kept = EvidenceRecord.objects.get(kind="clearing.pay_in_allocated")
    assert (kept.payload["reason"], kept.payload["organisation"]) == (WHY, market.operator.public_id)
    taken = take_out(market, 120)
    assert (taken.purpose, taken.direction, free_operator_money("JPY"), broken()) == ("surplus", "out", 0, {})
    with pytest.raises(OperatorMoneyShort) as short:
        take_out_own_money(actor=market.actor, amount_minor=1, reason=WHY)
    assert short.value.fields["missing_minor"] == 1
    create_transfer_file(actor=market.actor, currency="JPY")
    factories.receive(market, [factories.booking("debit", 120, taken.reference)])
    money = client_money("JPY")
    assert (money.bank_minor, money.owed_minor, money.operator_minor) == (5_000, 5_000, 0)
    assert broken() == {}


def test_one_person_declares_nothing_and_takes_nothing_out(market):
    entry = receipt(market, 120)
    own = {"bank_entry": entry.public_id, "organisation": market.operator.public_id, "reason": WHY}
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            allocate_pay_in(actor=market.second, **own)
    with pytest.raises(Forbidden):
        allocate_pay_in(actor=market.program, **own)
    with pytest.raises(FieldInvalid):
        allocate_pay_in(actor=market.actor, **own | {"reason": " "})
    with pytest.raises(FieldInvalid):
        allocate_pay_in(actor=market.actor, **own | {"organisation": market.party("buyer").public_id})
    assert (BankAllocation.objects.count(), free_operator_money("JPY")) == (0, 0)
    factories.pay_own_money(market, 500)
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            take_out_own_money(actor=market.second, amount_minor=500, reason=WHY)
    for actor in (market.program, SYSTEM, Actor("somebody", Role.PARTICIPANT, 1, "org_1")):
        with pytest.raises(Forbidden):
            take_out_own_money(actor=actor, amount_minor=500, reason=WHY)
    with pytest.raises(SecondPersonNeeded):
        take_out_own_money(actor=market.actor, amount_minor=499, reason=WHY)
    assert (SettlementInstruction.objects.filter(direction="out").count(), free_operator_money("JPY")) == (
        0,
        500,
    )
    assert broken() == {}


def test_wrong_amounts_and_words_are_refused(market):
    factories.pay_own_money(market, 500)
    amounts = [{"amount_minor": amount} for amount in (0, -1, 10**13)]
    for wrong in (*amounts, {"reason": " "}, {"reason": "x\x00"}, {"reason": "x" * 201}):
        with pytest.raises(FieldInvalid):
            take_out_own_money(actor=market.actor, **{"amount_minor": 1, "reason": WHY} | wrong)
    with pytest.raises(ClientAccountMissing):
        take_out_own_money(actor=market.actor, amount_minor=1, reason=WHY, currency="USD")
    assert SettlementInstruction.objects.filter(direction="out").count() == 0


def test_what_a_refund_will_need_stays(market, sold):
    factories.pay_own_money(market, 1_000)
    refund_trade(actor=market.actor, trade=sold.public_id, amount_minor=None, reason="瑕疵")
    assert free_operator_money("JPY") == 450
    with pytest.raises(OperatorMoneyShort):
        take_out_own_money(actor=market.actor, amount_minor=451, reason=WHY)
    take_out(market, 450)
    assert (free_operator_money("JPY"), broken()) == (0, {})


def test_a_surplus_that_came_back_is_paid_again(market):
    factories.pay_own_money(market, 500)
    taken = take_out(market, 500)
    create_transfer_file(actor=market.actor, currency="JPY")
    factories.receive(market, [factories.booking("debit", 500, taken.reference)])
    factories.receive(market, [factories.booking("credit", 500, f"組戻 {taken.reference}")])
    assert free_operator_money("JPY") == 500
    again = retry_payment(actor=market.actor, instruction=taken.public_id)
    assert (again.approval, again.purpose, free_operator_money("JPY")) == (taken.approval, "surplus", 0)
    assert broken() == {}


def test_own_money_is_taken_out_over_the_api(market):
    factories.pay_own_money(market, 500)
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    path = "/api/v1/settlement-instructions/take-out-own-money/"
    body = {"amount_minor": 500, "reason": WHY}
    assert buyer.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="t-0").status_code == 403
    for wrong in ({"amount_minor": 0}, {"reason": ""}, {"colour": 1}):
        answer = operator.post(path, body | wrong, format="json", HTTP_IDEMPOTENCY_KEY="t-1")
        assert answer.status_code == 422
    asked = operator.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="t-2")
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")


TAKE = (
    "INSERT INTO clearing_settlementinstruction (public_id, purpose, approval_id, organisation_id, sequence, reference,"
    " restoration, direction, amount_minor, currency, state, planned_at, send_by, failure_reason, held_back)"
    " VALUES ('stl_raw', 'surplus', %s, %s, 99, 'RAW', 0, 'out', %s, 'JPY', 'planned', now(), current_date + 1, '', '')"
)


def test_the_database_takes_nothing_out_that_two_people_did_not_approve(market):
    factories.pay_own_money(market, 500)
    operator, buyer = market.operator.pk, market.party("buyer").pk
    refused(
        TAKE, None, operator, 100, because="was approved by no second person|instruction_surplus_approved"
    )
    with pytest.raises(SecondPersonNeeded):
        take_out_own_money(actor=market.actor, amount_minor=100, reason=WHY)
    pending = Approval.objects.get(command=TAKE_OUT_OWN_MONEY)
    refused(TAKE, pending.pk, operator, 100, because="was approved by no second person")
    pending.state, pending.ended_by, pending.ended_at = "approved", market.second.identifier, clock.now()
    pending.save()
    refused(TAKE, pending.pk, operator, 101, because="was approved by no second person")
    refused(TAKE, pending.pk, buyer, 100, because="was approved by no second person|exceed the amount due")
    assert SettlementInstruction.objects.filter(direction="out").count() == 0
    entry = receipt(market, 120)
    refused(
        "INSERT INTO clearing_bankallocation (bank_entry_id, organisation_id, reason, decided_by, decided_at)"
        " VALUES (%s, %s, 'x', 'usr_x', now())", entry.pk, operator, because="was approved by no second person",
    )  # fmt: skip


def test_more_than_the_surplus_is_refused_by_the_database(market):
    factories.pay_own_money(market, 500)
    with pytest.raises(SecondPersonNeeded):
        take_out_own_money(actor=market.actor, amount_minor=500, reason=WHY)
    approval = Approval.objects.get(command=TAKE_OUT_OWN_MONEY)
    take_out(market, 100)
    approval.state, approval.ended_by, approval.ended_at = "approved", market.second.identifier, clock.now()
    approval.save()
    refused(TAKE, approval.pk, market.operator.pk, 500, because="not enough money of its own")
    assert free_operator_money("JPY") == 400


def test_a_surplus_that_nobody_approved_is_named(market):
    factories.pay_own_money(market, 500)
    take_out(market, 100)
    assert broken() == {}
    changed_behind_the_guards(
        "clearing_settlementinstruction",
        "UPDATE clearing_settlementinstruction SET amount_minor = 101 WHERE purpose = 'surplus'",
    )
    assert TAKEN in broken()
