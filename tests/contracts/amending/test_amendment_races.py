"""Two transactions at once about an agreement that is amended: one wins, and the other is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services
from contracts.amending.models import AgreementVersion
from contracts.amending.services import amend_agreement
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import consequences_shown
from contracts.models import Negotiation
from marketplace.kernel import clock

from .. import factories
from ..test_races import at_once, broken


@pytest.fixture
def market(committed_database) -> factories.Market:
    """A market in a database of its own."""
    return factories.market()


def half_signed(market, **terms):
    """An amendment that the seller has signed, and its agreement."""
    agreement = factories.agreement(market)
    wanted = {"effective_on": clock.today(), "rights": {"duration": "P2Y"}, **terms}
    row = amend_agreement(actor=market.buyer, agreement=agreement.public_id, terms=wanted)
    services.sign(actor=market.seller, negotiation=row.public_id)
    return agreement, row


def test_of_a_version_and_an_end_by_both_one_comes_first(market):
    agreement, row = half_signed(market)
    asked = {"ground": "mutual", "last_day": clock.today(), "refund": "none"}
    digest = digest_of_consequences(consequences_shown(agreement, **asked))
    ending = services.end_early(actor=market.buyer, agreement=agreement.public_id, digest=digest, **asked)
    outcomes = at_once(
        lambda: services.sign(actor=market.buyer, negotiation=row.public_id),
        lambda: services.accept_ending(actor=market.seller, ending=ending.public_id, digest=digest),
    )
    ending.refresh_from_db()
    if AgreementVersion.objects.exists():
        # Nothing of what was shown has changed, so the end is accepted after it; else its consequences are others.
        assert outcomes in (["done", "done"], ["ConsequencesChanged", "done"])
    else:
        assert (outcomes, ending.state) == (["EndingOpen", "done"], "scheduled")
    assert broken() == {}


def test_of_a_version_and_the_end_of_the_term_one_comes_first(market):
    agreement, row = half_signed(market, effective_on=clock.today() + timedelta(days=1))
    clock.move_to(agreement.ends_at)
    outcomes = at_once(
        lambda: services.sign(actor=market.buyer, negotiation=row.public_id), services.expire_agreements
    )
    agreement.refresh_from_db()
    assert (len(outcomes), agreement.state) == (2, "expired")
    assert not AgreementVersion.objects.exists()
    assert broken() == {}


def test_two_amendments_are_not_opened_at_once(market):
    agreement = factories.agreement(market)
    terms = {"effective_on": clock.today(), "rights": {"duration": "P2Y"}}
    outcomes = at_once(
        *[
            lambda actor=actor: amend_agreement(actor=actor, agreement=agreement.public_id, terms=terms)
            for actor in (market.buyer, market.seller)
        ]
    )
    assert outcomes == ["AmendmentOpen", "done"]
    assert Negotiation.objects.filter(amends=agreement).count() == 1
    assert broken() == {}
