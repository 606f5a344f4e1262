"""Queries on evidence: records, what waits to be sealed, the tree's tiles, and proofs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.lookups import Exact
from django.utils import timezone

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.tiles import TiledTree, TilePlace

from .entries import record_bytes
from .errors import NotInCheckpoint
from .models import Checkpoint, EvidenceRecord, Leaf, Tile
from .public_entries import public_entry

IS_SEALED = Func(
    "public_id",
    "kind",
    "subject",
    "occurred_at",
    function="public.evidence_is_sealed",
    output_field=BooleanField(),
)
"""Whether nobody is told of a record now (``parties.sealed_function``)."""


def records_about(subject: str) -> QuerySet[EvidenceRecord]:
    """Records of one subject, oldest first."""
    return EvidenceRecord.objects.filter(subject=subject).order_by("id")


def records_about_any(subjects: Collection[str], kinds: Collection[str]) -> QuerySet[EvidenceRecord]:
    """Records of some kinds about any of the subjects, oldest first."""
    return EvidenceRecord.objects.filter(subject__in=subjects, kind__in=kinds).order_by("id")


def visible_records(actor: Actor) -> QuerySet[EvidenceRecord]:
    """The records to which the actor's organisation is a party, but for those that are sealed; for the operator, whose auditor
    alone reads them, all.

    A participant's rows say whether it sees the ``whole`` payload. The gate of staff reads (``access.affairs``) narrows
    those of the operator.
    """
    if actor.role is Role.PARTICIPANT:
        own = EvidenceRecord.objects.filter(parties__organisation=actor.organisation)
        return own.filter(Exact(IS_SEALED, Value(value=False))).annotate(whole=F("parties__is_whole"))
    return EvidenceRecord.objects.annotate(whole=Value(value=True))


def parties_of_record(public_id: str) -> tuple[datetime | None, list[str]]:
    """When a record happened, and its parties by identifier, sorted; None without such a record."""
    row = EvidenceRecord.objects.filter(public_id=public_id).first()
    if row is None:
        return None, []
    return row.occurred_at, sorted(row.parties.values_list("organisation", flat=True))


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

    ``content`` is the record's bytes, ``salt`` hides them in the commitment, ``entry`` is what the public log has. Without the
    whole payload there is neither content nor salt.
    """

    record: str
    content: str | None
    salt: str | None
    entry: str
    index: int
    path: list[str]
    checkpoint: Checkpoint


def prove_record(record: EvidenceRecord) -> RecordProof:
    """Prove that the newest checkpoint covers a record of ``visible_records``; hashes in hexadecimal. Raises NotInCheckpoint."""
    checkpoint = newest_checkpoint()
    proofs = prove_records([record], checkpoint) if checkpoint else []
    if not proofs:
        raise NotInCheckpoint(record=record.public_id)
    return proofs[0]


def newest_checkpoint() -> Checkpoint | None:
    """The checkpoint over the most leaves; None before the first."""
    return Checkpoint.objects.order_by("-size").first()


def prove_records(records: Sequence[EvidenceRecord], checkpoint: Checkpoint) -> list[RecordProof]:
    """The proofs of those of ``records`` that ``checkpoint`` covers, in their order; each tile is read once."""
    leaves = {leaf.record_id: leaf for leaf in Leaf.objects.filter(record__in=[row.pk for row in records])}
    tree, proofs = TiledTree(cache(read_tile)), []
    for record in records:
        leaf = leaves.get(record.pk)
        if leaf is None or leaf.index >= checkpoint.size:
            continue
        is_whole = vars(record)["whole"]
        proofs.append(
            RecordProof(
                record=record.public_id,
                content=record_bytes(record).decode() if is_whole else None,
                salt=bytes(record.salt).hex() if is_whole else None,
                entry=public_entry(bytes(leaf.commitment)).decode(),
                index=leaf.index,
                path=[found.hex() for found in tree.inclusion_proof(leaf.index, checkpoint.size)],
                checkpoint=checkpoint,
            )
        )
    return proofs


def prove_recorded(*, kind: str, subject: str) -> RecordProof:
    """Prove the first record of a kind about ``subject``; the caller decides who may open it. Raises Missing, NotInCheckpoint."""
    found = EvidenceRecord.objects.filter(kind=kind, subject=subject).annotate(whole=Value(value=True))
    record = found.order_by("pk").first()
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


def records_of_both(
    one: str,
    other: str,
    *,
    agreement: str,
    subjects: Collection[str],
    kinds: Collection[str],
    limit: int = 500,
) -> QuerySet[EvidenceRecord]:
    """Records about an agreement of two organisations (public identifiers) that both read, oldest first, at most ``limit``.

    They are about one of ``subjects``, or their payload names the agreement; their kinds begin with one of ``kinds``. What is sealed is
    left out.
    """
    rows = EvidenceRecord.objects.filter(parties__organisation=one).filter(parties__organisation=other)
    begins = Q()
    for kind in kinds:
        begins |= Q(kind__startswith=kind)
    about = Q(subject__in=subjects) | Q(payload__agreement=agreement)
    return rows.filter(Exact(IS_SEALED, Value(value=False))).filter(about & begins).order_by("id")[:limit]
