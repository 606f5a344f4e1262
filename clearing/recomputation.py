"""Recomputing what cycles recorded, from their obligations and positions alone."""

from __future__ import annotations

from typing import Any

from django.db import connection

from marketplace.participants.queries import operator_organisation

from .models import Cycle, NetPosition
from .models.cycles import POSITION_COLUMNS
from .netting import PartyTotal, Position, net_positions
from .proofs import cycle_root, input_digest, output_hash, positions_root, trades_root
from .queries.proofs import stored_positions

_TOTALS = {
    "debtor": """
        SELECT debtor_id, kind, tax_rate_bp, sum(amount_minor)::bigint, sum(tax_minor)::bigint,
               count(*) FILTER (WHERE amount_minor > 0)
          FROM clearing_obligation WHERE cycle_id = %s GROUP BY 1, 2, 3
    """,
    "creditor": """
        SELECT creditor_id, kind, tax_rate_bp, sum(amount_minor)::bigint, sum(tax_minor)::bigint,
               count(*) FILTER (WHERE amount_minor > 0)
          FROM clearing_obligation WHERE cycle_id = %s GROUP BY 1, 2, 3
    """,
}
_PUT_OFF = """
    SELECT o.debtor_id, o.creditor_id, sum(d.amount_minor + d.tax_minor)::bigint
      FROM clearing_deferral d JOIN clearing_obligation o ON o.id = d.obligation_id WHERE d.cycle_id = %s GROUP BY 1, 2
"""


def party_totals(side: str, cycle_id: int) -> tuple[list[PartyTotal], int]:
    """The obligations of a cycle summed by ``debtor`` or ``creditor``, kind and tax rate; and how many are of some amount."""
    with connection.cursor() as cursor:
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
    breaches: list[dict[str, Any]] = []
    for cycle in Cycle.objects.filter(input_hash__isnull=False).order_by("pk"):
        differing = [name for name, agrees in _comparisons(cycle).items() if not agrees]
        if differing:
            breaches.append({"cycle": cycle.business_key, "differs": differing})
    return breaches


def _comparisons(cycle: Cycle) -> dict[str, bool]:
    digest = input_digest(cycle_id=cycle.pk, currency=cycle.currency)
    agrees = {"input_hash": digest.input_hash == cycle.input_hash}
    if cycle.output_hash is None:
        return agrees
    positions = stored_positions(cycle)
    computed, _ = computed_positions(cycle.pk)
    rows = NetPosition.objects.filter(cycle=cycle).values_list("organisation_id", *POSITION_COLUMNS)
    agrees |= {
        "output_hash": output_hash(currency=cycle.currency, positions=positions) == cycle.output_hash,
        "positions": {row[0]: tuple(row[1:]) for row in rows}
        == {key: position.parts for key, position in computed.items()},
    }
    if cycle.merkle_root is None:
        return agrees
    root = trades_root(cycle.pk)
    return agrees | {
        "trades_root": root == cycle.trades_root,
        "merkle_root": cycle_root(root, positions_root(positions)) == cycle.merkle_root,
    }
