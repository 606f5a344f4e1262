"""Roots and proofs follow RFC 6962, and a forged leaf proves nothing."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.merkle import MerkleTree, leaf_hash, merkle_root, node_hash
from tests.merkle import verify_inclusion


def by_definition(leaves):
    """The recursive definition of RFC 6962 section 2.1, over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node_hash(by_definition(leaves[:middle]), by_definition(leaves[middle:]))


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert merkle_root([]) == hashlib.sha256(b"").digest()


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_every_leaf_is_proven_and_no_other(contents, data):
    leaves = [leaf_hash(content) for content in contents]
    root = merkle_root(leaves)
    assert root == by_definition(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = MerkleTree(leaves).inclusion_proof(index)
    place = {"index": index, "size": len(leaves), "proof": proof, "root": root}
    assert verify_inclusion(leaf=leaves[index], **place)
    assert not verify_inclusion(leaf=leaf_hash(b"forged content"), **place)
    assert not verify_inclusion(leaf=leaves[index], **{**place, "proof": [*proof, root]})


def test_a_node_cannot_pass_for_a_leaf():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)


def test_an_index_outside_the_tree_is_not_proven():
    leaves = [leaf_hash(b"a"), leaf_hash(b"b")]
    assert not verify_inclusion(leaf=leaves[0], index=2, size=2, proof=[leaves[1]], root=merkle_root(leaves))
