"""Invariants of alarms, and the checks of one cycle for ``check_invariants --cycle``."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import connection, transaction

from marketplace.kernel.errors import Missing
from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query, register_partial_check

from ..cycles.models import Cycle
from ..cycles.states import StepPart
from ..ground.parallel import collector_paused, read_in_parallel
from ..netting.invariants import POSTED_AS_NETTED
from ..netting.recomputation import changes_of
from ..trades.obligation_kinds import BASE_KINDS, Document
from .causes import CLEARED

_DOCUMENTS_OF_PARTS = ", ".join(
    f"('{part}', '{document}')"
    for part, document in {
        StepPart.SALES: Document.PURCHASE,
        StepPart.CORRECTIONS: Document.CORRECTION,
        StepPart.FEES: Document.FEE,
        StepPart.FEE_REFUNDS: Document.FEE_REFUND,
    }.items()
)

_not_when_posting_began = by_query(
    "SELECT e.reference, e.booked_at, part.booked_at AS began_at FROM clearing_entry e"
    " LEFT JOIN clearing_cyclepart part ON part.cycle_id = e.cycle_id AND part.part = 'entries'"
    " WHERE e.kind = 'cycle' AND e.booked_at IS DISTINCT FROM part.booked_at"
)

Invariant(
    name="clearing.alarm_once",
    promise=7,
    statement="A cycle has one alarm per reason; an alarm is ended once and never deleted.",
    guards=(
        "clearing_cyclealarm.cycle_alarm_once",
        "clearing_cyclealarm.cycle_alarm_ended",
        "clearing_cyclealarm.immutable",
        "clearing_cyclealarm.set_once",
        "clearing_cyclealarm.no_delete",
    ),
    test="tests/clearing/run/test_guards.py::test_an_alarm_is_kept_and_ended_once",
    check=by_query(
        "SELECT cycle_id, reason, count(*) FROM clearing_cyclealarm GROUP BY 1, 2 HAVING count(*) > 1"
    ),
)

Invariant(
    name="clearing.entries_follow_from_positions",
    promise=2,
    statement=(
        "The entry that clears a cycle for a participant moves what its net position says, between its accounts and the"
        " market's, when the posting of the cycle began."
    ),
    guards=(
        "clearing_entry.caused_by_position",
        "clearing_entry.entry_names_cycle",
        "clearing_entry.append_only",
        "clearing_entry.entry_kind",
    ),
    test="tests/clearing/ledger/test_causes.py::test_no_kind_of_entry_is_posted_without_its_cause",
    check=lambda: [*CLEARED.check()(), *_not_when_posting_began()],
)

Invariant(
    name="clearing.control_account_at_zero",
    promise=1,
    statement="The clearing control account of a currency is zero unless a cycle in it is being posted.",
    guards=("clearing_cycle.step_is_whole", "clearing_ledgerperiod.period_balanced"),
    test="tests/clearing/run/test_chunks.py::test_a_cycle_leaves_a_step_only_after_its_last_chunk",
    check=by_query(
        "SELECT p.currency, sum(p.amount_minor) AS control FROM clearing_account a"
        " JOIN clearing_posting p ON p.account_id = a.id WHERE a.kind = 'settlement' AND NOT EXISTS ("
        "  SELECT FROM clearing_cyclepart part JOIN clearing_cycle c ON c.id = part.cycle_id"
        "   WHERE part.part = 'entries' AND part.ended_at IS NULL AND c.currency = p.currency)"
        " GROUP BY 1 HAVING sum(p.amount_minor) <> 0"
    ),
)
Invariant(
    name="clearing.parts_go_forward",
    promise=7,
    statement=(
        "A part of a cycle's step has one record of how far it has come, which only goes forward; what it counts is done."
    ),
    guards=(
        "clearing_cyclepart.cycle_part_once",
        "clearing_cyclepart.cycle_part_done",
        "clearing_cyclepart.cycle_part_times",
        "clearing_cyclepart.part_goes_on",
        "clearing_cyclepart.immutable",
        "clearing_cyclepart.no_delete",
    ),
    test="tests/clearing/run/test_chunks.py::test_a_part_goes_forward_only",
    check=by_query(
        "SELECT part.cycle_id, part.part, part.done, found.count FROM clearing_cyclepart part CROSS JOIN LATERAL ("  # noqa: S608  our own words
        "  SELECT count(*) FROM clearing_netposition n WHERE n.cycle_id = part.cycle_id"
        "   AND (part.part = 'positions' OR n.party_key <= part.reached)) found"
        " WHERE part.part IN ('positions', 'entries', 'payments', 'told') AND part.done <> found.count"
        " UNION ALL SELECT part.cycle_id, part.part, part.done, coalesce(issued.count, 0)"
        f" FROM clearing_cyclepart part JOIN (VALUES {_DOCUMENTS_OF_PARTS}) AS listed(part, purpose) USING (part)"
        " LEFT JOIN (SELECT cycle_id, purpose, count(*) FROM clearing_invoice WHERE replaces_id IS NULL GROUP BY 1, 2)"
        "  issued ON issued.cycle_id = part.cycle_id AND issued.purpose = listed.purpose"
        " WHERE part.done <> coalesce(issued.count, 0)"
    ),
)

_SETTINGS = """
    SELECT set_config('random_page_cost', '1.1', true), set_config('work_mem', '128MB', true)
"""

# ``closed_cycle_never_changes`` recounts the trades and compares them with the record of a validated cycle.
_CHECKS = {
    "clearing.positions_sum_to_zero": """
        SELECT sum(net_minor) AS total FROM clearing_netposition WHERE cycle_id = %(cycle)s HAVING sum(net_minor) <> 0
    """,
    "clearing.trade_in_one_cycle": f"""
        SELECT * FROM unnest(ARRAY[{sql_list(BASE_KINDS)}]) AS base(kind) CROSS JOIN LATERAL (
            SELECT count(*) AS obligations, count(DISTINCT trade_id) AS trades FROM clearing_obligation o
             WHERE o.cycle_id = %(cycle)s AND o.kind = base.kind AND o.deferred_from_id IS NULL) owed
          CROSS JOIN (
            SELECT coalesce(c.trades, (SELECT count(*) FROM clearing_trade t WHERE t.cycle_id = c.id)) AS of_cycle
              FROM clearing_cycle c WHERE c.id = %(cycle)s) cleared
         WHERE owed.obligations <> owed.trades OR owed.trades <> cleared.of_cycle
    """,  # noqa: S608  our own words
    "clearing.entries_sum_to_zero": """
        SELECT e.reference, p.currency, sum(p.amount_minor) AS total FROM clearing_entry e
          LEFT JOIN clearing_posting p ON p.entry_id = e.id WHERE e.cycle_id = %(cycle)s
         GROUP BY e.id, p.currency HAVING sum(p.amount_minor) IS DISTINCT FROM 0
    """,
    "clearing.posted_as_netted": POSTED_AS_NETTED.format(
        entries="AND e.cycle_id = %(cycle)s", positions="AND n.cycle_id = %(cycle)s"
    ),
    "clearing.balances_equal_postings": """
        SELECT a.code, b.balance_minor, posted.total FROM (
            SELECT DISTINCT p.account_id FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id
             WHERE e.cycle_id = %(cycle)s) touched
          JOIN clearing_balance b ON b.account_id = touched.account_id
          JOIN clearing_account a ON a.id = touched.account_id
         CROSS JOIN LATERAL (
            SELECT sum(p.amount_minor) AS total FROM clearing_posting p WHERE p.account_id = touched.account_id) posted
         WHERE b.balance_minor <> posted.total OR b.balance_minor * a.side < 0
    """,
}


def verify_cycle(cycle: Cycle) -> dict[str, list[dict[str, Any]]]:
    """Check one cycle; name of the invariant → breaches, for all that were checked."""
    with collector_paused(), read_in_parallel(partial(_broken_checks, cycle)) as others:
        return {"clearing.closed_cycle_never_changes": changes_of(cycle), **others()}


def _broken_checks(cycle: Cycle) -> dict[str, list[dict[str, Any]]]:
    results = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        for name, sql in _CHECKS.items():
            cursor.execute(sql, {"cycle": cycle.pk})
            columns = [column.name for column in cursor.description]
            results[name] = [
                dict(zip(columns, row, strict=True)) for row in cursor.fetchmany(BREACHES_SHOWN_MAX)
            ]
    return results


def verify_named(business_key: str) -> dict[str, list[dict[str, Any]]]:
    """``verify_cycle`` for a business key. Raises Missing."""
    cycle = Cycle.objects.filter(business_key=business_key).first()
    if cycle is None:
        raise Missing(kind="cycle", identifier=business_key)
    return verify_cycle(cycle)


register_partial_check(
    "cycle", verify_named, "check one clearing cycle only, by its business key (JPY-2026-0001)"
)
