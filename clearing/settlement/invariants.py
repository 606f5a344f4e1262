"""Invariants of settlement instructions."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .planning import UNPLANNED

Invariant(
    name="clearing.receivables_are_being_paid",
    promise=1,
    statement=(
        "A participant's receivable equals its unconfirmed payments and the payments that cycles have still to plan for what they posted,"
        " plus at most failed payments that were not made again, of which a part may have covered a shortfall."
    ),
    guards=(
        "clearing_settlementinstruction.payments_covered",
        "clearing_settlementinstruction.replaces_failed",
        "clearing_settlementinstruction.instruction_one_alive",
        "clearing_settlementinstruction.instruction_one_under_way",
        "clearing_settlementinstruction.instruction_own_sequence_once",
        "clearing_settlementinstruction.instruction_purpose",
        "clearing_settlementinstruction.immutable",
        "clearing_balance.balance_within_funds",
    ),
    test="tests/clearing/settlement/test_guards.py::test_no_more_is_paid_than_is_due",
    check=by_query(
        "WITH due AS (SELECT a.organisation_id, a.currency, -b.balance_minor AS minor FROM clearing_account a"  # noqa: S608  our own words
        "  JOIN clearing_balance b ON b.account_id = a.id WHERE a.kind = 'receivable'),"
        " paying AS (SELECT organisation_id, currency,"
        "  coalesce(sum(amount_minor) FILTER (WHERE state IN ('planned', 'sending', 'unknown')), 0) AS in_progress,"
        "  coalesce(sum(amount_minor) FILTER (WHERE state = 'failed' AND NOT EXISTS (SELECT"
        "   FROM clearing_settlementinstruction again WHERE again.instead_of_id = i.id)), 0) AS failed"
        "  FROM clearing_settlementinstruction i WHERE direction = 'out' AND state NOT IN ('confirmed', 'cancelled') GROUP BY 1, 2),"
        f" posted AS (SELECT organisation_id, currency, minor AS planless FROM ({UNPLANNED}) unplanned)"
        " SELECT organisation_id, currency, due.minor, in_progress, failed, planless"
        " FROM due LEFT JOIN paying USING (organisation_id, currency) LEFT JOIN posted USING (organisation_id, currency)"
        " WHERE due.minor < coalesce(in_progress, 0) + coalesce(planless, 0)"
        "  OR due.minor > coalesce(in_progress, 0) + coalesce(planless, 0) + coalesce(failed, 0)"
    ),
)
Invariant(
    name="clearing.failed_before_made_again",
    promise=4,
    statement="A replacement payment replaces a failed or cancelled one, of the same payee and purpose, with at most its amount.",
    guards=(
        "clearing_settlementinstruction.replaces_failed",
        "clearing_settlementinstruction.state_guard",
        "clearing_settlementinstruction.immutable",
    ),
    test="tests/clearing/settlement/test_guards.py::test_only_what_failed_is_made_again",
    check=by_query(
        "SELECT n.reference, o.reference AS instead_of, o.state FROM clearing_settlementinstruction n"
        " JOIN clearing_settlementinstruction o ON o.id = n.instead_of_id WHERE o.state NOT IN ('failed', 'cancelled')"
        "  OR n.amount_minor > o.amount_minor OR (n.organisation_id, n.currency, n.direction, n.purpose)"
        "   <> (o.organisation_id, o.currency, o.direction, o.purpose) OR n.cycle_id IS DISTINCT FROM o.cycle_id"
    ),
)
Invariant(
    name="clearing.sending_shut_after_restoration",
    promise=4,
    statement=(
        "Every payment names the restoration under which it was planned; sending is opened after a restoration by two"
        " people, and nothing is sent in a currency before."
    ),
    guards=(
        "clearing_settlementinstruction.names_restoration",
        "clearing_settlementinstruction.instruction_names_restoration",
        "clearing_settlementinstruction.sending_open",
        "clearing_restoration.restorations_in_order",
        "clearing_restoration.append_only",
        "clearing_sendingopening.append_only",
        "clearing_sendingopening.sending_opened_once",
        "clearing_sendingopening.sending_opened_by_two",
    ),
    test="tests/clearing/settlement/test_restorations.py::test_nothing_is_sent_while_sending_is_shut",
    check=by_query(
        "SELECT f.public_id, r.number FROM clearing_transferfile f JOIN clearing_restoration r"
        "  ON r.number = (SELECT max(n.number) FROM clearing_restoration n) AND f.made_at > r.happened_at"
        "  LEFT JOIN clearing_sendingopening o ON o.restoration_id = r.id AND o.currency = f.currency"
        "  WHERE o.id IS NULL OR f.made_at < o.opened_at"
        " UNION ALL SELECT i.reference, i.restoration FROM clearing_settlementinstruction i"
        "  WHERE i.restoration > (SELECT coalesce(max(n.number), 0) FROM clearing_restoration n)"
    ),
)
