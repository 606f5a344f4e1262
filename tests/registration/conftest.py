"""What the tests of registration share: the operator of the market."""

from __future__ import annotations

from tests.participants import factories as parties
from tests.standing import made_once


@made_once
def operator():
    """The operator of the market."""
    return parties.operator()
