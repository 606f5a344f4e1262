"""What remains of a trade to give back or to charge: the one figure behind every correction.

The database guard ``within_limits`` holds the same figure for every statement; both read it by the text of ``sums``.

Refunds and price adjustments are one sum, signed: positive for what the seller gives back, negative for what the buyer is
charged in addition. It lies within the price in either direction. Its tax is that of the sum, rounded once: each part has
the tax of the sum with it less the tax of the sum before it, so the parts of a whole sum exactly to the whole. Three
returns of 105 at 10 % have the tax 10, 11 and 10, as 315 has 31. A reversal is a part too: its tax can differ by one
unit from the tax of what it reverses.

Penalties stand outside what is given back: those of each party sum to the agreed cap at most, or to the gross.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db import connection

from marketplace.kernel.money import share_of

from .models import Trade
from .obligation_kinds import KINDS, Limit, Taxed
from .states import TradeState
from .sums import GIVEN

ENDED_STATES = (TradeState.FAILED, TradeState.REFUNDED)

_READ = f"""
    SELECT t.id, given.returned::bigint, given.returned_tax::bigint, given.seller_penalty::bigint,
           given.buyer_penalty::bigint, given.fee_returned::bigint
      FROM clearing_trade t CROSS JOIN LATERAL ({GIVEN}) given WHERE t.id = ANY(%s)
"""  # noqa: S608  our own words


@dataclass(frozen=True, slots=True)
class Remaining:
    """The limits of a trade and what was given within them so far, in minor units without tax but for the cap.

    ``returned_minor`` and its tax are positive for what the seller gave back, negative for what the buyer was charged in
    addition. All limits of an ended trade are zero; so is that of penalties before acceptance.
    """

    price_minor: int
    tax_rate_bp: int
    penalty_cap_minor: int
    fee_minor: int
    returned_minor: int = 0
    returned_tax_minor: int = 0
    seller_penalty_minor: int = 0
    buyer_penalty_minor: int = 0
    fee_returned_minor: int = 0

    def left_minor(self, limit: Limit, *, seller_owes: bool) -> int:
        """What a party can still owe by the kinds of a limit: of the price or the penalties."""
        if limit is Limit.PRICE:
            return self.price_minor + (-self.returned_minor if seller_owes else self.returned_minor)
        return self.penalty_cap_minor - (
            self.seller_penalty_minor if seller_owes else self.buyer_penalty_minor
        )

    @property
    def fee_left_minor(self) -> int:
        """The part of the market's fee that was not given back."""
        return self.fee_minor - self.fee_returned_minor

    @property
    def is_whole(self) -> bool:
        """Whether the whole price was given back."""
        return self.returned_minor == self.price_minor

    def tax_of(self, amount_minor: int, *, seller_owes: bool) -> int:
        """The tax of a further part: that of the sum with it less that of the sum before it; never negative."""
        signed = amount_minor if seller_owes else -amount_minor
        return abs(share_of(self.returned_minor + signed, self.tax_rate_bp) - self.returned_tax_minor)

    def after(self, amount_minor: int, *, seller_owes: bool) -> Remaining:
        """The figure after a further part of the price."""
        sign = 1 if seller_owes else -1
        return replace(
            self,
            returned_minor=self.returned_minor + sign * amount_minor,
            returned_tax_minor=self.returned_tax_minor
            + sign * self.tax_of(amount_minor, seller_owes=seller_owes),
        )

    def as_dict(self) -> dict[str, int]:
        """The figure as the trade shows it."""
        price = self.left_minor(Limit.PRICE, seller_owes=True)
        return {
            "return_minor": price,
            "return_tax_minor": self.tax_of(price, seller_owes=True),
            "charge_minor": self.left_minor(Limit.PRICE, seller_owes=False),
            "seller_penalty_minor": self.left_minor(Limit.PENALTY, seller_owes=True),
            "buyer_penalty_minor": self.left_minor(Limit.PENALTY, seller_owes=False),
            "fee_minor": self.fee_left_minor,
        }


def remaining_of(trade: Trade) -> Remaining:
    """What remains of one trade; exact while the caller holds its row lock."""
    return remaining_of_all([trade])[trade.pk]


def remaining_of_all(trades: Collection[Trade]) -> dict[int, Remaining]:
    """What remains of each trade, by its key, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [[trade.pk for trade in trades]])
        given = {row[0]: row[1:] for row in cursor.fetchall()}
    return {trade.pk: _limits_of(trade, *given[trade.pk]) for trade in trades}


def _limits_of(
    trade: Trade,
    returned_minor: int,
    returned_tax_minor: int,
    seller_penalty_minor: int,
    buyer_penalty_minor: int,
    fee_returned_minor: int,
) -> Remaining:
    price_minor, cap_minor = trade.price_minor, 0
    if trade.state == TradeState.ACCEPTED:
        price_minor = trade.captured_price_minor or 0
        gross_minor = price_minor + (trade.captured_tax_minor or 0)
        cap_minor = gross_minor if trade.penalty_cap_minor is None else trade.penalty_cap_minor
    elif trade.state in ENDED_STATES:
        price_minor = 0
    return Remaining(
        price_minor=price_minor,
        tax_rate_bp=trade.rate_bp,
        penalty_cap_minor=cap_minor,
        fee_minor=trade.captured_fee_minor or 0,
        returned_minor=returned_minor,
        returned_tax_minor=returned_tax_minor,
        seller_penalty_minor=seller_penalty_minor,
        buyer_penalty_minor=buyer_penalty_minor,
        fee_returned_minor=fee_returned_minor,
    )


def tax_of_part(remaining: Remaining, kind: str, amount_minor: int, *, seller_owes: bool) -> int:
    """The tax of a further obligation of ``kind``: 0 for a kind outside consumption tax."""
    if KINDS[kind].taxed is Taxed.UNTAXED:
        return 0
    return remaining.tax_of(amount_minor, seller_owes=seller_owes)
