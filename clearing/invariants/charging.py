"""What always holds of plans of charges, of use, and of what is shared and given back."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

_GUARDS = "tests/clearing/test_charging_guards.py"

Invariant(
    name="clearing.planned_charges_are_whole",
    promise=6,
    statement="The charges of a plan are 1, 2, 3, … as it says; instalments sum to the price, periods cost it.",
    guards=(
        "clearing_chargeplan.plan_has_charges",
        "clearing_chargeplan.append_only",
        "clearing_plannedcharge.plan_is_whole",
        "clearing_plannedcharge.planned_charge_once",
        "clearing_plannedcharge.append_only",
    ),
    test=f"{_GUARDS}::test_a_plan_comes_whole",
    check=by_query(
        "SELECT p.agreement, p.charges, p.price_minor, count(c.id) AS planned, sum(c.price_minor) AS total"
        " FROM clearing_chargeplan p LEFT JOIN clearing_plannedcharge c ON c.plan_id = p.id GROUP BY p.id"
        " HAVING count(c.id) <> p.charges OR max(c.charge) <> p.charges OR min(c.charge) <> 1"
        "  OR sum(c.price_minor) <> p.price_minor * CASE p.charging WHEN 'instalment' THEN 1 ELSE p.charges END"
    ),
)
Invariant(
    name="clearing.trades_within_plan",
    promise=6,
    statement="No trade is made beyond its agreement's plan, and charges follow each other without a gap.",
    guards=(
        "clearing_trade.within_plan",
        "clearing_trade.trade_charge_once",
        "clearing_chargeprogress.set_once",
        "clearing_chargeprogress.no_delete",
    ),
    test=f"{_GUARDS}::test_no_trade_is_beyond_its_plan",
    check=by_query(
        "SELECT t.public_id, t.agreement, t.charge FROM clearing_trade t"
        " LEFT JOIN clearing_chargeplan p ON p.agreement = t.agreement AND p.charging = t.charging"
        "  AND p.currency = t.currency"
        " LEFT JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = t.charge"
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
    statement="Use is charged within the ceiling of its period, and exactly what was charged is captured.",
    guards=(
        "clearing_usagerecord.usage_within_ceiling",
        "clearing_usagerecord.usage_amounts",
        "clearing_usagerecord.usage_refused_why",
        "clearing_usagerecord.append_only",
        "clearing_usagerecord.clearing_usagerecord_usage_key",
        "clearing_trade.captured_as_used",
    ),
    test=f"{_GUARDS}::test_use_is_charged_within_its_ceiling",
    check=by_query(
        "SELECT p.agreement, c.charge, c.price_minor, used.minor, t.captured_price_minor"
        " FROM clearing_chargeplan p JOIN clearing_plannedcharge c ON c.plan_id = p.id"
        " CROSS JOIN LATERAL (SELECT coalesce(sum(u.charged_minor), 0) AS minor FROM clearing_usagerecord u"
        "  WHERE u.planned_id = c.id) used"
        " LEFT JOIN clearing_trade t ON t.agreement = p.agreement AND t.charge = c.charge"
        " WHERE p.charging = 'metered' AND (used.minor > c.price_minor"
        "  OR t.state = 'accepted' AND t.captured_price_minor <> used.minor)"
    ),
)
Invariant(
    name="clearing.shares_within_price",
    promise=1,
    statement="Shares, refunds and returned fees of a trade are within what was captured of it.",
    guards=(
        "clearing_obligation.within_captured",
        "clearing_plannedshare.shares_within_whole",
        "clearing_plannedshare.planned_share_once",
        "clearing_plannedshare.append_only",
    ),
    test=f"{_GUARDS}::test_no_more_is_shared_or_given_back_than_was_captured",
    check=by_query(
        "SELECT t.public_id, owed.* FROM (SELECT o.trade_id,"
        "  sum(o.amount_minor) FILTER (WHERE o.kind = 'share') AS shared,"
        "  sum(o.amount_minor) FILTER (WHERE o.kind = 'refund' AND o.reverses_id IS NULL) -"
        "   coalesce(sum(o.amount_minor) FILTER (WHERE o.kind = 'refund' AND o.reverses_id IS NOT NULL), 0) AS refunded,"
        "  sum(o.amount_minor) FILTER (WHERE o.kind = 'fee_refund') AS fees"
        "  FROM clearing_obligation o WHERE o.kind IN ('share', 'refund', 'fee_refund') AND o.carried_from_id IS NULL"
        "  GROUP BY o.trade_id) owed JOIN clearing_trade t ON t.id = owed.trade_id"
        " WHERE t.state <> 'accepted' OR owed.shared > t.captured_price_minor"
        "  OR owed.refunded > t.captured_price_minor OR owed.fees > t.captured_fee_minor"
    ),
)
