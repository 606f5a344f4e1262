"""What each round of a negotiation changes against the published offer, over HTTP."""

from __future__ import annotations

import pytest

from tests.participants import factories as people

from .. import factories

pytestmark = pytest.mark.django_db

NEGOTIATIONS = "/api/v1/negotiations/"


def test_an_unchanged_request_changes_nothing_of_the_offer(market):
    """Also where the offer is charged by periods and demands the parties' own keys."""
    listing = factories.listing(
        market.seller,
        "L-charged",
        charging={"kind": "subscription", "charges": 3, "period_months": 1},
        signature_level="own_key",
        rights={**factories.OFFER["rights"], "duration": "P1Y"},
    )
    buyer = people.client_of(market.organisation("buyer"))
    made = buyer.post(NEGOTIATIONS, {"listing": listing, "reference": factories.reference()})
    (first,) = buyer.get(f"{NEGOTIATIONS}{made.json()['id']}/rounds/").json()
    assert (first["with_offer"]["rights"]["relation"], first["with_offer"]["changes"]) == ("equal", [])
