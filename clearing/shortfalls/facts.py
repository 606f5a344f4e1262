"""Facts about a shortfall for the rules; the subject is the shortfall's identifier."""

from __future__ import annotations

from marketplace.rules.providers import FactProvider

from .queries import shortfall_facts

SHORTFALL = FactProvider(
    name="shortfall",
    types={
        "organisation": "string",
        "currency": "string",
        "missing_minor": "int",
        "deferred_minor": "int",
        "awaited_minor": "int",
        "claim_minor": "int",
        "deposit_minor": "int",
        "shortfalls_in_90_days": "int",
    },
    load=shortfall_facts,
)
"""``awaited_minor``: deferred obligations of which it is creditor; ``claim_minor``: the present claim on it."""
