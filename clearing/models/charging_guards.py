"""The guards of charging: a plan is whole, trades and usage keep within it, shares and refunds within the price."""

from __future__ import annotations

import pgtrigger


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
                              AND carried_from_id IS NULL) THEN
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
                  FROM clearing_obligation o WHERE o.trade_id = t.id AND o.carried_from_id IS NULL) owed
             WHERE t.id IN (SELECT trade_id FROM new_rows WHERE kind IN ('share', 'refund', 'fee_refund')
                               AND reverses_id IS NULL AND carried_from_id IS NULL)
               AND (t.state <> 'accepted' OR owed.shared > t.captured_price_minor
                    OR owed.returned > t.captured_price_minor OR owed.returned_tax > t.captured_tax_minor
                    OR owed.fee_returned > t.captured_fee_minor)
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'shares or refunds of trade % are beyond what was captured', fault.public_id
                    USING ERRCODE = 'check_violation';
            END IF;
            SELECT o.trade_id INTO fault FROM new_rows o JOIN clearing_trade t ON t.id = o.trade_id
             WHERE o.kind = 'share' AND o.carried_from_id IS NULL AND NOT EXISTS (
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
