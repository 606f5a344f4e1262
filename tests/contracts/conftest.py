"""What the tests of contracts share."""

from __future__ import annotations

from tests.standing import made_once

from . import factories


@made_once
def market() -> factories.Market:
    """An open market with one listing on sale."""
    return factories.market()
