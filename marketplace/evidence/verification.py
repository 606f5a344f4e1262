"""Verifying the whole evidence log against its records, in pages, so that memory does not depend on its length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from django.db import connection

from marketplace.kernel.horizon import horizon, newest_transaction
from marketplace.kernel.merkle import HASH_BYTES, leaf_hash, packed_merkle_root
from marketplace.kernel.tiles import (
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TiledTree,
    TileMissing,
    TilePlace,
    widths_at,
)

from .checkpoint_verification import faults_of_checkpoints, faults_of_keys
from .entries import commitment_of, fault_of
from .kept import faults_of_kept
from .models import EvidenceRecord, Leaf, Tile
from .public_entries import public_entry
from .queries import oldest_unsealed_age, read_tile, sealed_position, tree_size

FAULTS_MAX = 100
UNSEALED_AGE_MAX = timedelta(minutes=10)
_RECORDS_READ = 1_024
_ROWS_READ = 64

RECORDS = """
    SELECT r.*, l.index AS leaf_index, l.commitment AS leaf_commitment FROM evidence_evidencerecord r LEFT JOIN evidence_leaf l ON l.record_id = r.id
     WHERE (r.transaction, r.id) > (%s::xid8, %s) AND (r.transaction, r.id) <= (%s::xid8, %s)
     ORDER BY r.transaction, r.id LIMIT %s
"""
# One statement, so that leaves and tiles are of one snapshot.
WIDTHS = """
    SELECT sealed.leaves, tiles.level, tiles.width
      FROM (SELECT coalesce(max(index) + 1, 0) AS leaves FROM evidence_leaf) sealed
      LEFT JOIN (SELECT level, max(index * %s + width) AS width FROM evidence_tile GROUP BY level) tiles ON true
     ORDER BY tiles.level
"""


@dataclass(frozen=True, slots=True)
class Verification:
    """Outcome of verifying the log: the number of leaves, the root in hexadecimal, and what does not fit.

    ``faults`` has the first FAULTS_MAX. ``root`` is empty if tiles that it needs are missing.
    """

    entries: int
    root: str
    faults: list[str]

    @property
    def verified(self) -> bool:
        """Whether every record, tile and checkpoint matches."""
        return not self.faults


def verify_log(kept_note: str | None = None) -> Verification:
    """Verify every leaf from its record, every tile from the one below, and every checkpoint from the tiles.

    ``kept_note``: a checkpoint that was verified before and kept elsewhere. Then the log must continue it, and only what
    follows it is read; what is missing or differs from it is named.
    """
    size = tree_size()
    start, of_kept = (0, []) if kept_note is None else faults_of_kept(kept_note, size)
    faults = list(islice((*of_kept, *islice(find_faults(size, start=start), FAULTS_MAX)), FAULTS_MAX))
    try:
        root = TiledTree(read_tile).root(size).hex()
    except TileMissing:
        root = ""
    return Verification(entries=size, root=root, faults=faults)


def find_faults(size: int, *, start: int = 0) -> Iterator[str]:
    """What does not fit in the leaves from ``start`` to ``size``, one sentence each; reads on as it is consumed."""
    yield from _faults_of_records(size, start)
    yield from _faults_of_widths()
    yield from _faults_of_tiles(size, start)
    yield from faults_of_keys()
    yield from faults_of_checkpoints(above=start)
    yield from _faults_of_position()
    waiting = oldest_unsealed_age(before=horizon())
    if waiting > UNSEALED_AGE_MAX:
        yield f"a record has waited {waiting.total_seconds():.0f} s for its leaf: start the sealer (beat and worker)"


def _faults_of_position() -> Iterator[str]:
    """A last leaf of a transaction that this server has not begun: the sealer would pass over new records."""
    position = sealed_position()
    newest = newest_transaction()
    if int(position.transaction) > newest:
        yield (
            f"leaf {position.size - 1} is of transaction {position.transaction}, but this server has only reached {newest}:"
            " the data was moved by a logical dump; move it by a physical copy"
        )


def _faults_of_records(size: int, start: int) -> Iterator[str]:
    """Records that were changed or removed, or that have no leaf although later ones have."""
    index, place, hashes = start, None, b""
    for record in _sealed_records(size, start):
        found: int | None = getattr(record, "leaf_index")  # noqa: B009 - a column that the query adds
        if (fault := fault_of(record.payload)) is not None:
            yield f"record {record.public_id} has a payload that no record can hold: {fault}"
        if found is None:
            yield f"record {record.public_id} has no leaf, although later records have"
            continue
        if found != index:
            yield _missing(index, found)
        index = found + 1
        if place != (place := TilePlace(0, found // TILE_WIDTH)):
            hashes = read_tile(place)
        at = found % TILE_WIDTH * HASH_BYTES
        leaf = hashes[at : at + HASH_BYTES]
        commitment = bytes(getattr(record, "leaf_commitment"))  # noqa: B009 - a column that the query adds
        if commitment != commitment_of(record):
            yield f"record {record.public_id} was changed: it does not match leaf {found}"
        # A tile that is too narrow is a fault of its own.
        if leaf and leaf != leaf_hash(public_entry(commitment)):
            yield f"leaf {found} is not the one that its tile hashes"
    if index < size:
        yield _missing(index, size)


def _missing(first: int, following: int) -> str:
    if following > first:
        leaves = f"leaf {first}" if following == first + 1 else f"leaves {first} to {following - 1}"
        return f"{leaves}: no record in commit order has this place"
    return f"leaf {following} is out of commit order"


def _sealed_records(size: int, start: int) -> Iterator[EvidenceRecord]:
    """Records after those of ``start`` leaves, up to that of the last of ``size``, in commit order, each with its
    ``leaf_index`` or None."""
    leaves = Leaf.objects.select_related("record").order_by("-index")
    end, before = leaves.filter(index__lt=size).first(), leaves.filter(index__lt=start).first()
    if end is None:
        return
    transaction, identifier = (str(before.record.transaction), before.record_id) if before else ("0", 0)
    while True:
        position = [transaction, identifier, end.record.transaction, end.record.pk, _RECORDS_READ]
        records = list(EvidenceRecord.objects.raw(RECORDS, position))
        yield from records
        if len(records) < _RECORDS_READ:
            return
        transaction, identifier = str(records[-1].transaction), records[-1].pk


def _faults_of_widths() -> Iterator[str]:
    """Levels that hold more or fewer hashes than there are leaves for."""
    with connection.cursor() as cursor:
        cursor.execute(WIDTHS, [TILE_WIDTH])
        rows = cursor.fetchall()
    leaves = rows[0][0]
    stored = {level: width for _, level, width in rows if level is not None}
    expected = dict(enumerate(widths_at(leaves)))
    for level in sorted(stored.keys() | expected.keys()):
        held, due = stored.get(level, 0), expected.get(level, 0)
        if held != due:
            yield f"level {level} of the tiles holds {held} hashes; {leaves} leaves need {due}"


def _faults_of_tiles(size: int, start: int) -> Iterator[str]:
    """Tiles that are missing or too narrow, and hashes that are not the root of the tile below; those of leaf ``start`` on."""
    for level, width in enumerate(widths_at(size)):
        above, parent = b"", -1
        for index, hashes in _tiles(level, width, start >> TILE_HEIGHT * (level + 1)):
            due = min(TILE_BYTES, width * HASH_BYTES - index * TILE_BYTES)
            if len(hashes) < due:
                yield f"tile {level}/{index} is missing, or has fewer hashes than {size} leaves need"
                continue
            if due < TILE_BYTES:
                continue
            if parent != (parent := index // TILE_WIDTH):
                above = read_tile(TilePlace(level + 1, parent))
            at = index % TILE_WIDTH * HASH_BYTES
            stated = above[at : at + HASH_BYTES]
            if stated and stated != packed_merkle_root(hashes):
                yield f"tile {level + 1}/{parent} does not follow from tile {level}/{index}"


def _tiles(level: int, width: int, begin: int) -> Iterator[tuple[int, bytes]]:
    """Index and hashes of every tile from ``begin`` on that ``width`` hashes of the level take, in order; empty where one
    is missing."""
    end = -(-width // TILE_WIDTH)
    for first in range(begin, end, _ROWS_READ):
        following = min(first + _ROWS_READ, end)
        found = dict(
            Tile.objects.filter(level=level, index__gte=first, index__lt=following).values_list(
                "index", "hashes"
            )
        )
        for index in range(first, following):
            yield index, bytes(found.get(index, b""))
