"""Recomputing what cycles recorded, from their trades, obligations and positions alone."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import connection, transaction

from marketplace.participants.queries import operator_organisation

from .beside import beside
from .lines import CHANGED_LEAVES
from .models import Cycle, NetPosition
from .models.cycles import POSITION_COLUMNS
from .netting import PartyTotal, Position, net_positions
from .proof_blocks import stored_blocks
from .proofs import cycle_root, input_digest, output_digest
from .states import ProofTree

_TOTALS = {
    "debtor": """
        SELECT debtor_id, kind, tax_rate_bp, sum(amount_minor)::bigint, sum(tax_minor)::bigint,
               count(*) FILTER (WHERE amount_minor > 0)
          FROM clearing_obligation WHERE cycle_id = %s GROUP BY 1, 2, 3
    """,
    "creditor": """
        SELECT creditor_id, kind, tax_rate_bp, sum(amount_minor)::bigint, sum(tax_minor)::bigint,
               count(*) FILTER (WHERE amount_minor > 0)
          FROM clearing_obligation WHERE cycle_id = %s AND kind <> 'fee' GROUP BY 1, 2, 3
    """,
}
_PUT_OFF = """
    SELECT o.debtor_id, o.creditor_id, sum(d.amount_minor + d.tax_minor)::bigint
      FROM clearing_deferral d JOIN clearing_obligation o ON o.id = d.obligation_id WHERE d.cycle_id = %s GROUP BY 1, 2
"""
_INDEX_PREFERRED = """
    SELECT set_config('random_page_cost', '1.1', true), set_config('parallel_setup_cost', '10', true),
           set_config('parallel_tuple_cost', '0.001', true)
"""
"""Each side of what is owed stands in an index by party; in no other order is it summed without sorting. It is gone
through by as many workers as the server allows, each of which hands on a few sums."""


def party_totals(side: str, cycle_id: int) -> tuple[list[PartyTotal], int]:
    """The obligations of a cycle summed by ``debtor`` or ``creditor``, kind and tax rate; and how many are of some amount.

    The creditor of every fee is the operator, whose part is made from what is owed: fees are left out on that side.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INDEX_PREFERRED)
        cursor.execute(_TOTALS[side], [cycle_id])
        rows = cursor.fetchall()
    return [PartyTotal(*row[:5]) for row in rows], sum(row[5] for row in rows)


def computed_positions(cycle_id: int) -> tuple[dict[int, Position], int]:
    """The net positions of a cycle out of its obligations, and of what was put off when it was netted; and how many
    obligations are of some amount."""
    owed, payments = party_totals("debtor", cycle_id)
    due, _ = party_totals("creditor", cycle_id)
    positions = net_positions(owed=owed, due=due, operator_id=operator_organisation().id)
    with connection.cursor() as cursor:
        cursor.execute(_PUT_OFF, [cycle_id])
        for debtor, creditor, minor in cursor.fetchall():
            positions[debtor].carried_forward_minor += minor
            positions[creditor].carried_forward_minor -= minor
    return positions, payments


def changed_cycles() -> list[dict[str, Any]]:
    """Cycles that no longer come out as they recorded: their key, and what differs."""
    return [breach for cycle in Cycle.objects.order_by("pk") for breach in changes_of(cycle)]


def changes_of(cycle: Cycle) -> list[dict[str, Any]]:
    """Whether one cycle no longer comes out as it recorded: its key and what differs; nothing if it does."""
    if cycle.input_hash is None:
        return []
    differing = [name for name, agrees in _comparisons(cycle).items() if not agrees]
    return [{"cycle": cycle.business_key, "differs": differing}] if differing else []


def _comparisons(cycle: Cycle) -> dict[str, bool]:
    """What was recorded, by name, and whether it comes out the same. Nothing recorded is taken for granted here."""
    with beside(partial(_changed_leaves, cycle)) as changed_leaves:
        digest = input_digest(cycle_id=cycle.pk, currency=cycle.currency)
        changed = changed_leaves()
    agrees = {
        "lines": not changed,
        "trades": digest.stated[0] == cycle.trades,
        "input_hash": digest.input_hash == cycle.input_hash,
        "trades_root": digest.trades_root == cycle.trades_root,
        "trades_blocks": digest.blocks == stored_blocks(cycle, ProofTree.TRADES),
    }
    if cycle.output_hash is None:
        return agrees
    rows = list(
        NetPosition.objects.filter(cycle=cycle).values_list(
            "organisation_id", "party_key", *POSITION_COLUMNS, "net_minor"
        )
    )
    output = output_digest(currency=cycle.currency, positions={row[1]: tuple(row[2:]) for row in rows})
    computed, payments = computed_positions(cycle.pk)
    return agrees | {
        "positions": {row[0]: tuple(row[2:-1]) for row in rows}
        == {key: position.parts for key, position in computed.items()},
        "payments_before": payments == cycle.payments_before,
        "output_hash": output.output_hash == cycle.output_hash,
        "positions_blocks": output.blocks == stored_blocks(cycle, ProofTree.POSITIONS),
        "merkle_root": cycle_root(digest.trades_root, output.positions_root) == cycle.merkle_root,
    }


def _changed_leaves(cycle: Cycle) -> int:
    with connection.cursor() as cursor:
        cursor.execute(CHANGED_LEAVES, {"cycle": cycle.pk})
        return int(cursor.fetchone()[0])
