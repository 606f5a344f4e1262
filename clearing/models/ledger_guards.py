"""Guards of the ledger. Statement triggers: a statement of many postings is checked as one set."""

from __future__ import annotations

import pgtrigger

from ..chart import LIMITED_KINDS

_NEW = pgtrigger.Referencing(new="new_rows")


def balances_open() -> pgtrigger.Trigger:
    """Every account that may not be overdrawn gets its Balance, at zero, in the statement that makes it."""
    kinds = ", ".join(f"'{kind.value}'" for kind in LIMITED_KINDS)
    return pgtrigger.Trigger(
        name="balances_open",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=_NEW,
        func=f"""
            INSERT INTO clearing_balance (account_id, side, balance_minor)
            SELECT id, side, 0 FROM new_rows WHERE kind IN ({kinds});
            RETURN NULL;
        """,  # noqa: S608  the kinds are our own words
    )


def moved_by_postings() -> pgtrigger.Trigger:
    """A balance is made and moved from within the ledger's own triggers only, never by a statement of its own."""
    return pgtrigger.Trigger(
        name="moved_by_postings",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
            IF pg_trigger_depth() < 2 THEN
                RAISE EXCEPTION 'balances are moved by postings only' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def entry_complete() -> pgtrigger.Trigger:
    """An entry comes with its postings, in one statement: it is complete when it is made."""
    return pgtrigger.Trigger(
        name="entry_complete",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=_NEW,
        declare=[("fault", "record")],
        func="""
            SELECT e.reference INTO fault FROM new_rows e
             WHERE (SELECT p.id FROM clearing_posting p WHERE p.entry_id = e.id AND p.leg = 1) IS NULL LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'entry % comes without postings', fault.reference USING ERRCODE = 'check_violation';
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
