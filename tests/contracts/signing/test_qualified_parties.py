"""Rules ask for the qualifications of who sells and who buys; each party reads its own alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services
from contracts.errors import ConclusionRefused
from listings.queries import publication_facts
from marketplace.kernel import clock
from marketplace.participants.services import state_qualification, verify_qualification
from marketplace.rules.models import Decision
from marketplace.rules.services import replay, verify_replays
from tests.contracts import factories
from tests.participants.factories import client_of
from tests.rules import factories as rulebooks

pytestmark = pytest.mark.django_db

BUYER, SELLER = "negotiation.buyer_qualifications", "negotiation.seller_qualifications"


@pytest.fixture
def market():
    found = factories.market()
    asked = rulebooks.rule("CON-9", f"!('isms' in {BUYER})", "deny", "conclusion")
    rulebooks.publish({**factories.RULES, "rules": [*factories.RULES["rules"], asked]})
    return found


def qualified(market, holder, *, days: int) -> None:
    """A party has a verified qualification that holds for so many days more."""
    row = state_qualification(
        actor=holder,
        kind="isms",
        issuer="日本品質認証機構",
        reference="IS 123456",
        valid_from=clock.today() - timedelta(days=300),
        valid_until=clock.today() + timedelta(days=days),
        document_sha256="9f" * 32,
    )
    verify_qualification(actor=market.operator, qualification=row.public_id)


def test_only_who_is_qualified_buys(market):
    negotiation = factories.agreed(market)
    with pytest.raises(ConclusionRefused):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    qualified(market, market.buyer, days=0)
    services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    refused, allowed = Decision.objects.filter(point="conclusion").order_by("pk")
    assert [row.facts[BUYER] for row in (refused, allowed)] == [[], ["isms"]]
    assert (verify_replays(), replay(refused.public_id)) == ([], True)
    later = factories.agreed(market)
    clock.move_to(clock.now() + timedelta(days=1))
    with pytest.raises(ConclusionRefused):
        services.sign(actor=market.buyer, negotiation=later.public_id)


def test_a_party_reads_its_own_qualifications_alone(market):
    qualified(market, market.buyer, days=30)
    qualified(market, market.seller, days=30)
    factories.finalized(market)
    decision = Decision.objects.get(point="conclusion")
    shown = {
        name: client_of(market.organisation(name)).get(f"/api/v1/decisions/{decision.public_id}/").json()
        for name in ("buyer", "seller", "operator")
    }
    read = {name: {BUYER, SELLER} & set(row["facts"]) for name, row in shown.items()}
    assert read == {"buyer": {BUYER}, "seller": {SELLER}, "operator": {BUYER, SELLER}}


def test_the_qualifications_of_a_seller_are_facts_of_its_offer(market):
    version = Decision.objects.get(point="publication").subject
    assert publication_facts(version)["seller_qualifications"] == []
    qualified(market, market.seller, days=30)
    assert publication_facts(version)["seller_qualifications"] == ["isms"]
