"""What a buyer still owes on trades, and what a seller was paid for and has not delivered. For limits that rules state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.fact_queries import parties_and_currency
from marketplace.kernel.prepared import fetch_prepared

from .states import TradeState

# A guarantee secures a part that nobody has paid; what is billed was delivered, and only its payment is awaited.
_AMOUNTS = f"""
    SELECT owed.minor, owed.trades, undelivered.minor
      FROM (SELECT coalesce(sum(gross_minor), 0)::bigint AS minor, count(*)::int AS trades
              FROM public.clearing_trade
             WHERE buyer_id = %s AND currency = %s AND state = '{TradeState.CONCLUDED}') owed
     CROSS JOIN (
            SELECT coalesce(sum(t.gross_minor - CASE WHEN p.paid_at IS NULL THEN coalesce(p.amount_minor, 0) ELSE 0 END), 0)::bigint
                   AS minor
              FROM public.clearing_trade t LEFT JOIN public.clearing_guaranteedpart p ON p.trade_id = t.id
             WHERE t.seller_id = %s AND t.currency = %s
               AND t.state IN ('{TradeState.SECURED}', '{TradeState.DISPUTED}') AND p.billed_at IS NULL) undelivered
"""  # noqa: S608  our own words


@dataclass(frozen=True, slots=True)
class OpenAmounts:
    """What a buyer owes, with tax, on trades that wait for money, and how many they are; and what a seller was paid for, with
    tax, whose delivery is not accepted, also while it is disputed. In minor units."""

    owed_minor: int
    owed_trades: int
    undelivered_minor: int


def open_amounts(*, buyer_id: int, seller_id: int, currency: str) -> OpenAmounts:
    """The open amounts of a buyer and of a seller (database keys) in a currency, by one statement."""
    (found,) = fetch_prepared(_AMOUNTS, [buyer_id, currency, seller_id, currency])
    return OpenAmounts(*found)


def exposure_facts(negotiation: str) -> dict[str, Any]:
    """The facts about the parties of a negotiation for the rules, as ``trades.facts`` declares them. Raises Missing."""
    buyer_id, seller_id, currency = parties_and_currency(negotiation)
    found = open_amounts(buyer_id=buyer_id, seller_id=seller_id, currency=currency)
    return {
        "buyer_open_minor": found.owed_minor,
        "buyer_open_trades": found.owed_trades,
        "seller_undelivered_minor": found.undelivered_minor,
    }
