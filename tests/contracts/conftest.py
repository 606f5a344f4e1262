"""What the tests of contracts share."""

from __future__ import annotations

import pytest

from . import factories


@pytest.fixture
def market(db) -> factories.Market:
    """An open market with one listing on sale."""
    return factories.market()
