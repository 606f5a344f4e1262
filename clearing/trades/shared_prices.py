"""Divides the captured price of a trade among beneficiaries of its agreement, or the members of its listing's pool."""

from __future__ import annotations

from typing import NamedTuple

from contracts.pools.queries import shares_on
from listings.charging import shares_of
from marketplace.kernel.money import allocate
from marketplace.participants.queries import organisations_by_id

from ..ground.parties import party_key
from .charge_models import ChargePlan
from .models import Trade


class SharedAmount(NamedTuple):
    """What one beneficiary is owed of a price, without tax: its database key, its key in hashes, and minor units above 0."""

    organisation_id: int
    key: str
    amount_minor: int


def shares_of_trade(trade: Trade) -> list[SharedAmount]:
    """What each beneficiary is owed of the captured price, in the order of their keys; the remainder is the seller's.

    Shares stand in the charge plan; of a pooled one they are those in force on the day of the tax point (``pool_shares_of_trade``).
    """
    planned = list(
        ChargePlan.objects.filter(agreement=trade.agreement)
        .order_by("shares__beneficiary_key")
        .values_list("pooled", "shares__organisation_id", "shares__beneficiary_key", "shares__share_bp")
    )
    if not planned:
        return []
    if planned[0][0]:
        return pool_shares_of_trade(trade)
    named = [(key, name, share_bp) for _, key, name, share_bp in planned if key is not None]
    amounts = shares_of(trade.captured_price_minor or 0, [share_bp for _, _, share_bp in named])
    return [
        SharedAmount(key, name, amount)
        for (key, name, _), amount in zip(named, amounts, strict=True)
        if amount
    ]


def pool_shares_of_trade(trade: Trade) -> list[SharedAmount]:
    """What each member of the listing's pool is owed of the captured price by the shares on the day of the tax point.

    Largest remainder, the seller last. A member that is the buyer of this trade has no part in it: the others divide the price. Before the
    first version begins, all of it is the seller's.
    """
    if trade.supplied_on is None:
        raise ValueError(f"{trade.public_id} has no day of supply")
    shares = {row.organisation_id: row.numerator for row in shares_on(trade.listing, trade.supplied_on)}
    seller_weight = shares.pop(trade.seller_id, 0)
    shares.pop(trade.buyer_id, None)
    if not shares:
        return []
    keys = {key: party_key(view) for key, view in organisations_by_id(shares).items()}
    members = sorted(shares, key=lambda key: keys[key])
    weights = [*(shares[key] for key in members), seller_weight]
    amounts = allocate(trade.captured_price_minor or 0, weights)[:-1]
    return [
        SharedAmount(key, keys[key], amount) for key, amount in zip(members, amounts, strict=True) if amount
    ]
