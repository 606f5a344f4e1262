"""Every invariant of money fails when it should: wrong states are forced in as owner, and each is named.

``FORCED`` holds the wrong states that no other test forces. ``ATTACKS`` says for each attack on the market's money which
invariant names it, and where it is forced.
"""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from clearing.models import Cycle, Shortfall
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER, verify_all
from tests.standing import made_once

from . import factories
from .test_invariants import broken, changed_behind_the_guards

FORCED: dict[str, tuple[str, str]] = {
    "clearing.obligations_as_traded": (
        "clearing_obligation",
        "UPDATE clearing_obligation SET amount_minor = amount_minor - 1 WHERE kind = 'purchase'",
    ),
    "clearing.released_after_acceptance": (
        "clearing_balance",
        (
            "UPDATE clearing_balance SET balance_minor = balance_minor - 1 WHERE account_id IN"
            " (SELECT id FROM clearing_account WHERE kind = 'payable')"
        ),
    ),
    "clearing.trades_as_agreed": (
        "clearing_trade",
        "UPDATE clearing_trade SET tax_category = 'exempt' WHERE state = 'secured'",
    ),
    "clearing.planned_charges_are_whole": (
        "clearing_plannedcharge",
        "UPDATE clearing_plannedcharge SET price_minor = price_minor + 1",
    ),
    "clearing.trades_within_plan": (
        "clearing_plannedcharge",
        "UPDATE clearing_plannedcharge SET price_minor = price_minor + 1",
    ),
    "clearing.usage_within_ceiling": (
        "clearing_usagerecord",
        "UPDATE clearing_usagerecord SET amount_minor = 9000, charged_minor = 9000",
    ),
    "clearing.corrected_invoices_keep_amounts": (
        "clearing_invoice",
        (
            "UPDATE clearing_invoice SET replaces_id = (SELECT min(id) FROM clearing_invoice), correction_reason = 'raw'"
            " WHERE id = (SELECT max(id) FROM clearing_invoice)"
        ),
    ),
    "clearing.intermediary_as_notified": (
        "clearing_invoice",
        "UPDATE clearing_invoice SET supplier_id = recipient_id WHERE purpose = 'purchase'",
    ),
    "clearing.receivables_are_being_paid": (
        "clearing_settlementinstruction",
        "UPDATE clearing_settlementinstruction SET amount_minor = amount_minor + 1 WHERE state = 'planned'",
    ),
    "clearing.failed_before_made_again": (
        "clearing_settlementinstruction",
        "UPDATE clearing_settlementinstruction SET amount_minor = amount_minor + 1 WHERE instead_of_id IS NOT NULL",
    ),
    "clearing.sending_shut_after_restoration": (
        "clearing_settlementinstruction",
        (
            "UPDATE clearing_settlementinstruction SET restoration = 7, reference = 'JPY00001R7-000001'"
            " WHERE id = (SELECT min(id) FROM clearing_settlementinstruction WHERE state = 'planned')"
        ),
    ),
    "clearing.cycles_in_line": (
        "clearing_cycle",
        "UPDATE clearing_cycle SET number = 9 WHERE state = 'open'",
    ),
    "clearing.money_under_a_regime": (
        "clearing_fundsregime",
        "UPDATE clearing_fundsregime SET effective_from = effective_from + interval '1 day'",
    ),
    "clearing.claims_within_reserve": (
        "clearing_balance",
        (
            "UPDATE clearing_balance SET balance_minor = -1 WHERE account_id IN"
            " (SELECT id FROM clearing_account WHERE kind = 'reserve')"
        ),
    ),
    "clearing.closed_periods_unchanged": (
        "clearing_ledgerperiod",
        (
            "INSERT INTO clearing_ledgerperiod (public_id, month, entries, trial_balances, sha256, approval,"
            " closed_by, closed_at) VALUES ('per_raw', '2029-01-01', 1, '{}', 'raw', 'apv_raw', 'usr_1', now())"
        ),
    ),
    "clearing.positions_state_deferrals": (
        "clearing_deferral",
        "UPDATE clearing_deferral SET amount_minor = amount_minor - 1",
    ),
    "clearing.deferrals_go_on": (
        "clearing_deferral",
        "UPDATE clearing_deferral SET amount_minor = amount_minor - 1",
    ),
    "clearing.set_aside_is_used": (
        "clearing_posting",
        "UPDATE clearing_posting SET amount_minor = amount_minor + 1 WHERE line = 'covered' AND amount_minor > 0",
    ),
    "clearing.shortfalls_are_told": (
        "clearing_shortfall",
        "UPDATE clearing_shortfall SET missing_minor = missing_minor + 1, deferred_minor = deferred_minor + 1",
    ),
    "clearing.control_account_at_zero": (
        "clearing_posting",
        (
            "UPDATE clearing_posting SET amount_minor = amount_minor + 1 WHERE id = (SELECT min(p.id) FROM clearing_posting p"
            " JOIN clearing_account a ON a.id = p.account_id AND a.kind = 'settlement')"
        ),
    ),
    "clearing.statements_agree_with_ledger": (
        "clearing_statementmonth",
        (
            "INSERT INTO clearing_statementmonth (currency, month, until, statements, made_at, made_on)"
            " VALUES ('JPY', '2030-04-01', '2030-05-01', 0, now(), '2030-05-01')"
        ),
    ),
    "clearing.entries_booked_by_the_clock": (
        "clearing_entry",
        (
            "UPDATE clearing_entry SET booked_at = '2099-01-01', business_date = '2099-01-01'"
            " WHERE id = (SELECT max(id) FROM clearing_entry)"
        ),
    ),
    "clearing.client_account_agrees_with_bank": (
        "clearing_bankentry",
        (
            "UPDATE clearing_bankentry SET amount_minor = amount_minor + 1 WHERE id = (SELECT min(id) FROM clearing_bankentry)"
        ),
    ),
    "clearing.client_money_is_owed": (
        "clearing_posting",
        (
            "UPDATE clearing_posting SET amount_minor = amount_minor - 1000000 WHERE id = (SELECT min(p.id)"
            " FROM clearing_posting p JOIN clearing_account a ON a.id = p.account_id AND a.kind = 'bank_client')"
        ),
    ),
}
"""Invariant → the table whose guards the owner switches off, and the wrong state."""


@made_once
def market() -> factories.Market:
    """A market in which all of it has happened: settled and failed payments, a shortfall, loans, use, and a hold."""
    factories.on_day(2030, 4, 1)
    market = factories.market()
    factories.accepted(market, "a", "b", 10_000)
    settled = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=settled.public_id)
    failed = factories.instructions(settled)[0]
    report_failed_payment(actor=market.actor, instruction=failed.public_id, reason="口座該当なし")
    retry_payment(actor=market.actor, instruction=failed.public_id)
    factories.fund_reserve(market, 1_000)
    poor = factories.accepted(market, "c", "d", 1_000, penalty_cap_minor=5_000)
    factories.owe(market, poor, "penalty", "d", "c", 5_000)
    factories.clear(market)
    shortfall = Shortfall.objects.get()
    assert (shortfall.lent_minor > 0, shortfall.deferred_minor > 0) == (True, True)
    factories.pay_in(market, "buyer", 1_100)
    metered = factories.plan(market, "metered", 1_000, charges=2)
    factories.use(metered, 10, clock.now() + timedelta(seconds=1))
    factories.accepted(market, "a", "b", 3_000)
    held = factories.conclude(market, "a", "b", 2_000)
    factories.pay_in(market, "a", held.gross_minor)
    assert Cycle.objects.count() == 3
    return market


def test_every_wrong_state_is_named(market):
    assert broken() == {}
    missed: dict[str, list[str]] = {}
    for name, (table, sql) in FORCED.items():
        with transaction.atomic():
            changed_behind_the_guards(table, sql)
            found = {key for key, breaches in verify_all("clearing").items() if breaches}
            if name not in found:
                missed[name] = sorted(found)
            transaction.set_rollback(True)
    assert missed == {}
    assert broken() == {}


HERE = "test_attacks.py::test_every_wrong_state_is_named"

ATTACKS: dict[str, tuple[str, str]] = {
    # Guards that the application's own role cannot walk around.
    "a balance that no posting moved": (
        "clearing.balances_equal_postings",
        "test_invariants.py::test_what_is_wrong_with_a_cycle_is_found_in_its_rows",
    ),
    "a balanced transfer from A's money to B's": (
        "clearing.money_follows_from_bank_entries",
        "ledger/test_causes.py::test_no_kind_of_entry_is_posted_without_its_cause",
    ),
    "an entry dated 2099": ("clearing.entries_booked_by_the_clock", HERE),
    "an adjustment above the price": (
        "clearing.given_within_limits",
        "trades/test_limits.py::test_a_limit_that_was_passed_as_owner_is_named",
    ),
    "a payment to the operator above its earned fees": (
        "clearing.operator_paid_its_earnings",
        "ledger/test_causes.py::test_the_operator_is_paid_no_more_than_it_earned",
    ),
    "an invoice with a rate that was never published": (
        "clearing.invoices_state_published_tax",
        "invoices/test_guards.py::test_an_invoice_at_a_rate_that_was_never_published_is_refused",
    ),
    "a receipt without an imported line": ("clearing.client_account_agrees_with_bank", HERE),
    "a trade secured without a hold": (
        "clearing.held_money_is_of_open_trades",
        "ledger/test_causes.py::test_a_trade_is_not_secured_without_its_hold",
    ),
    "a row changed, deleted or added by hand": (
        "evidence.rows_as_sealed",
        "../evidence/test_row_seals.py::test_a_row_that_was_changed_behind_the_guards_is_named",
    ),
    # Every yen has a cause outside.
    "a statement forged in": (
        "clearing.statements_continue",
        "bank/test_guards.py::test_a_statement_forged_behind_the_guards_is_named",
    ),
    "large receipts that one person vouched for": (
        "clearing.large_receipts_confirmed",
        "bank/test_guards.py::test_large_receipts_forged_behind_the_guards_are_named",
    ),
    "suspense that is netted": (
        "clearing.suspense_itemised",
        "bank/test_debits.py::test_what_is_in_suspense_is_itemised",
    ),
    "a debit that two people did not book": (
        "clearing.debits_booked_by_two",
        "bank/test_debits.py::test_what_is_in_suspense_is_itemised",
    ),
    "a payment confirmed by no bank entry": (
        "clearing.payments_known_by_the_bank",
        "bank/test_carried_out.py::test_a_forced_state_of_payments_is_named",
    ),
    "a payment made again with more": ("clearing.failed_before_made_again", HERE),
    "operator's money below zero": (
        "clearing.operator_money_never_negative",
        "settlement/test_operator_money.py::test_money_that_is_short_is_named",
    ),
    "client money that does not cover what is owed": ("clearing.client_money_is_owed", HERE),
    # One ceiling, no poison.
    "an amount beyond the ceiling": (
        "clearing.amounts_within_ceiling",
        "../kernel/test_amounts.py::test_an_amount_beyond_the_ceiling_is_found_where_the_check_was_dropped",
    ),
    "a poisoned row without a task": (
        "notices.parked_has_a_task",
        "../notices/test_pipe.py::test_what_is_parked_without_a_task_is_named",
    ),
    # One limit for all that is given back.
    "a refunded fee taxed twice": (
        "clearing.refunded_fees_taxed_once",
        "trades/test_fee_refund_tax.py::test_the_database_refuses_a_refund_with_other_tax",
    ),
    # Shortfalls set off first.
    "a shortfall beside own money": (
        "clearing.own_money_before_shortfalls",
        "shortfalls/test_set_offs.py::test_a_shortfall_beside_own_money_is_named",
    ),
    "a payment sent though a court attached it": (
        "clearing.attached_payments_held_back",
        "settlement/test_attachments.py::test_the_database_sends_no_attached_payment",
    ),
    # Books an accountant signs.
    "a trade taxed on another day": (
        "clearing.taxed_at_the_tax_point",
        "trades/test_tax_points.py::test_the_database_refuses_another_day_or_rate",
    ),
    "another value date than the bank's": (
        "clearing.value_dates_are_the_banks",
        "bank/test_value_dates.py::test_another_value_date_is_refused_and_named",
    ),
    "a month that differs from the bank's certificate": (
        "clearing.months_as_certified",
        "statements/test_certificates.py::test_a_ledger_that_differs_from_the_bank_is_named",
    ),
    "put-off fees that are no receivable": (
        "clearing.fees_put_off_are_receivable",
        "shortfalls/test_bad_debts.py::test_a_receivable_that_was_not_put_off_is_named",
    ),
    # The second person.
    "a limit passed by several commands": (
        "clearing.one_persons_limit",
        "approvals/test_limits.py::test_raw_commands_that_pass_the_limit_are_refused",
    ),
    "a cycle released by who held it": (
        "clearing.cycle_released_by_another",
        "cycles/test_guards.py::test_a_held_cycle_is_released_by_another_person",
    ),
    "a control weakened by one": (
        "rules.controls_weakened_by_two",
        "../rules/test_weakening.py::test_a_forged_weakening_is_named",
    ),
    "a halt that nobody agreed to lift": (
        "clearing.released_by_two_people",
        "approvals/test_releases.py::test_two_people_who_never_asked_are_named",
    ),
    "a calendar of one person": (
        "clearing.calendar_by_two",
        "cycles/test_calendar_by_two.py::test_a_calendar_that_nobody_approved_is_named",
    ),
    "a month that one person closed": (
        "clearing.months_closed_by_two",
        "statements/test_closing.py::test_a_month_that_one_person_closed_is_named",
    ),
    "a creditor that is paid otherwise than two people decided": (
        "clearing.creditors_paid_what_is_attached",
        "settlement/test_creditors.py::test_a_creditor_that_is_paid_otherwise_is_named",
    ),
    "own money that leaves without two people": (
        "clearing.surplus_taken_out_by_two",
        "settlement/test_surplus.py::test_a_surplus_that_nobody_approved_is_named",
    ),
    # Money that waits without end.
    "an attachment that nobody follows": (
        "web.attachments_have_a_task",
        "../web/test_invariants.py::test_an_attachment_that_nobody_is_asked_to_follow_is_named",
    ),
    "a trade on hold without access": (
        "web.secured_trades_have_access",
        "../web/test_invariants.py::test_a_trade_whose_money_waits_without_end_is_named",
    ),
    "a payment that nobody sends": (
        "clearing.planned_payments_have_a_day",
        "settlement/test_sending_days.py::test_a_payment_that_nobody_sends_and_no_alarm_names_is_found",
    ),
}
"""Attack → the invariant that names it, and the test that forces it, from this folder."""


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_is_forced_and_named(attack):
    name, test = ATTACKS[attack]
    path, _, function = test.partition("::")
    text = (Path(__file__).parent / path).read_text(encoding="utf-8")
    made = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    assert name in REGISTER
    assert function in made
    assert name.partition(".")[2] in text
