"""Two acts at once never exceed one month's limit, and of an act and a lower limit one comes first."""

from __future__ import annotations

from functools import partial

import pytest

from contracts import services
from contracts.models import Signature
from marketplace.kernel.invariants import verify_all
from marketplace.participants.models import Commitment
from tests.participants.authority import limit

from .. import factories
from ..test_races import at_once


@pytest.fixture
def market(committed_database) -> factories.Market:
    """A market in a database of its own."""
    return factories.market()


def broken() -> dict[str, object]:
    found = verify_all("contracts") | verify_all("participants")
    return {name: breaches for name, breaches in found.items() if breaches}


def test_two_signatures_at_once_never_exceed_a_month(market):
    limit(market.seller, role="signatory", per_month_minor=150_000)
    signings = [factories.requested(market).public_id for _ in range(2)]
    outcomes = at_once(*[partial(services.sign, actor=market.seller, negotiation=each) for each in signings])
    assert outcomes == ["NobodyDecides", "done"]
    assert (Signature.objects.count(), Commitment.objects.count()) == (1, 1)
    assert broken() == {}


def test_of_a_signature_and_a_lower_limit_one_comes_first(market):
    limit(market.seller, role="signatory", per_act_minor=100_000)
    negotiation = factories.requested(market).public_id
    outcomes = at_once(
        lambda: services.sign(actor=market.seller, negotiation=negotiation),
        lambda: limit(market.seller, role="signatory", per_act_minor=1),
    )
    assert outcomes in (["done", "done"], ["NobodyDecides", "done"])
    assert Signature.objects.count() == (outcomes == ["done", "done"])
    assert broken() == {}
