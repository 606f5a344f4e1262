"""What the bank does with payments besides what was planned: late, twice, in one total, and back before they left."""

from __future__ import annotations

import pytest

from clearing.bank.debits import book_debit
from clearing.ledger.queries import client_money, kind_totals
from clearing.models import BankEntry, Cycle, Entry, SettlementInstruction, TransferFile
from clearing.reports.tracing import trace_entry
from clearing.run.services.cycles import advance_cycle
from clearing.settlement.errors import NothingToTransfer
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from tests.standing import made_once

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards


@made_once
def sent(market: factories.Market) -> Cycle:
    """A cycle whose payments are with the bank: 10,450 to the seller, 550 to the operator; others have money there."""
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "other", 50_000)
    cycle = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    return cycle


def payment(cycle: Cycle) -> SettlementInstruction:
    """The payment to the seller, the first of the cycle."""
    return factories.instructions(cycle)[0]


def states(cycle: Cycle) -> list[str]:
    return [row.state for row in factories.instructions(cycle)]


def matches() -> list[tuple[str, str]]:
    """What the bank entries after the first two, which are pay-ins, were recognised as."""
    return list(BankEntry.objects.order_by("pk").values_list("match", "mismatch_code"))[2:]


def fail(market: factories.Market, cycle: Cycle) -> SettlementInstruction:
    """The bank says that it did not pay the seller."""
    return report_failed_payment(
        actor=market.actor, instruction=payment(cycle).public_id, reason="口座該当なし"
    )


def debit(market: factories.Market, amount_minor: int, text: str) -> None:
    factories.receive(market, [factories.booking("debit", amount_minor, text)])


def credit(market: factories.Market, amount_minor: int, text: str) -> None:
    factories.receive(market, [factories.booking("credit", amount_minor, text)])


def test_a_payment_carried_out_though_reported_as_failed_is_confirmed(market, sent):
    failed = fail(market, sent)
    debit(market, 10_450, failed.reference)
    failed.refresh_from_db()
    assert (failed.state, failed.failed_at is not None, matches()) == (
        "confirmed",
        True,
        [("settlement", "")],
    )
    assert (factories.balance(market, "seller", "receivable"), broken()) == (0, {})
    with pytest.raises(NothingToTransfer):
        retry_payment(actor=market.actor, instruction=failed.public_id)
    credit(market, 10_450, f"組戻 {failed.reference}")
    failed.refresh_from_db()
    assert (failed.state, factories.balance(market, "seller", "receivable"), broken()) == (
        "failed",
        10_450,
        {},
    )


def test_a_planned_retry_is_withdrawn_when_the_bank_carried_out_the_first(market, sent):
    failed = fail(market, sent)
    again = retry_payment(actor=market.actor, instruction=failed.public_id)
    debit(market, 10_450, failed.reference)
    again.refresh_from_db()
    assert states(sent) == ["confirmed", "sending", "cancelled"]
    assert (again.cancelled_at is not None, factories.balance(market, "seller", "receivable")) == (True, 0)
    assert EvidenceRecord.objects.get(kind="clearing.payment_withdrawn").subject == again.public_id
    assert broken() == {}
    debit(market, 550, factories.instructions(sent)[1].reference)
    assert advance_cycle(cycle=sent.public_id) == "settled"
    assert broken() == {}


def test_what_was_carried_out_late_and_came_back_is_paid_again(market, sent):
    failed = fail(market, sent)
    retry_payment(actor=market.actor, instruction=failed.public_id)
    debit(market, 10_450, failed.reference)
    credit(market, 10_450, f"組戻 {failed.reference}")
    assert states(sent) == ["failed", "sending", "cancelled"]
    once_more = retry_payment(actor=market.actor, instruction=failed.public_id)
    assert (once_more.state, once_more.amount_minor, once_more.instead_of.state) == (
        "planned",
        10_450,
        "cancelled",
    )
    assert broken() == {}


def test_a_sent_retry_makes_the_first_a_payment_carried_out_twice(market, sent):
    failed = fail(market, sent)
    retry_payment(actor=market.actor, instruction=failed.public_id)
    create_transfer_file(actor=market.actor, cycle=sent.public_id)
    debit(market, 10_450, failed.reference)
    assert (states(sent), matches()) == (
        ["failed", "sending", "sending"],
        [("unallocated", "failed_carried_out")],
    )
    (asked,) = OutboxEvent.objects.filter(type="debit.unexplained")
    assert (asked.data["reason_code"], asked.data["reference"]) == ("failed_carried_out", failed.reference)
    entry = BankEntry.objects.get(match="unallocated")
    command = {
        "bank_entry": entry.public_id,
        "booked_as": "paid_twice",
        "reason": "再送済み",
        "instruction": failed.public_id,
    }
    with pytest.raises(SecondPersonNeeded):
        book_debit(actor=market.actor, **command)
    book_debit(actor=market.second, **command)
    debit(market, 10_450, factories.instructions(sent)[2].reference)
    assert (factories.balance(market, "seller", "receivable"), client_money("JPY").outstanding_minor) == (
        0,
        10_450,
    )
    credit(market, 10_450, f"返金 {failed.reference}")
    assert (states(sent)[0], matches()[-1], client_money("JPY").outstanding_minor) == (
        "failed",
        ("recouped", ""),
        0,
    )
    debit(market, 550, factories.instructions(sent)[1].reference)
    assert broken() == {}


@pytest.mark.parametrize("statements", [1, 2])
def test_a_payment_and_its_retry_both_carried_out_though_both_failed_are_one_and_a_debit_to_explain(
    market, sent, statements
):
    """The payee has other money that would cover the second: of the same money one payment is alive all the same."""
    failed = fail(market, sent)
    again = retry_payment(actor=market.actor, instruction=failed.public_id)
    create_transfer_file(actor=market.actor, cycle=sent.public_id)
    report_failed_payment(actor=market.actor, instruction=again.public_id, reason="口座該当なし")
    factories.accepted(market, "buyer", "seller", 10_000)
    later = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=later.public_id)
    fail(market, later)
    debits = [factories.booking("debit", 10_450, row.reference) for row in (failed, again)]
    for booked in [debits] if statements == 1 else [[line] for line in debits]:
        factories.receive(market, booked)
    assert states(sent) == ["confirmed", "sending", "failed"]
    assert matches()[-2:] == [("settlement", ""), ("unallocated", "failed_carried_out")]
    entry = BankEntry.objects.get(match="unallocated")
    explained = {"bank_entry": entry.public_id, "booked_as": "paid_twice", "reason": "二重払い"}
    with pytest.raises(SecondPersonNeeded):
        book_debit(actor=market.actor, **explained, instruction=again.public_id)
    book_debit(actor=market.second, **explained, instruction=again.public_id)
    credit(market, 10_450, f"返金 {again.reference}")
    assert (states(sent), matches()[-1]) == (["confirmed", "sending", "failed"], ("recouped", ""))
    assert (factories.balance(market, "seller", "receivable"), broken()) == (10_450, {})


def test_a_retry_of_a_payment_that_was_carried_out_is_refused(market, sent):
    failed = fail(market, sent)
    again = retry_payment(actor=market.actor, instruction=failed.public_id)
    create_transfer_file(actor=market.actor, cycle=sent.public_id)
    report_failed_payment(actor=market.actor, instruction=again.public_id, reason="口座該当なし")
    debit(market, 10_450, failed.reference)
    assert states(sent) == ["confirmed", "sending", "failed"]
    for row in (failed, again):
        with pytest.raises(NothingToTransfer):
            retry_payment(actor=market.actor, instruction=row.public_id)
    assert (len(factories.instructions(sent)), broken()) == (3, {})


def test_a_file_debited_as_one_total_confirms_all_its_payments(market, sent):
    debit(market, 11_000, "総合振込")
    assert (states(sent), matches()) == (["confirmed", "confirmed"], [("transfer_file", "")])
    entry = BankEntry.objects.get(match="transfer_file")
    assert (entry.transfer_file, entry.instruction, entry.organisation) == (
        TransferFile.objects.get(),
        None,
        None,
    )
    assert factories.balance(market, "seller", "receivable") == 0
    payouts = Entry.objects.filter(kind__in=("payout", "sweep")).order_by("pk")
    assert [row.organisation for row in payouts] == [market.party("seller"), market.operator]
    assert trace_entry(payouts[0])["back"]["bank_entry"]["bank_entry"] == (entry.public_id)
    assert advance_cycle(cycle=sent.public_id) == "settled"
    credit(market, 10_450, f"組戻 {payment(sent).reference}")
    assert (states(sent), broken()) == (["failed", "confirmed"], {})


def test_a_file_debited_singly_is_not_debited_again_as_a_total(market, sent):
    first, second = factories.instructions(sent)
    debit(market, 10_450, first.reference)
    debit(market, 11_000, "総合振込")
    debit(market, 550, second.reference)
    assert states(sent) == ["confirmed", "confirmed"]
    assert matches() == [("settlement", ""), ("unallocated", "no_reference"), ("settlement", "")]


def test_a_total_that_may_be_of_two_files_is_not_guessed(market, sent):
    factories.accepted(market, "buyer", "seller", 10_000)
    later = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=later.public_id)
    debit(market, 11_000, "総合振込")
    assert (states(sent), states(later), matches()[-1]) == (
        ["sending", "sending"],
        ["sending", "sending"],
        ("unallocated", "several_files"),
    )


def test_a_total_without_a_payment_that_failed_or_with_it_matches(market, sent):
    failed = fail(market, sent)
    debit(market, 550, "総合振込")
    assert (states(sent), matches()) == (["failed", "confirmed"], [("transfer_file", "")])
    assert (factories.balance(market, "seller", "receivable"), broken()) == (10_450, {})
    debit(market, 10_450, failed.reference)
    assert (states(sent), broken()) == (["confirmed", "confirmed"], {})


def test_a_return_before_the_debit_of_its_whole_file_leaves_the_money_owed(market, sent):
    credit(market, 10_450, f"組戻 {payment(sent).reference}")
    assert (states(sent), matches()) == (["failed", "sending"], [("returned", "")])
    assert (kind_totals("JPY")["early_return"], client_money("JPY").operator_minor) == (-10_450, 550)
    assert (factories.balance(market, "seller", "receivable"), broken()) == (10_450, {})
    debit(market, 11_000, "総合振込")
    assert (states(sent), kind_totals("JPY")["early_return"]) == (["failed", "confirmed"], 0)
    assert (factories.balance(market, "seller", "receivable"), broken()) == (10_450, {})
    again = retry_payment(actor=market.actor, instruction=payment(sent).public_id)
    assert again.amount_minor == 10_450
    credit(market, 10_450, f"組戻 {payment(sent).reference}")
    assert matches()[-1] == ("unallocated", "not_expected")


def test_a_return_and_its_debit_in_one_statement_match_in_either_order(market, sent):
    first, second = factories.instructions(sent)
    rows = [
        factories.booking("credit", 10_450, f"組戻 {first.reference}"),
        factories.booking("debit", 10_450, first.reference),
        factories.booking("debit", 550, second.reference),
        factories.booking("credit", 550, f"組戻 {second.reference}"),
    ]
    factories.receive(market, rows)
    assert (states(sent), [match for match, _ in matches()]) == (
        ["failed", "failed"],
        ["returned", "settlement", "settlement", "returned"],
    )
    assert (factories.balance(market, "seller", "receivable"), broken()) == (10_450, {})


def test_the_ledger_equals_the_bank_whatever_it_does(market, sent):
    reference = payment(sent).reference
    for direction, text in (
        ("credit", reference),
        ("debit", reference),
        ("debit", reference),
        ("credit", "?"),
    ):
        factories.receive(market, [factories.booking(direction, 10_450, text)])
    sums = {"credit": 0, "debit": 0}
    for row in BankEntry.objects.all():
        sums[row.direction] += row.amount_minor
    assert kind_totals("JPY")["bank_client"] == sums["credit"] - sums["debit"]
    assert "clearing.client_account_agrees_with_bank" not in broken()


def test_no_payment_is_cancelled_without_a_cause_and_no_file_debited_at_another_total(market, sent):
    failed = fail(market, sent)
    again = retry_payment(actor=market.actor, instruction=failed.public_id)
    refused(
        "UPDATE clearing_settlementinstruction SET state = 'cancelled', cancelled_at = now() WHERE id = %s;"
        " SET CONSTRAINTS ALL IMMEDIATE",
        again.pk, because="was not carried out",
    )  # fmt: skip
    refused(
        "INSERT INTO clearing_bankentry (public_id, statement_id, entry_reference, booked_on, direction, amount_minor, currency,"
        " counterparty_name, counterparty_account, remittance_information, match, mismatch_code, transfer_file_id)"
        " SELECT 'bke_raw', max(s.id), 'RAW', current_date, 'debit', 11000, 'JPY', '', '', '', 'unallocated', 'raw',"
        " (SELECT id FROM clearing_transferfile) FROM clearing_bankstatement s",
        because="bank_entry_of_file",
    )  # fmt: skip
    assert (states(sent), broken()) == (["failed", "sending", "planned"], {})


FORCED = {
    "a payment confirmed by no bank entry": (
        "clearing_settlementinstruction",
        "UPDATE clearing_settlementinstruction SET state = 'confirmed', confirmed_at = now() WHERE state = 'sending'",
        "clearing.payments_known_by_the_bank",
    ),
    "a retry cancelled by nobody": (
        "clearing_settlementinstruction",
        "UPDATE clearing_settlementinstruction SET state = 'cancelled', cancelled_at = now() WHERE state = 'planned'",
        "clearing.set_offs_are_drawn",
    ),
    "an early return that nobody booked": (
        "clearing_bankentry",
        (
            "UPDATE clearing_bankentry SET match = 'returned', mismatch_code = '', instruction_id ="
            " (SELECT id FROM clearing_settlementinstruction WHERE state = 'failed') WHERE match = 'unallocated'"
        ),
        "clearing.suspense_itemised",
    ),
    "a file debited at another total": (
        "clearing_bankentry",
        (
            "UPDATE clearing_bankentry SET match = 'transfer_file', mismatch_code = '', transfer_file_id ="
            " (SELECT id FROM clearing_transferfile), direction = 'debit' WHERE match = 'unallocated'"
        ),
        "clearing.payments_known_by_the_bank",
    ),
}


@pytest.mark.parametrize("case", FORCED)
def test_a_forced_state_of_payments_is_named(market, sent, case):
    retry_payment(actor=market.actor, instruction=fail(market, sent).public_id)
    credit(market, 7, "?")
    assert broken() == {}
    table, sql, named = FORCED[case]
    changed_behind_the_guards(table, sql)
    assert named in broken()
