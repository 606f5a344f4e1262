"""The parts of trades that guarantees secure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.clock import market_zone
from marketplace.kernel.columns import DayField, MinorField, MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from ..ground.columns import organisation_key
from ..guarantees.models import Guarantee
from ..ledger.models import Entry
from .authority_guards import ordered_with_authority
from .causes import GUARANTEED
from .guaranteed_guards import (
    cleared_when_paid,
    part_counted,
    part_follows_trade,
    part_moves,
    part_within_guarantee,
    put_off_while_billed,
)
from .models import Obligation, Trade
from .states import ObligationKind, PaidFrom


class GuaranteedPart(models.Model):
    """The part of a trade's gross that a guarantee secures instead of money: no account holds it.

    When the delivery is accepted its buyer is billed (``billed_at``) and pays by ``due_on``, which is not after ``due_by``
    unless a dispute delayed the acceptance. Paid, it is put on hold like the other part, and the trade is cleared. It is
    released when the trade ends without payment. ``ordered_by`` is who of the buyer ordered it; None: the market secured by itself.

    Invariants: one of each trade, under a guarantee of its buyer with room for it, valid when it is made and on ``due_by``;
    not of metered periods, nor of data made to order; it is open while its trade is secured or disputed and not paid;
    nothing is cleared of a trade before it is paid; what somebody ordered is within a limit of authority. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="gpt")
    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, related_name="guaranteed")
    guarantee = models.ForeignKey(Guarantee, on_delete=models.PROTECT, related_name="parts", db_index=False)
    amount_minor = MinorField()
    due_by = DayField()
    reserved_at = MomentField()
    ordered_by = models.CharField(max_length=IDENTIFIER_LENGTH, null=True)
    billed_at = MomentField(null=True)
    due_on = DayField(null=True)
    paid_at = MomentField(null=True)
    paid_from = models.CharField(max_length=10, choices=PaidFrom.choices, null=True)
    released_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="guaranteed_part_amount"),
            models.CheckConstraint(
                condition=(Q(billed_at=None, due_on=None) | Q(billed_at__isnull=False, due_on__isnull=False))
                & (
                    Q(paid_at=None, paid_from=None)
                    | Q(
                        paid_at__isnull=False,
                        paid_from__in=PaidFrom.values,
                        billed_at__isnull=False,
                        released_at=None,
                    )
                ),
                name="guaranteed_part_moments",
            ),
        ]
        indexes = [
            models.Index(
                "guarantee", name="guaranteed_part_open", condition=Q(paid_at=None, released_at=None)
            ),
            models.Index(
                "due_on",
                name="guaranteed_part_due",
                condition=Q(billed_at__isnull=False, paid_at=None, released_at=None),
            ),
        ]
        triggers = [
            part_within_guarantee(),
            part_moves(),
            part_counted(),
            part_follows_trade(),
            ordered_with_authority(),
            immutable(
                "public_id", "trade_id", "guarantee_id", "amount_minor", "due_by", "reserved_at", "ordered_by"
            ),
            set_once("billed_at", "due_on", "paid_at", "paid_from", "released_at"),
            dated_now("reserved_at", real=["recorded_at"]),
            no_delete(),
        ]

    @property
    def is_open(self) -> bool:
        """Whether the guarantee still secures it."""
        return self.paid_at is None and self.released_at is None

    @property
    def is_billed(self) -> bool:
        """Whether its buyer owes it now."""
        return self.billed_at is not None and self.is_open

    @property
    def due_end(self) -> datetime | None:
        """The end of the day on which its buyer pays at the latest; None before it is billed."""
        if self.due_on is None:
            return None
        return datetime.combine(self.due_on + timedelta(days=1), time.min, market_zone()).astimezone(UTC)


class PutOffCorrection(models.Model):
    """A correction of a trade whose buyer still owes the guaranteed part: it is made when the bill is paid.

    ``source`` is the public identifier of what was decided, as on obligations. ``ended_at`` is when it became an obligation,
    or void because the trade ended without payment.

    Invariants: it begins while the part is open, and is over when the part is; each source once. Rows are never deleted.
    """

    source = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=ObligationKind.choices)
    debtor = organisation_key(db_index=False)
    creditor = organisation_key(db_index=False)
    amount_minor = MinorField()
    put_off_at = MomentField()
    ended_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & ~Q(debtor=models.F("creditor")), name="put_off_amount"
            ),
        ]
        triggers = [
            put_off_while_billed(),
            immutable("source", "trade_id", "kind", "debtor_id", "creditor_id", "amount_minor", "put_off_at"),
            set_once("ended_at"),
            dated_now("put_off_at", real=["recorded_at"]),
            no_delete(),
        ]


def guaranteed_part(trade: Trade) -> GuaranteedPart | None:
    """The part of a trade that a guarantee secures, or secured until it was paid; None if money secures all of it."""
    return getattr(trade, "guaranteed", None)


def read_parts(trades: Collection[Trade]) -> None:
    """Read the guaranteed parts of trades that were just locked with ``has_guarantee``, whether their buyers have guarantees.

    In a statement of its own, and only if some have: it sees what became of the parts while the statement before waited.
    """
    if guaranteed := [trade for trade in trades if vars(trade)["has_guarantee"]]:
        models.prefetch_related_objects(guaranteed, "guaranteed")
    relation = Trade._meta.get_field("guaranteed")
    for trade in trades:
        if not vars(trade)["has_guarantee"]:
            relation.set_cached_value(trade, None)


def billed_parts(organisation_ids: Collection[int], currency: str) -> models.QuerySet[GuaranteedPart]:
    """The parts that buyers were billed for and have not paid."""
    return GuaranteedPart.objects.filter(
        guarantee__organisation_id__in=organisation_ids,
        guarantee__currency=currency,
        billed_at__isnull=False,
        paid_at=None,
        released_at=None,
    )


def billed_minor(organisation_id: int, currency: str) -> int:
    """What a participant was billed for and has not paid, in minor units: its money is kept for that."""
    rows = billed_parts([organisation_id], currency)
    return int(rows.aggregate(sum=models.Sum("amount_minor"))["sum"] or 0)


# This guard of journal entries reads guaranteed parts, so it is registered here.
pgtrigger.register(GUARANTEED.guard("caused_by_guaranteed_part"))(Entry)
pgtrigger.register(cleared_when_paid())(Obligation)
