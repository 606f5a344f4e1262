"""Net positions, and the blocks of a cycle's Merkle trees."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import MinorField
from marketplace.kernel.guards import append_only
from marketplace.kernel.identifiers import IdentifierField

from ..cycles.models import Cycle
from ..ground.columns import currency_stated, organisation_key
from ..trades.lines import BLOCK_LINES
from ..trades.states import PositionPart
from .guards import blocks_complete, positions_fit, positions_sum_to_zero
from .states import ProofTree

POSITION_COLUMNS = tuple(PositionPart.values)
"""Parts of a net position, in the order of hashing."""


class NetPosition(models.Model):
    """The net position of one participant, or the operator, in a cycle.

    Amounts are signed as they add to ``net_minor``: purchases and fees paid are negative, sales and fees earned
    positive. Corrections include tax. ``deferred_minor`` is the deferral to the next cycle: positive for the debtor,
    negative for the creditor. ``party_key`` is the party's key in hashes. Invariants: the parts sum to the net; the
    positions of a cycle are inserted at netting, some at a time, and it is netted only if they sum to zero: until then
    they are shown to nobody. Their statement trigger enforces the foreign keys instead of row constraints, because a
    cycle writes thousands of positions. Append-only.
    """

    public_id = IdentifierField(prefix="pos")
    cycle = models.ForeignKey(
        Cycle, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    organisation = organisation_key(db_constraint=False, db_index=False)
    party_key = models.CharField(max_length=31, db_collation="C")
    currency = models.CharField(max_length=3)
    purchases_minor = MinorField()
    purchase_tax_minor = MinorField()
    sales_minor = MinorField()
    sales_tax_minor = MinorField()
    fees_minor = MinorField()
    fee_tax_minor = MinorField()
    fee_refunds_minor = MinorField()
    fee_refund_tax_minor = MinorField()
    corrections_paid_minor = MinorField()
    corrections_received_minor = MinorField()
    shares_paid_minor = MinorField(db_default=0)
    shares_received_minor = MinorField(db_default=0)
    deferred_minor = MinorField(db_default=0)
    net_minor = MinorField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "cycle"], name="position_once"),
            models.CheckConstraint(
                condition=Q(
                    net_minor=sum((F(name) for name in POSITION_COLUMNS[1:]), F(POSITION_COLUMNS[0]))
                ),
                name="position_parts",
            ),
            currency_stated("position_currency"),
        ]
        indexes = [models.Index("cycle", "party_key", name="position_by_party")]
        triggers = [append_only(), positions_fit()]


class ProofBlock(models.Model):
    """A block of 1,024 lines (the last: fewer) of one of a cycle's two Merkle trees, of trades or of positions.

    The size of a block is a power of two, so the tree over all lines is the tree over the roots of the blocks: a proof
    reads one block of lines and these roots, for a cycle of any size. ``first_leaf`` is the leaf hash of the first
    line; it locates a trade's block.

    Invariants: the blocks of a tree are inserted in one statement, in the step that hashes the lines; they are numbered
    0, 1, 2, …, and all but the last are full. Append-only.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    tree = models.CharField(max_length=10, choices=ProofTree.choices)
    index = models.PositiveIntegerField()
    first_leaf = models.CharField(max_length=64)
    lines = models.PositiveIntegerField()
    root = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "tree", "index"], name="proof_block_once"),
            models.CheckConstraint(
                condition=Q(lines__gte=1, lines__lte=BLOCK_LINES, tree__in=ProofTree.values),
                name="proof_block_lines",
            ),
        ]
        triggers = [append_only(), blocks_complete()]


# A cycle's state depends on its positions, so this guard of cycles reads positions and is registered here.
pgtrigger.register(positions_sum_to_zero())(Cycle)
