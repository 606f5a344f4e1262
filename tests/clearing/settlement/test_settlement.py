"""Settlement: what is paid, what falls short, what fails, and what nobody knows yet."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clearing.bank.queries import pay_in_reference
from clearing.ledger.queries import balances_at, journal_csv, trial_balance
from clearing.models import ClientAccount, Posting, SettlementInstruction, TransferFile
from clearing.reports.figures import money_figures
from clearing.run.queries import cycles_to_advance
from clearing.run.services.cycles import advance_cycle
from clearing.settlement.errors import (
    ClientAccountMissing,
    NothingToTransfer,
    TransferNotPossible,
)
from clearing.settlement.queries import transfers_in
from clearing.settlement.services import payments
from clearing.settlement.services.client_accounts import register_client_account
from clearing.settlement.services.payments import mark_overdue_payments, report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing
from tests.participants.accounts import use_account
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..test_invariants import broken

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")

BORNE_BY_BUYER = copy.deepcopy(factories.RULEBOOK)
BORNE_BY_BUYER["tariffs"][0]["borne_by"] = "buyer"


@made_once
def cleared(market):
    """A cycle that waits for its payments: 10,450 to the seller, 550 to the operator."""
    factories.accepted(market, "buyer", "seller", 10_000)
    return factories.clear(market)


def lines(kind: str) -> list[tuple[str, int]]:
    rows = Posting.objects.filter(line=kind, amount_minor__gt=0).values_list("account__kind", "amount_minor")
    return list(rows.order_by("pk"))


def test_a_transfer_file_is_made_once(market, cleared):
    made = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (made.records, made.total_minor) == (2, 11_000)
    assert [row.state for row in factories.instructions(cleared)] == ["sending", "sending"]
    assert create_transfer_file(actor=market.actor, cycle=cleared.public_id) == made
    assert TransferFile.objects.count() == 1
    assert [(row.payee, row.amount_minor) for row in transfers_in(made.public_id)] == [
        ("ｻﾝﾎﾟ(ｶ", 10_450),
        ("ｻﾝﾎﾟ(ｶ", 550),
    ]


def test_a_cycle_that_is_not_settling_has_nothing_to_transfer(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    for cycle in (market.cycle, factories.clear(market, "posted")):
        with pytest.raises(NothingToTransfer):
            create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert TransferFile.objects.count() == 0


def test_transfer_files_are_the_operator_s_and_need_an_account(market, cleared):
    with pytest.raises(Forbidden):
        create_transfer_file(actor=PARTICIPANT, cycle=cleared.public_id)
    with pytest.raises(Missing):
        create_transfer_file(actor=market.actor, cycle="cyc_none")
    assert factories.planned(cleared) == 2


def test_who_has_no_account_is_paid_when_it_states_one(market, cleared):
    seller = market.party("seller")
    use_account(seller, None)
    first = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (first.records, factories.planned(cleared)) == (1, 1)
    use_account(seller, factories.participants.PAYOUT_ACCOUNT)
    second = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (second.records, second.total_minor, factories.planned(cleared)) == (1, 10_450, 0)


def test_an_amount_that_no_transfer_carries_is_refused_whole(market):
    factories.accepted(market, "buyer", "seller", 20_000_000_000)
    cycle = factories.clear(market)
    with pytest.raises(TransferNotPossible):
        create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert (TransferFile.objects.count(), factories.planned(cycle)) == (0, 2)


def test_a_file_and_an_overdue_sweep_change_many_payments_in_few_statements(market, cleared, monkeypatch):
    with CaptureQueriesContext(connection) as told:
        made = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    changing = 'UPDATE "clearing_settlementinstruction"'
    assert (made.records, sum(row["sql"].startswith(changing) for row in told)) == (2, 1)
    clock.move_to(clock.now() + (made.value_date - clock.today()) + timedelta(days=1), running=False)
    monkeypatch.setattr(payments, "OVERDUE_A_SWEEP", 1)
    assert [mark_overdue_payments() for _ in range(3)] == [1, 1, 0]
    unknown = EvidenceRecord.objects.filter(kind="clearing.payment_unknown")
    assert (unknown.count(), [row.state for row in factories.instructions(cleared)]) == (2, ["unknown"] * 2)


def test_a_payment_past_its_value_date_is_unknown_never_failed(market, cleared):
    made = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert mark_overdue_payments() == 0
    clock.move_to(clock.now() + (made.value_date - clock.today()) + timedelta(days=1), running=False)
    assert mark_overdue_payments() == 2
    assert [row.state for row in factories.instructions(cleared)] == ["unknown", "unknown"]
    for row in factories.instructions(cleared):
        with pytest.raises(NothingToTransfer):
            retry_payment(actor=market.actor, instruction=row.public_id)
    assert advance_cycle(cycle=cleared.public_id) is None
    factories.receive(
        market,
        [
            factories.booking("debit", row.amount_minor, row.reference)
            for row in factories.instructions(cleared)
        ],
    )
    assert [row.state for row in factories.instructions(cleared)] == ["confirmed", "confirmed"]
    assert advance_cycle(cycle=cleared.public_id) == "settled"


def test_a_payment_that_the_bank_refused_is_made_again_under_a_new_reference(market, cleared):
    create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    payment = factories.instructions(cleared)[0]
    with pytest.raises(FieldInvalid):
        report_failed_payment(actor=market.actor, instruction=payment.public_id, reason=" ")
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    with pytest.raises(IllegalTransition):
        report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="again")
    assert factories.balance(market, "seller", "receivable") == 10_450
    other = factories.instructions(cleared)[1]
    factories.receive(market, [factories.booking("debit", other.amount_minor, other.reference)])
    assert advance_cycle(cycle=cleared.public_id) == "partial"
    again = retry_payment(actor=market.actor, instruction=payment.public_id)
    assert retry_payment(actor=market.actor, instruction=payment.public_id) == again
    assert (again.amount_minor, again.reference) == (10_450, f"JPY{cleared.number:05d}-000003")
    factories.settle(market, cleared)
    assert (cleared.state, factories.balance(market, "seller", "receivable")) == ("settled", 0)
    assert broken() == {}


def test_a_payment_may_come_back_after_it_was_confirmed(market, cleared):
    factories.settle(market, cleared)
    assert cleared.state == "settled"
    payment = factories.instructions(cleared)[0]
    factories.receive(
        market, [factories.booking("credit", payment.amount_minor, f"組戻 {payment.reference}")]
    )
    payment.refresh_from_db()
    assert (payment.state, factories.balance(market, "seller", "receivable")) == ("failed", 10_450)
    assert cycles_to_advance() == [cleared.public_id]
    assert advance_cycle(cycle=cleared.public_id) == "partial"
    assert broken() == {}
    retry_payment(actor=market.actor, instruction=payment.public_id)
    factories.settle(market, cleared)
    assert (cleared.state, factories.balance(market, "seller", "receivable")) == ("settled", 0)
    assert broken() == {}


def test_a_payment_that_came_back_is_made_again_before_its_cycle_was_looked_at(market, cleared):
    factories.settle(market, cleared)
    payment = factories.instructions(cleared)[0]
    factories.receive(
        market, [factories.booking("credit", payment.amount_minor, f"組戻 {payment.reference}")]
    )
    again = retry_payment(actor=market.actor, instruction=payment.public_id)
    made = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert [row.reference for row in transfers_in(made.public_id)] == [again.reference]
    assert advance_cycle(cycle=cleared.public_id) == "partial"
    assert advance_cycle(cycle=cleared.public_id) is None
    factories.receive(market, [factories.booking("debit", again.amount_minor, again.reference)])
    assert advance_cycle(cycle=cleared.public_id) == "settled"
    assert factories.balance(market, "seller", "receivable") == 0
    assert broken() == {}


def test_a_shortfall_is_drawn_from_the_participant_s_own_money(market):
    first = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.pay_in(market, "seller", 1_000)
    factories.adjust(market, first, "seller", "buyer", 500)
    cycle = factories.clear(market)
    assert (lines("drawn"), lines("covered")) == ([("available", 550)], [("payable", 550)])
    assert factories.available(market, "seller") == 450
    assert [(row.amount_minor, row.direction) for row in factories.instructions(cycle)] == [(550, "out")]
    factories.settle(market, cycle)
    assert cycle.state == "settled"
    assert broken() == {}


def test_a_fee_borne_by_the_buyer_is_drawn_from_its_money(db):
    market = factories.market(BORNE_BY_BUYER)
    factories.pay_in(market, "buyer", 11_000 + 700)
    factories.accept(factories.conclude(market, "buyer", "seller", 10_000))
    cycle = factories.clear(market)
    assert (lines("drawn"), factories.available(market, "buyer")) == ([("available", 550)], 150)
    assert [row.amount_minor for row in factories.instructions(cycle)] == [11_000, 550]
    assert broken() == {}


def test_the_books_agree_after_settlement(market, cleared):
    factories.settle(market, cleared)
    rows = {row["kind"]: row for row in trial_balance("JPY")}
    assert sum(row["debit_minor"] for row in rows.values()) == sum(
        row["credit_minor"] for row in rows.values()
    )
    assert (rows["fee_revenue"]["balance_minor"], rows["tax_payable"]["balance_minor"]) == (500, 50)
    assert (rows["bank_operator"]["balance_minor"], rows["bank_client"]["balance_minor"]) == (550, 0)
    figures = money_figures()
    assert (figures["cleared_minor"], figures["cleared_tax_minor"], figures["fees_minor"]) == (
        10_000,
        1_000,
        500,
    )


def test_a_balance_can_be_read_as_it_stood(market):
    opening = clock.now()
    clock.move_to(opening + timedelta(hours=1), running=False)
    factories.pay_in(market, "buyer", 5_000)
    buyer = market.party("buyer").pk
    clock.move_to(opening + timedelta(hours=2), running=False)
    factories.pay_in(market, "buyer", 3_000)
    stood = [
        balances_at(organisation_id=buyer, instant=opening + timedelta(hours=hours)) for hours in (0, 1, 2)
    ]
    assert stood == [{}, {"JPY": {"available": 5_000}}, {"JPY": {"available": 8_000}}]


def test_the_journal_is_one_line_a_posting_and_runs_no_formulas(market):
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    factories.receive(market, [factories.booking("credit", 5_000, f"=cmd|{reference}")])
    header, debit, credit = list(journal_csv(first=clock.today(), last=clock.today()))
    assert header.startswith("business_date,entry,leg,kind,line,account,debit_minor,credit_minor")
    assert ",5000,,JPY,'=cmd|" in debit
    assert ",,5000,JPY,'=cmd|" in credit


def test_a_client_account_is_stated_by_the_operator(market):
    with pytest.raises(Forbidden):
        register_client_account(actor=PARTICIPANT, currency="JPY", **factories.CLIENT_ACCOUNT)
    for name, value in (("bank_code", "12"), ("requester_name", "三方"), ("account_type", "savings")):
        with pytest.raises(FieldInvalid) as refused:
            register_client_account(
                actor=market.actor, currency="JPY", **{**factories.CLIENT_ACCOUNT, name: value}
            )
        assert refused.value.name == name
    assert ClientAccount.objects.count() == 1


def test_payments_are_numbered_by_corporate_number(market):
    for name in ("z", "y", "x"):
        factories.accepted(market, "buyer", name, 1_000)
    cycle = factories.clear(market)
    paid = [
        row.organisation_id for row in SettlementInstruction.objects.filter(cycle=cycle).order_by("sequence")
    ]
    by_number = sorted(("z", "y", "x"), key=lambda name: market.party(name).corporate_number)
    assert paid == [*(market.party(name).pk for name in by_number), market.operator.pk]


def test_without_an_account_of_the_market_nothing_is_sent(market, cleared):
    with unguarded("clearing_clientaccount"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clearing_clientaccount")
    with pytest.raises(ClientAccountMissing):
        create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (TransferFile.objects.count(), factories.planned(cleared)) == (0, 2)
