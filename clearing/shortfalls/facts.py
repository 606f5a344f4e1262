"""What the rules may know of a shortfall (the subject is its identifier)."""

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
"""``awaited_minor`` is what others put off that they owed it; ``claim_minor`` what it owes the reserve as of now."""
