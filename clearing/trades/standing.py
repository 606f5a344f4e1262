"""Reads in one statement what a charge depends on before its trade is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from marketplace.kernel.prepared import fetch_prepared

from ..guarantees.queries import HAS_GUARANTEE
from ..ledger.states import AccountKind
from .states import TradeState

_STANDING = f"""
    SELECT (SELECT id FROM clearing_trade WHERE agreement = %(agreement)s AND charge = %(charge)s),
           (SELECT supply FROM clearing_supplystatement
             WHERE organisation_id = %(seller)s AND listing = %(listing)s ORDER BY id DESC LIMIT 1),
           EXISTS (
            SELECT FROM clearing_trade
             WHERE buyer_id = %(buyer)s AND currency = %(currency)s AND state = '{TradeState.CONCLUDED}'
               AND supply_class IS NOT NULL AND price_minor + tax_minor <= coalesce((
                SELECT -b.balance_minor FROM clearing_account a JOIN clearing_balance b ON b.account_id = a.id
                 WHERE a.organisation_id = %(buyer)s AND a.currency = %(currency)s
                   AND a.kind = '{AccountKind.AVAILABLE}'), 0)),
           {HAS_GUARANTEE.format(organisation="%(buyer)s", currency="%(currency)s")},
           public.was_pooled(%(listing)s::text, %(concluded_at)s::timestamptz)
"""  # noqa: S608  our own words


class Standing(NamedTuple):
    """What stands before the trade of a charge is made.

    ``trade``: the key of the trade that was made of it before. ``supply``: what the seller last stated that it supplies
    with the listing. ``others_first``: money just paid in covers a waiting trade of the buyer, whose turn comes first.
    ``guaranteed``: the buyer has a guarantee, which may secure what its money does not. ``pooled``: the listing had a pool
    at ``concluded_at``.
    """

    trade: int | None
    supply: str | None
    others_first: bool
    guaranteed: bool
    pooled: bool


def standing_of(
    *,
    agreement: str,
    charge: int,
    listing: str,
    buyer_id: int,
    seller_id: int,
    currency: str,
    concluded_at: datetime,
) -> Standing:
    """What stands before the trade of a charge of an agreement is made."""
    values: dict[str, Any] = {
        "agreement": agreement,
        "charge": charge,
        "listing": listing,
        "buyer": buyer_id,
        "seller": seller_id,
        "currency": currency,
        "concluded_at": concluded_at,
    }
    (row,) = fetch_prepared(_STANDING, values)
    return Standing(*row)
