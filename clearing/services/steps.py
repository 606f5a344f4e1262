"""The steps of a cycle. Each gets the cycle's row locked, and says whether it did anything.

A step moves the cycle by one state in the transaction that does its work, so running it again finds another state
and does nothing; a worker that was overtaken holds an older epoch and does not get the row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from marketplace.events.queries import unseen_before
from marketplace.events.schemas.clearing import CycleMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.states import advance

from ..bulk import insert_columns
from ..errors import CycleFaulty
from ..models import Cycle
from ..models.cycles import POSITION_COLUMNS
from ..netting import Position, summarise
from ..parties import party_keys
from ..proofs import cycle_root, input_digest, output_hash, positions_root, trades_root
from ..queries.proofs import stored_positions
from ..recomputation import computed_positions
from ..states import CYCLE, CycleState
from .cycle_posting import post_positions
from .instructions import plan_payments, settlement_outcome
from .invoices import issue_invoices

SUBSCRIBER = "clearing"

_CONTENT = """
    SELECT count(*) FILTER (WHERE kind = 'purchase'), count(*) FILTER (WHERE kind = 'fee'), count(*),
           count(*) FILTER (WHERE currency <> %s)
      FROM clearing_obligation WHERE cycle_id = %s
"""


def validate(cycle: Cycle, actor: Actor) -> bool:
    """Check what is to be cleared and take its hash, once every event from before the barrier was seen."""
    if unseen_before(int(str(cycle.barrier)), SUBSCRIBER):
        return False
    with connection.cursor() as cursor:
        cursor.execute(_CONTENT, [cycle.currency, cycle.pk])
        trades, fees, obligations, foreign = cursor.fetchone()
    digest = input_digest(cycle_id=cycle.pk, currency=cycle.currency)
    faults = {
        "trades without fee or fees without trade": abs(trades - fees),
        "obligations in another currency": foreign,
        "prices that are not as agreed or of trades not accepted": obligations - fees - digest.lines,
    }
    found = ", ".join(f"{count} {what}" for what, count in faults.items() if count)
    if found:
        raise CycleFaulty(cycle=cycle.business_key, faults=found)
    return _move(
        cycle, actor, "validate", trades=trades, obligations=obligations, input_hash=digest.input_hash
    )


def net(cycle: Cycle, actor: Actor) -> bool:
    """Compute every party's net position, write them in one statement, and take their hash."""
    positions, payments_before = computed_positions(cycle.pk)
    names = party_keys(positions)
    _write_positions(cycle, positions, names)
    summary = summarise(positions)
    return _move(
        cycle,
        actor,
        "net",
        netted_at=clock.now(),
        gross_minor=summary.gross_minor,
        net_minor=summary.net_minor,
        payments_before=payments_before,
        payments_after=summary.payments_after,
        output_hash=output_hash(
            currency=cycle.currency,
            positions={
                names[key]: (*position.parts, position.net_minor) for key, position in positions.items()
            },
        ),
    )


def _write_positions(cycle: Cycle, positions: dict[int, Position], names: dict[int, str]) -> None:
    size = len(positions)
    parts = zip(*(position.parts for position in positions.values()), strict=True)
    insert_columns(
        "clearing_netposition",
        {
            "public_id": ("text", [new_identifier("pos") for _ in positions]),
            "cycle_id": ("bigint", [cycle.pk] * size),
            "organisation_id": ("bigint", list(positions)),
            "party_key": ("text", [names[key] for key in positions]),
            "currency": ("text", [cycle.currency] * size),
            **{name: ("bigint", list(part)) for name, part in zip(POSITION_COLUMNS, parts, strict=True)},
            "net_minor": ("bigint", [position.net_minor for position in positions.values()]),
        },
    )


def post(cycle: Cycle, actor: Actor) -> bool:
    """Post one entry a participant: what netting made final is in the ledger."""
    entries = post_positions(cycle)
    return _move(
        cycle,
        actor,
        "post",
        evidence={"entries": entries, "input_hash": cycle.input_hash, "output_hash": cycle.output_hash},
        posted_at=clock.now(),
    )


def instruct(cycle: Cycle, actor: Actor) -> bool:
    """Issue the invoices, some at a time; when all are out, take the Merkle root and plan one payment a participant."""
    if issue_invoices(cycle):
        return True
    payments = plan_payments(cycle)
    root = trades_root(cycle.pk)
    return _move(
        cycle,
        actor,
        "instruct",
        evidence={"payments": payments},
        trades_root=root,
        merkle_root=cycle_root(root, positions_root(stored_positions(cycle))),
    )


def settle(cycle: Cycle, actor: Actor) -> bool:
    """Settled when every payment is confirmed and nothing is carried; in part when the rest can only wait."""
    outcome = settlement_outcome(cycle)
    if outcome is None and cycle.state == CycleState.SETTLED:
        outcome = (
            CycleState.PARTIAL
        )  # a payment came back, and is on its way again before the cycle was looked at
    if outcome is None or outcome == cycle.state:
        return False
    if outcome == CycleState.PARTIAL:
        return _move(cycle, actor, "carry")
    return _move(cycle, actor, "settle", settled_at=cycle.settled_at or clock.now())


def _move(
    cycle: Cycle, actor: Actor, command: str, *, evidence: dict[str, Any] | None = None, **changes: Any
) -> bool:
    """Advance the cycle, count its epoch, and leave one record of the step and of its time."""
    advance(cycle, CYCLE, command=command, role="system", epoch=cycle.epoch + 1, **changes)
    told = {name: value for name, value in changes.items() if not name.endswith("_at")}
    record(
        kind=f"clearing.cycle_{cycle.state}",
        subject=cycle.public_id,
        actor=actor,
        payload={"business_key": cycle.business_key, "epoch": cycle.epoch, **told, **(evidence or {})},
    )
    emit(CycleMoved(cycle=cycle.public_id, state=cycle.state))
    return True


STEPS: dict[str, Callable[[Cycle, Actor], bool]] = {
    CycleState.CLOSING: validate,
    CycleState.VALIDATED: net,
    CycleState.NETTED: post,
    CycleState.POSTED: instruct,
    CycleState.SETTLING: settle,
    CycleState.PARTIAL: settle,
    CycleState.SETTLED: settle,
}
"""What each state leads to; states that are not named wait for a command."""
