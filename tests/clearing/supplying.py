"""Participants from abroad, and what sellers state that they supply."""

from __future__ import annotations

from typing import Any

from clearing.models import SupplyStatement
from marketplace.kernel import clock
from tests.participants import factories as participants


def foreign(market: Any, name: str, **facts: Any) -> Any:
    """A participant from abroad, without a Japanese number."""
    market.parties[name] = participants.organisation(name, country="US", corporate_number=None, **facts)
    return market.parties[name]


def state_supply(market: Any, seller: str, supply: str = "data", listing: str = "lst_1") -> None:
    """The seller states what a listing supplies, as if the listing existed."""
    SupplyStatement.objects.create(
        organisation=market.party(seller), listing=listing, supply=supply, stated_at=clock.now(), stated_by="usr_seller"
    )  # fmt: skip
