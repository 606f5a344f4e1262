"""Queries on evidence: records, what waits to be sealed, the tree's tiles, and proofs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.tiles import TiledTree, TilePlace

from .entries import record_bytes
from .errors import NotInCheckpoint
from .models import Checkpoint, EvidenceRecord, Leaf, Tile
from .public_entries import public_entry


def records_about(subject: str) -> QuerySet[EvidenceRecord]:
    """Records of one subject, oldest first."""
    return EvidenceRecord.objects.filter(subject=subject).order_by("id")


def records_about_any(subjects: Collection[str], kinds: Collection[str]) -> QuerySet[EvidenceRecord]:
    """Records of some kinds about any of the subjects, oldest first."""
    return EvidenceRecord.objects.filter(subject__in=subjects, kind__in=kinds).order_by("id")


def visible_records(actor: Actor) -> QuerySet[EvidenceRecord]:
    """The records about the actor's own organisation; of every subject for the operator, whose auditor alone reads them.

    The gate of staff reads (``access.affairs``) narrows those of the operator.
    """
    if actor.role is Role.PARTICIPANT:
        return EvidenceRecord.objects.filter(subject=actor.organisation)
    return EvidenceRecord.objects.all()


class Position(NamedTuple):
    """How far the log is sealed: the number of leaves, and the transaction and key of the last one's record."""

    size: int
    transaction: str
    record_id: int


def sealed_position() -> Position:
    """Where sealing goes on: records that follow in the order of (transaction, id) have no leaf."""
    last = Leaf.objects.select_related("record").order_by("-index").first()
    return Position(last.index + 1, last.record.transaction, last.record_id) if last else Position(0, "0", 0)


def count_unsealed() -> int:
    """The number of records without a leaf; the time it takes depends on this number only, not on the log's length."""
    position = sealed_position()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM evidence_evidencerecord WHERE (transaction, id) > (%s::xid8, %s)",
            [position.transaction, position.record_id],
        )
        return int(cursor.fetchone()[0])


def oldest_unsealed_age(*, before: int | None = None) -> timedelta:
    """How long the record that is sealed next has waited, in real time; zero if none waits.

    ``before``: only records of transactions before this one count. With the horizon, what a running transaction holds
    back does not count.
    """
    position = sealed_position()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT recorded_at FROM evidence_evidencerecord WHERE (transaction, id) > (%s::xid8, %s)"
            " AND (%s::text IS NULL OR transaction < %s::text::xid8) ORDER BY transaction, id LIMIT 1",
            [position.transaction, position.record_id, before, before],
        )
        row = cursor.fetchone()
    return timezone.now() - row[0] if row else timedelta()


def tree_size() -> int:
    """The number of leaves."""
    last = Leaf.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def read_tile(place: TilePlace) -> bytes:
    """The hashes of a tile; empty if there is none."""
    found = Tile.objects.filter(level=place.level, index=place.index).values_list("hashes", flat=True).first()
    return bytes(found or b"")


@dataclass(frozen=True, slots=True)
class RecordProof:
    """What opens a record's commitment, and the ``path`` from its leaf to the root of ``checkpoint`` (RFC 6962 section 2.1.1).

    ``content`` is the record's bytes, ``salt`` hides them in the commitment, ``entry`` is what the public log has.
    """

    record: str
    content: str
    salt: str
    entry: str
    index: int
    path: list[str]
    checkpoint: Checkpoint


def prove_record(record: EvidenceRecord) -> RecordProof:
    """Prove that the newest checkpoint covers the record; hashes in hexadecimal. Raises NotInCheckpoint."""
    leaf = Leaf.objects.filter(record=record).first()
    checkpoint = Checkpoint.objects.order_by("-size").first()
    if leaf is None or checkpoint is None or checkpoint.size <= leaf.index:
        raise NotInCheckpoint(record=record.public_id)
    path = TiledTree(read_tile).inclusion_proof(leaf.index, checkpoint.size)
    return RecordProof(
        record=record.public_id,
        content=record_bytes(record).decode(),
        salt=bytes(record.salt).hex(),
        entry=public_entry(bytes(leaf.commitment)).decode(),
        index=leaf.index,
        path=[found.hex() for found in path],
        checkpoint=checkpoint,
    )


def prove_recorded(*, kind: str, subject: str) -> RecordProof:
    """Prove the first record of a kind about ``subject``; the caller decides who may open it. Raises Missing, NotInCheckpoint."""
    record = EvidenceRecord.objects.filter(kind=kind, subject=subject).order_by("pk").first()
    if record is None:
        raise Missing(kind="evidence record", identifier=subject)
    return prove_record(record)


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """The ``path`` which proves that the leaves of ``older`` begin those of ``newer`` (RFC 6962 section 2.1.2)."""

    older: Checkpoint
    newer: Checkpoint
    path: list[str]


def prove_consistency(*, newer: Checkpoint, older_id: str = "") -> ConsistencyProof:
    """Prove that ``newer`` continues an older checkpoint; hashes in hexadecimal.

    ``older_id``: its public identifier; without it, the checkpoint before ``newer``, and the first proves itself. Raises
    FieldInvalid for ``older`` if it is unknown or larger.
    """
    not_larger = Checkpoint.objects.filter(size__lte=newer.size)
    if older_id:
        older = not_larger.filter(public_id=older_id).first()
    else:
        older = not_larger.filter(size__lt=newer.size).order_by("-size").first() or newer
    if older is None:
        raise FieldInvalid(
            "older",
            Label(
                "name a checkpoint that is not larger than this one",
                "このチェックポイント以下のサイズのチェックポイントを指定してください",
            ),
        )
    path = TiledTree(read_tile).consistency_proof(older.size, newer.size)
    return ConsistencyProof(older=older, newer=newer, path=[found.hex() for found in path])
