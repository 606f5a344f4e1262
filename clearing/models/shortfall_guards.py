"""Guards of what is carried over, and of what the reserve lends."""

from __future__ import annotations

import pgtrigger


def carried_rests_fit() -> pgtrigger.Trigger:
    """An obligation that is the rest of an earlier one is made while that one's cycle is netted, and reads like it."""
    return pgtrigger.Trigger(
        name="carried_rests_fit",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__carried_from__isnull=False),
        func="""
            IF NOT EXISTS (
                SELECT FROM clearing_obligation o JOIN clearing_cycle c ON c.id = o.cycle_id
                 WHERE o.id = NEW.carried_from_id AND c.state = 'validated' AND c.id <> NEW.cycle_id
                   AND o.kind NOT IN ('purchase', 'fee_refund')
                   AND (o.trade_id, o.kind, o.debtor_id, o.creditor_id, o.currency)
                     = (NEW.trade_id, NEW.kind, NEW.debtor_id, NEW.creditor_id, NEW.currency)
            ) THEN
                RAISE EXCEPTION 'obligation % is not carried over as it is', NEW.carried_from_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def deferrals_fit() -> pgtrigger.Trigger:
    """What is put off is of the cycle that is being netted, and goes on in full in the obligation that follows."""
    return pgtrigger.Trigger(
        name="deferrals_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            SELECT d.obligation_id INTO fault FROM new_rows d
              JOIN clearing_obligation o ON o.id = d.obligation_id
              JOIN clearing_obligation n ON n.id = d.next_id
              JOIN clearing_cycle c ON c.id = d.cycle_id
             WHERE o.cycle_id <> d.cycle_id OR c.state <> 'validated'
                OR n.carried_from_id IS DISTINCT FROM o.id
                OR n.amount_minor + n.tax_minor <> d.amount_minor + d.tax_minor
                OR (o.kind <> 'fee' AND (d.amount_minor > o.amount_minor OR d.tax_minor > o.tax_minor))
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'what is put off of obligation % is not what follows it', fault.obligation_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def claims_within_reserve() -> pgtrigger.Trigger:
    """The reserve lends what it has: all claims of a currency together never exceed it.

    Checked when a claim grows or the reserve shrinks; its balance is locked first, so that two who borrow at once
    are counted one after the other. Whoever does either is a mover (``ledger.locking``).
    """
    return pgtrigger.Trigger(
        name="claims_within_reserve",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
        declare=[("grown", "record"), ("reserve", "bigint"), ("lent", "bigint")],
        func="""
            FOR grown IN
                SELECT DISTINCT a.currency FROM new_rows n JOIN old_rows o ON o.account_id = n.account_id
                  JOIN clearing_account a ON a.id = n.account_id
                 WHERE n.balance_minor > o.balance_minor AND a.kind IN ('claim', 'reserve')
                 ORDER BY a.currency
            LOOP
                SELECT -b.balance_minor INTO reserve FROM clearing_balance b
                  JOIN clearing_account a ON a.id = b.account_id
                 WHERE a.kind = 'reserve' AND a.currency = grown.currency FOR UPDATE OF b;
                SELECT sum(b.balance_minor) INTO lent FROM clearing_balance b
                  JOIN clearing_account a ON a.id = b.account_id
                 WHERE a.kind = 'claim' AND a.currency = grown.currency;
                IF coalesce(lent, 0) > coalesce(reserve, 0) THEN
                    RAISE EXCEPTION 'claims of % in % exceed the reserve of %', lent, grown.currency, reserve
                        USING ERRCODE = 'check_violation';
                END IF;
            END LOOP;
            RETURN NULL;
        """,
    )
