"""What the database refuses about clients' money when Python is passed by."""

from __future__ import annotations

from datetime import timedelta

from clearing import services
from clearing.models import Cycle, FundsRegime, SegregationCheck, SettlementInstruction, StuckMoney
from marketplace.kernel import clock
from marketplace.participants.models import Organisation
from tests.participants.factories import PAYOUT_ACCOUNT

from . import factories
from .test_guards import refused, run

INSTRUCTION = (
    "INSERT INTO clearing_settlementinstruction (public_id, cycle_id, organisation_id, sequence, reference, direction,"
    " amount_minor, currency, state, planned_at, failure_reason, purpose, instead_of_id) SELECT 'stl_raw', cycle_id,"
    " organisation_id, 99, 'JPY00099-000001', direction, {amount}, currency, 'planned', now(), '', purpose, {instead_of}"
    " FROM clearing_settlementinstruction WHERE id = %s"
)


def test_no_cycle_without_a_regime(market):
    refused(
        "INSERT INTO clearing_cycle (public_id, currency, number, business_key, state, epoch, opened_at)"
        " VALUES ('cyc_raw', 'EUR', 1, 'raw', 'open', 0, now())",
        because="no funds regime is in force for EUR",
    )
    copy = (
        "INSERT INTO clearing_fundsregime (public_id, currency, regime, legal_reference, registration_number,"
        " balance_cap_minor, idle_days, cross_border_allowed, cross_border_basis, effective_from, declared_by,"
        " declared_at) VALUES ('fnr_raw', 'EUR', %s, %s, '', %s, %s, %s, %s, {}, 'raw', now())"
    )
    sound = ["trust", "law", 1, 5, False, ""]
    for at, value, because in (
        (0, "bank", "regime_stated"),
        (1, "", "regime_stated"),
        (0, "funds_transfer", "regime_registered"),
        (2, 0, "regime_limits"),
        (3, 0, "regime_limits"),
        (4, True, "regime_cross_border_basis"),
        (5, "x", "regime_cross_border_basis"),
    ):
        refused(copy.format("now()"), *sound[:at], value, *sound[at + 1 :], because=because)
    refused(copy.format("now() - interval '1 day'"), *sound, because="regime_not_backdated")
    refused("UPDATE clearing_fundsregime SET idle_days = 300", because="append-only")
    refused("DELETE FROM clearing_fundsregime", because="append-only")
    assert (Cycle.objects.count(), FundsRegime.objects.filter(currency="EUR").count()) == (1, 0)


def test_no_more_is_paid_than_is_due(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    payment = factories.instructions(cycle)[0]
    own = INSTRUCTION.format(amount="1", instead_of="NULL").replace("'stl_raw', cycle_id", "'stl_raw', NULL")
    refused(
        own.replace("'', purpose", "'', 'idle_return'"), payment.pk, because="more than what is due to it"
    )
    refused(own, payment.pk, because="instruction_purpose")
    refused(
        INSTRUCTION.format(amount="1", instead_of="NULL").replace("'', purpose", "'', 'idle_return'"),
        payment.pk,
        because="instruction_purpose|instruction_one_alive",
    )
    assert SettlementInstruction.objects.count() == 2


def test_only_what_failed_is_made_again(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    services.create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    payment = factories.instructions(cycle)[0]
    again = INSTRUCTION.format(amount="amount_minor", instead_of="id")
    refused(again, payment.pk, because="does not stand in the place of one that has failed")
    run("UPDATE clearing_settlementinstruction SET state = 'unknown' WHERE id = %s", payment.pk)
    refused(again, payment.pk, because="does not stand in the place of one that has failed")
    services.report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    refused(
        INSTRUCTION.format(amount="amount_minor + 1", instead_of="id"),
        payment.pk,
        because="does not stand in the place",
    )
    run(again, payment.pk)
    refused(
        again.replace("stl_raw", "stl_raw2").replace("00099", "00098").replace(", 99,", ", 98,"),
        payment.pk,
        because="instead_of|instruction_one_alive",
    )
    refused("UPDATE clearing_settlementinstruction SET instead_of_id = NULL", because="cannot be changed")
    refused("UPDATE clearing_settlementinstruction SET purpose = 'idle_return'", because="cannot be changed")
    refused(
        "UPDATE clearing_settlementinstruction SET held_back = 'abroad' WHERE state = 'failed'",
        because="instruction_held_back",
    )
    assert SettlementInstruction.objects.count() == 3


def test_one_return_is_under_way(market):
    factories.pay_in(market, "buyer", 5_000)
    clock.move_to(clock.now() + timedelta(days=5), running=False)
    services.return_idle_money()
    (payment,) = SettlementInstruction.objects.all()
    second = INSTRUCTION.format(amount="1", instead_of="NULL")
    refused(second, payment.pk, because="instruction_one_under_way")
    refused(
        second.replace(", 99,", ", 1,"), payment.pk, because="instruction_own_sequence_once|one_under_way"
    )
    assert SettlementInstruction.objects.count() == 1


def test_a_check_cannot_say_what_is_not_so(market):
    services.import_bank_statement(
        actor=market.actor, content=factories.statement([]), file_name="s.csv", closing_balance_minor=0
    )
    check = (
        "INSERT INTO clearing_segregationcheck (public_id, currency, business_date, since, bank_minor, owed_minor,"
        " operator_minor, statement_id, stated_minor, stated_difference_minor, agrees, checked_at) SELECT 'sgc_raw',"
        " 'JPY', '2027-02-05', %s, %s, %s, %s, {}, %s, %s, %s, now() FROM clearing_bankstatement"
    )
    day = "2027-02-05"
    for values in (
        (day, 5, 6, -1, None, None, True),
        (day, 6, 5, 0, None, None, True),
        (day, 6, 5, 1, None, None, False),
    ):
        refused(check.format("NULL"), *values, because="segregation_check_truthful")
    refused(check.format("id"), day, 5, 5, 0, 6, 1, True, because="segregation_check_truthful")
    refused(check.format("id"), day, 5, 5, 0, None, None, True, because="segregation_check_stated")
    refused(check.format("NULL"), "2027-02-06", 5, 5, 0, None, None, True, because="segregation_check_since")
    run(check.format("id"), day, 5, 5, 0, 5, 0, True)
    refused(
        check.format("id").replace("sgc_raw", "sgc_raw2"), day, 5, 5, 0, 5, 0, True,
        because="segregation_check_once",
    )  # fmt: skip
    refused("UPDATE clearing_segregationcheck SET agrees = false", because="append-only")
    refused("UPDATE clearing_bankstatement SET closing_balance_minor = 1", because="append-only")
    assert SegregationCheck.objects.count() == 1


def test_stuck_money_is_told_once(market):
    factories.pay_in(market, "buyer", 5_000)
    Organisation.objects.filter(pk=market.party("buyer").pk).update(**dict.fromkeys(PAYOUT_ACCOUNT, ""))
    clock.move_to(clock.now() + timedelta(days=5), running=False)
    services.return_idle_money()
    refused(
        "INSERT INTO clearing_stuckmoney (organisation_id, currency, amount_minor, reason_code, posting_id, told_at)"
        " SELECT organisation_id, currency, amount_minor, reason_code, posting_id, told_at FROM clearing_stuckmoney",
        because="posting_id",
    )
    refused("UPDATE clearing_stuckmoney SET amount_minor = 1", because="append-only")
    assert StuckMoney.objects.count() == 1
