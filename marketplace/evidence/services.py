"""Recording evidence, sealing it into the tree, and signing checkpoints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import rfc8785
from django.conf import settings
from django.db import connection, transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.canonical import canonical_json
from marketplace.kernel.horizon import horizon
from marketplace.kernel.merkle import HASH_BYTES, leaf_hash
from marketplace.kernel.tiles import TiledTree, append_leaves, edge_places

from .entries import entry_of, fault_of, payload_bytes
from .errors import EvidenceNotCanonical, EvidenceTooLong
from .locks import SEAL_LOCK
from .models import PAYLOAD_BYTES_MAX, Checkpoint, EvidenceRecord, Leaf, Tile
from .notes import TreeHead, sign_note
from .queries import read_tile, sealed_position, tree_size

SEAL_BATCH = 2_048
SEALING = Loop("evidence.seal")


class RecordedOutsideTransaction(RuntimeError):
    """Evidence must be recorded in the transaction of the change itself."""


class Fact(NamedTuple):
    """What one record states. ``kind`` is ``<app>.<what happened>``."""

    kind: str
    subject: str
    actor: Actor
    payload: dict[str, Any]


def record(*, kind: str, subject: str, actor: Actor, payload: dict[str, Any]) -> str:
    """Write one record in the current transaction; returns its public identifier.

    ``kind`` is ``<app>.<what happened>``. Raises RecordedOutsideTransaction outside ``transaction.atomic``,
    EvidenceTooLong, EvidenceNotCanonical.
    """
    return record_all([Fact(kind, subject, actor, payload)])[0]


def record_all(facts: Sequence[Fact]) -> list[str]:
    """Write records in order, in one statement, as ``record`` does; returns their public identifiers."""
    if not connection.in_atomic_block:
        raise RecordedOutsideTransaction(", ".join(sorted({fact.kind for fact in facts})))
    for fact in facts:
        _require_canonical(fact)
    occurred_at = clock.now()
    rows = EvidenceRecord.objects.bulk_create(
        EvidenceRecord(
            kind=fact.kind,
            subject=fact.subject,
            actor=fact.actor.identifier,
            payload=fact.payload,
            occurred_at=occurred_at,
        )
        for fact in facts
    )
    return [row.public_id for row in rows]


def _require_canonical(fact: Fact) -> None:
    """Check that the payload has a canonical form, of a length that an entry holds."""
    try:
        canonical_json(fact.payload)
    except rfc8785.CanonicalizationError as error:
        raise EvidenceNotCanonical(kind=fact.kind, reason=str(error)) from error
    if (length := payload_bytes(fact.payload)) > PAYLOAD_BYTES_MAX:
        raise EvidenceTooLong(kind=fact.kind, bytes=length, bytes_max=PAYLOAD_BYTES_MAX)


@transaction.atomic
def seal() -> int:
    """Add leaves for the next records in commit order, at most SEAL_BATCH; returns how many. One sealer works at a time.

    A record whose payload no entry can hold is sealed by its hash and stands aside. It stops before the oldest running
    transaction, so it never passes over a record that commits late. Reads and writes only the last tile of each level, so a batch takes the same time at any size of the tree.
    """
    if not SEAL_LOCK.try_acquire():
        return 0
    position, oldest_running = sealed_position(), horizon()
    records = list(
        EvidenceRecord.objects.raw(
            "SELECT * FROM evidence_evidencerecord WHERE (transaction, id) > (%s::xid8, %s)"
            " AND transaction < %s::text::xid8 ORDER BY transaction, id LIMIT %s",
            [position.transaction, position.record_id, oldest_running, SEAL_BATCH],
        )
    )
    if not records:
        return 0
    edge = {place: read_tile(place) for place in edge_places(position.size)}
    changed = append_leaves(position.size, edge, [leaf_hash(entry_of(row)) for row in records])
    Tile.objects.bulk_create(
        [
            Tile(level=place.level, index=place.index, width=len(hashes) // HASH_BYTES, hashes=hashes)
            for place, hashes in sorted(changed.items())
        ],
        update_conflicts=True,
        unique_fields=["level", "index"],
        update_fields=["width", "hashes"],
    )
    for row in records:
        if (fault := fault_of(row.payload)) is not None:
            SEALING.set_aside(
                row.public_id, f"its payload is sealed by its hash alone: {fault}", for_good=True
            )
    Leaf.objects.bulk_create(
        Leaf(index=at, record=row) for at, row in enumerate(records, start=position.size)
    )
    return len(records)


def seal_until_caught_up(*, seconds_max: float) -> int:
    """Seal batch after batch, each in its own transaction, until a batch is not full or the time is over.

    Returns how many records were sealed.
    """
    deadline, sealed = time.monotonic() + seconds_max, 0
    while time.monotonic() < deadline:
        batch = seal()
        sealed += batch
        if batch < SEAL_BATCH:
            break
    return sealed


@transaction.atomic
def checkpoint() -> Checkpoint | None:
    """Sign the root of the tree; returns the existing checkpoint if nothing was added, None if nothing is sealed."""
    size = tree_size()
    if not size:
        return None
    existing = Checkpoint.objects.filter(size=size).first()
    if existing:
        return existing
    root = TiledTree(read_tile).root(size)
    note = sign_note(TreeHead(origin=settings.EVIDENCE_ORIGIN, size=size, root=root))
    return Checkpoint.objects.create(size=size, root=root.hex(), note=note)
