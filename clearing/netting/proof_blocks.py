"""Stored blocks of a cycle's Merkle trees, and inclusion proofs made from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from marketplace.kernel.merkle import MerkleTree, hash_pages, leaf_hash

from ..cycles.models import Cycle
from ..ground.bulk import insert_columns
from ..trades.lines import BLOCK_LINES, PAGE_LINES, TRADE_LEAVES
from .models import POSITION_COLUMNS, NetPosition, ProofBlock
from .proofs import Block, further_leaves, leaves_in, position_line
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
            "first_leaf": ("text", [block.first_leaf for block in blocks]),
            "lines": ("int", [block.lines for block in blocks]),
            "root": ("text", [block.root for block in blocks]),
        },
    )


def stored_blocks(cycle: Cycle, tree: str) -> tuple[Block, ...]:
    """The blocks of a tree in order."""
    rows = ProofBlock.objects.filter(cycle=cycle, tree=tree).order_by("index")
    return tuple(Block(*row) for row in rows.values_list("first_leaf", "lines", "root"))


@dataclass(frozen=True, slots=True)
class Proof:
    """Inclusion proof of a line: its index, the other leaf hashes of its page, and the path from the page upward.

    ``path`` leads to the root of the line's block, ``upper`` from there to the root of the tree.
    """

    index: int
    page: list[bytes]
    path: list[bytes]
    upper: list[bytes]


class ProofTreeReader(ABC):
    """One tree of a cycle; keeps one block of lines in memory."""

    tree: ProofTree

    def __init__(self, cycle: Cycle) -> None:
        """Read the blocks; lines are read when a proof needs them."""
        self.cycle = cycle
        self.blocks = stored_blocks(cycle, self.tree)
        self.size = sum(block.lines for block in self.blocks)
        self._upper = MerkleTree([bytes.fromhex(block.root) for block in self.blocks])
        self._read: tuple[int, list[bytes], MerkleTree] | None = None

    def proof(self, line: bytes) -> Proof:
        """The inclusion proof of a line. Raises KeyError if the line is not in the tree."""
        leaf, block = leaf_hash(line), self.block_of(line)
        leaves, tree = self._block(block) if 0 <= block < len(self.blocks) else ([], None)
        if tree is None or leaf not in leaves:
            raise KeyError(line.decode())
        place = leaves.index(leaf)
        page = place - place % PAGE_LINES
        others = [*leaves[page:place], *leaves[place + 1 : page + PAGE_LINES]]
        return Proof(
            index=block * BLOCK_LINES + place,
            page=others,
            path=tree.inclusion_proof(place // PAGE_LINES),
            upper=self._upper.inclusion_proof(block),
        )

    @abstractmethod
    def block_of(self, line: bytes) -> int:
        """The index of the block that would contain a line."""

    @abstractmethod
    def leaves_of(self, block: int) -> list[bytes]:
        """The leaf hashes of a block in order."""

    def _block(self, block: int) -> tuple[list[bytes], MerkleTree]:
        """The leaf hashes of a block and the tree over its pages; caches the last block."""
        if self._read is None or self._read[0] != block:
            leaves = self.leaves_of(block)
            pages = leaves_in(hash_pages(b"".join(leaves), PAGE_LINES))
            self._read = (block, leaves, MerkleTree(pages))
        return self._read[1], self._read[2]


class TradesTree(ProofTreeReader):
    """The tree over a cycle's trades and further lines, ordered by leaf hash."""

    tree = ProofTree.TRADES

    def __init__(self, cycle: Cycle) -> None:
        """Read the blocks and the leaf hashes of the further lines."""
        super().__init__(cycle)
        self._first = [bytes.fromhex(block.first_leaf) for block in self.blocks]
        self._further = further_leaves(cycle.pk)

    def block_of(self, line: bytes) -> int:
        """The last block whose first leaf is not greater than the line's leaf."""
        return bisect_right(self._first, leaf_hash(line)) - 1

    def leaves_of(self, block: int) -> list[bytes]:
        """Trade leaves of a block, merged with the leaves of further lines."""
        first, *following = self._first[block : block + 2]
        until = following[0] if following else None
        with connection.cursor() as cursor:
            cursor.execute(TRADE_LEAVES, {"cycle": self.cycle.pk, "first": first, "following": until})
            trades = [bytes(row[0]) for row in cursor.fetchall()]
        end = bisect_left(self._further, until) if until else len(self._further)
        return sorted([*trades, *self._further[bisect_left(self._further, first) : end]])


class PositionsTree(ProofTreeReader):
    """The tree over a cycle's net positions, ordered by the bytes of the party keys."""

    tree = ProofTree.POSITIONS

    def block_of(self, line: bytes) -> int:
        """The block of the position of the line's party."""
        party = line.split(b"|", 1)[0].decode()
        return NetPosition.objects.filter(cycle=self.cycle, party_key__lt=party).count() // BLOCK_LINES

    def leaves_of(self, block: int) -> list[bytes]:
        """The leaf hashes of the positions of a block."""
        columns = ("party_key", *POSITION_COLUMNS, "net_minor")
        rows = NetPosition.objects.filter(cycle=self.cycle).order_by("party_key").values_list(*columns)
        rows = rows[block * BLOCK_LINES : (block + 1) * BLOCK_LINES]
        return [leaf_hash(position_line(row[0], tuple(row[1:]))) for row in rows]
