"""What always holds of cycles and net positions."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from ..queries.calendars import cut_off_by_no_calendar
from ..recomputation import changed_cycles

_GUARDS = "tests/clearing/test_guards.py"
_CYCLE_GUARDS = "tests/clearing/test_cycle_guards.py"

POSTED_AS_NETTED = (
    "WITH posted AS (SELECT e.cycle_id, e.organisation_id, p.line, sum(p.amount_minor) AS amount"
    "  FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id WHERE e.kind = 'cycle' {entries}"
    "   AND p.amount_minor > 0 AND p.line NOT IN ('covered', 'recovered') GROUP BY 1, 2, 3),"
    " netted AS (SELECT n.cycle_id, n.organisation_id, v.line, v.amount FROM clearing_netposition n"
    "  JOIN clearing_cycle c ON c.id = n.cycle_id AND c.posted_at IS NOT NULL {positions}"
    "  CROSS JOIN LATERAL (VALUES ('purchases', -n.purchases_minor - n.purchase_tax_minor),"
    "   ('sales', n.sales_minor + n.sales_tax_minor), ('fees', -n.fees_minor), ('fee_tax', -n.fee_tax_minor),"
    "   ('fee_refunds', n.fee_refunds_minor), ('fee_refund_tax', n.fee_refund_tax_minor),"
    "   ('corrections_paid', -n.corrections_paid_minor),"
    "   ('corrections_received', n.corrections_received_minor),"
    "   ('shares_paid', -n.shares_paid_minor), ('shares_received', n.shares_received_minor),"
    "   ('carried', n.carried_forward_minor), ('awaited', -n.carried_forward_minor)) AS v(line, amount) WHERE v.amount > 0)"
    " SELECT * FROM posted FULL JOIN netted USING (cycle_id, organisation_id, line)"
    " WHERE posted.amount IS DISTINCT FROM netted.amount"
)
"""Postings and positions that differ, over ``entries`` and ``positions`` as they are narrowed down."""

Invariant(
    name="clearing.positions_sum_to_zero",
    promise=1,
    statement="The net positions of a cycle sum to zero, and each is the sum of its parts.",
    guards=(
        "clearing_netposition.positions_sum_to_zero",
        "clearing_netposition.position_parts",
        "clearing_netposition.position_once",
        "clearing_netposition.append_only",
    ),
    test=f"{_GUARDS}::test_positions_that_do_not_sum_to_zero_are_refused",
    check=by_query(
        "SELECT cycle_id, sum(net_minor) AS total FROM clearing_netposition GROUP BY 1 HAVING sum(net_minor) <> 0"
    ),
)
Invariant(
    name="clearing.posted_as_netted",
    promise=2,
    statement="What a posted cycle posted for a participant is its net position, line by line.",
    guards=(
        "clearing_posting.append_only",
        "clearing_netposition.append_only",
        "clearing_entry.entry_reference_once",
    ),
    test=f"{_GUARDS}::test_postings_and_positions_stay_as_they_are",
    check=by_query(POSTED_AS_NETTED.format(entries="", positions="")),
)
Invariant(
    name="clearing.trade_in_one_cycle",
    promise=2,
    statement="An accepted trade has its price and its fee in one cycle, once; no other trade has either.",
    guards=(
        "clearing_obligation.obligation_once",
        "clearing_obligation.obligations_fit",
        "clearing_obligation.append_only",
        "clearing_trade.trade_cycle",
        "clearing_trade.set_once",
    ),
    test=f"{_GUARDS}::test_a_trade_enters_one_cycle_only",
    check=by_query(
        "SELECT t.public_id, t.state, count(o.id) AS obligations FROM clearing_trade t"
        " LEFT JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind IN ('purchase', 'fee')"
        "  AND o.carried_from_id IS NULL"
        " GROUP BY t.id HAVING count(o.id) <> CASE t.state WHEN 'accepted' THEN 2 ELSE 0 END"
        "  OR count(DISTINCT o.cycle_id) > 1 OR max(o.cycle_id) IS DISTINCT FROM t.cycle_id"
    ),
)
Invariant(
    name="clearing.obligations_as_traded",
    promise=2,
    statement="The price and the fee of a trade are owed as it was captured, by its parties and in its currency.",
    guards=(
        "clearing_obligation.obligations_fit",
        "clearing_obligation.append_only",
        "clearing_trade.immutable",
        "clearing_trade.set_once",
    ),
    test=f"{_GUARDS}::test_price_and_fee_are_made_together_as_agreed",
    check=by_query(
        "SELECT t.public_id, o.kind FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id"
        " WHERE o.carried_from_id IS NULL AND (o.kind = 'purchase' AND"
        "  (o.currency, o.debtor_id, o.creditor_id, o.amount_minor, o.tax_minor, o.tax_rate_bp) IS DISTINCT FROM"
        "  (t.currency, t.buyer_id, t.seller_id, t.captured_price_minor, t.captured_tax_minor, t.tax_rate_bp)"
        " OR o.kind = 'fee' AND (o.currency, o.debtor_id, o.amount_minor, o.tax_rate_bp) IS DISTINCT FROM"
        "  (t.currency, CASE t.fee_payer WHEN 'buyer' THEN t.buyer_id ELSE t.seller_id END,"
        "   t.captured_fee_minor, t.fee_tax_rate_bp))"
    ),
)
Invariant(
    name="clearing.closed_cycle_never_changes",
    promise=2,
    statement="A cycle's lines, hashes, roots and positions come out the same when they are computed anew.",
    guards=(
        "clearing_cycle.set_once",
        "clearing_cycle.immutable",
        "clearing_cycle.state_guard",
        "clearing_cycle.no_delete",
        "clearing_cycle.cycle_closed_when",
        "clearing_cycle.cycle_validated_what",
        "clearing_cycle.cycle_netted_what",
        "clearing_cycle.cycle_final_when",
        "clearing_obligation.append_only",
        "clearing_obligation.obligations_fit",
        "clearing_netposition.append_only",
        "clearing_trade.trade_leaf",
        "clearing_proofblock.append_only",
        "clearing_proofblock.blocks_complete",
        "clearing_proofblock.proof_block_once",
        "clearing_proofblock.proof_block_lines",
    ),
    test=f"{_GUARDS}::test_a_closed_cycle_takes_no_obligation",
    check=changed_cycles,
)
Invariant(
    name="clearing.cycles_in_line",
    promise=2,
    statement="Cycles of a currency are numbered 1, 2, 3, … and the last alone is open.",
    guards=(
        "clearing_cycle.cycle_one_open",
        "clearing_cycle.cycle_number_once",
        "clearing_cycle.numbers_without_gap",
    ),
    test=f"{_GUARDS}::test_a_second_open_cycle_is_refused",
    check=by_query(
        "SELECT currency, count(*), max(number) FROM clearing_cycle GROUP BY currency"
        " HAVING count(*) <> max(number) OR count(*) FILTER (WHERE state = 'open') <> 1"
        "  OR max(number) FILTER (WHERE state = 'open') <> max(number)"
    ),
)
Invariant(
    name="clearing.cut_off_closes_one_cycle",
    promise=2,
    statement=(
        "A cut-off of the calendar closes one cycle, that was open when it came, and was published when it came;"
        " what was published is never changed."
    ),
    guards=(
        "clearing_cycle.cycle_cut_off",
        "clearing_cycle.cycle_cut_off_once",
        "clearing_cycle.cut_off_when_closed",
        "clearing_cycle.set_once",
        "clearing_clearingschedule.append_only",
        "clearing_clearingschedule.schedule_has_cut_offs",
        "clearing_clearingschedule.schedule_limits",
        "clearing_closedday.append_only",
        "clearing_closedday.closed_day_name",
    ),
    test=f"{_CYCLE_GUARDS}::test_a_cut_off_closes_one_cycle_that_was_open",
    check=cut_off_by_no_calendar,
)
Invariant(
    name="clearing.held_cycle_stands",
    promise=2,
    statement="A cycle on hold names who holds it and why, and stays in its state.",
    guards=(
        "clearing_cycle.held_cycle_stands",
        "clearing_cycle.cycle_hold_reason",
        "clearing_cycle.cycle_held_when",
    ),
    test="tests/clearing/test_guards.py::test_a_cycle_on_hold_stays_where_it_is",
    check=by_query(
        "SELECT business_key, state FROM clearing_cycle WHERE (on_hold_since IS NULL) <> (hold_reason = '')"
        " OR (on_hold_since IS NULL) <> (held_by = '')"
        " OR on_hold_since IS NOT NULL AND state IN ('open', 'settled')"
    ),
)
Invariant(
    name="clearing.alarm_once",
    promise=7,
    statement="A cycle is alarmed about once for each reason, and an alarm is ended once and never removed.",
    guards=(
        "clearing_cyclealarm.cycle_alarm_once",
        "clearing_cyclealarm.cycle_alarm_ended",
        "clearing_cyclealarm.immutable",
        "clearing_cyclealarm.set_once",
        "clearing_cyclealarm.no_delete",
    ),
    test=f"{_CYCLE_GUARDS}::test_an_alarm_is_kept_and_ended_once",
    check=by_query(
        "SELECT cycle_id, reason, count(*) FROM clearing_cyclealarm GROUP BY 1, 2 HAVING count(*) > 1"
    ),
)
