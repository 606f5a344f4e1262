"""Database guards of net positions and proof blocks."""

from __future__ import annotations

import pgtrigger

from ..trades.lines import BLOCK_LINES


def positions_sum_to_zero() -> pgtrigger.Trigger:
    """All positions of a cycle come in one statement, sum to zero, and only while the cycle is validated."""
    return pgtrigger.Trigger(
        name="positions_sum_to_zero",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            SELECT p.cycle_id INTO fault FROM new_rows p JOIN clearing_cycle c ON c.id = p.cycle_id
             GROUP BY p.cycle_id, c.state, c.currency
            HAVING sum(p.net_minor) <> 0
                OR sum(p.purchases_minor + p.purchase_tax_minor + p.sales_minor + p.sales_tax_minor) <> 0
                OR sum(p.fees_minor + p.fee_refunds_minor) <> 0
                OR sum(p.fee_tax_minor + p.fee_refund_tax_minor) <> 0
                OR sum(p.shares_paid_minor + p.shares_received_minor) <> 0
                OR sum(p.deferred_minor) <> 0
                OR bool_or(p.currency <> c.currency)
                OR c.state <> 'validated'
                OR count(*) <> (SELECT count(*) FROM clearing_netposition all_rows WHERE all_rows.cycle_id = p.cycle_id)
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'positions of cycle % do not sum to zero, or do not come together when it is netted',
                    fault.cycle_id USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def blocks_complete() -> pgtrigger.Trigger:
    """The blocks of a tree come whole, in one statement, before the step that hashes their lines moves the cycle on."""
    return pgtrigger.Trigger(
        name="blocks_complete",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=f"""
            SELECT b.cycle_id, b.tree INTO fault FROM new_rows b JOIN clearing_cycle c ON c.id = b.cycle_id
             GROUP BY b.cycle_id, b.tree, c.state
            HAVING min(b.index) <> 0 OR max(b.index) <> count(*) - 1
                OR bool_or(b.lines < {BLOCK_LINES} AND b.index < (
                    SELECT max(o.index) FROM new_rows o WHERE o.cycle_id = b.cycle_id AND o.tree = b.tree))
                OR c.state <> CASE b.tree WHEN 'trades' THEN 'closing' ELSE 'validated' END
                OR count(*) <> (SELECT count(*) FROM clearing_proofblock all_rows
                                 WHERE all_rows.cycle_id = b.cycle_id AND all_rows.tree = b.tree)
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'blocks of the % of cycle % do not come whole when they are hashed',
                    fault.tree, fault.cycle_id USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,  # noqa: S608  our own words
    )
