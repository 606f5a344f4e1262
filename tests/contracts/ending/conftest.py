"""What the tests of ends share."""

from __future__ import annotations

from marketplace.kernel import clock
from tests.standing import FIRST_DAY, made_once

from .. import factories


@made_once
def market() -> factories.Market:
    """An open market with one listing on sale, on the first day of the tests' calendar."""
    clock.move_to(FIRST_DAY)
    return factories.market()
