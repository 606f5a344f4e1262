"""The operator's own money on the client account cannot fall below zero: what it refunds or bears is there first."""

from __future__ import annotations

import pytest

from clearing.ledger.errors import OperatorMoneyShort
from clearing.ledger.queries import client_money, kind_totals
from clearing.models import BankEntry, Obligation, SettlementInstruction
from clearing.settlement.errors import ClientAccountMissing, NotOwnMoney
from clearing.settlement.operator_money import free_operator_money
from clearing.settlement.services.own_money import plan_own_money, withdraw_own_money
from clearing.settlement.services.payments import retry_payment
from clearing.trades.services.corrections import refund_trade
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from tests.participants.factories import client_of

from .. import factories
from ..raw import OBLIGATION, refused
from ..test_invariants import broken, changed_behind_the_guards

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


def refund(market: factories.Market, trade) -> Obligation:
    """The operator refunds a whole trade, with its fee."""
    return refund_trade(actor=market.actor, trade=trade.public_id, amount_minor=None, reason="瑕疵")


def test_a_refund_of_fees_that_were_paid_out_is_refused_without_own_money(market, sold):
    before = (Obligation.objects.count(), kind_totals("JPY"))
    with pytest.raises(OperatorMoneyShort) as short:
        refund(market, sold)
    assert (short.value.fields["missing_minor"], short.value.fields["currency"]) == (550, "JPY")
    assert (Obligation.objects.count(), kind_totals("JPY")) == before


def test_own_money_funds_the_refund_and_client_money_stays_whole(market, sold):
    paid = factories.pay_own_money(market, 550)
    assert (paid.state, paid.direction, paid.purpose) == ("confirmed", "in", "own_money")
    assert (kind_totals("JPY")["own_funds"], free_operator_money("JPY")) == (-550, 550)
    factories.pay_in(market, "seller", 11_000)
    refund(market, sold)
    assert free_operator_money("JPY") == 0
    cycle = factories.clear(market)
    assert [row.direction for row in factories.instructions(cycle)] == ["out"]
    factories.settle(market, cycle)
    money = client_money("JPY")
    assert (cycle.state, money.bank_minor >= money.owed_minor, money.operator_minor) == ("settled", True, 0)
    assert broken() == {}


def test_a_fee_that_is_still_with_the_market_is_refunded_from_itself(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    refund(market, trade)
    assert (free_operator_money("JPY"), broken()) == (0, {})
    factories.clear(market)
    assert broken() == {}


def test_money_that_a_refund_needs_is_not_paid_out_to_the_operator(market):
    first = factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "posted")
    factories.pay_in(market, "seller", 11_000)
    refund(market, first)
    factories.advance_to(cycle, "settling")
    assert [row.organisation for row in factories.instructions(cycle)] == [market.party("seller")]
    assert (free_operator_money("JPY"), broken()) == (0, {})
    factories.settle(market, cycle)
    factories.clear(market)
    assert broken() == {}


def test_a_payment_of_the_operator_that_came_back_and_was_used_is_not_made_again(market, sold):
    sweep = SettlementInstruction.objects.get(organisation=market.operator)
    factories.receive(market, [factories.booking("credit", 550, f"組戻 {sweep.reference}")])
    assert free_operator_money("JPY") == 550
    factories.pay_in(market, "seller", 11_000)
    refund(market, sold)
    with pytest.raises(OperatorMoneyShort):
        retry_payment(actor=market.actor, instruction=sweep.public_id)
    assert (SettlementInstruction.objects.filter(instead_of=sweep).exists(), broken()) == (False, {})


def test_own_money_is_planned_by_the_operator_only(market):
    for amount in (0, -1, 10**13):
        with pytest.raises(FieldInvalid):
            plan_own_money(actor=market.actor, amount_minor=amount)
    with pytest.raises(Forbidden):
        plan_own_money(actor=PARTICIPANT, amount_minor=1)
    with pytest.raises(ClientAccountMissing):
        plan_own_money(actor=market.actor, amount_minor=1, currency="USD")
    assert SettlementInstruction.objects.count() == 0


def test_an_unwanted_plan_of_own_money_is_withdrawn(market, sold):
    planned = plan_own_money(actor=market.actor, amount_minor=550)
    with pytest.raises(Forbidden):
        withdraw_own_money(actor=PARTICIPANT, instruction=planned.public_id)
    with pytest.raises(Missing):
        withdraw_own_money(actor=market.actor, instruction="sti_none")
    for _ in range(2):
        assert withdraw_own_money(actor=market.actor, instruction=planned.public_id).state == "cancelled"
    (kept,) = EvidenceRecord.objects.filter(kind="clearing.own_money_withdrawn")
    assert (kept.subject, kept.actor) == (planned.public_id, market.actor.identifier)
    factories.receive(market, [factories.booking("credit", 550, f"自己資金 {planned.reference}")])
    entry = BankEntry.objects.get(remittance_information__contains=planned.reference)
    assert (entry.match, entry.mismatch_code, free_operator_money("JPY")) == (
        "unallocated",
        "not_expected",
        0,
    )
    paid = factories.pay_own_money(market, 100)
    payment = SettlementInstruction.objects.filter(direction="out").first()
    for other in (paid, payment):
        before = other.state
        with pytest.raises(NotOwnMoney):
            withdraw_own_money(actor=market.actor, instruction=other.public_id)
        other.refresh_from_db()
        assert other.state == before
    assert broken() == {}


def test_no_other_payment_is_withdrawn_in_the_database(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    refused(
        "UPDATE clearing_settlementinstruction SET state = 'cancelled', cancelled_at = now();"
        " SET CONSTRAINTS ALL IMMEDIATE",
        because="is cancelled without a set-off",
    )


def test_own_money_over_the_api(market):
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    path, body = "/api/v1/settlement-instructions/own-money/", {"amount_minor": 550}
    key = {"HTTP_IDEMPOTENCY_KEY": "own-1"}
    assert buyer.post(path, body, format="json", **key).status_code == 403
    for wrong in ({"amount_minor": 0}, {"amount_minor": 10**13}, {}, body | {"colour": 1}):
        assert operator.post(path, wrong, format="json", HTTP_IDEMPOTENCY_KEY="own-0").status_code == 422
    made = operator.post(path, body, format="json", **key).json()
    assert operator.post(path, body, format="json", **key).json() == made
    assert (made["direction"], made["purpose"], made["waiting"]["code"]) == (
        "in",
        "own_money",
        "payment.operator_pays_in",
    )
    assert SettlementInstruction.objects.count() == 1
    factories.receive(market, [factories.booking("credit", 550, made["reference"])])
    assert (client_money("JPY").operator_minor, broken()) == (550, {})


def test_the_database_refuses_what_the_operator_s_money_does_not_cover(market, sold):
    seller = market.party("seller")
    refused(
        f"{OBLIGATION} (%s, 'fee_refund', %s, %s, 500, 50, 1000, 'JPY', %s, 'market_terms', 'raw', now())",
        sold.pk, market.operator.pk, seller.pk, market.cycle.pk, because="not enough money of its own",
    )  # fmt: skip
    payment = (
        "INSERT INTO clearing_settlementinstruction (public_id, cycle_id, purpose, organisation_id, sequence, reference,"
        " restoration, direction, amount_minor, currency, state, planned_at, send_by, failure_reason, held_back)"
        " SELECT 'stl_raw', {cycle}, {purpose}, organisation_id, 9, 'RAW', 0, {direction}, 1, 'JPY', 'planned', now(), current_date + 1, '', ''"
        " FROM clearing_settlementinstruction WHERE organisation_id = %s"
    )
    wrong = payment.format(cycle="(SELECT max(id) FROM clearing_cycle)", purpose="'cycle'", direction="'out'")
    refused(wrong, market.operator.pk, because="not enough money of its own|exceeds what it earned")
    wrong = payment.format(cycle="NULL", purpose="'idle_return'", direction="'in'")
    refused(wrong, seller.pk, because="instruction_in_is_own_money")
    assert SettlementInstruction.objects.filter(public_id="stl_raw").count() == 0


@pytest.mark.parametrize(
    ("table", "sql"),
    [
        (
            "clearing_obligation",
            (
                "INSERT INTO clearing_obligation (trade_id, kind, debtor_id, creditor_id, amount_minor, tax_minor, tax_rate_bp,"
                " currency, cycle_id, legal_basis, source, made_at) SELECT trade_id, 'fee_refund', creditor_id, debtor_id, 500, 50,"
                " 1000, 'JPY', (SELECT id FROM clearing_cycle WHERE state = 'open'), 'market_terms', 'forced', now()"
                " FROM clearing_obligation WHERE kind = 'fee'"
            ),
        ),
        (
            "clearing_settlementinstruction",
            (
                "UPDATE clearing_settlementinstruction SET state = 'planned', confirmed_at = NULL, transfer_file_id = NULL"
                " WHERE amount_minor = 550"
            ),
        ),
        (
            "clearing_settlementinstruction",
            (
                "UPDATE clearing_settlementinstruction SET purpose = 'own_money', direction = 'in', cycle_id = NULL"
                " WHERE amount_minor = 10450"
            ),
        ),
    ],
)
def test_money_that_is_short_is_named(market, sold, table, sql):
    changed_behind_the_guards(table, sql)
    assert "clearing.operator_money_never_negative" in broken()
