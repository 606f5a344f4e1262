"""Clearing cycles and the net positions that come out of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import TransactionIdField
from marketplace.kernel.guards import append_only, immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from ..lines import BLOCK_LINES
from ..states import CYCLE, HOLDABLE_STATES, CycleState, ProofTree
from .columns import currency_stated, organisation_key
from .cycle_guards import (
    blocks_complete,
    cut_off_when_closed,
    held_cycle_stands,
    numbers_without_gap,
    positions_sum_to_zero,
)
from .settlement_guards import under_a_regime

VALIDATED_COLUMNS = ("trades", "obligations", "input_hash", "trades_root")
NETTED_COLUMNS = (
    "gross_minor",
    "net_minor",
    "payments_before",
    "payments_after",
    "output_hash",
    "merkle_root",
)

_REACHED = {
    "closing": Q(state__in=[state for state in CycleState.values if state != "open"]),
    "validated": Q(state__in=[state for state in CycleState.values if state not in ("open", "closing")]),
    "netted": Q(state__in=["netted", "posted", "settling", "settled", "partial"]),
    "posted": Q(state__in=["posted", "settling", "settled", "partial"]),
}


def _recorded_from(state: str, columns: tuple[str, ...]) -> Q:
    """The columns are empty before ``state`` is reached and full from then on."""
    full, empty = Q(), Q()
    for column in columns:
        full &= Q(**{f"{column}__isnull": False})
        empty &= Q(**{f"{column}__isnull": True})
    return (_REACHED[state] & full) | (~_REACHED[state] & empty)


class Cycle(models.Model):
    """A period whose trades are cleared together, in one currency.

    ``barrier`` is the transaction that closed the cycle: what was committed before it belongs in. ``epoch`` counts
    the steps, so that a step begun on an older epoch does nothing. ``input_hash`` is taken over what is cleared,
    ``output_hash`` over the net positions, both over business keys and amounts alone; ``merkle_root``,
    from netting on and so before anything is posted, commits to the trades (``trades_root``) and the positions. ``netted_at`` is the moment of
    finality: from then on the operator stands in every obligation's place, the debtors are released, and what
    becomes of a participant changes nothing. ``posted_at`` is when the ledger says so. ``cut_off_at`` is the cut-off
    of the schedule that the cycle was closed for, null where the operator closed it. While ``on_hold_since`` is set
    the cycle stays where it is, by the word (``hold_reason``) of somebody of the operator (``held_by``).

    ``payments_before``: payments that the obligations would take one by one. ``payments_after``: participants,
    and the operator, with a net position other than zero. ``gross_minor``: the sum of all obligations with tax.
    ``net_minor``: the sum of the positive net positions. Net buyers pay in beforehand (nothing is cleared that was
    not secured), so what is paid out by bank after a cycle is what participants sold, less what was deducted.

    Invariants: numbers of a currency are 1, 2, 3, … without a gap; one cycle a currency is open; what a step
    recorded is never changed; a cut-off closes one cycle, that was open when it came. Rows are never removed.
    """

    public_id = IdentifierField(prefix="cyc")
    currency = models.CharField(max_length=3)
    number = models.PositiveIntegerField()
    business_key = models.CharField(max_length=30, unique=True)
    state = models.CharField(max_length=12, choices=CycleState.choices, default=CycleState.OPEN)
    epoch = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    barrier = TransactionIdField(null=True)
    closed_at = models.DateTimeField(null=True)
    cut_off_at = models.DateTimeField(null=True)
    trades = models.BigIntegerField(null=True)
    obligations = models.BigIntegerField(null=True)
    input_hash = models.CharField(max_length=64, null=True)
    netted_at = models.DateTimeField(null=True)
    gross_minor = models.BigIntegerField(null=True)
    net_minor = models.BigIntegerField(null=True)
    payments_before = models.BigIntegerField(null=True)
    payments_after = models.BigIntegerField(null=True)
    output_hash = models.CharField(max_length=64, null=True)
    trades_root = models.CharField(max_length=64, null=True)
    merkle_root = models.CharField(max_length=64, null=True)
    posted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    on_hold_since = models.DateTimeField(null=True)
    hold_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    held_by = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "number"], name="cycle_number_once"),
            models.UniqueConstraint(fields=["currency"], condition=Q(state="open"), name="cycle_one_open"),
            models.CheckConstraint(
                condition=_recorded_from("closing", ("barrier", "closed_at")), name="cycle_closed_when"
            ),
            models.CheckConstraint(
                condition=_recorded_from("validated", VALIDATED_COLUMNS), name="cycle_validated_what"
            ),
            models.CheckConstraint(
                condition=_recorded_from("netted", (*NETTED_COLUMNS, "netted_at")), name="cycle_netted_what"
            ),
            models.CheckConstraint(
                condition=_recorded_from("posted", ("posted_at",)), name="cycle_final_when"
            ),
            models.CheckConstraint(
                condition=Q(on_hold_since=None, hold_reason="", held_by="")
                | Q(on_hold_since__isnull=False) & ~Q(hold_reason="") & ~Q(held_by=""),
                name="cycle_hold_reason",
            ),
            models.CheckConstraint(
                condition=Q(on_hold_since=None) | Q(state__in=HOLDABLE_STATES), name="cycle_held_when"
            ),
            models.CheckConstraint(
                condition=Q(cut_off_at=None)
                | Q(cut_off_at__gt=F("opened_at"), cut_off_at__lte=F("closed_at")),
                name="cycle_cut_off",
            ),
            models.UniqueConstraint(fields=["currency", "cut_off_at"], name="cycle_cut_off_once"),
            currency_stated("cycle_currency"),
        ]
        triggers = [
            state_guard(CYCLE),
            immutable("public_id", "currency", "number", "business_key", "opened_at"),
            set_once(
                "barrier",
                "closed_at",
                *VALIDATED_COLUMNS,
                *NETTED_COLUMNS,
                "netted_at",
                "posted_at",
                "settled_at",
                "cut_off_at",
            ),
            no_delete(),
            numbers_without_gap(),
            held_cycle_stands(),
            cut_off_when_closed(),
            under_a_regime(),
        ]


class CycleStep(models.Model):
    """One step that a cycle has done: the state it reached, when, and how long it took.

    ``epoch`` is the cycle's count of steps after it. Times are real, not business time: they tell the operator how
    fast clearing is and are part of no hash. Invariant: one row a step. Append-only.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    epoch = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=CycleState.choices)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "epoch"], name="cycle_step_once"),
            models.CheckConstraint(condition=Q(ended_at__gte=F("began_at")), name="cycle_step_times"),
        ]
        triggers = [append_only()]


POSITION_COLUMNS = (
    "purchases_minor",
    "purchase_tax_minor",
    "sales_minor",
    "sales_tax_minor",
    "fees_minor",
    "fee_tax_minor",
    "fee_refunds_minor",
    "fee_refund_tax_minor",
    "corrections_paid_minor",
    "corrections_received_minor",
    "shares_paid_minor",
    "shares_received_minor",
    "carried_forward_minor",
)
"""The parts of a net position, in the order in which they are hashed."""


class NetPosition(models.Model):
    """What a cycle comes to for one participant, or the operator.

    Every amount is signed as it adds to ``net_minor``: purchases and fees paid are negative, sales and fees earned
    positive. Corrections include their tax. ``carried_forward_minor`` is what was put off to the next cycle: positive
    for who owed it, negative for who was to get it. ``party_key`` is the corporate number as hashed. Invariants: the parts sum to the net; the positions of a cycle sum to
    zero and are made in one statement, when it is netted. Append-only.
    """

    public_id = IdentifierField(prefix="pos")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = organisation_key()
    party_key = models.CharField(max_length=31, db_collation="C")
    currency = models.CharField(max_length=3)
    purchases_minor = models.BigIntegerField()
    purchase_tax_minor = models.BigIntegerField()
    sales_minor = models.BigIntegerField()
    sales_tax_minor = models.BigIntegerField()
    fees_minor = models.BigIntegerField()
    fee_tax_minor = models.BigIntegerField()
    fee_refunds_minor = models.BigIntegerField()
    fee_refund_tax_minor = models.BigIntegerField()
    corrections_paid_minor = models.BigIntegerField()
    corrections_received_minor = models.BigIntegerField()
    shares_paid_minor = models.BigIntegerField(db_default=0)
    shares_received_minor = models.BigIntegerField(db_default=0)
    carried_forward_minor = models.BigIntegerField(db_default=0)
    net_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "organisation"], name="position_once"),
            models.CheckConstraint(
                condition=Q(
                    net_minor=sum((F(name) for name in POSITION_COLUMNS[1:]), F(POSITION_COLUMNS[0]))
                ),
                name="position_parts",
            ),
            currency_stated("position_currency"),
        ]
        indexes = [models.Index("cycle", "party_key", name="position_by_party")]
        triggers = [append_only(), positions_sum_to_zero()]


class ProofBlock(models.Model):
    """1,024 lines, or fewer at the end, of one of a cycle's two Merkle trees: of its trades or of its positions.

    Blocks are a power of two long, so the tree over all lines is the tree over the roots of the blocks: a proof
    reads one block of lines and these roots, however large the cycle. ``first_leaf`` is the leaf hash of the first
    line, and says where a block of trades begins.

    Invariants: the blocks of a tree come in one statement, in the step that hashes the lines; they are numbered
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
