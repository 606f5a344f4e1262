"""Invariants of trades, obligations, charge plans, usage, shares and fees."""

from __future__ import annotations

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import Invariant, by_query
from marketplace.rules.tax_tables import TAXED_CLASSES

from . import (  # noqa: F401  they register themselves
    authority_invariants,
    awaited_invariants,
    neutral_invariants,
    pool_invariants,
    signed_invariants,
    stop_invariants,
)
from .amended import LATEST
from .causes import GUARANTEED, HELD
from .fee_rebates import wrong_rebates
from .guaranteed_guards import MOVED_WRONGLY, OPEN_PART, UNFIT
from .obligation_kinds import AFTER_ACCEPTANCE, BASE_KINDS, CORRECTION_KINDS, INVOICED_CORRECTIONS, LIMITED
from .states import CASH_ONLY
from .sums import EXCEEDED, GIVEN, RATE, REFUND_TAX_DIFFERS, REFUNDED_FEES, SHARE_LEFT

Invariant(
    name="clearing.fees_by_volume",
    promise=5,
    statement=(
        "Refunds of a fee never exceed it; the rebates of a cycle follow the published tiers, once per trade,"
        " for every participant."
    ),
    guards=(
        "clearing_obligation.fee_refunds_fit",
        "clearing_obligation.append_only",
        "clearing_obligation.clearing_obligation_source_key",
        "clearing_trade.trade_tiers_of_rulebook",
        "clearing_trade.immutable",
    ),
    test="tests/clearing/trades/test_fee_rebates.py::test_more_than_a_fee_is_never_given_back",
    check=wrong_rebates,
)
Invariant(
    name="clearing.refunded_fees_taxed_once",
    promise=1,
    statement=(
        "The tax of all refunds of the fees on one invoice is that of their sum, rounded once: that of the whole if all of"
        " it is refunded."
    ),
    guards=("clearing_obligation.within_limits", "clearing_obligation.append_only"),
    test="tests/clearing/trades/test_fee_refund_tax.py::test_the_database_refuses_a_refund_with_other_tax",
    check=by_query(f"{REFUNDED_FEES} GROUP BY 1, 2, 3 HAVING {REFUND_TAX_DIFFERS}"),
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
    test="tests/clearing/trades/test_guards.py::test_a_trade_enters_one_cycle_only",
    check=by_query(
        "SELECT t.public_id, t.state, count(o.id) AS obligations FROM clearing_trade t"  # noqa: S608  our own words
        f" LEFT JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind IN ({sql_list(BASE_KINDS)})"
        "  AND o.deferred_from_id IS NULL"
        f" GROUP BY t.id HAVING count(o.id) <> CASE t.state WHEN 'accepted' THEN {len(BASE_KINDS)} ELSE 0 END"
        "  OR count(DISTINCT o.cycle_id) > 1 OR max(o.cycle_id) IS DISTINCT FROM t.cycle_id"
    ),
)
Invariant(
    name="clearing.obligations_as_traded",
    promise=2,
    statement="Price and fee of a trade are owed as captured, by its parties and in its currency.",
    guards=(
        "clearing_obligation.obligations_fit",
        "clearing_obligation.append_only",
        "clearing_trade.immutable",
        "clearing_trade.set_once",
    ),
    test="tests/clearing/trades/test_guards.py::test_price_and_fee_are_made_together_as_agreed",
    check=by_query(
        "SELECT t.public_id, o.kind FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id"
        " WHERE o.deferred_from_id IS NULL AND (o.kind = 'purchase' AND"
        "  (o.currency, o.debtor_id, o.creditor_id, o.amount_minor, o.tax_minor, o.tax_rate_bp) IS DISTINCT FROM"
        "  (t.currency, t.buyer_id, t.seller_id, t.captured_price_minor, t.captured_tax_minor,"
        "   t.captured_tax_rate_bp)"
        " OR o.kind = 'fee' AND (o.currency, o.debtor_id, o.amount_minor, o.tax_rate_bp) IS DISTINCT FROM"
        "  (t.currency, CASE t.fee_payer WHEN 'buyer' THEN t.buyer_id ELSE t.seller_id END,"
        "   t.captured_fee_minor, t.captured_fee_tax_rate_bp))"
    ),
)

Invariant(
    name="clearing.held_money_is_of_open_trades",
    promise=3,
    statement=(
        "Money is on hold for a trade, in full but for what a guarantee secures, exactly while the trade is secured or"
        " disputed."
    ),
    guards=(
        "clearing_posting.posting_hold_once",
        "clearing_posting.held_money_whole",
        "clearing_trade.money_on_hold",
        "clearing_trade.state_guard",
        "clearing_trade.no_delete",
    ),
    test="tests/clearing/trades/test_guards.py::test_held_money_names_its_trade_and_is_ended_once",
    check=by_query(
        "SELECT t.public_id, t.state, t.gross_minor, coalesce(-sum(p.amount_minor), 0) AS held FROM clearing_trade t"  # noqa: S608
        " LEFT JOIN (clearing_posting p JOIN clearing_account a ON a.id = p.account_id AND a.kind = 'held')"
        "  ON p.trade_id = t.id GROUP BY t.id"
        " HAVING coalesce(-sum(p.amount_minor), 0)"
        f"  <> CASE WHEN t.state IN ('secured', 'disputed') THEN t.gross_minor - {OPEN_PART.format(trade='t.id')} ELSE 0 END"
    ),
)
Invariant(
    name="clearing.holds_follow_from_trades",
    promise=3,
    statement="A hold, its capture and its return move what their trade says, between accounts of its buyer.",
    guards=("clearing_entry.caused_by_trade", "clearing_entry.append_only", "clearing_entry.entry_kind"),
    test="tests/clearing/ledger/test_causes.py::test_no_kind_of_entry_is_posted_without_its_cause",
    check=HELD.check(),
)
Invariant(
    name="clearing.guarantees_secure_trades",
    promise=3,
    statement=(
        "What is used of a guarantee is the sum of the parts of trades that it secures, within its amount; each is of its"
        " own buyer's trade, was valid until it could last fall due, is billed and paid in time, and is paid before anything"
        " of the trade is cleared."
    ),
    guards=(
        "clearing_guarantee.guarantee_room",
        "clearing_guarantee.guarantee_kept",
        "clearing_guaranteedpart.part_within_guarantee",
        "clearing_guaranteedpart.part_counted",
        "clearing_guaranteedpart.part_moves",
        "clearing_obligation.cleared_when_paid",
        "clearing_putoffcorrection.put_off_while_billed",
        "clearing_guaranteedpart.part_follows_trade",
        "clearing_guaranteedpart.guaranteed_part_amount",
        "clearing_guaranteedpart.guaranteed_part_moments",
        "clearing_guaranteedpart.immutable",
        "clearing_guaranteedpart.set_once",
        "clearing_guaranteedpart.no_delete",
        "clearing_trade.money_on_hold",
    ),
    test="tests/clearing/guarantees/test_guards.py::test_the_database_refuses_use_beyond_a_guarantee",
    check=by_query(
        "SELECT g.public_id, g.used_minor, coalesce(counted.minor, 0) FROM clearing_guarantee g"  # noqa: S608
        " LEFT JOIN LATERAL (SELECT sum(p.amount_minor) AS minor FROM clearing_guaranteedpart p"
        "  WHERE p.guarantee_id = g.id AND p.paid_at IS NULL AND p.released_at IS NULL) counted ON true"
        " WHERE g.used_minor <> coalesce(counted.minor, 0) OR g.used_minor > g.amount_minor"
        " UNION ALL SELECT g.public_id, g.amount_minor, NULL FROM clearing_guaranteedpart g"
        f"  JOIN clearing_trade t ON t.id = g.trade_id WHERE {UNFIT} OR {MOVED_WRONGLY}"
        " UNION ALL SELECT p.public_id, p.amount_minor, NULL FROM clearing_guaranteedpart p"
        "  JOIN clearing_trade t ON t.id = p.trade_id JOIN clearing_guarantee g ON g.id = p.guarantee_id"
        "  WHERE (g.organisation_id, g.currency) <> (t.buyer_id, t.currency) OR p.amount_minor > t.gross_minor"
        f"   OR t.commissioned OR t.charging IN ({sql_list(CASH_ONLY)})"
        "   OR p.reserved_at NOT BETWEEN g.valid_from AND g.expires_at"
        "   OR (g.expires_at AT TIME ZONE 'Asia/Tokyo')::date <= p.due_by"
    ),
)
Invariant(
    name="clearing.guaranteed_parts_are_paid",
    promise=3,
    statement="The payment of a guaranteed part moves its amount, once, from an account of its buyer to what is on hold.",
    guards=(
        "clearing_entry.caused_by_guaranteed_part",
        "clearing_entry.append_only",
        "clearing_entry.entry_kind",
    ),
    test="tests/clearing/ledger/test_causes.py::test_no_kind_of_entry_is_posted_without_its_cause",
    check=GUARANTEED.check(),
)
Invariant(
    name="clearing.released_after_acceptance",
    promise=3,
    statement=(
        "Money payable to cycles is the price with tax of accepted trades whose cycle has not posted their buyer's entry,"
        " plus the money set aside for it."
    ),
    guards=(
        "clearing_obligation.obligations_fit",
        "clearing_trade.state_guard",
        "clearing_trade.trade_moments",
    ),
    test="tests/clearing/trades/test_guards.py::test_an_obligation_needs_an_accepted_trade",
    check=by_query(
        "WITH due AS (SELECT buyer_id, currency, sum(minor) AS minor FROM ("
        "   SELECT t.buyer_id, t.currency, t.captured_price_minor + t.captured_tax_minor AS minor FROM clearing_trade t"
        "    JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind = 'purchase'"
        "    JOIN clearing_cycle c ON c.id = o.cycle_id AND c.posted_at IS NULL"
        "   UNION ALL SELECT e.organisation_id, p.currency, -p.amount_minor FROM clearing_entry e"
        "    JOIN clearing_cycle c ON c.id = e.cycle_id AND c.posted_at IS NULL"
        "    JOIN clearing_posting p ON p.entry_id = e.id AND p.amount_minor < 0 WHERE e.kind = 'cover'"
        "   UNION ALL SELECT e.organisation_id, p.currency, -p.amount_minor FROM clearing_entry e"
        "    JOIN clearing_cycle c ON c.id = e.cycle_id AND c.posted_at IS NULL"
        "    JOIN clearing_posting p ON p.entry_id = e.id JOIN clearing_account a ON a.id = p.account_id"
        "    WHERE e.kind = 'cycle' AND a.kind = 'payable') asked"
        "  GROUP BY 1, 2),"
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
    statement="A trade's terms never change, and its tax is of a published rate and rounded once.",
    guards=(
        "clearing_trade.immutable",
        "clearing_trade.set_once",
        "clearing_trade.trade_tax_rounded_once",
        "clearing_trade.trade_amounts",
        "clearing_trade.trade_two_parties",
        "clearing_trade.trade_key",
        "clearing_trade.trade_captured",
        "clearing_trade.taxed_as_published",
    ),
    test="tests/clearing/trades/test_guards.py::test_the_terms_of_a_trade_never_change",
    check=by_query(
        "SELECT public_id FROM clearing_trade WHERE tax_minor <> price_minor * tax_rate_bp / 10000"  # noqa: S608  our own words
        " OR gross_minor <> price_minor + tax_minor OR buyer_id = seller_id"
        f" OR NOT (tax_rate_bp = 0 AND coalesce(supply_class NOT IN ({sql_list(TAXED_CLASSES)}), false))"
        "  AND (tax_category, tax_rate_bp) NOT IN (SELECT rate ->> 'category', (rate ->> 'rate_bp')::int FROM rules_rulebook"
        "  CROSS JOIN LATERAL jsonb_array_elements(document -> 'tax_rates') rate)"
    ),
)
Invariant(
    name="clearing.taxed_at_the_tax_point",
    promise=6,
    statement=(
        "An accepted trade is taxed at the rate that its class of supply has on the day of its tax point: the acceptance of"
        " the delivery, the day on which the contract took effect, or the day on which the charge fell due. The income tax"
        " withheld from it is owed to its buyer."
    ),
    guards=(
        "clearing_trade.supplied_when_accepted",
        "clearing_trade.trade_supplied",
        "clearing_trade.trade_class_stated",
        "clearing_trade.trade_taxed_by_class",
        "clearing_trade.trade_fee_taxed_by_class",
        "clearing_trade.trade_withheld_from_rights",
        "clearing_obligation.obligations_fit",
        "clearing_trade.trade_captured",
        "clearing_trade.set_once",
        "clearing_supplystatement.append_only",
    ),
    test="tests/clearing/trades/test_tax_points.py::test_the_database_refuses_another_day_or_rate",
    check=by_query(
        "SELECT t.public_id, t.tax_point, t.supplied_on, made.due AS wanted FROM clearing_trade t CROSS JOIN LATERAL ("
        "  SELECT CASE t.tax_point WHEN 'contract_effective' THEN ("
        "    SELECT (f.concluded_at AT TIME ZONE 'Asia/Tokyo')::date FROM clearing_trade f"
        "     WHERE f.agreement = t.agreement AND f.charge = 1)"
        "   WHEN 'due_date' THEN coalesce((SELECT c.due_on FROM clearing_chargeplan p"
        "     JOIN clearing_plannedcharge c ON c.plan_id = p.id WHERE p.agreement = t.agreement AND c.charge = t.charge LIMIT 1),"
        "     (coalesce(t.agreed_fund_by, t.fund_by) AT TIME ZONE 'Asia/Tokyo')::date)"
        "   ELSE (coalesce((SELECT g.delivered_at FROM clearing_chargeplan p"
        "     JOIN clearing_chargeprogress g ON g.plan_id = p.id"
        "     WHERE p.agreement = t.agreement AND t.charging = 'instalment'),"
        "     (SELECT b.billed_at FROM clearing_guaranteedpart b WHERE b.trade_id = t.id), t.accepted_at)"
        "     AT TIME ZONE 'Asia/Tokyo')::date END AS due) made"
        " WHERE t.state = 'accepted' AND t.supplied_on IS DISTINCT FROM made.due"
        " UNION ALL SELECT t.public_id, 'withholding', t.supplied_on, NULL FROM clearing_trade t"
        "  LEFT JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind = 'withholding' AND o.deferred_from_id IS NULL"
        "  WHERE t.state = 'accepted' AND coalesce(o.amount_minor, 0) <> t.captured_withholding_minor"
        " UNION ALL SELECT public_id, supply_class, supplied_on, NULL FROM clearing_trade"
        "  WHERE state NOT IN ('concluded', 'failed') AND (supply_class IS NULL"
        "   OR captured_tax_minor <> captured_price_minor * captured_tax_rate_bp / 10000)"
    ),
)

Invariant(
    name="clearing.time_to_pay_in_moves_as_halted",
    promise=6,
    statement="The time to pay in for a trade moves later only, and by no more than halts covered since the trade was made.",
    guards=("clearing_trade.extended_as_halted", "clearing_trade.set_once"),
    test="tests/clearing/trades/test_halt_time.py::test_a_time_to_pay_in_that_moved_otherwise_is_named",
    check=by_query(
        "SELECT t.public_id, t.agreed_fund_by, t.fund_by FROM clearing_trade t WHERE t.agreed_fund_by IS NOT NULL"
        " AND NOT (t.fund_by > t.agreed_fund_by AND coalesce(t.fund_by - t.agreed_fund_by"
        "  <= public.halted_time(t.listing, t.segment, t.concluded_at, t.halts_counted_until), false))"
    ),
)
Invariant(
    name="clearing.planned_charges_are_whole",
    promise=6,
    statement="The charges of a plan are 1, 2, 3, …; instalments sum to the price, each period costs the price.",
    guards=(
        "clearing_chargeplan.plan_has_charges",
        "clearing_chargeplan.append_only",
        "clearing_plannedcharge.plan_is_whole",
        "clearing_plannedcharge.planned_charge_once",
        "clearing_plannedcharge.append_only",
    ),
    test="tests/clearing/trades/test_charge_guards.py::test_a_plan_comes_whole",
    check=by_query(
        "SELECT p.agreement, p.charges, p.price_minor, count(c.id) AS planned, sum(c.price_minor) AS total"
        " FROM clearing_chargeplan p LEFT JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.version = 1 GROUP BY p.id"
        " HAVING count(c.id) <> p.charges OR max(c.charge) <> p.charges OR min(c.charge) <> 1"
        "  OR sum(c.price_minor) <> p.price_minor * CASE p.charging WHEN 'instalment' THEN 1 ELSE p.charges END"
    ),
)
Invariant(
    name="clearing.trades_within_plan",
    promise=6,
    statement="No trade exceeds its agreement's plan, and charges follow each other without a gap.",
    guards=(
        "clearing_trade.within_plan",
        "clearing_trade.trade_charge_once",
        "clearing_chargeprogress.set_once",
        "clearing_chargeprogress.no_delete",
    ),
    test="tests/clearing/trades/test_charge_guards.py::test_no_trade_is_beyond_its_plan",
    check=by_query(
        "SELECT t.public_id, t.agreement, t.charge FROM clearing_trade t"  # noqa: S608  our own words
        " LEFT JOIN clearing_chargeplan p ON p.agreement = t.agreement AND p.charging = t.charging"
        "  AND p.currency = t.currency"
        f" LEFT JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = t.charge AND {LATEST}"
        " WHERE (t.charge > 1 OR t.charging <> 'one_off') AND c.price_minor IS DISTINCT FROM t.price_minor"
        " UNION ALL SELECT NULL, p.agreement, g.next_charge FROM clearing_chargeprogress g"
        "  JOIN clearing_chargeplan p ON p.id = g.plan_id LEFT JOIN clearing_trade t ON t.agreement = p.agreement"
        "  GROUP BY p.agreement, g.next_charge"
        "  HAVING count(t.id) <> g.next_charge - 1 OR max(t.charge) <> g.next_charge - 1"
    ),
)
Invariant(
    name="clearing.usage_within_ceiling",
    promise=6,
    statement="Use is charged within the ceiling of its period, and exactly the charged use is captured.",
    guards=(
        "clearing_usagerecord.usage_within_ceiling",
        "clearing_usagerecord.usage_amounts",
        "clearing_usagerecord.usage_refused_why",
        "clearing_usagerecord.append_only",
        "clearing_usagerecord.clearing_usagerecord_usage_key",
        "clearing_trade.captured_as_used",
    ),
    test="tests/clearing/trades/test_charge_guards.py::test_use_is_charged_within_its_ceiling",
    check=by_query(
        "SELECT p.agreement, c.charge, c.price_minor, used.minor, t.captured_price_minor"  # noqa: S608  our own words
        f" FROM clearing_chargeplan p JOIN clearing_plannedcharge c ON c.plan_id = p.id AND {LATEST}"
        " CROSS JOIN LATERAL (SELECT coalesce(sum(u.charged_minor), 0) AS minor FROM clearing_usagerecord u"
        "  WHERE u.planned_id = c.id) used"
        " LEFT JOIN clearing_trade t ON t.agreement = p.agreement AND t.charge = c.charge"
        " WHERE p.charging = 'metered' AND (used.minor > c.price_minor"
        "  OR t.state = 'accepted' AND t.captured_price_minor <> used.minor)"
    ),
)
Invariant(
    name="clearing.given_within_limits",
    promise=1,
    statement=(
        "What is given back, charged in addition, shared or penalised of a trade stays within its limits, all of it"
        " together; the tax of what is given back is that of the sum, rounded once; a reversal is of its correction."
    ),
    guards=(
        "clearing_obligation.within_limits",
        "clearing_obligation.append_only",
        "clearing_trade.captured_beyond_returned",
        "clearing_trade.trade_amounts",
        "clearing_plannedshare.shares_within_whole",
        "clearing_plannedshare.planned_share_once",
        "clearing_plannedshare.append_only",
    ),
    test="tests/clearing/trades/test_limits.py::test_the_database_refuses_what_passes_a_limit",
    check=by_query(
        f"SELECT t.public_id, {EXCEEDED} AS exceeded FROM clearing_trade t CROSS JOIN LATERAL ({GIVEN}) given"  # noqa: S608  our own words
        " WHERE t.id IN (SELECT o.trade_id FROM clearing_obligation o"
        f"  WHERE o.kind IN ({sql_list(LIMITED)}) AND o.deferred_from_id IS NULL) AND {EXCEEDED} IS NOT NULL"
        " UNION ALL SELECT t.public_id, o.kind FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id"
        "  LEFT JOIN clearing_obligation r ON r.id = o.reverses_id WHERE o.deferred_from_id IS NULL AND ("
        f"   o.kind IN ({sql_list(AFTER_ACCEPTANCE)}) AND t.state <> 'accepted'"
        f"   OR o.kind IN ({sql_list(INVOICED_CORRECTIONS)}) AND o.tax_rate_bp <> {RATE}"
        "    AND NOT (o.tax_rate_bp = t.tax_rate_bp AND o.made_at <= t.accepted_at)"
        f"   OR o.reverses_id IS NOT NULL AND (o.kind NOT IN ({sql_list(CORRECTION_KINDS)})"
        "    OR (r.trade_id, r.kind, r.debtor_id, r.creditor_id, r.amount_minor, r.currency)"
        "     IS DISTINCT FROM (o.trade_id, o.kind, o.creditor_id, o.debtor_id, o.amount_minor, o.currency)))"
        f" UNION ALL SELECT t.public_id, 'share_return' FROM ({SHARE_LEFT}) shares"
        "  JOIN clearing_trade t ON t.id = shares.trade_id WHERE clawed > amount_minor"
        " UNION ALL SELECT t.public_id, o.kind FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id"
        "  LEFT JOIN clearing_obligation s ON s.trade_id = o.trade_id AND s.kind = 'share' AND s.deferred_from_id IS NULL"
        "   AND (s.debtor_id, s.creditor_id, s.beneficiary_key) = (o.creditor_id, o.debtor_id, o.beneficiary_key)"
        "  WHERE o.kind = 'share_return' AND o.deferred_from_id IS NULL AND s.id IS NULL"
    ),
)
