"""Terms demand a level of signature; who does not meet it cannot sign, and is told what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError
from psycopg.types.json import Jsonb

from contracts import queries, services
from contracts.errors import NotNegotiable, SignatureLevelUnmet
from contracts.models import Agreement, Signature
from listings.offers import parse_offer
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as people
from tests.participants import keys
from tests.roles import unguarded

from .. import factories
from ..raw import copied, forced, refused, run
from ..refusals import refused as left_alone


@pytest.fixture
def held(market) -> dict[str, Any]:
    """A key in the hands of each party."""
    made = {"seller": keys.ed25519_key(), "buyer": keys.p256_key()}
    for name, key in made.items():
        keys.registered(market.organisation(name), key, actor=getattr(market, name))
    return made


def signed(market, held, negotiation, party: str):
    actor = getattr(market, party)
    signature = keys.sign_detached(held[party], queries.to_sign(actor, negotiation)["content"])
    return services.submit_signature(actor=actor, negotiation=negotiation.public_id, signature=signature)


def test_a_market_side_signature_suffices_unless_the_terms_say_otherwise(market):
    agreement = factories.agreement(market)
    said = agreement.instrument.said
    assert said["terms"]["signature_level"] == "market_side"
    assert said["signature_methods"] == ["market_side", "own_key"]
    assert "自らの鍵による電子署名で署名する" not in agreement.instrument.text_ja


def test_neither_party_signs_below_the_level_that_a_proposal_demands(market, held):
    negotiation = factories.requested(market, signature_level="own_key")
    with left_alone(SignatureLevelUnmet, negotiation=negotiation.public_id):
        services.sign(actor=market.seller, negotiation=negotiation.public_id)
    signed(market, held, negotiation, "seller")
    with left_alone(SignatureLevelUnmet, negotiation=negotiation.public_id):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    signed(market, held, negotiation, "buyer")
    agreement = Agreement.objects.get()
    said = agreement.instrument.said
    assert (said["terms"]["signature_level"], said["signature_methods"]) == ("own_key", ["own_key"])
    assert "各当事者は、本書には自らの鍵による電子署名で署名する。" in agreement.instrument.text_ja
    assert "a market-side signature does not suffice" in agreement.instrument.text_en
    assert {name: found for name, found in verify_all("contracts").items() if found} == {}


def test_an_answer_may_demand_another_level(market):
    negotiation = factories.offered(market, signature_level="own_key")
    back = services.counter_request(
        actor=market.buyer, negotiation=negotiation.public_id, terms={"signature_level": "market_side"}
    )
    assert [row.terms["signature_level"] for row in back.proposals.order_by("number")] == [
        "market_side",
        "own_key",
        "market_side",
    ]
    assert services.sign(actor=market.seller, negotiation=negotiation.public_id).state == "agreed"


def test_a_published_offer_demands_a_level_that_takes_no_negotiation(market):
    listing = factories.listing(market.seller, reference="L-2", signature_level="own_key", negotiable=False)
    negotiation = services.request_negotiation(
        actor=market.buyer, listing=listing, reference=factories.reference()
    )
    assert negotiation.proposals.get().terms["signature_level"] == "own_key"
    with left_alone(SignatureLevelUnmet, negotiation=negotiation.public_id):
        services.sign(actor=market.seller, negotiation=negotiation.public_id)
    with left_alone(NotNegotiable, listing=listing):
        services.request_negotiation(
            actor=market.buyer,
            listing=listing,
            reference=factories.reference(),
            terms={"signature_level": "market_side"},
        )
    shown = people.client_of(market.organisation("buyer")).get(f"/api/v1/catalogue/{listing}/").json()
    assert shown["offer"]["signature_level"] == "own_key"


def test_an_offer_with_an_unknown_level_is_refused():
    with pytest.raises(FieldInvalid, match="market_side, own_key") as refusal:
        parse_offer({**factories.OFFER, "signature_level": "notary"})
    assert refusal.value.name == "offer.signature_level"


def test_the_database_takes_no_offer_with_an_unknown_level(market):
    with pytest.raises(IntegrityError, match="offer_signature_level"), unguarded("listings_offer"):
        run("UPDATE listings_offer SET signature_level = 'notary'")


def test_an_unknown_level_is_named(market):
    before = factories.everything()
    with pytest.raises(FieldInvalid, match="market_side, own_key") as refusal:
        factories.requested(market, signature_level="notary")
    assert refusal.value.name == "terms.signature_level"
    assert factories.everything() == before


def test_the_refusal_over_http_says_what_to_do(market):
    negotiation = factories.requested(market, signature_level="own_key")
    seller = people.client_of(market.organisation("seller"))
    signed_hash = queries.contract_of(negotiation).signed_hash
    answer = seller.post(f"/api/v1/negotiations/{negotiation.public_id}/sign/", {"signed_hash": signed_hash})
    assert (answer.status_code, answer.json()["code"]) == (409, "signature_level_unmet")
    assert "organisation-keys/" in answer.json()["detail"]


def test_the_database_takes_no_signature_below_the_level(market, held):
    negotiation = factories.requested(market, signature_level="own_key")
    signed(market, held, negotiation, "seller")
    row = Signature.objects.get()
    statement, parameters = copied(
        "contracts_signature",
        row.pk,
        public_id="sgn_raw",
        party="buyer",
        organisation_id=negotiation.buyer_id,
        organisation_identifier=negotiation.buyer_identifier,
        signer=market.buyer.identifier,
        method="market_side",
        key_id=None,
    )
    refused("each party signs with its own key", statement, *parameters)
    forced("UPDATE contracts_signature SET method = 'market_side', key_id = NULL")
    assert verify_all("contracts")["contracts.signed_at_level"] == [
        {"public_id": row.public_id, "method": "market_side"}
    ]


def test_the_database_takes_no_proposal_without_a_level(market):
    proposal = factories.requested(market).proposals.get()
    for level in ("notary", None):
        terms = Jsonb({**proposal.terms, "signature_level": level})
        statement, parameters = copied("contracts_proposal", proposal.pk, terms=terms, number=2)
        refused("which level of signature", statement, *parameters)
