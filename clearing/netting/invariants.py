"""Invariants of netting: positions, their postings, and closed cycles."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from ..trades.obligation_kinds import GROSS_LINES
from .recomputation import changed_cycles

_GROSS = " UNION ALL ".join(
    f"SELECT '{line.value}' AS line, {' + '.join(f'{gross.sign} * n.{part.value}' for part in gross.parts)} AS amount"
    for line, gross in GROSS_LINES.items()
)
"""The gross lines of a participant's entry, each with the parts of the position ``n`` that it sums up."""

POSTED_AS_NETTED = (
    "WITH posted AS (SELECT e.cycle_id, e.organisation_id, p.line, sum(p.amount_minor) AS amount"  # noqa: S608  our own words
    "  FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id WHERE e.kind = 'cycle' {entries}"
    "   AND p.amount_minor > 0 AND p.line NOT IN ('covered', 'recovered', 'fees_collected', 'bad_fees_collected') GROUP BY 1, 2, 3),"
    " netted AS (SELECT n.cycle_id, n.organisation_id, v.line, v.amount FROM clearing_netposition n"
    "  JOIN clearing_cycle c ON c.id = n.cycle_id {positions} AND (c.posted_at IS NOT NULL"
    "   OR c.state = 'netted' AND EXISTS (SELECT FROM clearing_entry e WHERE e.reference = 'cycle:' || n.public_id))"
    f"  CROSS JOIN LATERAL ({_GROSS} UNION ALL SELECT 'deferred', n.deferred_minor"
    "   UNION ALL SELECT 'awaited', -n.deferred_minor) v WHERE v.amount > 0)"
    " SELECT * FROM posted FULL JOIN netted USING (cycle_id, organisation_id, line)"
    " WHERE posted.amount IS DISTINCT FROM netted.amount"
)
"""Postings and positions that differ; ``entries`` and ``positions`` are conditions that narrow them down."""

Invariant(
    name="clearing.positions_sum_to_zero",
    promise=1,
    statement="The net positions of a cycle sum to zero, and each is the sum of its parts.",
    guards=(
        "clearing_cycle.positions_sum_to_zero",
        "clearing_netposition.positions_fit",
        "clearing_netposition.position_parts",
        "clearing_netposition.position_once",
        "clearing_netposition.append_only",
    ),
    test="tests/clearing/netting/test_guards.py::test_positions_that_do_not_sum_to_zero_are_refused",
    check=by_query(
        "SELECT n.cycle_id, sum(n.net_minor) AS total FROM clearing_netposition n JOIN clearing_cycle c ON c.id = n.cycle_id"
        " WHERE c.netted_at IS NOT NULL GROUP BY 1 HAVING sum(n.net_minor) <> 0"
    ),
)
Invariant(
    name="clearing.posted_as_netted",
    promise=2,
    statement="The postings of a cycle for a participant equal its net position, line by line.",
    guards=(
        "clearing_posting.append_only",
        "clearing_netposition.append_only",
        "clearing_entry.entry_reference_once",
    ),
    test="tests/clearing/ledger/test_guards.py::test_postings_and_positions_stay_as_they_are",
    check=by_query(POSTED_AS_NETTED.format(entries="", positions="")),
)
Invariant(
    name="clearing.closed_cycle_never_changes",
    promise=2,
    statement="Recomputing a cycle's lines, hashes, roots and positions gives what was recorded.",
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
        "clearing_trade.trade_leaf",
        "clearing_proofblock.append_only",
        "clearing_proofblock.blocks_complete",
        "clearing_proofblock.proof_block_once",
        "clearing_proofblock.proof_block_lines",
    ),
    test="tests/clearing/trades/test_guards.py::test_a_closed_cycle_takes_no_obligation",
    check=changed_cycles,
)
Invariant(
    name="clearing.cycle_rows_name_what_exists",
    promise=2,
    statement="Entries and net positions name cycles and organisations that exist.",
    guards=(
        "clearing_entry.entry_names_cycle",
        "clearing_entry.entry_complete",
        "clearing_entry.append_only",
        "clearing_netposition.positions_fit",
        "clearing_netposition.append_only",
        "clearing_cycle.no_delete",
        "participants_organisation.no_delete",
    ),
    test="tests/clearing/netting/test_guards.py::test_entries_and_positions_name_what_exists",
    check=by_query(
        "SELECT e.reference, e.cycle_id, e.organisation_id FROM clearing_entry e"
        " LEFT JOIN clearing_cycle c ON c.id = e.cycle_id LEFT JOIN participants_organisation o ON o.id = e.organisation_id"
        " WHERE e.cycle_id IS NOT NULL AND c.id IS NULL OR e.organisation_id IS NOT NULL AND o.id IS NULL"
        " UNION ALL SELECT n.public_id, n.cycle_id, n.organisation_id FROM clearing_netposition n"
        " LEFT JOIN clearing_cycle c ON c.id = n.cycle_id LEFT JOIN participants_organisation o ON o.id = n.organisation_id"
        " WHERE c.id IS NULL OR o.id IS NULL"
    ),
)
