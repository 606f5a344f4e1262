"""The sums of a trade's obligations and their limits, as SQL shared by the guard, its invariant and ``limits``.

``t`` is the row of the trade, ``given`` the row of its sums.
"""

from __future__ import annotations

from marketplace.kernel.guards import sql_list
from marketplace.kernel.money import BASIS_POINTS

from .obligation_kinds import KINDS_OF_LIMIT, Limit
from .states import ObligationKind

_OF = {limit: sql_list(kinds) for limit, kinds in KINDS_OF_LIMIT.items()}

_SHARE = ObligationKind.SHARE.value
_RETURNED = ObligationKind.SHARE_RETURN.value


def _penalty(party: str) -> str:
    """The penalties of a party less those reversed; a reversal is owed to the party that was charged."""
    return f"""
        coalesce(sum(CASE WHEN o.reverses_id IS NULL THEN o.amount_minor ELSE -o.amount_minor END)
            FILTER (WHERE o.kind IN ({_OF[Limit.PENALTY]})
                      AND t.{party}_id = CASE WHEN o.reverses_id IS NULL THEN o.debtor_id ELSE o.creditor_id END), 0)"""


def _returned(column: str) -> str:
    """The sum of a column over what the seller gives back, less what the buyer is charged in addition."""
    return f"""
        coalesce(sum(CASE WHEN o.debtor_id = t.seller_id THEN o.{column} ELSE -o.{column} END)
            FILTER (WHERE o.kind IN ({_OF[Limit.PRICE]})), 0)"""


GIVEN = f"""
    SELECT {_returned("amount_minor")} AS returned, {_returned("tax_minor")} AS returned_tax,
           {_penalty("seller")} AS seller_penalty, {_penalty("buyer")} AS buyer_penalty,
           coalesce(sum(CASE o.creditor_id WHEN CASE t.fee_payer WHEN 'buyer' THEN t.buyer_id ELSE t.seller_id END
                   THEN o.amount_minor ELSE -o.amount_minor END)
               FILTER (WHERE o.kind IN ({_OF[Limit.FEE]})), 0) AS fee_returned,
           coalesce(sum(o.amount_minor) FILTER (WHERE o.kind IN ({_OF[Limit.WITHHELD]})), 0) AS withheld,
           coalesce(sum(CASE o.kind WHEN '{_SHARE}' THEN o.amount_minor ELSE -o.amount_minor END)
               FILTER (WHERE o.kind IN ({_OF[Limit.SHARES]})), 0) AS shared
      FROM public.clearing_obligation o WHERE o.trade_id = t.id AND o.deferred_from_id IS NULL
"""  # noqa: S608  our own words
"""What the obligations of trade ``t`` have given so far; deferrals continue others and are not counted again."""

_PRICE = """CASE WHEN t.state = 'accepted' THEN t.captured_price_minor
    WHEN t.state IN ('failed', 'refunded') THEN 0 ELSE t.price_minor END"""
_CAP = """CASE WHEN t.state = 'accepted'
    THEN coalesce(t.penalty_cap_minor, t.captured_price_minor + t.captured_tax_minor) ELSE 0 END"""

RATE = "coalesce(t.captured_tax_rate_bp, t.tax_rate_bp)"
"""The rate of tax of what is given back or charged of trade ``t``: that of its supply, or of its hold before acceptance."""

EXCEEDED = f"""
    CASE WHEN given.returned NOT BETWEEN -({_PRICE}) AND {_PRICE} THEN 'the price'
         WHEN given.returned_tax <> div(given.returned * {RATE}, {BASIS_POINTS}) THEN 'the tax of the sum, rounded once'
         WHEN given.seller_penalty NOT BETWEEN 0 AND {_CAP} OR given.buyer_penalty NOT BETWEEN 0 AND {_CAP}
             THEN 'the cap of penalties'
         WHEN given.fee_returned NOT BETWEEN 0 AND coalesce(t.captured_fee_minor, 0) THEN 'the fee'
         WHEN given.withheld NOT IN (0, coalesce(t.captured_withholding_minor, 0)) THEN 'the income tax withheld'
         WHEN given.shared NOT BETWEEN 0 AND coalesce(t.captured_price_minor, 0) THEN 'the shared price'
    END"""
"""The limit that the sums ``given`` of trade ``t`` pass or miss; NULL if they keep all."""

SHARE_LEFT = f"""
    SELECT s.trade_id, s.beneficiary_key, s.creditor_id, s.amount_minor,
           s.amount_minor::numeric * greatest(given.returned, 0) / nullif(t.captured_price_minor, 0) AS most,
           (SELECT coalesce(sum(r.amount_minor), 0) FROM public.clearing_obligation r
             WHERE r.trade_id = s.trade_id AND r.kind = '{_RETURNED}' AND r.deferred_from_id IS NULL
               AND r.debtor_id = s.creditor_id AND r.beneficiary_key = s.beneficiary_key) AS clawed
      FROM public.clearing_obligation s JOIN public.clearing_trade t ON t.id = s.trade_id CROSS JOIN LATERAL ({GIVEN}) given
     WHERE s.kind = '{_SHARE}' AND s.deferred_from_id IS NULL
"""  # noqa: S608  our own words
"""Each share of a trade with ``most`` that its beneficiary gives back, and what was ``clawed`` back of it so far.

When it is clawed back, no more of a share comes back than of the price: the part that the seller gave back by then, less
what the buyer was charged in addition.
"""

REFUNDED_FEES = """
    SELECT o.creditor_id, t.cycle_id, o.tax_rate_bp FROM public.clearing_obligation o
      JOIN public.clearing_trade t ON t.id = o.trade_id WHERE o.kind = 'fee_refund'
"""
"""The refunds of fees by payer, cycle of the fee and rate; each group is what was refunded of one invoice."""

REFUND_TAX_DIFFERS = f"sum(o.tax_minor) <> div(sum(o.amount_minor) * min(o.tax_rate_bp), {BASIS_POINTS})"
"""The tax of a group of ``REFUNDED_FEES`` is not that of its sum, rounded once."""
