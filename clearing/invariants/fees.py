"""What always holds of the market's fees."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant

from ..queries.fee_rebates import misstated_rebates

Invariant(
    name="clearing.fees_by_volume",
    promise=5,
    statement=(
        "Of a fee no more is given back than was charged; what a cycle gives back for volume is what the published"
        " tiers say, once a trade, whoever trades."
    ),
    guards=(
        "clearing_obligation.fee_refunds_fit",
        "clearing_obligation.append_only",
        "clearing_obligation.clearing_obligation_source_key",
        "clearing_trade.trade_tiers_of_rulebook",
        "clearing_trade.immutable",
    ),
    test="tests/clearing/test_fee_rebates.py::test_more_than_a_fee_is_never_given_back",
    check=misstated_rebates,
)
