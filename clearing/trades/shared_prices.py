"""Divides the captured price of a trade among beneficiaries of its agreement, or the members of its listing's pool."""

from __future__ import annotations

from typing import NamedTuple

from contracts.pools.queries import shares_on
from listings.charging import shares_of
from marketplace.kernel.money import allocate
from marketplace.participants.queries import organisations_by_id

from ..ground.parties import party_key
from .charge_models import ChargePlan, PlannedCharge
from .models import Trade


class SharedAmount(NamedTuple):
    """What one beneficiary is owed of a price, without tax: its database key, its key in hashes, and minor units above 0."""

    organisation_id: int
    key: str
    amount_minor: int


def shares_of_trade(trade: Trade) -> list[SharedAmount]:
    """What each beneficiary is owed of the captured price, in the order of their keys; the remainder is the seller's.

    Shares stand in the charge plan; of a pooled one they are those in force on the day on which the charge falls due (``pool_shares_of_trade``).
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
    """What each member of the listing's pool is owed of the captured price by the shares on the day on which its charge falls due.

    Both signed that day; when the data is supplied, and what it is for tax, its seller has in its hand. Largest remainder, the seller last. A member that is the buyer of this trade has no part in it: the others divide the price. Before the
    first version begins, all of it is the seller's.
    """
    planned = PlannedCharge.objects.filter(plan__agreement=trade.agreement, charge=trade.charge)
    due_on = planned.order_by("-version").values_list("due_on", flat=True)[0]
    shares = {row.organisation_id: row.numerator for row in shares_on(trade.listing, due_on)}
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
