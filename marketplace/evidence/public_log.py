"""What the public log holds: tiles, bundles of entries, and the newest note."""

from __future__ import annotations

from marketplace.kernel.merkle import HASH_BYTES
from marketplace.kernel.tiles import TILE_WIDTH, TilePlace

from .cosignatures import cosigned_note
from .log_paths import TileRequest
from .models import Checkpoint, Leaf
from .public_entries import entry_bundle, public_entry
from .queries import read_tile


def newest_note() -> str | None:
    """The note of the newest checkpoint with the cosignatures of witnesses; None before the first."""
    newest = Checkpoint.objects.order_by("-size").first()
    return cosigned_note(newest) if newest else None


def read(wanted: TileRequest) -> bytes | None:
    """The bytes of a tile or bundle, as wide as it is asked for; None if the log is not so long yet."""
    return _entries(wanted) if wanted.level is None else _hashes(wanted.level, wanted.number, wanted.width)


def _hashes(level: int, index: int, width: int) -> bytes | None:
    hashes = read_tile(TilePlace(level, index))[: width * HASH_BYTES]
    return hashes if len(hashes) == width * HASH_BYTES else None


def _entries(wanted: TileRequest) -> bytes | None:
    first = wanted.number * TILE_WIDTH
    found = Leaf.objects.filter(index__gte=first, index__lt=first + wanted.width).order_by("index")
    commitments = [bytes(each) for each in found.values_list("commitment", flat=True)]
    if len(commitments) != wanted.width:
        return None
    return entry_bundle(public_entry(each) for each in commitments)
