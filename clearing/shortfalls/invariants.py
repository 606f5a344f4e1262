"""Invariants of shortfalls: loans of the reserve, deferrals, and set-offs against planned payments."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.participants.suspension_queries import WAS_HELD_FROM_PAYMENT
from marketplace.rules.parameters import PARAMETERS

from .bad_debt_guards import TAX_CONTAINED
from .causes import DECIDED, SET_ASIDE
from .guards import TO_CREDITOR, WITHDRAWN
from .set_offs import CLAIMS, DONE, PROTECTED, RULE

_not_as_decided = by_query(
    "SELECT d.public_id, d.kind, d.amount_minor FROM clearing_fundsdecision d"  # noqa: S608  our own words
    " LEFT JOIN approvals_approval a ON a.id = d.approval_id"
    " LEFT JOIN participants_organisation o ON o.public_id = a.subject"
    " WHERE NOT EXISTS (SELECT FROM clearing_entry e"
    "   WHERE e.reference IN ('deposit:' || d.public_id, 'write_off:' || d.public_id))"
    "  OR d.kind <> 'deposit_paid' AND (a.id IS NULL AND d.amount_minor >= coalesce((SELECT"
    "    (r.document -> 'parameters' ->> 'second_person_minor')::numeric FROM rules_rulebook r"
    "    WHERE r.effective_from <= d.decided_at ORDER BY r.number DESC LIMIT 1),"
    f"   {PARAMETERS['second_person_minor'].default})"
    "   OR a.id IS NOT NULL AND (a.state, o.id, a.amount_minor, a.currency, a.ended_by)"
    "    IS DISTINCT FROM ('approved', d.organisation_id, d.amount_minor, d.currency, d.decided_by))"
)

Invariant(
    name="clearing.deferrals_go_on",
    promise=2,
    statement="Every deferral continues in full, once, as one obligation of a later cycle; no other obligation continues.",
    guards=(
        "clearing_deferral.deferrals_fit",
        "clearing_deferral.append_only",
        "clearing_deferral.deferral_amount",
        "clearing_obligation.deferred_obligations_fit",
        "clearing_obligation.append_only",
    ),
    test="tests/clearing/shortfalls/test_guards.py::test_what_is_put_off_goes_on_in_full",
    check=by_query(
        "SELECT o.id AS obligation, n.id AS following FROM clearing_obligation n"
        " FULL JOIN clearing_deferral d ON d.next_id = n.id LEFT JOIN clearing_obligation o ON o.id = d.obligation_id"
        " WHERE (n.deferred_from_id IS NOT NULL OR d.id IS NOT NULL)"
        "  AND (n.deferred_from_id IS DISTINCT FROM o.id OR o.cycle_id IS DISTINCT FROM d.cycle_id"
        "   OR n.amount_minor + n.tax_minor IS DISTINCT FROM d.amount_minor + d.tax_minor"
        "   OR (n.trade_id, n.kind, n.debtor_id, n.creditor_id) IS DISTINCT FROM"
        "    (o.trade_id, o.kind, o.debtor_id, o.creditor_id))"
    ),
)
Invariant(
    name="clearing.positions_state_deferrals",
    promise=2,
    statement="A position defers what its party owed and deferred, less the deferrals of which it is creditor.",
    guards=("clearing_netposition.append_only", "clearing_cycle.positions_sum_to_zero"),
    test="tests/clearing/netting/test_guards.py::test_positions_that_do_not_sum_to_zero_are_refused",
    check=by_query(
        "WITH moved AS (SELECT d.cycle_id, side.organisation_id, sum(side.minor) AS minor FROM clearing_deferral d"
        "  JOIN clearing_obligation o ON o.id = d.obligation_id CROSS JOIN LATERAL (VALUES"
        "   (o.debtor_id, d.amount_minor + d.tax_minor), (o.creditor_id, -d.amount_minor - d.tax_minor))"
        "   AS side(organisation_id, minor) JOIN clearing_cycle c ON c.id = d.cycle_id AND c.netted_at IS NOT NULL"
        "  GROUP BY 1, 2 HAVING sum(side.minor) <> 0)"
        " SELECT cycle_id, organisation_id, moved.minor AS deferred, n.deferred_minor AS in_position FROM moved"
        " FULL JOIN (SELECT p.* FROM clearing_netposition p JOIN clearing_cycle c ON c.id = p.cycle_id"
        "   AND c.netted_at IS NOT NULL WHERE p.deferred_minor <> 0) n"
        "  USING (cycle_id, organisation_id) WHERE moved.minor IS DISTINCT FROM n.deferred_minor"
    ),
)
Invariant(
    name="clearing.set_aside_is_used",
    promise=2,
    statement="Money set aside when a cycle was netted is exactly what its posting used, per participant.",
    guards=("clearing_posting.append_only", "clearing_balance.balance_within_funds"),
    test="tests/clearing/shortfalls/test_guards.py::test_what_was_set_aside_cannot_be_spent_otherwise",
    check=by_query(
        "WITH aside AS (SELECT e.cycle_id, e.organisation_id, -sum(p.amount_minor) AS minor FROM clearing_entry e"
        "  JOIN clearing_posting p ON p.entry_id = e.id AND p.amount_minor < 0"
        "  JOIN clearing_cycle c ON c.id = e.cycle_id AND c.posted_at IS NOT NULL WHERE e.kind = 'cover' GROUP BY 1, 2),"
        " used AS (SELECT e.cycle_id, e.organisation_id, sum(p.amount_minor) AS minor FROM clearing_entry e"
        "  JOIN clearing_posting p ON p.entry_id = e.id AND p.amount_minor > 0 AND p.line = 'covered'"
        "  JOIN clearing_cycle c ON c.id = e.cycle_id AND c.posted_at IS NOT NULL"
        "  WHERE e.kind = 'cycle' GROUP BY 1, 2)"
        " SELECT cycle_id, organisation_id, aside.minor AS aside, used.minor AS used FROM aside"
        " FULL JOIN used USING (cycle_id, organisation_id) WHERE aside.minor IS DISTINCT FROM used.minor"
    ),
)
Invariant(
    name="clearing.shortfalls_are_told",
    promise=7,
    statement="Each participant that borrowed or deferred in a cycle has one shortfall of that amount.",
    guards=(
        "clearing_shortfall.shortfall_once",
        "clearing_shortfall.shortfall_amounts",
        "clearing_shortfall.append_only",
    ),
    test="tests/clearing/shortfalls/test_guards.py::test_a_shortfall_is_told_once_and_stays",
    check=by_query(
        "WITH part AS (SELECT d.cycle_id, o.debtor_id AS organisation_id, 0 AS lent, d.amount_minor + d.tax_minor AS off"
        "  FROM clearing_deferral d JOIN clearing_obligation o ON o.id = d.obligation_id"
        "  UNION ALL SELECT e.cycle_id, e.organisation_id, p.amount_minor, 0 FROM clearing_entry e"
        "  JOIN clearing_posting p ON p.entry_id = e.id AND p.line = 'drawn_reserve' AND p.amount_minor > 0"
        "  WHERE e.kind = 'cover'),"
        " found AS (SELECT cycle_id, organisation_id, sum(lent) AS lent, sum(off) AS off FROM part GROUP BY 1, 2)"
        " SELECT cycle_id, organisation_id, found.lent, found.off, s.lent_minor, s.deferred_minor FROM found"
        " FULL JOIN clearing_shortfall s USING (cycle_id, organisation_id)"
        " WHERE (found.lent, found.off) IS DISTINCT FROM (s.lent_minor, s.deferred_minor)"
    ),
)
Invariant(
    name="clearing.set_offs_are_drawn",
    promise=1,
    statement=(
        "A planned payment to a participant is cancelled exactly by a set-off, or to pay a creditor: the part set off and the remainder that is planned anew are the"
        " payment, shares and pay for commissioned data stay, and the cover of the cycle draws the parts."
    ),
    guards=(
        "clearing_setoff.set_off_fits",
        "clearing_setoff.set_off_is_drawn",
        "clearing_setoff.set_off_amount",
        "clearing_setoff.clearing_setoff_instruction_id_key",
        "clearing_setoff.append_only",
        "clearing_settlementinstruction.cancelled_is_set_off",
        "clearing_settlementinstruction.instruction_cancelled_when",
        "clearing_settlementinstruction.state_guard",
    ),
    test="tests/clearing/shortfalls/test_set_offs.py::test_a_payment_is_cancelled_by_a_set_off_only",
    check=by_query(
        "SELECT i.reference, i.state, s.amount_minor, m.amount_minor AS remainder FROM clearing_settlementinstruction i"  # noqa: S608  our own words
        " FULL JOIN clearing_setoff s ON s.instruction_id = i.id"
        " LEFT JOIN clearing_settlementinstruction m ON m.instead_of_id = i.id"
        " WHERE (s.id IS NOT NULL OR i.purpose <> 'own_money' AND i.state = 'cancelled'"
        f" AND NOT {TO_CREDITOR.format(payment='i')} AND NOT {WITHDRAWN.format(payment='i')})"
        " AND (i.state <> 'cancelled' OR s.id IS NULL"
        "  OR s.remainder_id IS DISTINCT FROM m.id OR i.transfer_file_id IS NOT NULL"
        "  OR s.amount_minor + coalesce(m.amount_minor, 0) <> i.amount_minor"
        "  OR (i.organisation_id, i.currency) <> (s.organisation_id, s.currency)"
        f"  OR coalesce(m.amount_minor, 0) < (SELECT least(i.amount_minor, p.minor) FROM ({PROTECTED}) p))"
        " UNION ALL SELECT 'cycle ' || cycle_id || ', participant ' || organisation_id, 'drawn', drawn.minor, off.minor"
        "  FROM (SELECT cycle_id, organisation_id, sum(amount_minor) AS minor FROM clearing_setoff GROUP BY 1, 2) off"
        "  FULL JOIN (SELECT e.cycle_id, e.organisation_id, sum(p.amount_minor) AS minor FROM clearing_entry e"
        "   JOIN clearing_posting p ON p.entry_id = e.id AND p.line = 'drawn_payment' AND p.amount_minor > 0"
        "   WHERE e.kind = 'cover' GROUP BY 1, 2) drawn USING (cycle_id, organisation_id)"
        "  WHERE off.minor IS DISTINCT FROM drawn.minor"
    ),
)
Invariant(
    name="clearing.own_money_before_shortfalls",
    promise=1,
    statement=(
        "Nobody whose planned payments could have been set off is short: no payment that was planned before a shortfall"
        " of its payee, and not restrained, protected or held back by sanctions, is left beside it."
    ),
    guards=(
        "clearing_setoff.append_only",
        "clearing_shortfall.append_only",
        "clearing_setoffrestraint.append_only",
    ),
    test="tests/clearing/shortfalls/test_set_offs.py::test_a_shortfall_beside_own_money_is_named",
    check=by_query(
        "SELECT s.public_id, i.reference, i.amount_minor - least(i.amount_minor, p.minor) AS free_minor"  # noqa: S608  our own words
        " FROM clearing_shortfall s JOIN clearing_cycle c ON c.id = s.cycle_id"
        " JOIN clearing_settlementinstruction i ON i.organisation_id = s.organisation_id AND i.currency = s.currency"
        "  AND i.direction = 'out' AND i.planned_at <= s.occurred_at"
        "  AND i.state <> 'cancelled' AND (i.transfer_file_id IS NULL OR EXISTS (SELECT FROM clearing_transferfile f"
        "   WHERE f.id = i.transfer_file_id AND f.made_at > s.occurred_at))"
        "  AND (i.confirmed_at IS NULL OR i.confirmed_at > s.occurred_at)"
        "  AND CASE WHEN i.cycle_id IS NULL THEN i.planned_at < s.occurred_at ELSE i.cycle_id < s.cycle_id END"
        f" CROSS JOIN LATERAL ({PROTECTED}) p"
        " WHERE i.amount_minor > p.minor AND NOT EXISTS (SELECT FROM clearing_setoffrestraint r"
        "  WHERE r.organisation_id = s.organisation_id AND r.currency = s.currency)"
        "  AND NOT EXISTS (SELECT FROM clearing_restoration r WHERE r.happened_at <= s.occurred_at AND NOT EXISTS ("
        "   SELECT FROM clearing_sendingopening o WHERE o.restoration_id = r.id AND o.currency = s.currency"
        "    AND o.opened_at <= s.occurred_at))"
        f"  AND NOT {WAS_HELD_FROM_PAYMENT.format(organisation='s.organisation_id', moment='s.occurred_at')}"
    ),
)
Invariant(
    name="clearing.sanctioned_are_not_set_off",
    promise=9,
    statement=(
        "While sanctions stand against a participant, none of its payments is set off that an authority did not permit:"
        " a set-off is a payment."
    ),
    guards=("clearing_setoff.set_off_fits", "clearing_setoff.append_only", "clearing_setoff.dated_now"),
    test="tests/clearing/shortfalls/test_sanctioned.py::test_a_set_off_forced_under_sanctions_is_named",
    check=by_query(
        "SELECT s.public_id, s.instruction_id FROM clearing_setoff s"  # noqa: S608  our own words
        f" WHERE {WAS_HELD_FROM_PAYMENT.format(organisation='s.organisation_id', moment='s.set_off_at')}"
        "  AND NOT EXISTS (SELECT FROM clearing_paymentpermission p"
        "   WHERE p.payment_id = s.instruction_id AND p.permitted_at <= s.set_off_at)"
    ),
)
Invariant(
    name="clearing.failed_payments_set_off_within_bounds",
    promise=9,
    statement=(
        "What failed payments left is set off within the same bounds as planned ones: nothing under sanctions, and beside a"
        " restraint of the whole claim no more than the participant owed by causes from before it."
    ),
    guards=(
        "clearing_entry.failed_set_off_fits",
        "clearing_entry.append_only",
        "clearing_setoff.set_off_fits",
        "clearing_setoffrestraint.append_only",
    ),
    test="tests/clearing/shortfalls/test_failed_set_offs.py::test_a_set_off_forced_past_a_restraint_is_named",
    check=by_query(
        "SELECT e.reference, e.organisation_id FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id"  # noqa: S608  our own words
        "  AND p.line = 'drawn_receivable' AND p.amount_minor > 0 WHERE e.kind = 'cover'"
        f"  AND {WAS_HELD_FROM_PAYMENT.format(organisation='e.organisation_id', moment='e.booked_at')}"
        " UNION ALL SELECT r.public_id, r.organisation_id FROM clearing_setoffrestraint r"
        f" CROSS JOIN LATERAL ({RULE}) rule LEFT JOIN clearing_setoffrestraint l ON l.lifts_id = r.id"
        " CROSS JOIN LATERAL (SELECT DISTINCT e.cycle_id FROM clearing_entry e WHERE e.kind = 'cover'"
        "  AND e.organisation_id = r.organisation_id AND e.booked_at > r.noted_at"
        "  AND (l.id IS NULL OR e.booked_at < l.noted_at)) named"
        " JOIN clearing_cycle c ON c.id = named.cycle_id AND c.currency = r.currency"
        f" WHERE r.lifts_id IS NULL AND r.amount_minor IS NULL AND {DONE} > {CLAIMS}"
    ),
)

Invariant(
    name="clearing.funds_move_as_decided",
    promise=1,
    statement=(
        "A security deposit and a claim move by one decision, of their owner or of the operator, with a second person above"
        " the limit for one; what is set aside for a cycle is the participant's own money, or lent to it."
    ),
    guards=(
        "clearing_entry.caused_by_decision",
        "clearing_entry.caused_by_shortfall",
        "clearing_entry.append_only",
        "clearing_entry.entry_kind",
        "clearing_fundsdecision.decided_by_two",
        "clearing_fundsdecision.decision_is_posted",
        "clearing_fundsdecision.funds_decision_of_what",
        "clearing_fundsdecision.clearing_fundsdecision_approval_id_key",
        "clearing_fundsdecision.append_only",
    ),
    test="tests/clearing/ledger/test_causes.py::test_no_kind_of_entry_is_posted_without_its_cause",
    check=lambda: [*DECIDED.check()(), *SET_ASIDE.check()(), *_not_as_decided()],
)
Invariant(
    name="clearing.fees_put_off_are_receivable",
    promise=1,
    statement=(
        "The receivable of fees is what cycles put off and no cycle has collected, less what two people wrote off; a write-off"
        " and the relief of its tax are posted as decided."
    ),
    guards=(
        "clearing_feewriteoff.fee_written_off",
        "clearing_feewriteoff.fee_write_off_posted",
        "clearing_feewriteoff.fee_written_off_by_two",
        "clearing_feewriteoff.clearing_feewriteoff_trade_id_key",
        "clearing_feewriteoff.append_only",
        "clearing_taxrelief.tax_relieved",
        "clearing_taxrelief.tax_relieved_by_two",
        "clearing_taxrelief.clearing_taxrelief_write_off_id_key",
        "clearing_taxrelief.append_only",
        "clearing_posting.append_only",
    ),
    test="tests/clearing/shortfalls/test_bad_debts.py::test_a_receivable_that_was_not_put_off_is_named",
    check=by_query(
        "WITH posted AS (SELECT cycle_id FROM clearing_entry WHERE kind = 'cycle' AND organisation_id IN ("  # noqa: S608  our own words
        "   SELECT id FROM participants_organisation WHERE is_operator)),"
        " open AS (SELECT o.currency, sum(o.amount_minor) AS minor FROM clearing_obligation o"
        "   JOIN clearing_obligation f ON f.id = o.deferred_from_id WHERE o.kind = 'fee'"
        "    AND o.cycle_id NOT IN (SELECT cycle_id FROM posted) AND f.cycle_id IN (SELECT cycle_id FROM posted)"
        "    AND NOT EXISTS (SELECT FROM clearing_feewriteoff w WHERE w.trade_id = o.trade_id) GROUP BY 1),"
        " booked AS (SELECT p.currency, sum(p.amount_minor) AS minor FROM clearing_posting p"
        "   JOIN clearing_account a ON a.id = p.account_id AND a.kind = 'fees_receivable' GROUP BY 1)"
        " SELECT currency, open.minor AS put_off, booked.minor AS booked FROM open FULL JOIN booked USING (currency)"
        "  WHERE coalesce(open.minor, 0) <> coalesce(booked.minor, 0)"
        " UNION ALL SELECT w.public_id, w.amount_minor, e.id FROM clearing_feewriteoff w"
        "  LEFT JOIN clearing_entry e ON e.reference = 'write_off:' || w.public_id WHERE e.id IS NULL"
        " UNION ALL SELECT r.public_id, r.tax_minor, e.id FROM clearing_taxrelief r"
        "  JOIN clearing_feewriteoff w ON w.id = r.write_off_id JOIN clearing_trade t ON t.id = w.trade_id"
        "  LEFT JOIN clearing_entry e ON e.reference = 'write_off:' || r.public_id"
        f"  WHERE e.id IS NULL OR r.tax_minor <> {TAX_CONTAINED}"
    ),
)
