"""Database guards of trades, obligations, charge plans, fees given back and held money."""

from __future__ import annotations

import pgtrigger

from ..ledger.guards import _NEW
from .lines import leaf_of, trade_line


def fee_refunds_fit() -> pgtrigger.Trigger:
    """Fee refunds go to the payer of the fee, stay within it over all, and a rebate of tiers is in the fee's cycle.

    The trades are locked first, in key order, so that two statements at once do not give back a fee twice.
    """
    return pgtrigger.Trigger(
        name="fee_refunds_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            IF NOT EXISTS (SELECT FROM new_rows WHERE kind = 'fee_refund') THEN
                RETURN NULL;
            END IF;
            PERFORM FROM clearing_trade WHERE id IN (SELECT trade_id FROM new_rows WHERE kind = 'fee_refund')
              ORDER BY id FOR NO KEY UPDATE;

            SELECT o.trade_id INTO fault FROM new_rows o JOIN clearing_trade t ON t.id = o.trade_id
              LEFT JOIN clearing_obligation f ON f.trade_id = t.id AND f.kind = 'fee'
             WHERE o.kind = 'fee_refund' AND o.source LIKE 'tier:%'
               AND (NOT t.fee_tiered OR o.source <> 'tier:' || t.public_id
                OR (o.creditor_id, o.debtor_id, o.cycle_id, o.tax_rate_bp)
                   IS DISTINCT FROM (f.debtor_id, f.creditor_id, f.cycle_id, f.tax_rate_bp))
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'the rebate of trade % is not of its fee', fault.trade_id
                    USING ERRCODE = 'check_violation';
            END IF;

            SELECT t.id INTO fault FROM clearing_trade t JOIN clearing_obligation o ON o.trade_id = t.id
             WHERE o.kind = 'fee_refund' AND t.id IN (SELECT trade_id FROM new_rows WHERE kind = 'fee_refund')
             GROUP BY t.id
            HAVING sum(CASE o.creditor_id
                WHEN CASE t.fee_payer WHEN 'buyer' THEN t.buyer_id ELSE t.seller_id END THEN o.amount_minor
                ELSE -o.amount_minor END) NOT BETWEEN 0 AND t.fee_minor
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'of the fee of trade % more is given back than was charged', fault.id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def plan_is_whole() -> pgtrigger.Trigger:
    """The charges of a plan come in one statement, numbered 1, 2, 3, …; instalments sum to the price, periods cost it."""
    return pgtrigger.Trigger(
        name="plan_is_whole",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            SELECT p.agreement INTO fault
              FROM (SELECT plan_id, count(*) AS charges, min(charge) AS first, max(charge) AS last,
                           sum(price_minor) AS total, min(price_minor) AS least, max(price_minor) AS most
                      FROM new_rows GROUP BY plan_id) made
              JOIN clearing_chargeplan p ON p.id = made.plan_id
             WHERE (made.charges, made.first, made.last) IS DISTINCT FROM (p.charges::bigint, 1, p.charges)
                OR CASE p.charging WHEN 'instalment' THEN made.total <> p.price_minor
                   ELSE made.least <> p.price_minor OR made.most <> p.price_minor END
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'the charges of % are not those of its plan', fault.agreement
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def plan_has_charges() -> pgtrigger.Trigger:
    """A plan is committed with its charges."""
    return pgtrigger.Trigger(
        name="plan_has_charges",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
            IF NOT EXISTS (SELECT FROM clearing_plannedcharge WHERE plan_id = NEW.id) THEN
                RAISE EXCEPTION 'plan of % comes without charges', NEW.agreement
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def shares_within_whole() -> pgtrigger.Trigger:
    """The shares of a plan come to no more than the whole."""
    return pgtrigger.Trigger(
        name="shares_within_whole",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            SELECT s.plan_id INTO fault FROM clearing_plannedshare s
             WHERE s.plan_id IN (SELECT plan_id FROM new_rows)
             GROUP BY s.plan_id HAVING sum(s.share_bp) > 10000 LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'shares of plan % come to more than the whole', fault.plan_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def usage_within_ceiling() -> pgtrigger.Trigger:
    """What is charged of a period's use is within its ceiling, and nothing more once the period was captured."""
    return pgtrigger.Trigger(
        name="usage_within_ceiling",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            PERFORM FROM clearing_chargeprogress WHERE plan_id IN (
                SELECT c.plan_id FROM new_rows r JOIN clearing_plannedcharge c ON c.id = r.planned_id
            ) ORDER BY id FOR UPDATE;
            SELECT u.usage INTO fault FROM new_rows u
              LEFT JOIN clearing_plannedcharge c ON c.id = u.planned_id
              LEFT JOIN clearing_chargeplan p ON p.id = c.plan_id
             WHERE u.charged_minor > 0 AND (
                   p.charging IS DISTINCT FROM 'metered' OR p.agreement <> u.agreement OR p.currency <> u.currency
                   OR c.price_minor < (SELECT sum(w.charged_minor) FROM clearing_usagerecord w
                                        WHERE w.planned_id = u.planned_id)
                   OR EXISTS (SELECT FROM clearing_trade t WHERE t.agreement = u.agreement AND t.charge = c.charge
                                 AND t.state IN ('accepted', 'refunded', 'failed')))
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'use % cannot be charged: it is beyond its period or its ceiling', fault.usage
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def within_plan() -> pgtrigger.Trigger:
    """A further charge, or one of instalments, periods or use, is a trade only as its plan has it, after the one before."""
    return pgtrigger.Trigger(
        name="within_plan",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__charge__gt=1) | ~pgtrigger.Q(new__charging="one_off"),
        func="""
            IF NOT EXISTS (
                SELECT FROM clearing_chargeplan p JOIN clearing_plannedcharge c ON c.plan_id = p.id
                 WHERE p.agreement = NEW.agreement AND c.charge = NEW.charge AND p.charging = NEW.charging
                   AND c.price_minor = NEW.price_minor AND p.currency = NEW.currency
            ) THEN
                RAISE EXCEPTION 'charge % of % is not as planned', NEW.charge, NEW.agreement
                    USING ERRCODE = 'check_violation';
            END IF;
            IF NEW.charge > 1 AND NOT EXISTS (
                SELECT FROM clearing_trade WHERE agreement = NEW.agreement AND charge = NEW.charge - 1
            ) THEN
                RAISE EXCEPTION 'charge % of % would leave a gap', NEW.charge, NEW.agreement
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def captured_as_used() -> pgtrigger.Trigger:
    """Of a metered period exactly the use that was charged to it is captured."""
    return pgtrigger.Trigger(
        name="captured_as_used",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(new__state="accepted", new__charging="metered")
        & ~pgtrigger.Q(old__state="accepted"),
        func="""
            IF NEW.captured_price_minor <> (
                SELECT coalesce(sum(u.charged_minor), 0) FROM clearing_chargeplan p
                  JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = NEW.charge
                  LEFT JOIN clearing_usagerecord u ON u.planned_id = c.id WHERE p.agreement = NEW.agreement
            ) THEN
                RAISE EXCEPTION 'what is captured of % is not what was used', NEW.public_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def within_captured() -> pgtrigger.Trigger:
    """Shares and refunds of a trade keep within what was captured of it, whatever was given back before.

    Returns at once where a statement makes prices and fees alone, as nearly all do.
    """
    return pgtrigger.Trigger(
        name="within_captured",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            IF NOT EXISTS (SELECT FROM new_rows WHERE kind IN ('share', 'refund', 'fee_refund')
                              AND deferred_from_id IS NULL) THEN
                RETURN NULL;
            END IF;
            SELECT t.public_id, owed.* INTO fault
              FROM clearing_trade t CROSS JOIN LATERAL (
                SELECT coalesce(sum(o.amount_minor) FILTER (WHERE o.kind = 'share'), 0) AS shared,
                       coalesce(sum(CASE WHEN o.debtor_id = t.seller_id THEN o.amount_minor ELSE -o.amount_minor END)
                           FILTER (WHERE o.kind IN ('refund', 'adjustment')), 0) AS returned,
                       coalesce(sum(CASE WHEN o.debtor_id = t.seller_id THEN o.tax_minor ELSE -o.tax_minor END)
                           FILTER (WHERE o.kind IN ('refund', 'adjustment')), 0) AS returned_tax,
                       coalesce(sum(o.amount_minor) FILTER (WHERE o.kind = 'fee_refund'), 0) AS fee_returned
                  FROM clearing_obligation o WHERE o.trade_id = t.id AND o.deferred_from_id IS NULL) owed
             WHERE t.id IN (SELECT trade_id FROM new_rows WHERE kind IN ('share', 'refund', 'fee_refund')
                               AND reverses_id IS NULL AND deferred_from_id IS NULL)
               AND (t.state <> 'accepted' OR owed.shared > t.captured_price_minor
                    OR owed.returned > t.captured_price_minor OR owed.returned_tax > t.captured_tax_minor
                    OR owed.fee_returned > t.captured_fee_minor)
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'shares or refunds of trade % are beyond what was captured', fault.public_id
                    USING ERRCODE = 'check_violation';
            END IF;
            SELECT o.trade_id INTO fault FROM new_rows o JOIN clearing_trade t ON t.id = o.trade_id
             WHERE o.kind = 'share' AND o.deferred_from_id IS NULL AND NOT EXISTS (
                SELECT FROM clearing_chargeplan p JOIN clearing_plannedshare s ON s.plan_id = p.id
                 WHERE p.agreement = t.agreement AND s.organisation_id = o.creditor_id
                   AND s.beneficiary_key = o.beneficiary_key)
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'a share of trade % goes to nobody of its plan', fault.trade_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


_HELD_MONEY_WHOLE = """            SELECT * INTO fault FROM (
                SELECT p.entry_id, p.leg, CASE
                    WHEN p.trade_id IS NOT NULL AND t.id IS NULL THEN 'names no trade'
                    WHEN a.id IS NOT NULL AND (t.buyer_id = a.organisation_id AND t.currency = p.currency AND CASE p.line
                            WHEN 'hold' THEN p.amount_minor = -t.gross_minor
                            WHEN 'unhold' THEN p.amount_minor > 0 AND t.gross_minor = (
                                SELECT sum(w.amount_minor) FROM new_rows w WHERE w.trade_id = p.trade_id
                                   AND w.account_id = p.account_id AND w.line IN ('unhold', 'unused'))
                            WHEN 'unused' THEN p.amount_minor > 0 AND EXISTS (
                                SELECT FROM new_rows w WHERE w.trade_id = p.trade_id
                                   AND w.account_id = p.account_id AND w.line = 'unhold') END) IS NOT TRUE
                        THEN 'on held money is not the whole of a trade of its buyer'
                    END AS reason
                  FROM new_rows p
                  LEFT JOIN LATERAL (SELECT id, organisation_id FROM clearing_account
                                      WHERE id = p.account_id AND kind = 'held' OFFSET 0) a ON true
                  LEFT JOIN LATERAL (SELECT id, buyer_id, currency, gross_minor FROM clearing_trade
                                      WHERE id = p.trade_id OFFSET 0) t ON true
                 WHERE p.trade_id IS NOT NULL OR p.account_id IN (SELECT unnest(touched.held))
            ) judged WHERE reason IS NOT NULL LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'posting %/% %', fault.entry_id, fault.leg, fault.reason
                    USING ERRCODE = 'check_violation';
            END IF;

"""


def entries_balance() -> pgtrigger.Trigger:
    """Checks what a statement adds to the ledger as one set, then moves the balances that it touches.

    Balances are locked in the order of their accounts, so that two statements never wait for each other; a balance
    that would leave its side breaks the check ``balance_within_funds`` and with it the whole statement. What a row
    names is looked up by key, one by one: joined as sets, the planner would read the whole history for it.
    """
    return pgtrigger.Trigger(
        name="entries_balance",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=_NEW,
        declare=[("fault", "record"), ("touched", "record")],
        func=f"""
            SELECT * INTO fault FROM (
                SELECT entry_id, currency, sum(amount_minor) AS total FROM new_rows GROUP BY entry_id, currency) summed
             WHERE total <> 0 OR (SELECT xact FROM clearing_entry e WHERE e.id = summed.entry_id)
                                 IS DISTINCT FROM pg_current_xact_id() LIMIT 1;
            IF fault.total <> 0 THEN
                RAISE EXCEPTION 'postings of entry % in % sum to %, not to zero',
                    fault.entry_id, fault.currency, fault.total USING ERRCODE = 'check_violation';
            ELSIF FOUND THEN
                RAISE EXCEPTION 'entry % is complete or missing, nothing can be added to it', fault.entry_id
                    USING ERRCODE = 'check_violation';
            END IF;

            SELECT array_agg(named.account_id) FILTER (WHERE a.kind = 'held') AS held,
                   min(named.account_id) FILTER (WHERE a.kind IS NULL) AS missing,
                   min(named.account_id) FILTER (WHERE a.currency <> named.currency) AS foreign_currency
              INTO touched FROM (SELECT DISTINCT account_id, currency FROM new_rows) named
              LEFT JOIN LATERAL (SELECT kind, currency FROM clearing_account
                                  WHERE id = named.account_id OFFSET 0) a ON true;
            IF touched.missing IS NOT NULL THEN
                RAISE EXCEPTION 'a posting names no account: %', touched.missing USING ERRCODE = 'check_violation';
            ELSIF touched.foreign_currency IS NOT NULL THEN
                RAISE EXCEPTION 'a posting is not in the currency of its account: %', touched.foreign_currency
                    USING ERRCODE = 'check_violation';
            END IF;

{_HELD_MONEY_WHOLE}            PERFORM FROM clearing_balance WHERE account_id IN (SELECT account_id FROM new_rows)
              ORDER BY account_id FOR UPDATE;
            UPDATE clearing_balance b SET balance_minor = b.balance_minor + moved.total
              FROM (SELECT account_id, sum(amount_minor)::bigint AS total FROM new_rows
                     GROUP BY account_id HAVING sum(amount_minor) <> 0) moved
             WHERE moved.account_id = b.account_id;
            RETURN NULL;
        """,  # noqa: S608  our own words
    )


def deferred_obligations_fit() -> pgtrigger.Trigger:
    """An obligation that is the rest of an earlier one is made while that one's cycle is netted, and reads like it."""
    return pgtrigger.Trigger(
        name="deferred_obligations_fit",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__deferred_from__isnull=False),
        func="""
            IF NOT EXISTS (
                SELECT FROM clearing_obligation o JOIN clearing_cycle c ON c.id = o.cycle_id
                 WHERE o.id = NEW.deferred_from_id AND c.state = 'validated' AND c.id <> NEW.cycle_id
                   AND o.kind NOT IN ('purchase', 'fee_refund')
                   AND (o.trade_id, o.kind, o.debtor_id, o.creditor_id, o.currency)
                     = (NEW.trade_id, NEW.kind, NEW.debtor_id, NEW.creditor_id, NEW.currency)
            ) THEN
                RAISE EXCEPTION 'obligation % is not deferred as it is', NEW.deferred_from_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def trade_leaf() -> pgtrigger.Trigger:
    """The leaf hash of a trade that has a cycle is computed from the row itself, whatever was given."""
    return pgtrigger.Trigger(
        name="trade_leaf",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
            NEW.leaf := CASE WHEN NEW.cycle_id IS NOT NULL THEN {leaf_of(trade_line("NEW"))} END;
            RETURN NEW;
        """,
    )


def obligations_fit() -> pgtrigger.Trigger:
    """Checks the obligations of a statement as one set against their trades and cycles.

    The cycle's row is locked in share mode first, so that no step of the cycle can pass between this check and the
    commit of the obligations. Purchase and fee of a trade come in one statement and one cycle.
    """
    return pgtrigger.Trigger(
        name="obligations_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("wanted", "record"), ("cycle", "record"), ("fault", "record")],
        func="""
            FOR wanted IN SELECT DISTINCT cycle_id, currency FROM new_rows ORDER BY cycle_id LOOP
                SELECT state, currency INTO cycle FROM clearing_cycle WHERE id = wanted.cycle_id FOR SHARE;
                IF NOT FOUND OR cycle.state NOT IN ('open', 'closing') THEN
                    RAISE EXCEPTION 'cycle % is % and takes no obligations', wanted.cycle_id, cycle.state
                        USING ERRCODE = 'check_violation';
                ELSIF cycle.currency <> wanted.currency THEN
                    RAISE EXCEPTION 'cycle % clears %, not %', wanted.cycle_id, cycle.currency, wanted.currency
                        USING ERRCODE = 'check_violation';
                END IF;
            END LOOP;

            SELECT o.trade_id, o.kind INTO fault FROM new_rows o JOIN clearing_trade t ON t.id = o.trade_id
             WHERE o.currency <> t.currency
                OR o.kind = 'purchase' AND ((o.debtor_id, o.creditor_id, o.amount_minor, o.tax_minor, o.tax_rate_bp)
                    IS DISTINCT FROM (t.buyer_id, t.seller_id, t.captured_price_minor, t.captured_tax_minor, t.tax_rate_bp)
                    OR t.state <> 'accepted' OR t.cycle_id <> o.cycle_id)
                OR o.kind = 'fee' AND o.deferred_from_id IS NULL AND ((o.debtor_id, o.amount_minor, o.tax_rate_bp)
                    IS DISTINCT FROM (CASE t.fee_payer WHEN 'buyer' THEN t.buyer_id ELSE t.seller_id END,
                    t.captured_fee_minor, t.fee_tax_rate_bp)
                    OR o.creditor_id IN (t.buyer_id, t.seller_id) OR t.state <> 'accepted' OR t.cycle_id <> o.cycle_id)
                OR o.kind = 'fee_refund' AND (o.creditor_id NOT IN (t.buyer_id, t.seller_id)
                    OR o.debtor_id IN (t.buyer_id, t.seller_id))
                OR o.kind = 'share' AND (o.debtor_id <> t.seller_id OR o.creditor_id IN (t.buyer_id, t.seller_id))
                OR o.kind IN ('refund', 'adjustment', 'penalty') AND (o.debtor_id NOT IN (t.buyer_id, t.seller_id)
                    OR o.creditor_id NOT IN (t.buyer_id, t.seller_id))
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION '% of trade % is not what the trade states', fault.kind, fault.trade_id
                    USING ERRCODE = 'check_violation';
            END IF;

            SELECT trade_id INTO fault FROM new_rows WHERE kind IN ('purchase', 'fee') AND deferred_from_id IS NULL
             GROUP BY trade_id HAVING count(*) <> 2 OR count(DISTINCT cycle_id) <> 1 LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'purchase and fee of trade % are not made together', fault.trade_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )
