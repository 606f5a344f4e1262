"""Verifying checkpoints against the tree and the published history of the market's keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from marketplace.kernel.tiles import TiledTree, TileMissing, TilePlace

from .errors import KeyUnknown, SignatureInvalid
from .keys import market_keys, public_jwk
from .models import Checkpoint, KeyAnnouncement, MarketKey
from .notes import open_note
from .queries import read_tile
from .rotation import handover_of
from .signatures import ALGORITHM

_ROWS_READ = 64


def faults_of_checkpoints(*, above: int = 0) -> Iterator[str]:
    """Checkpoints of more than ``above`` leaves whose note or root is not that of the tree."""
    keys = {row.key_id: row for row in market_keys()}
    reached = above
    while marks := list(Checkpoint.objects.filter(size__gt=reached).order_by("size")[:_ROWS_READ]):
        # Neighbours share most of their tiles.
        tree = TiledTree(read_tile)
        for mark in marks:
            yield from _faults_of_note(mark, keys)
            yield from _faults_of_root(mark, tree)
        reached = marks[-1].size


def _faults_of_note(mark: Checkpoint, keys: Mapping[str, MarketKey]) -> Iterator[str]:
    """What is wrong with who signed a checkpoint, when, and what."""
    found = []
    for row in keys.values():
        try:
            head = open_note(mark.note, {row.key_id: bytes(row.public_key)})
        except KeyUnknown:
            continue
        except SignatureInvalid:
            yield f"the signature of checkpoint {mark.public_id} is not valid"
            return
        found.append(row)
        if (head.size, head.root.hex()) != (mark.size, mark.root):
            yield f"the note of checkpoint {mark.public_id} states another size or root"
    if not found:
        yield f"checkpoint {mark.public_id} is signed by a key that is not in the published history"
    for row in found:
        if mark.created_at < row.since or (row.until and mark.created_at > row.until):
            yield f"checkpoint {mark.public_id} is signed by key {row.kid}, which was not in force then"


def _faults_of_root(mark: Checkpoint, tree: TiledTree) -> Iterator[str]:
    try:
        root = tree.root(mark.size)
    except TileMissing as missing:
        place: TilePlace = missing.args[0]
        yield f"checkpoint {mark.public_id} cannot be verified: tile {place.level}/{place.index} is missing"
        return
    if mark.root != root.hex():
        yield f"checkpoint {mark.public_id} does not match the first {mark.size} leaves"


def faults_of_keys() -> Iterator[str]:
    """Keys that nobody announced, or that the key before them did not hand over to, although they say so."""
    rows = market_keys()
    for row in rows[1:]:
        if row.announcement is None or _stated(row) != _stated(row.announcement):
            yield f"the market's key {row.kid} is not the one that two people announced"
    for announced in KeyAnnouncement.objects.order_by("pk"):
        if announced.handover and not any(_is_handed_over(before, announced) for before in rows):
            yield f"no key of the market handed over to the announced key {announced.kid}"
    for before, row in pairwise(rows):
        if row.handover and not _is_handed_over(before, row):
            yield f"the market's key {row.kid} was not handed over by the key before it"
        if before.until != row.since:
            yield f"the market's key {row.kid} does not begin when the key before it ends"


def _stated(row: MarketKey | KeyAnnouncement) -> tuple[object, ...]:
    return row.kid, bytes(row.public_key), row.handover


def _is_handed_over(before: MarketKey, row: MarketKey | KeyAnnouncement) -> bool:
    jwk = {name: value for name, value in public_jwk(before).items() if name in ("kty", "crv", "x", "kid")}
    try:
        opened = jws.deserialize_compact(row.handover, OKPKey.import_key(jwk), algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        return False
    return opened.payload == handover_of(row)
