"""Facts about what the parties of a negotiation owe each other's side of the market already; the subject is the negotiation."""

from __future__ import annotations

from marketplace.rules.providers import FactProvider

from .open_amounts import exposure_facts

EXPOSURE = FactProvider(
    name="exposure",
    types={
        "buyer_open_minor": "int",
        "buyer_open_trades": "int",
        "seller_undelivered_minor": "int",
    },
    load=exposure_facts,
    withheld={
        "buyer_open_minor": "negotiation.buyer",
        "buyer_open_trades": "negotiation.buyer",
        "seller_undelivered_minor": "negotiation.seller",
    },
)
"""Amounts are those of ``open_amounts``, in minor units of the negotiation's currency."""
