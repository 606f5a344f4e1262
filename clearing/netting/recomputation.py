"""Recomputes what cycles recorded from their trades, obligations and positions."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any, NamedTuple

from django.db import connection, transaction

from marketplace.kernel.guards import sql_list
from marketplace.participants.queries import operator_organisation

from ..cycles.models import Cycle
from ..ground.parallel import read_in_parallel
from ..trades.lines import CHANGED_LEAVES
from ..trades.obligation_kinds import OWED_TO_OPERATOR
from .models import POSITION_COLUMNS, NetPosition
from .positions import PartyTotal, Position, net_positions
from .proof_blocks import stored_blocks
from .proofs import InputDigest, cycle_root, input_digest, output_digest
from .states import ProofTree

OBLIGATIONS_A_READ = 500_000

_READ = """
    SELECT {side}_id, kind, tax_rate_bp, sum(amount_minor)::bigint, sum(tax_minor)::bigint, count(*),
           count(*) FILTER (WHERE amount_minor > 0)
      FROM (SELECT {side}_id, kind, tax_rate_bp, amount_minor, tax_minor FROM clearing_obligation
             WHERE cycle_id = %(cycle)s AND {side}_id >= %(first)s AND {side}_id <= %(last)s {only}
             ORDER BY {side}_id, kind, tax_rate_bp LIMIT %(limit)s) read
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_TOTALS = {
    "debtor": _READ.format(side="debtor", only=""),
    "creditor": _READ.format(side="creditor", only=f"AND kind NOT IN ({sql_list(OWED_TO_OPERATOR)})"),
}
_LAST_PARTY = 2**63 - 1
_DEFERRED_LINES = """
    SELECT kind, count(*), sum(amount_minor)::bigint, sum(tax_minor)::bigint
      FROM clearing_obligation WHERE cycle_id = %s AND deferred_from_id IS NOT NULL GROUP BY 1
"""
_DEFERRED = """
    SELECT o.debtor_id, o.creditor_id, sum(n.amount_minor + n.tax_minor)::bigint
      FROM clearing_obligation n JOIN clearing_obligation o ON o.id = n.deferred_from_id
     WHERE n.deferred_from_id IS NOT NULL AND o.cycle_id = %s GROUP BY 1, 2
"""
"""What a cycle deferred: the obligations that continue its own in a later cycle, with the same parties."""
_INDEX_PREFERRED = """
    SELECT set_config('random_page_cost', '1.1', true), set_config('max_parallel_workers_per_gather', '0', true)
"""
"""An index holds each side of the obligations by party; summing in that order avoids a sort. No parallel workers: they
would compete with the other query that runs at the same time."""


class Totals(NamedTuple):
    """Obligations of a cycle, summed by debtor and by creditor; fees, all owed to the operator, by debtor only.

    ``obligations`` is their number, ``payments`` the number with an amount above zero. ``made`` excludes obligations
    deferred into this cycle: kind → number, amount and tax.
    """

    owed: list[PartyTotal]
    due: list[PartyTotal]
    obligations: int
    payments: int
    made: dict[str, tuple[int, int, int]]


def totals_of(cycle_id: int) -> Totals:
    """The totals of a cycle."""
    return combine_totals(
        cycle_id, owed=sum_obligations("debtor", cycle_id), due=sum_obligations("creditor", cycle_id)
    )


def sum_obligations(side: str, cycle_id: int) -> list[tuple[Any, ...]]:
    """Sums of the obligations by ``side``, ``debtor`` or ``creditor``: the fields of a PartyTotal, the number of
    obligations and the number with an amount above zero. Each read is of a bounded number of obligations, or of one
    party."""
    found: list[tuple[Any, ...]] = []
    first = 0
    while rows := _read_sums(side, cycle_id, first=first, limit=OBLIGATIONS_A_READ):
        last = rows[-1][0]
        if sum(row[5] for row in rows) < OBLIGATIONS_A_READ:
            found += rows
            break
        # The read may have ended among the obligations of its last party, which is read again on its own or next.
        whole = [row for row in rows if row[0] != last]
        found += whole or _read_sums(side, cycle_id, first=last, last=last)
        first = last if whole else last + 1
    return found


def _read_sums(
    side: str, cycle_id: int, *, first: int, last: int = _LAST_PARTY, limit: int | None = None
) -> list[tuple[Any, ...]]:
    """The sums over the first ``limit`` obligations of the parties from ``first`` to ``last``, in their order."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INDEX_PREFERRED)
        values = {"cycle": cycle_id, "first": first, "last": last, "limit": limit}
        cursor.execute(_TOTALS[side], values)
        return list(cursor.fetchall())


def combine_totals(cycle_id: int, *, owed: list[tuple[Any, ...]], due: list[tuple[Any, ...]]) -> Totals:
    """The totals of a cycle from its sums by debtor and by creditor."""
    with connection.cursor() as cursor:
        cursor.execute(_DEFERRED_LINES, [cycle_id])
        deferred_here = {kind: sums for kind, *sums in cursor.fetchall()}
    made: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for _, kind, _, amount_minor, tax_minor, count, _ in owed:
        of_kind = made[kind]
        of_kind[0] += count
        of_kind[1] += amount_minor
        of_kind[2] += tax_minor
    return Totals(
        owed=[PartyTotal._make(row[:5]) for row in owed],
        due=[PartyTotal._make(row[:5]) for row in due],
        obligations=sum(count for count, _, _ in made.values()),
        payments=sum(row[6] for row in owed),
        made={
            kind: (count - less[0], amount - less[1], tax - less[2])
            for kind, (count, amount, tax) in made.items()
            for less in [deferred_here.get(kind, (0, 0, 0))]
        },
    )


def compute_positions(cycle_id: int, totals: Totals | None = None) -> dict[int, Position]:
    """The net positions of a cycle from its obligations and its deferrals."""
    owed, due, *_ = totals or totals_of(cycle_id)
    positions = net_positions(owed=owed, due=due, operator_id=operator_organisation().id)
    with connection.cursor() as cursor:
        cursor.execute(_DEFERRED, [cycle_id])
        for debtor, creditor, minor in cursor.fetchall():
            positions[debtor].deferred_minor += minor
            positions[creditor].deferred_minor -= minor
    return positions


def changed_cycles() -> list[dict[str, Any]]:
    """Cycles whose recomputation differs from their record: key and differing names."""
    return [breach for cycle in Cycle.objects.order_by("pk") for breach in changes_of(cycle)]


def changes_of(cycle: Cycle) -> list[dict[str, Any]]:
    """The cycle's key and the names that differ on recomputation; empty if none does."""
    if cycle.input_hash is None:
        return []
    differing = [name for name, agrees in _comparisons(cycle).items() if not agrees]
    return [{"cycle": cycle.business_key, "differs": differing}] if differing else []


def _comparisons(cycle: Cycle) -> dict[str, bool]:
    """Recorded name → whether recomputing it gives the same; trusts no recorded value."""
    with (
        read_in_parallel(partial(_changed_leaves, cycle)) as changed_leaves,
        read_in_parallel(partial(totals_of, cycle.pk)) as totals,
    ):
        digest = input_digest(cycle_id=cycle.pk, currency=cycle.currency)
        others = _input_agrees(cycle, digest)
        if cycle.output_hash:
            others |= _output_agrees(cycle, digest, totals())
        return {"lines": not changed_leaves(), **others}


def _input_agrees(cycle: Cycle, digest: InputDigest) -> dict[str, bool]:
    return {
        "trades": digest.stated[0] == cycle.trades,
        "input_hash": digest.input_hash == cycle.input_hash,
        "trades_root": digest.trades_root == cycle.trades_root,
        "trades_blocks": digest.blocks == stored_blocks(cycle, ProofTree.TRADES),
    }


def _output_agrees(cycle: Cycle, digest: InputDigest, totals: Totals) -> dict[str, bool]:
    computed = compute_positions(cycle.pk, totals)
    columns = ("organisation_id", "party_key", *POSITION_COLUMNS, "net_minor")
    rows = list(NetPosition.objects.filter(cycle=cycle).values_list(*columns))
    output = output_digest(currency=cycle.currency, positions={row[1]: tuple(row[2:]) for row in rows})
    return {
        "positions": {row[0]: tuple(row[2:-1]) for row in rows}
        == {key: position.parts for key, position in computed.items()},
        "obligations": totals.obligations == cycle.obligations,
        "payments_before": totals.payments == cycle.payments_before,
        "output_hash": output.output_hash == cycle.output_hash,
        "positions_blocks": output.blocks == stored_blocks(cycle, ProofTree.POSITIONS),
        "merkle_root": cycle_root(digest.trades_root, output.positions_root) == cycle.merkle_root,
    }


def _changed_leaves(cycle: Cycle) -> int:
    with connection.cursor() as cursor:
        cursor.execute(CHANGED_LEAVES, {"cycle": cycle.pk})
        return int(cursor.fetchone()[0])
