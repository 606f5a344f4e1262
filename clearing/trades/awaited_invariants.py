"""The invariant of adjustments: each moved what was ordered, waits, or is known not to have."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .awaited_guards import MADE, OVERDUE, PUT_OFF, VOID

Invariant(
    name="clearing.adjusted_as_ordered",
    promise=1,
    statement=(
        "Within a day an adjustment of a price is a correction of what was ordered, less what contracts counts as not moved, or it waits for"
        " its charge or a bill; none waits for a charge that has its price or never comes."
    ),
    guards=(
        "clearing_awaitedcorrection.awaited_lawfully",
        "clearing_awaitedcorrection.ended_as_recorded",
        "clearing_awaitedcorrection.awaited_correction_amount",
        "clearing_awaitedcorrection.immutable",
        "clearing_awaitedcorrection.set_once",
        "clearing_awaitedcorrection.set_now",
        "clearing_awaitedcorrection.dated_now",
        "clearing_awaitedcorrection.no_delete",
    ),
    test="tests/clearing/trades/test_awaited.py::test_an_adjustment_that_counts_and_did_not_move_is_named",
    check=by_query(
        "SELECT d.public_id, d.charge FROM contracts_adjustment d JOIN contracts_agreement a ON a.id = d.agreement_id"  # noqa: S608  our own words
        " CROSS JOIN LATERAL (SELECT coalesce(sum(o.amount_minor), 0)::bigint AS minor FROM clearing_obligation o"
        "   WHERE o.source = d.public_id AND o.reverses_id IS NULL AND o.deferred_from_id IS NULL) moved"
        " WHERE d.ordered_at < public.business_now() - interval '1 day'"
        "  AND EXISTS (SELECT FROM clearing_trade t WHERE t.agreement = a.public_id)"
        "  AND moved.minor + coalesce(d.unmoved_minor, 0) <> d.amount_minor"
        "  AND NOT EXISTS (SELECT FROM clearing_putoffcorrection p WHERE p.source = d.public_id AND p.ended_at IS NULL)"
        "  AND NOT EXISTS (SELECT FROM clearing_awaitedcorrection w WHERE w.source = d.public_id AND w.ended_at IS NULL)"
        " UNION ALL SELECT w.source, w.charge FROM clearing_awaitedcorrection w"
        f" WHERE w.ended_at IS NULL AND {OVERDUE.format(row='w')}"
        "  OR w.ended_at IS NOT NULL AND NOT ("
        f"   {MADE.format(row='w')} OR {PUT_OFF.format(row='w')} OR {VOID.format(row='w')})"
    ),
)
