"""A market for each test that asks for one."""

from __future__ import annotations

import pytest

from . import factories


@pytest.fixture
def market(db: None) -> factories.Market:
    """A market that can clear yen."""
    return factories.market()
