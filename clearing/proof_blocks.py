"""The blocks of a cycle's Merkle trees, as they are stored, and proofs made from them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from django.db import connection

from marketplace.kernel.merkle import MerkleTree, leaf_hash

from .bulk import insert_columns
from .lines import BLOCK_LINES, LEAVES_BETWEEN
from .models import Cycle, NetPosition, ProofBlock
from .models.cycles import POSITION_COLUMNS
from .proofs import Block, position_line
from .states import ProofTree


def write_blocks(cycle: Cycle, tree: str, blocks: Sequence[Block]) -> None:
    """Write all blocks of a tree in one statement; nothing for a tree without lines."""
    size = len(blocks)
    if not size:
        return
    insert_columns(
        "clearing_proofblock",
        {
            "cycle_id": ("bigint", [cycle.pk] * size),
            "tree": ("text", [str(tree)] * size),
            "index": ("int", list(range(size))),
            "first_key": ("text", [block.first_key for block in blocks]),
            "first_leaf": ("text", [block.first_leaf for block in blocks]),
            "lines": ("int", [block.lines for block in blocks]),
            "root": ("text", [block.root for block in blocks]),
        },
    )


def stored_blocks(cycle: Cycle, tree: str) -> tuple[Block, ...]:
    """The blocks of a tree in order."""
    rows = ProofBlock.objects.filter(cycle=cycle, tree=tree).order_by("index")
    return tuple(Block(*row) for row in rows.values_list("first_key", "first_leaf", "lines", "root"))


class ProofTreeReader:
    """One tree of a cycle, of which a block at a time is in memory."""

    def __init__(self, cycle: Cycle, tree: ProofTree) -> None:
        """Read the blocks; their lines are read when a proof needs them."""
        self.cycle = cycle
        self.tree = tree
        self.blocks = stored_blocks(cycle, tree)
        self.size = sum(block.lines for block in self.blocks)
        self.upper = MerkleTree([bytes.fromhex(block.root) for block in self.blocks])
        self._begin = [(block.first_key, block.first_leaf) for block in self.blocks]
        self._read: tuple[int, list[bytes], MerkleTree] | None = None

    def place(self, key: str, line: bytes) -> int:
        """The index of a line. Raises KeyError where there is none."""
        leaf = leaf_hash(line)
        block = bisect_right(self._begin, (key, leaf.hex())) - 1
        leaves = self._block(block)[0] if block >= 0 else []
        if leaf not in leaves:
            raise KeyError(key)
        return block * BLOCK_LINES + leaves.index(leaf)

    def path(self, index: int) -> list[bytes]:
        """The audit path of a line within its block, from the line upward; the rest is the block's, in ``upper``."""
        return self._block(index // BLOCK_LINES)[1].path(index % BLOCK_LINES)

    def _block(self, index: int) -> tuple[list[bytes], MerkleTree]:
        """The leaf hashes of a block, and the tree over them; the last one read is kept."""
        if self._read is None or self._read[0] != index:
            leaves = self._leaves(index)
            self._read = (index, leaves, MerkleTree(leaves))
        return self._read[1], self._read[2]

    def _leaves(self, index: int) -> list[bytes]:
        begin = self._begin[index]
        following = self._begin[index + 1] if index + 1 < len(self._begin) else None
        read = self._trades if self.tree == ProofTree.TRADES else self._positions
        return [
            leaf
            for key, leaf in read(begin[0], following[0] if following else None)
            if begin <= (key, leaf.hex()) and (following is None or (key, leaf.hex()) < following)
        ]

    def _trades(self, first: str, last: str | None) -> list[tuple[str, bytes]]:
        with connection.cursor() as cursor:
            cursor.execute(LEAVES_BETWEEN, {"cycle": self.cycle.pk, "first": first, "last": last})
            return [(key, bytes(leaf)) for key, leaf in cursor.fetchall()]

    def _positions(self, first: str, last: str | None) -> list[tuple[str, bytes]]:
        rows = NetPosition.objects.filter(cycle=self.cycle, party_key__gte=first).order_by("party_key")
        if last is not None:
            rows = rows.filter(party_key__lt=last)
        columns = rows.values_list("party_key", *POSITION_COLUMNS, "net_minor")
        return [(row[0], leaf_hash(position_line(row[0], tuple(row[1:])))) for row in columns]
