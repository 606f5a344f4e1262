"""A tree stored as tiles has the roots and proofs of RFC 6962, at every size that it ever had."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kernel.merkle import MerkleTree, leaf_hash, merkle_root
from marketplace.kernel.tiles import (
    TILE_BYTES,
    TILE_WIDTH,
    TiledTree,
    TileMissing,
    TilePlace,
    append_leaves,
    edge_places,
    widths_at,
)
from tests.merkle import verify_consistency, verify_inclusion

# Past 65,536 leaves the tree has three levels of tiles.
LEAVES = [leaf_hash(number.to_bytes(4)) for number in range(TILE_WIDTH * TILE_WIDTH + 700)]
SIZES = st.one_of(st.integers(1, 600), st.integers(65_500, len(LEAVES)))


def stored(size, batches=()):
    """The tiles after appending ``size`` leaves, divided at the sizes in ``batches``."""
    tiles = {}
    at = 0
    for end in [*sorted(part for part in batches if part < size), size]:
        edge = {place: tiles[place] for place in edge_places(at)}
        changed = append_leaves(at, edge, LEAVES[at:end])
        for place, hashes in changed.items():
            assert hashes.startswith(tiles.get(place, b""))
            tiles[place] = hashes
        at = end
    return tiles


WHOLE = stored(len(LEAVES))


def tree_over(tiles):
    return TiledTree(lambda place: tiles.get(place, b""))


def test_a_level_holds_the_roots_of_the_full_tiles_below():
    assert widths_at(0) == []
    assert widths_at(256) == [256, 1]
    assert widths_at(len(LEAVES)) == [66_236, 258, 1]
    assert edge_places(256) == [TilePlace(1, 0)]
    assert edge_places(len(LEAVES)) == [TilePlace(0, 258), TilePlace(1, 1), TilePlace(2, 0)]
    assert WHOLE[TilePlace(1, 0)][:32] == merkle_root(LEAVES[:256])
    assert WHOLE[TilePlace(2, 0)] == merkle_root(LEAVES[:65_536])
    assert {len(hashes) for place, hashes in WHOLE.items() if place not in edge_places(len(LEAVES))} == {
        TILE_BYTES
    }


@settings(deadline=None, max_examples=10)
@given(SIZES, st.lists(st.integers(1, len(LEAVES)), max_size=6))
def test_tiles_do_not_depend_on_how_leaves_were_batched(size, batches):
    assert stored(size, batches) == stored(size)


@settings(deadline=None, max_examples=40)
@given(SIZES)
def test_the_root_of_every_earlier_size_is_read_from_the_tiles(size):
    assert tree_over(WHOLE).root(size) == merkle_root(LEAVES[:size])


def test_the_root_of_no_leaves_is_the_hash_of_nothing():
    assert tree_over({}).root(0) == hashlib.sha256(b"").digest()


@settings(deadline=None, max_examples=60)
@given(SIZES, st.data())
def test_every_leaf_is_proven_and_no_other(size, data):
    index = data.draw(st.integers(0, size - 1))
    tree = tree_over(WHOLE)
    proof = tree.inclusion_proof(index, size)
    place = {"index": index, "size": size, "proof": proof, "root": tree.root(size)}
    assert verify_inclusion(leaf=LEAVES[index], **place)
    assert not verify_inclusion(leaf=leaf_hash(b"forged"), **place)
    if size <= 600:
        assert proof == MerkleTree(LEAVES[:size]).inclusion_proof(index)


@settings(deadline=None, max_examples=40)
@given(SIZES, st.data())
def test_a_tree_is_proven_to_begin_a_later_one_and_no_other(newer, data):
    older = data.draw(st.integers(1, newer))
    tree = tree_over(WHOLE)
    claim = {
        "older": older,
        "newer": newer,
        "proof": tree.consistency_proof(older, newer),
        "newer_root": tree.root(newer),
    }
    assert verify_consistency(**claim, older_root=tree.root(older))
    if older < newer:
        assert not verify_consistency(**claim, older_root=leaf_hash(b"forged"))


def test_a_root_and_a_proof_read_few_tiles():
    reads = []

    def read(place):
        reads.append(place)
        return WHOLE[place]

    tree = TiledTree(read)
    tree.root(len(LEAVES))
    tree.inclusion_proof(70, len(LEAVES))
    assert sorted(reads) == [
        TilePlace(0, 0),
        TilePlace(0, 258),
        TilePlace(1, 0),
        TilePlace(1, 1),
        TilePlace(2, 0),
    ]


def test_a_tile_that_is_missing_or_too_narrow_is_named():
    for tiles in (
        {**WHOLE, TilePlace(0, 258): b""},
        {**WHOLE, TilePlace(0, 258): WHOLE[TilePlace(0, 258)][:-32]},
    ):
        with pytest.raises(TileMissing) as missing:
            tree_over(tiles).root(len(LEAVES))
        assert missing.value.args == (TilePlace(0, 258),)
    with pytest.raises(TileMissing):
        append_leaves(3, {TilePlace(0, 0): b"".join(LEAVES[:2])}, LEAVES[3:4])


def test_what_is_not_in_the_tree_is_not_proven():
    tree = tree_over(WHOLE)
    for index, size in ((5, 5), (-1, 5)):
        with pytest.raises(IndexError):
            tree.inclusion_proof(index, size)
    for older, newer in ((0, 5), (6, 5)):
        with pytest.raises(IndexError):
            tree.consistency_proof(older, newer)
