"""Invariants of settlement instructions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from marketplace.kernel import clock
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query
from marketplace.participants.interest_guards import recused_then
from marketplace.participants.suspension_queries import WAS_HELD_FROM_PAYMENT

from .causes import IDLE, LOWERED
from .guards import UNPAID
from .held_by_two import (
    ACCOUNT_APPROVED,
    ACCOUNT_NOTICED,
    CREDITOR_APPROVED,
    LIFT_APPROVED,
    LOWERING_APPROVED,
    PERMISSION_APPROVED,
    REGIME_APPROVED,
    REGIME_NOTICED,
    SURPLUS_APPROVED,
)
from .operator_money import FREE
from .planning import UNPLANNED


def _of(noticed: str, moment: str) -> str:
    """The condition of ``held_by_two`` about a row ``r`` that is there, compared with the rows before it."""
    return noticed.format(row="r", earlier=f" AND (b.{moment}, b.id) < (r.{moment}, r.id)")


ALARM_DAYS = 7
"""How long the day of sending may have passed before an alarm has to stand; alarms are raised within seconds."""

_UNSENT = """
    SELECT i.reference, i.send_by, i.held_back FROM clearing_settlementinstruction i
     WHERE i.state = 'planned' AND i.send_by < %s AND NOT EXISTS (
           SELECT FROM observability_raisedalarm r WHERE r.ended_at IS NULL
              AND r.code = CASE i.held_back WHEN '' THEN 'payments_unsent' ELSE 'payments_held_back' END)
     ORDER BY i.id LIMIT %s
"""


def _waiting_without_end() -> list[dict[str, Any]]:
    """Planned payments whose day of sending has passed long ago, and of which no alarm stands."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSENT, [clock.today() - timedelta(days=ALARM_DAYS), BREACHES_SHOWN_MAX])
        return [
            dict(zip(("reference", "send_by", "held_back"), row, strict=True)) for row in cursor.fetchall()
        ]


_not_as_announced = by_query(
    f"SELECT r.public_id, r.amount_minor FROM clearing_reservereduction r WHERE NOT ({LOWERING_APPROVED.format(row='r')})"  # noqa: S608  our own words
)

Invariant(
    name="clearing.sanctioned_are_not_paid",
    promise=9,
    statement="While sanctions stand against a participant, nothing is sent to it that an authority did not permit.",
    guards=(
        "clearing_settlementinstruction.sanctioned_held_back",
        "clearing_paymentpermission.permitted_by_two",
        "clearing_paymentpermission.payment_permission_of",
        "clearing_paymentpermission.append_only",
        "clearing_paymentpermission.dated_now",
    ),
    test="tests/clearing/settlement/test_sanctions.py::test_a_payment_forced_to_somebody_under_sanctions_is_named",
    check=by_query(
        (
            "SELECT i.reference, f.public_id AS transfer_file FROM clearing_settlementinstruction i"
            " JOIN clearing_transferfile f ON f.id = i.transfer_file_id"
            " WHERE {HELD} AND NOT EXISTS ("
            "  SELECT FROM clearing_paymentpermission p WHERE p.payment_id = i.id AND p.permitted_at <= f.made_at)"
            " UNION ALL SELECT r.public_id, r.number FROM clearing_paymentpermission r WHERE NOT ({APPROVED})"
        )
        .replace("{HELD}", WAS_HELD_FROM_PAYMENT.format(organisation="i.organisation_id", moment="f.made_at"))
        .replace("{APPROVED}", PERMISSION_APPROVED.format(row="r"))
    ),
)
Invariant(
    name="clearing.planned_payments_have_a_day",
    promise=4,
    statement="Every planned payment has the day by which it is sent; after that day an alarm stands until it is.",
    guards=(
        "clearing_settlementinstruction.instruction_send_by",
        "clearing_settlementinstruction.immutable",
        "observability_raisedalarm.alarm_stands_once",
    ),
    test="tests/clearing/settlement/test_sending_days.py::test_a_payment_that_nobody_sends_and_no_alarm_names_is_found",
    check=_waiting_without_end,
)
Invariant(
    name="clearing.receivables_are_being_paid",
    promise=1,
    statement=(
        "A participant's receivable equals its unconfirmed payments and the payments that cycles have still to plan for what they posted,"
        " plus at most failed payments that were not made again, of which a part may have covered a shortfall."
    ),
    guards=(
        "clearing_settlementinstruction.payments_covered",
        "clearing_settlementinstruction.replaces_failed",
        "clearing_settlementinstruction.instruction_one_alive",
        "clearing_settlementinstruction.instruction_one_under_way",
        "clearing_settlementinstruction.instruction_own_sequence_once",
        "clearing_settlementinstruction.instruction_purpose",
        "clearing_settlementinstruction.immutable",
        "clearing_balance.balance_within_funds",
    ),
    test="tests/clearing/settlement/test_guards.py::test_no_more_is_paid_than_is_due",
    check=by_query(
        "WITH due AS (SELECT a.organisation_id, a.currency, -b.balance_minor AS minor FROM clearing_account a"  # noqa: S608  our own words
        "  JOIN clearing_balance b ON b.account_id = a.id WHERE a.kind = 'receivable'),"
        " paying AS (SELECT organisation_id, currency,"
        "  coalesce(sum(amount_minor) FILTER (WHERE state IN ('planned', 'sending', 'unknown')), 0) AS in_progress,"
        "  coalesce(sum(amount_minor) FILTER (WHERE state = 'failed' AND NOT EXISTS (SELECT"
        "   FROM clearing_settlementinstruction again WHERE again.instead_of_id = i.id)), 0) AS failed"
        "  FROM clearing_settlementinstruction i WHERE direction = 'out' AND state NOT IN ('confirmed', 'cancelled') GROUP BY 1, 2),"
        f" posted AS (SELECT organisation_id, currency, minor AS planless FROM ({UNPLANNED}) unplanned)"
        " SELECT organisation_id, currency, due.minor, in_progress, failed, planless"
        " FROM due LEFT JOIN paying USING (organisation_id, currency) LEFT JOIN posted USING (organisation_id, currency)"
        " WHERE due.minor < coalesce(in_progress, 0) + coalesce(planless, 0)"
        "  OR due.minor > coalesce(in_progress, 0) + coalesce(planless, 0) + coalesce(failed, 0)"
    ),
)
Invariant(
    name="clearing.failed_before_made_again",
    promise=4,
    statement=(
        "A replacement payment replaces a failed or cancelled one, of the same payee and purpose, with at most its amount. If"
        " the bank carried out the first after all, the replacement is cancelled or failed, or that debit is in suspense."
    ),
    guards=(
        "clearing_settlementinstruction.replaces_failed",
        "clearing_settlementinstruction.state_guard",
        "clearing_settlementinstruction.immutable",
    ),
    test="tests/clearing/settlement/test_guards.py::test_only_what_failed_is_made_again",
    check=by_query(
        "SELECT n.reference, o.reference AS instead_of, o.state FROM clearing_settlementinstruction n"
        " JOIN clearing_settlementinstruction o ON o.id = n.instead_of_id"
        " WHERE o.state NOT IN ('failed', 'cancelled') AND NOT (o.state = 'confirmed' AND n.state IN ('cancelled', 'failed'))"
        "  OR n.amount_minor > o.amount_minor OR (n.organisation_id, n.currency, n.direction, n.purpose)"
        "   <> (o.organisation_id, o.currency, o.direction, o.purpose) OR n.cycle_id IS DISTINCT FROM o.cycle_id"
    ),
)
Invariant(
    name="clearing.sending_shut_after_restoration",
    promise=4,
    statement=(
        "Every payment names the restoration under which it was planned; sending is opened after a restoration by two"
        " people, and nothing is sent in a currency before."
    ),
    guards=(
        "clearing_settlementinstruction.names_restoration",
        "clearing_settlementinstruction.instruction_names_restoration",
        "clearing_settlementinstruction.sending_open",
        "clearing_restoration.restorations_in_order",
        "clearing_restoration.append_only",
        "clearing_sendingopening.append_only",
        "clearing_sendingopening.sending_opened_once",
        "clearing_sendingopening.sending_opened_by_two",
    ),
    test="tests/clearing/settlement/test_restorations.py::test_nothing_is_sent_while_sending_is_shut",
    check=by_query(
        "SELECT f.public_id, r.number FROM clearing_transferfile f JOIN clearing_restoration r"
        "  ON r.number = (SELECT max(n.number) FROM clearing_restoration n) AND f.made_at > r.happened_at"
        "  LEFT JOIN clearing_sendingopening o ON o.restoration_id = r.id AND o.currency = f.currency"
        "  WHERE o.id IS NULL OR f.made_at < o.opened_at"
        " UNION ALL SELECT i.reference, i.restoration FROM clearing_settlementinstruction i"
        "  WHERE i.restoration > (SELECT coalesce(max(n.number), 0) FROM clearing_restoration n)"
    ),
)
Invariant(
    name="clearing.restorations_counted",
    promise=4,
    statement=(
        "The server is on the timeline of the newest restoration that was counted, and no payment is planned or sent on"
        " another."
    ),
    guards=(
        "clearing_settlementinstruction.names_restoration",
        "clearing_settlementinstruction.sending_open",
        "clearing_countedtimeline.counts_this_server",
        "clearing_countedtimeline.append_only",
    ),
    test="tests/clearing/settlement/test_uncounted_restorations.py::test_the_database_plans_and_sends_nothing_uncounted",
    check=by_query(
        "SELECT s.server, s.timeline FROM public.server_timeline() s WHERE NOT public.restoration_is_counted()"
        " UNION ALL SELECT c.server, c.timeline FROM clearing_countedtimeline c"
        "  WHERE c.id = (SELECT max(n.id) FROM clearing_countedtimeline n)"
        "   AND c.restoration <> (SELECT coalesce(max(r.number), 0) FROM clearing_restoration r)"
    ),
)
Invariant(
    name="clearing.operator_money_never_negative",
    promise=1,
    statement=(
        "The operator's own money on the client account beside its reserve is never negative, and covers its payments in"
        " progress and the fees that cycles have still to refund; only the operator pays money in."
    ),
    guards=(
        "clearing_settlementinstruction.within_operator_money",
        "clearing_settlementinstruction.instruction_in_is_own_money",
        "clearing_obligation.within_operator_money",
        "clearing_balance.balance_within_funds",
    ),
    test="tests/clearing/settlement/test_operator_money.py::test_the_database_refuses_what_the_operator_s_money_does_not_cover",
    check=by_query(
        f"SELECT * FROM (SELECT a.currency, {FREE.format(currency='a.currency')} AS free_minor"  # noqa: S608  our own words
        " FROM clearing_account a WHERE a.kind = 'own_funds') money WHERE free_minor < 0 AND NOT EXISTS ("
        "  SELECT FROM clearing_cycle c WHERE c.currency = money.currency AND c.state = 'netted')"
        " UNION ALL SELECT i.reference, i.amount_minor FROM clearing_settlementinstruction i"
        "  LEFT JOIN participants_organisation o ON o.id = i.organisation_id AND o.is_operator"
        "  WHERE i.direction = 'in' AND (o.id IS NULL OR i.purpose <> 'own_money')"
    ),
)
Invariant(
    name="clearing.attached_payments_held_back",
    promise=4,
    statement="No payment is sent while its payee's whole claim is attached, or while what stays planned does not cover what is.",
    guards=(
        "clearing_settlementinstruction.attached_held_back",
        "clearing_setoffrestraint.append_only",
        "clearing_setoffrestraint.lifts_restraint",
    ),
    test="tests/clearing/settlement/test_attachments.py::test_the_database_sends_no_attached_payment",
    check=by_query(
        "SELECT i.reference, r.public_id FROM clearing_setoffrestraint r"
        " LEFT JOIN clearing_setoffrestraint l ON l.lifts_id = r.id"
        " JOIN clearing_settlementinstruction i ON i.organisation_id = r.organisation_id AND i.currency = r.currency"
        "  AND i.direction = 'out' AND i.creditor_payment_id IS NULL JOIN clearing_transferfile f ON f.id = i.transfer_file_id AND f.made_at > r.noted_at"
        "  AND (l.id IS NULL OR f.made_at < l.noted_at)"
        " WHERE r.kind = 'attachment' AND r.lifts_id IS NULL AND (r.amount_minor IS NULL OR l.id IS NULL AND i.planned_at"
        "  < r.noted_at AND r.amount_minor > (SELECT coalesce(sum(p.amount_minor), 0) FROM clearing_settlementinstruction p"
        "   WHERE p.organisation_id = r.organisation_id AND p.currency = r.currency AND p.direction = 'out'"
        "    AND p.creditor_payment_id IS NULL"
        "    AND p.state IN ('planned', 'cancelled') AND p.planned_at < r.noted_at))"
    ),
)
Invariant(
    name="clearing.creditors_paid_what_is_attached",
    promise=9,
    statement=(
        "A creditor is paid by two people, from a payment that its attachment held back, no more than is attached, and"
        " nothing after the attachment ended; what was taken from a payment and its remainder are the payment, and a payment"
        " of an attached claim goes to the creditor, or to the participant once the attachment ended."
    ),
    guards=(
        "clearing_creditorpayment.creditor_payment_fits",
        "clearing_creditorpayment.creditor_payment_of_what",
        "clearing_creditorpayment.creditor_payment_account",
        "clearing_creditorpayment.clearing_creditorpayment_payment_id_key",
        "clearing_creditorpayment.clearing_creditorpayment_approval_id_key",
        "clearing_creditorpayment.append_only",
        "clearing_settlementinstruction.attachment_paid_or_ended",
        "clearing_settlementinstruction.attached_held_back",
        "clearing_settlementinstruction.instruction_of_attachment",
        "clearing_settlementinstruction.immutable",
    ),
    test="tests/clearing/settlement/test_creditors.py::test_the_database_pays_no_creditor_more_than_was_decided",
    check=by_query(
        "SELECT c.public_id, r.public_id AS restraint, c.amount_minor FROM clearing_creditorpayment c"  # noqa: S608  our own words
        " JOIN clearing_setoffrestraint r ON r.id = c.restraint_id JOIN clearing_settlementinstruction t ON t.id = c.payment_id"
        " LEFT JOIN clearing_settlementinstruction m ON m.instead_of_id = t.id"
        " LEFT JOIN clearing_setoffrestraint l ON l.lifts_id = r.id"
        f" WHERE NOT ({CREDITOR_APPROVED.format(row='c')}) OR r.kind <> 'attachment' OR r.lifts_id IS NOT NULL"
        "  OR c.decided_at > l.noted_at OR (t.organisation_id, t.currency, c.currency) <> (r.organisation_id, r.currency, r.currency)"
        "  OR NOT (t.state = 'cancelled' AND t.creditor_payment_id IS NULL AND c.amount_minor + coalesce(m.amount_minor, 0) = t.amount_minor"
        "   OR t.creditor_payment_id IS NOT NULL AND c.amount_minor <= t.amount_minor)"
        "  OR NOT EXISTS (SELECT FROM clearing_settlementinstruction i WHERE i.creditor_payment_id = c.id)"
        f" UNION ALL SELECT r.public_id, r.public_id, ({UNPAID})::bigint FROM clearing_setoffrestraint r WHERE ({UNPAID}) < 0"
        " UNION ALL SELECT i.reference, c.public_id, i.amount_minor FROM clearing_settlementinstruction i"
        "  LEFT JOIN clearing_creditorpayment c ON c.id = i.creditor_payment_id"
        "  LEFT JOIN clearing_setoffrestraint r ON r.id = c.restraint_id"
        "  LEFT JOIN clearing_setoffrestraint l ON l.lifts_id = r.id"
        "  LEFT JOIN clearing_transferfile f ON f.id = i.transfer_file_id"
        "  LEFT JOIN clearing_settlementinstruction o ON o.id = i.instead_of_id"
        "  LEFT JOIN clearing_creditorpayment oc ON oc.id = o.creditor_payment_id"
        "  LEFT JOIN clearing_setoffrestraint ol ON ol.lifts_id = oc.restraint_id"
        "  WHERE i.purpose = 'attachment' AND (c.id IS NOT NULL AND (i.organisation_id <> r.organisation_id"
        "    OR i.amount_minor > c.amount_minor OR f.made_at > l.noted_at OR l.id IS NOT NULL AND i.state = 'planned')"
        "   OR c.id IS NULL AND (o.purpose IS DISTINCT FROM 'attachment' OR oc.id IS NOT NULL AND ol.id IS NULL))"
    ),
)
Invariant(
    name="clearing.surplus_taken_out_by_two",
    promise=9,
    statement="Own money that leaves the client account beside the earnings of a cycle was approved by two people, once each.",
    guards=(
        "clearing_settlementinstruction.surplus_by_two",
        "clearing_settlementinstruction.instruction_surplus_approved",
        "clearing_settlementinstruction.instruction_approved_once",
        "clearing_settlementinstruction.within_operator_money",
        "clearing_settlementinstruction.immutable",
    ),
    test="tests/clearing/settlement/test_surplus.py::test_the_database_takes_nothing_out_that_two_people_did_not_approve",
    check=by_query(
        "SELECT i.reference, i.amount_minor FROM clearing_settlementinstruction i WHERE i.purpose = 'surplus'"  # noqa: S608  our own words
        f" AND NOT ({SURPLUS_APPROVED.format(row='i')})"
    ),
)
Invariant(
    name="clearing.client_money_held_by_two",
    promise=9,
    statement=(
        "Two people declared each funds regime, registered each client account and lifted each restraint, in the words that"
        " are recorded; another account, and a regime that protects less, took effect after the notice."
    ),
    guards=(
        "clearing_fundsregime.declared_by_two",
        "clearing_fundsregime.append_only",
        "clearing_clientaccount.registered_by_two",
        "clearing_clientaccount.client_account_not_backdated",
        "clearing_clientaccount.append_only",
        "clearing_setoffrestraint.lifts_restraint",
        "clearing_setoffrestraint.set_off_restraint_lifted_by_two",
        "clearing_setoffrestraint.append_only",
    ),
    test="tests/clearing/settlement/test_held_by_two.py::test_one_person_declares_and_registers_nothing_in_the_database",
    check=by_query(
        "SELECT r.public_id, r.currency, r.declared_by AS person FROM clearing_fundsregime r"  # noqa: S608  our own words
        f" WHERE NOT ({REGIME_APPROVED.format(row='r')}) OR NOT ({_of(REGIME_NOTICED, 'declared_at')})"
        " UNION ALL SELECT r.public_id, r.currency, r.registered_by FROM clearing_clientaccount r"
        f" WHERE NOT ({ACCOUNT_APPROVED.format(row='r')}) OR NOT ({_of(ACCOUNT_NOTICED, 'registered_at')})"
        " UNION ALL SELECT r.public_id, r.currency, r.recorded_by FROM clearing_setoffrestraint r"
        f" WHERE NOT ({LIFT_APPROVED.format(row='r')})"
    ),
)
Invariant(
    name="clearing.operator_paid_its_earnings",
    promise=1,
    statement="The operator takes out of the client account no more than it earned, cycle by cycle, beside surplus that two people take out.",
    guards=(
        "clearing_settlementinstruction.operator_paid_its_earnings",
        "clearing_settlementinstruction.instruction_one_alive",
        "clearing_settlementinstruction.immutable",
        "clearing_settlementinstruction.replaces_failed",
    ),
    test="tests/clearing/ledger/test_causes.py::test_the_operator_is_paid_no_more_than_it_earned",
    check=by_query(
        "SELECT i.reference, i.amount_minor, earned.minor FROM clearing_settlementinstruction i"
        " JOIN participants_organisation o ON o.id = i.organisation_id AND o.is_operator"
        " CROSS JOIN LATERAL (SELECT coalesce(-sum(p.amount_minor), 0) AS minor FROM clearing_entry e"
        "  JOIN clearing_posting p ON p.entry_id = e.id JOIN clearing_account a ON a.id = p.account_id"
        "  WHERE e.cycle_id = i.cycle_id AND e.kind = 'cycle' AND a.kind IN ('fee_revenue', 'fees_receivable', 'tax_payable', 'write_off')) earned"
        " WHERE i.direction = 'out' AND i.purpose <> 'surplus' AND i.amount_minor > earned.minor"
    ),
)
Invariant(
    name="clearing.reserve_lowered_as_announced",
    promise=9,
    statement=(
        "The reserve is lowered by what two people announced, after its notice, once; what was announced is carried out on its"
        " day, or stands aside with a task while claims need it."
    ),
    guards=(
        "clearing_reservereduction.reserve_lowered_by_two",
        "clearing_reservereduction.reserve_reduction_of_what",
        "clearing_reservereduction.clearing_reservereduction_approval_id_key",
        "clearing_reservereduction.append_only",
        "clearing_entry.caused_by_reduction",
        "clearing_balance.claims_within_reserve",
    ),
    test="tests/clearing/settlement/test_reserve.py::test_one_person_and_no_notice_lower_nothing_in_the_database",
    check=lambda: [*LOWERED.check()(), *_not_as_announced()],
)
Invariant(
    name="clearing.idle_money_set_aside_for_payments",
    promise=1,
    statement="Idle money leaves a participant's available money only for a planned payment to it, of that amount.",
    guards=("clearing_entry.caused_by_payment", "clearing_entry.append_only", "clearing_entry.entry_kind"),
    test="tests/clearing/ledger/test_causes.py::test_no_kind_of_entry_is_posted_without_its_cause",
    check=IDLE.check(),
)
Invariant(
    name="clearing.restraints_by_unrelated",
    promise=5,
    statement="Nobody recorded or lifted an attachment, or stated proceedings, of a participant in which it had declared an interest.",
    guards=("clearing_setoffrestraint.recused",),
    test="tests/clearing/approvals/test_unrelated.py::test_nobody_related_lifts_or_records_an_attachment",
    check=by_query(
        "SELECT r.public_id, r.recorded_by FROM clearing_setoffrestraint r"  # noqa: S608  our own words
        f" WHERE {recused_then('r.recorded_by', 'r.organisation_id', 'r.noted_at')}"
    ),
)
