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
from marketplace.kernel.identifiers import new_identifiers
from marketplace.kernel.merkle import HASH_BYTES, leaf_hash
from marketplace.kernel.prepared import execute_prepared
from marketplace.kernel.tiles import TiledTree, append_leaves, edge_places

from .entries import commitment_of, fault_of, payload_text
from .errors import EvidenceNotCanonical, EvidenceTooLong
from .keys import key_in_force
from .locks import SEAL_LOCK
from .models import PAYLOAD_BYTES_MAX, Checkpoint, EvidenceRecord, Leaf, Tile
from .notes import TreeHead, sign_note
from .parties import is_declared
from .plain_hashes import PLAIN_HASHES
from .public_entries import public_entry
from .queries import read_tile, sealed_position, tree_size

SEAL_BATCH = 2_048
_PLAIN_HASHES = frozenset(PLAIN_HASHES)
SEALING = Loop("evidence.seal")

_RECORD = """
    INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at)
    SELECT public_id, kind, subject, actor, payload::jsonb, %(occurred_at)s
      FROM unnest(%(public_ids)b::text[], %(kinds)b::text[], %(subjects)b::text[], %(actors)b::text[],
                  %(payloads)b::text[]) AS fact(public_id, kind, subject, actor, payload)
"""

_LATE_PARTIES = """
    INSERT INTO public.evidence_recordparty (record_id, organisation, is_whole)
    SELECT e.id, p.party, bool_or(p.is_whole)
      FROM public.evidence_evidencerecord e, LATERAL public.evidence_parties(e.kind, e.subject, e.payload) p
     WHERE e.subject = %s AND p.party <> ''
     GROUP BY e.id, p.party
    ON CONFLICT DO NOTHING
"""


class RecordedOutsideTransaction(RuntimeError):
    """Evidence must be recorded in the transaction of the change itself."""


class TextHashedPlainly(RuntimeError):
    """A payload has a plain hash of what people wrote: record a salted commitment instead (``kernel.commitments``)."""


class UndeclaredRecord(RuntimeError):
    """No ``record_parties.py`` says whose records of this kind are."""


class Fact(NamedTuple):
    """What one record states. ``kind`` is ``<app>.<what happened>``; its parties follow from its subject (``parties``)."""

    kind: str
    subject: str
    actor: Actor
    payload: dict[str, Any]


def record(*, kind: str, subject: str, actor: Actor, payload: dict[str, Any]) -> str:
    """Write one record in the current transaction; returns its public identifier.

    ``kind`` is ``<app>.<what happened>``. Raises RecordedOutsideTransaction outside ``transaction.atomic``,
    UndeclaredRecord, EvidenceTooLong, EvidenceNotCanonical.
    """
    return record_all([Fact(kind, subject, actor, payload)])[0]


def record_all(facts: Sequence[Fact]) -> list[str]:
    """Write records in order, in one statement, as ``record`` does; returns their public identifiers."""
    if not connection.in_atomic_block:
        raise RecordedOutsideTransaction(", ".join(sorted({fact.kind for fact in facts})))
    if not facts:
        return []
    if undeclared := {fact.kind for fact in facts if not is_declared(fact.kind, fact.subject)}:
        raise UndeclaredRecord(
            f"{', '.join(sorted(undeclared))}: say in record_parties.py whose these records are, or why they are nobody's"
        )
    values: dict[str, Any] = {
        "public_ids": new_identifiers("evi", len(facts)),
        "kinds": [str(fact.kind) for fact in facts],
        "subjects": [str(fact.subject) for fact in facts],
        "actors": [fact.actor.identifier for fact in facts],
        "payloads": [_payload_text(fact) for fact in facts],
        "occurred_at": clock.now(),
    }
    # Every step of every service records, so this skips the ORM.
    execute_prepared(_RECORD, values)
    public_ids: list[str] = values["public_ids"]
    return public_ids


def add_parties(subject: str) -> None:
    """Write the parties that the row of ``subject`` got after records about it were made; those that it has stay."""
    with connection.cursor() as cursor:
        cursor.execute(_LATE_PARTIES, [subject])


def _payload_text(fact: Fact) -> str:
    """The payload as JSON; raises EvidenceNotCanonical without a canonical form, EvidenceTooLong for more than an entry holds,
    TextHashedPlainly."""
    if plain := _PLAIN_HASHES & fact.payload.keys():
        raise TextHashedPlainly(f"{fact.kind}: {', '.join(sorted(plain))}")
    try:
        canonical_json(fact.payload)
    except rfc8785.CanonicalizationError as error:
        raise EvidenceNotCanonical(kind=fact.kind, reason=str(error)) from error
    text = payload_text(fact.payload)
    if (length := len(text.encode())) > PAYLOAD_BYTES_MAX:
        raise EvidenceTooLong(kind=fact.kind, bytes=length, bytes_max=PAYLOAD_BYTES_MAX)
    return text


@transaction.atomic
def seal() -> int:
    """Add leaves for the next records in commit order, at most SEAL_BATCH; returns how many. One sealer works at a time.

    A record whose payload no record can hold is sealed by its hash and stands aside. It stops before the oldest running
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
    commitments = [commitment_of(row) for row in records]
    changed = append_leaves(position.size, edge, [leaf_hash(public_entry(found)) for found in commitments])
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
        Leaf(index=at, record=row, commitment=found)
        for at, (row, found) in enumerate(zip(records, commitments, strict=True), start=position.size)
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
    """Sign the root of the tree; returns the existing checkpoint if nothing was added, None if nothing is sealed.

    Raises KeyNotInForce where the settings have another key than the published one.
    """
    size = tree_size()
    if not size:
        return None
    existing = Checkpoint.objects.filter(size=size).first()
    if existing:
        return existing
    key_in_force()
    root = TiledTree(read_tile).root(size)
    note = sign_note(TreeHead(origin=settings.EVIDENCE_ORIGIN, size=size, root=root))
    return Checkpoint.objects.create(size=size, root=root.hex(), note=note)
