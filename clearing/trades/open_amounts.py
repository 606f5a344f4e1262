"""What a buyer still owes on trades, and what a seller was paid for and has not delivered. For limits that rules state."""

from __future__ import annotations

from typing import Any

from contracts.fact_queries import parties_and_currency
from marketplace.kernel.prepared import fetch_prepared

from .states import TradeState

_OWED = f"""
    SELECT coalesce(sum(gross_minor), 0)::bigint, count(*)::int
      FROM public.clearing_trade
     WHERE buyer_id = %s AND currency = %s AND state = '{TradeState.CONCLUDED}'
"""  # noqa: S608  our own words
# A guarantee secures a part that nobody has paid; what is billed was delivered, and only its payment is awaited.
_UNDELIVERED = f"""
    SELECT coalesce(sum(t.gross_minor - CASE WHEN p.paid_at IS NULL THEN coalesce(p.amount_minor, 0) ELSE 0 END), 0)::bigint
      FROM public.clearing_trade t LEFT JOIN public.clearing_guaranteedpart p ON p.trade_id = t.id
     WHERE t.seller_id = %s AND t.currency = %s AND t.state IN ('{TradeState.SECURED}', '{TradeState.DISPUTED}')
       AND p.billed_at IS NULL
"""  # noqa: S608  our own words


def open_of_buyer(buyer_id: int, currency: str) -> tuple[int, int]:
    """What a buyer owes, with tax, on trades that wait for money, and how many they are; ``buyer_id`` is the key."""
    ((owed_minor, trades),) = fetch_prepared(_OWED, [buyer_id, currency])
    return owed_minor, trades


def undelivered_of_seller(seller_id: int, currency: str) -> int:
    """What buyers have paid, with tax, for trades of a seller whose delivery is not accepted; also while it is disputed."""
    ((paid_minor,),) = fetch_prepared(_UNDELIVERED, [seller_id, currency])
    return int(paid_minor)


def exposure_facts(negotiation: str) -> dict[str, Any]:
    """The facts about the parties of a negotiation for the rules, as ``trades.facts`` declares them. Raises Missing."""
    buyer_id, seller_id, currency = parties_and_currency(negotiation)
    owed_minor, trades = open_of_buyer(buyer_id, currency)
    return {
        "buyer_open_minor": owed_minor,
        "buyer_open_trades": trades,
        "seller_undelivered_minor": undelivered_of_seller(seller_id, currency),
    }
