"""What a buyer still owes on trades, and what a seller was paid for and has not delivered. For limits that rules state."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from contracts.fact_queries import conclusion_of
from marketplace.kernel import clock
from marketplace.kernel.money import share_of
from marketplace.kernel.prepared import fetch_prepared
from marketplace.rules import queries as rules
from marketplace.rules.errors import NoTaxRate

from .states import TradeState

# A guarantee secures a part that nobody has paid; what is billed was delivered, and only its payment is awaited.
_AMOUNTS = f"""
    SELECT owed.minor, owed.trades, undelivered.minor,
           ARRAY(SELECT concluded.agreement FROM unnest(%s::text[]) AS concluded(agreement)
                  WHERE NOT EXISTS (SELECT FROM public.clearing_trade t WHERE t.agreement = concluded.agreement))
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
    """What a buyer owes, with tax, on trades that wait for money or are not made yet, and how many they are; and what a seller was paid for, with
    tax, whose delivery is not accepted, also while it is disputed. In minor units."""

    owed_minor: int
    owed_trades: int
    undelivered_minor: int


def open_amounts(
    *, buyer_id: int, seller_id: int, currency: str, recent: Sequence[tuple[str, int, str]] = ()
) -> OpenAmounts:
    """The open amounts of a buyer and of a seller (database keys) in a currency, by one statement.

    ``recent``: agreements of the buyer, as ``contracts.fact_queries.Conclusion``. Those whose trade is not made yet are owed
    too, each as one trade, with the highest tax that may apply.
    """
    of_recent = {agreement: (price_minor, category) for agreement, price_minor, category in recent}
    ((owed_minor, owed_trades, undelivered_minor, untraded),) = fetch_prepared(
        _AMOUNTS, [list(of_recent), buyer_id, currency, seller_id, currency]
    )
    return OpenAmounts(
        owed_minor + _gross_minor([of_recent[agreement] for agreement in untraded]),
        owed_trades + len(untraded),
        undelivered_minor,
    )


def _gross_minor(prices: Sequence[tuple[int, str]]) -> int:
    """The sum of prices, each of a tax category, with tax; a category without a rate, of which no trade is made, has none."""
    if not prices:
        return 0
    tables, _fees = rules.taxes_and_tariffs(at=clock.now())
    rates_bp = {category: 0 for _, category in prices}
    for category in rates_bp:
        with suppress(NoTaxRate):
            rates_bp[category] = tables.highest_rate_bp(category, since=clock.today())
    return sum(price_minor + share_of(price_minor, rates_bp[category]) for price_minor, category in prices)


def exposure_facts(negotiation: str) -> dict[str, Any]:
    """The facts about the parties of a negotiation for the rules, as ``trades.facts`` declares them. Raises Missing."""
    stated = conclusion_of(negotiation)
    found = open_amounts(
        buyer_id=stated.buyer_id,
        seller_id=stated.seller_id,
        currency=stated.currency,
        recent=stated.recent,
    )
    return {
        "buyer_open_minor": found.owed_minor,
        "buyer_open_trades": found.owed_trades,
        "seller_undelivered_minor": found.undelivered_minor,
    }
