"""What always holds of clearing. Each breach names the rows that break it."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .chart import OWED_TO_PARTICIPANTS
from .queries.fee_rebates import misstated_rebates
from .recomputation import changed_cycles

_GUARDS = "tests/clearing/test_guards.py"
_OWED = ", ".join(f"'{kind.value}'" for kind in OWED_TO_PARTICIPANTS)

Invariant(
    name="clearing.entries_sum_to_zero",
    promise=1,
    statement="Every entry has postings, they sum to zero per currency, and none is ever changed or added to.",
    guards=(
        "clearing_posting.entries_balance",
        "clearing_posting.append_only",
        "clearing_posting.posting_amount",
        "clearing_posting.posting_leg_once",
        "clearing_entry.entry_complete",
        "clearing_entry.append_only",
    ),
    test=f"{_GUARDS}::test_an_entry_that_does_not_balance_is_refused",
    check=by_query(
        "SELECT e.public_id, p.currency, sum(p.amount_minor) AS total FROM clearing_entry e"
        " LEFT JOIN clearing_posting p ON p.entry_id = e.id GROUP BY e.public_id, p.currency"
        " HAVING sum(p.amount_minor) IS DISTINCT FROM 0"
    ),
)
Invariant(
    name="clearing.balances_equal_postings",
    promise=1,
    statement="A balance is the sum of its account's postings and never leaves the account's normal side.",
    guards=(
        "clearing_balance.moved_by_postings",
        "clearing_balance.balance_within_funds",
        "clearing_balance.no_delete",
        "clearing_account.balances_open",
        "clearing_account.append_only",
        "clearing_account.account_once",
        "clearing_account.account_owner",
    ),
    test=f"{_GUARDS}::test_a_balance_moves_by_postings_only",
    check=by_query(
        "SELECT a.code, b.balance_minor, coalesce(sum(p.amount_minor), 0) AS posted"
        " FROM clearing_balance b JOIN clearing_account a ON a.id = b.account_id"
        " LEFT JOIN clearing_posting p ON p.account_id = a.id GROUP BY a.code, a.side, b.balance_minor"
        " HAVING b.balance_minor <> coalesce(sum(p.amount_minor), 0) OR b.balance_minor * a.side < 0"
    ),
)
Invariant(
    name="clearing.client_money_is_owed",
    promise=1,
    statement=(
        "The client account holds what is owed to participants and what the operator has earned and not taken out,"
        " less its claims; the operator never takes out more than it earned; the clearing control account is zero."
    ),
    guards=(
        "clearing_posting.entries_balance",
        "clearing_balance.balance_within_funds",
        "clearing_account.account_once",
    ),
    test=f"{_GUARDS}::test_a_participant_cannot_spend_what_it_does_not_have",
    check=by_query(
        "SELECT * FROM (SELECT p.currency, sum(p.amount_minor) AS total,"  # noqa: S608  the kinds are our own words
        "  coalesce(sum(p.amount_minor) FILTER (WHERE a.kind = 'settlement'), 0) AS control,"
        "  coalesce(sum(p.amount_minor) FILTER (WHERE a.kind IN ('bank_client', 'claim')), 0) AS covered,"
        f"  -coalesce(sum(p.amount_minor) FILTER (WHERE a.kind IN ({_OWED})), 0) AS owed"
        "  FROM clearing_posting p JOIN clearing_account a ON a.id = p.account_id GROUP BY p.currency) sums"
        " WHERE total <> 0 OR control <> 0 OR owed > covered"
    ),
)
Invariant(
    name="clearing.client_account_agrees_with_bank",
    promise=1,
    statement="The client account in the ledger is the sum of the bank's bookings, each posted once.",
    guards=(
        "clearing_bankentry.append_only",
        "clearing_bankentry.bank_entry_match",
        "clearing_entry.clearing_entry_reference_key",
        "clearing_bankentry.clearing_bankentry_entry_reference_key",
    ),
    test=f"{_GUARDS}::test_a_booking_is_recorded_and_posted_once",
    check=by_query(
        "SELECT a.currency, coalesce(b.booked, 0) AS booked, coalesce(sum(p.amount_minor), 0) AS posted"
        " FROM clearing_account a LEFT JOIN clearing_posting p ON p.account_id = a.id"
        " LEFT JOIN (SELECT currency, sum(CASE direction WHEN 'credit' THEN amount_minor ELSE -amount_minor END)"
        "  AS booked FROM clearing_bankentry GROUP BY currency) b ON b.currency = a.currency"
        " WHERE a.kind = 'bank_client' GROUP BY a.currency, b.booked"
        " HAVING coalesce(b.booked, 0) <> coalesce(sum(p.amount_minor), 0)"
    ),
)
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
        "clearing_entry.clearing_entry_reference_key",
    ),
    test=f"{_GUARDS}::test_postings_and_positions_stay_as_they_are",
    check=by_query(
        "WITH posted AS (SELECT e.cycle_id, e.organisation_id, p.line, sum(p.amount_minor) AS amount"
        "  FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id WHERE e.kind = 'cycle'"
        "   AND p.amount_minor > 0 AND p.line NOT IN ('drawn', 'carried', 'recovered') GROUP BY 1, 2, 3),"
        " netted AS (SELECT n.cycle_id, n.organisation_id, v.line, v.amount FROM clearing_netposition n"
        "  JOIN clearing_cycle c ON c.id = n.cycle_id AND c.posted_at IS NOT NULL"
        "  CROSS JOIN LATERAL (VALUES ('purchases', -n.purchases_minor - n.purchase_tax_minor),"
        "   ('sales', n.sales_minor + n.sales_tax_minor), ('fees', -n.fees_minor), ('fee_tax', -n.fee_tax_minor),"
        "   ('fee_refunds', n.fee_refunds_minor), ('fee_refund_tax', n.fee_refund_tax_minor),"
        "   ('corrections_paid', -n.corrections_paid_minor),"
        "   ('corrections_received', n.corrections_received_minor)) AS v(line, amount) WHERE v.amount > 0)"
        " SELECT * FROM posted FULL JOIN netted USING (cycle_id, organisation_id, line)"
        " WHERE posted.amount IS DISTINCT FROM netted.amount"
    ),
)
Invariant(
    name="clearing.trade_in_one_cycle",
    promise=2,
    statement="An accepted trade has its price and its fee in one cycle, once; no other trade has either.",
    guards=(
        "clearing_obligation.obligation_once",
        "clearing_obligation.obligations_fit",
        "clearing_obligation.append_only",
    ),
    test=f"{_GUARDS}::test_a_trade_enters_one_cycle_only",
    check=by_query(
        "SELECT t.public_id, t.state, count(o.id) AS obligations FROM clearing_trade t"
        " LEFT JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind IN ('purchase', 'fee')"
        " GROUP BY t.id HAVING count(o.id) <> CASE t.state WHEN 'accepted' THEN 2 ELSE 0 END"
        "  OR count(DISTINCT o.cycle_id) > 1"
    ),
)
Invariant(
    name="clearing.closed_cycle_never_changes",
    promise=2,
    statement="A cycle's hashes, root and positions come out the same when they are computed anew.",
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
    name="clearing.held_money_is_of_open_trades",
    promise=3,
    statement="Money is held for a trade, in full, exactly while it is secured or disputed.",
    guards=(
        "clearing_posting.posting_hold_once",
        "clearing_posting.entries_balance",
        "clearing_trade.state_guard",
        "clearing_trade.no_delete",
    ),
    test=f"{_GUARDS}::test_held_money_names_its_trade_and_is_ended_once",
    check=by_query(
        "SELECT t.public_id, t.state, t.gross_minor, coalesce(-sum(p.amount_minor), 0) AS held FROM clearing_trade t"
        " LEFT JOIN (clearing_posting p JOIN clearing_account a ON a.id = p.account_id AND a.kind = 'held')"
        "  ON p.trade_id = t.id GROUP BY t.id"
        " HAVING coalesce(-sum(p.amount_minor), 0)"
        "  <> CASE WHEN t.state IN ('secured', 'disputed') THEN t.gross_minor ELSE 0 END"
    ),
)
Invariant(
    name="clearing.released_after_acceptance",
    promise=3,
    statement="Money released to cycles is the price with tax of accepted trades whose cycle is not posted.",
    guards=(
        "clearing_obligation.obligations_fit",
        "clearing_trade.state_guard",
        "clearing_trade.trade_moments",
    ),
    test=f"{_GUARDS}::test_an_obligation_needs_an_accepted_trade",
    check=by_query(
        "WITH due AS (SELECT t.buyer_id, t.currency, sum(t.gross_minor) AS minor FROM clearing_trade t"
        "  JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind = 'purchase'"
        "  JOIN clearing_cycle c ON c.id = o.cycle_id AND c.posted_at IS NULL GROUP BY 1, 2),"
        " released AS (SELECT a.organisation_id AS buyer_id, a.currency, -b.balance_minor AS minor"
        "  FROM clearing_account a JOIN clearing_balance b ON b.account_id = a.id WHERE a.kind = 'payable')"
        " SELECT buyer_id, currency, due.minor AS due, released.minor AS released"
        " FROM due FULL JOIN released USING (buyer_id, currency)"
        " WHERE coalesce(due.minor, 0) <> coalesce(released.minor, 0)"
    ),
)
Invariant(
    name="clearing.trades_as_agreed",
    promise=6,
    statement="A trade's terms never change, and its tax is rounded once.",
    guards=(
        "clearing_trade.immutable",
        "clearing_trade.set_once",
        "clearing_trade.trade_tax_rounded_once",
        "clearing_trade.trade_amounts",
        "clearing_trade.trade_two_parties",
        "clearing_trade.trade_key",
    ),
    test=f"{_GUARDS}::test_the_terms_of_a_trade_never_change",
    check=by_query(
        "SELECT public_id FROM clearing_trade WHERE tax_minor <> price_minor * tax_rate_bp / 10000"
        " OR gross_minor <> price_minor + tax_minor OR buyer_id = seller_id"
    ),
)
Invariant(
    name="clearing.payments_known_by_the_bank",
    promise=4,
    statement="A payment is confirmed by one booking of its amount, and failed only by the bank's own word.",
    guards=(
        "clearing_settlementinstruction.state_guard",
        "clearing_settlementinstruction.immutable",
        "clearing_settlementinstruction.set_once",
        "clearing_settlementinstruction.no_delete",
        "clearing_settlementinstruction.instruction_one_alive",
        "clearing_settlementinstruction.instruction_confirmed_when",
        "clearing_settlementinstruction.instruction_failed_when",
        "clearing_bankentry.bank_entry_settles_once",
    ),
    test=f"{_GUARDS}::test_a_payment_on_its_way_is_not_planned_twice",
    check=by_query(
        "SELECT i.reference, i.state, count(b.id) AS bookings FROM clearing_settlementinstruction i"
        " LEFT JOIN clearing_bankentry b ON b.instruction_id = i.id AND b.match = 'settlement'"
        "  AND b.amount_minor = i.amount_minor AND b.currency = i.currency GROUP BY i.id"
        " HAVING (i.state = 'confirmed') <> (count(b.id) = 1)"
        "  AND NOT (i.state = 'failed' AND i.confirmed_at IS NOT NULL)"
        " UNION ALL SELECT i.reference, i.state, 0 FROM clearing_settlementinstruction i"
        "  WHERE i.state = 'failed' AND i.failure_reason = ''"
    ),
)
Invariant(
    name="clearing.invoices_gross_and_gapless",
    promise=7,
    statement="An issuer's invoices are numbered without a gap, and each sale of a settling cycle has one.",
    guards=(
        "clearing_invoice.numbers_without_gap",
        "clearing_invoice.invoice_sequence_once",
        "clearing_invoice.invoice_of_fees_once",
        "clearing_invoice.invoice_of_what",
        "clearing_invoice.invoice_total",
        "clearing_invoice.append_only",
    ),
    test=f"{_GUARDS}::test_a_gap_in_invoice_numbers_is_refused",
    check=by_query(
        "SELECT issuer_id::text AS subject, count(*) AS found, max(sequence)::bigint AS wanted FROM clearing_invoice"
        " GROUP BY issuer_id HAVING count(*) <> max(sequence)"
        " UNION ALL SELECT c.business_key, count(i.id), count(o.id) FROM clearing_cycle c"
        "  JOIN clearing_obligation o ON o.cycle_id = c.id AND o.kind NOT IN ('fee', 'fee_refund')"
        "  LEFT JOIN clearing_invoice i ON i.obligation_id = o.id"
        "  WHERE c.state IN ('settling', 'settled', 'partial') GROUP BY c.id HAVING count(i.id) <> count(o.id)"
    ),
)
Invariant(
    name="clearing.fees_by_volume",
    promise=5,
    statement=(
        "Of a fee no more is given back than was charged; what a cycle gives back for volume is what the published"
        " tiers say, once a trade, whoever trades."
    ),
    guards=(
        "clearing_obligation.fee_refunds_fit",
        "clearing_obligation.append_only",
        "clearing_obligation.clearing_obligation_source_key",
        "clearing_trade.trade_tiers_of_rulebook",
        "clearing_trade.immutable",
    ),
    test="tests/clearing/test_fee_rebates.py::test_more_than_a_fee_is_never_given_back",
    check=misstated_rebates,
)
