"""Parties sign with keys of their own; the market verifies, and anybody can repeat that offline."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jws

from contracts import queries, services
from contracts.errors import KeyNotLive, SignatureRefused, SignedHashMismatch
from contracts.models import Agreement, Instrument, Negotiation, Signature
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.errors import Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import verify_all
from marketplace.participants import services as participants
from marketplace.participants.models import OrganisationKey
from tests.access.factories import open_over_http
from tests.participants import factories as people
from tests.participants import keys
from tests.roles import unguarded

from .. import factories
from ..raw import copied, refused, run

BASE = "/api/v1/negotiations"


@pytest.fixture
def held(market) -> dict[str, Any]:
    """A key in the hands of each party, and one of the stranger's."""
    made = {"seller": keys.ed25519_key(), "buyer": keys.p256_key(), "stranger": keys.ed25519_key()}
    for name, key in made.items():
        keys.registered(market.organisation(name), key, actor=getattr(market, name))
    return made


def signature(market, held, negotiation: Negotiation, party: str, **header: Any) -> str:
    """The party's own signature of what the market gives it to sign."""
    content = queries.to_sign(getattr(market, party), negotiation)["content"]
    return keys.sign_detached(held[party], content, **header)


def signed(market, held, negotiation: Negotiation, party: str) -> Negotiation:
    return services.submit_signature(
        actor=getattr(market, party),
        negotiation=negotiation.public_id,
        signature=signature(market, held, negotiation, party),
    )


def left_alone(market, negotiation: Negotiation, error: type[Exception], **arguments: Any) -> Any:
    """The signature is refused and nothing has changed."""
    before = factories.everything()
    with pytest.raises(error) as refusal:
        call = services.submit_signature if "signature" in arguments else services.sign
        call(**{"actor": market.seller, "negotiation": negotiation.public_id, **arguments})
    assert factories.everything() == before
    return refusal.value


def test_both_sign_with_their_own_keys(market, held):
    negotiation = factories.requested(market)
    assert signed(market, held, negotiation, "seller").state == "agreed"
    assert signed(market, held, negotiation, "buyer").state == "finalized"
    agreement = Agreement.objects.get()
    rows = list(queries.signatures_shown())
    assert [(row.method, row.signer) for row in rows] == [
        ("own_key", market.seller.identifier),
        ("own_key", market.buyer.identifier),
    ]
    assert [row.key.kid for row in rows] == [held["seller"].thumbprint(), held["buyer"].thumbprint()]
    assert queries.verify_instrument(agreement.instrument, agreement.public_id) == []
    record = EvidenceRecord.objects.get(kind="contracts.negotiation_agreed")
    assert (record.payload["method"], record.payload["key"]) == ("own_key", rows[0].key.public_id)
    shown = queries.document_data(agreement)["signatures"][0]
    assert (shown["signer"], shown["means"]) == (market.seller.identifier, rows[0].key.public_id)
    assert shown["method"]["ja"].startswith("当事者の鍵による電子署名")
    assert {name: found for name, found in verify_all("contracts").items() if found} == {}


def test_each_party_chooses_how_it_signs(market, held):
    negotiation = factories.agreed(market)
    signed(market, held, negotiation, "buyer")
    assert [row.method for row in queries.signatures_shown()] == ["market_side", "own_key"]
    assert Agreement.objects.count() == 1


def test_the_agreement_shows_all_that_verifies_it_offline(market, held):
    negotiation = factories.requested(market)
    clients = {
        name: people.client_of(market.organisation(name))
        for name in ("seller", "buyer", "stranger", "operator")
    }
    path = f"{BASE}/{negotiation.public_id}"
    assert clients["stranger"].get(f"{path}/to-sign/").status_code == 404
    assert clients["operator"].get(f"{path}/to-sign/").status_code == 404
    open_over_http(clients["operator"], market.organisation("buyer"), "trades")
    assert clients["operator"].get(f"{path}/to-sign/").status_code == 403
    for party in ("seller", "buyer"):
        given = clients[party].get(f"{path}/to-sign/").json()
        body = {
            "signed_hash": given["signed_hash"],
            "signature": keys.sign_detached(held[party], given["content"]),
        }
        answer = clients[party].post(f"{path}/submit-signature/", body)
        assert answer.status_code == 200, answer.json()
    agreement = Agreement.objects.get()
    shown = clients["buyer"].get(f"/api/v1/agreements/{agreement.public_id}/verification/").json()
    assert (shown["verified"], shown["faults"]) == (True, [])
    for row in shown["signatures"]:
        key = (keys.OKPKey if row["key"]["jwk"]["kty"] == "OKP" else keys.ECKey).import_key(row["key"]["jwk"])
        first, _, last = row["jws"].split(".")
        # A detached JWS is verified by putting its content back.
        attached = f"{first}.{_base64url(row['content'])}.{last}"
        registry = jws.JWSRegistry(algorithms=["Ed25519", "ES256"])
        assert jws.deserialize_compact(attached, key, registry=registry).payload == row["content"].encode()
        assert (row["key"]["revoked_at"], row["method"]) == (None, "own_key")
    page = clients["seller"].get(f"/api/v1/agreements/{agreement.public_id}/").json()
    assert page["signatures"][0]["key"] == shown["signatures"][0]["key"]["id"]


def _base64url(text: str) -> str:
    return jws.serialize_compact(
        {"alg": "Ed25519"}, text.encode(), keys.ed25519_key(), algorithms=["Ed25519"]
    ).split(".")[1]


def test_a_signature_of_anything_else_is_refused(market, held):
    negotiation, other = factories.requested(market), factories.requested(market, price_minor=90_000)
    content = queries.to_sign(market.seller, negotiation)["content"]
    for given in (
        signature(market, held, other, "seller"),
        keys.sign_detached(held["seller"], queries.to_sign(market.buyer, negotiation)["content"]),
        keys.sign_detached(held["seller"], f"{content} "),
        keys.sign_detached(held["stranger"], content, kid=held["seller"].thumbprint()),
        keys.sign_detached(held["seller"], content, b64=True),
        keys.sign_detached(held["seller"], content).replace("..", ".e30."),
    ):
        left_alone(market, negotiation, SignatureRefused, signature=given)
    for given in (keys.sign_detached(held["stranger"], content), "x..y", "", "eyJraWQiOjF9..x"):
        left_alone(market, negotiation, KeyNotLive, signature=given)
    good = keys.sign_detached(held["seller"], content)
    left_alone(market, negotiation, SignedHashMismatch, signature=good, signed_hash="0" * 64)
    left_alone(market, negotiation, Missing, signature=good, actor=market.stranger)
    trader = people.actor_of(people.person_of(market.organisation("seller"), "trader", ("trader",)))
    left_alone(market, negotiation, PermissionNeeded, signature=good, actor=trader)


def test_a_signature_made_before_the_terms_changed_is_refused(market, held):
    negotiation = factories.requested(market)
    before = signature(market, held, negotiation, "seller")
    services.make_offer(
        actor=market.seller, negotiation=negotiation.public_id, terms={"price_minor": 120_000}
    )
    services.accept_offer(actor=market.buyer, negotiation=negotiation.public_id)
    negotiation.refresh_from_db()
    left_alone(market, negotiation, SignatureRefused, signature=before)


def test_a_revoked_key_signs_nothing_more_and_what_it_signed_stays(market, held):
    negotiation, next_one = factories.requested(market), factories.requested(market)
    signed(market, held, negotiation, "seller")
    key = OrganisationKey.objects.get(kid=held["seller"].thumbprint())
    participants.revoke_key(actor=market.seller, key=key.public_id, reason="compromised")
    left_alone(market, next_one, KeyNotLive, signature=signature(market, held, next_one, "seller"))
    instrument = Instrument.objects.get()
    assert queries.verify_instrument(instrument, negotiation.agreement_identifier) == []
    signed(market, held, Negotiation.objects.get(pk=negotiation.pk), "buyer")
    assert Agreement.objects.count() == 1


def test_the_market_signs_only_for_a_person_with_the_right_and_a_fresh_proof(market):
    negotiation = factories.requested(market)
    subject = market.organisation("seller")
    trader = people.actor_of(people.person_of(subject, "trader", ("trader",)))
    stale = people.actor_of(people.person_of(subject, "stale", ("signatory",)), proved_seconds_ago=601)
    left_alone(market, negotiation, PermissionNeeded, actor=trader)
    left_alone(market, negotiation, ProofNeeded, actor=stale)
    left_alone(market, negotiation, Forbidden, actor=people.actor_for(subject, "app_program"))
    left_alone(market, negotiation, Forbidden, actor=people.SYSTEM)


def test_the_database_takes_a_live_key_of_the_party_and_its_signatory_alone(market, held):
    negotiation = factories.requested(market)
    signed(market, held, negotiation, "seller")
    row = Signature.objects.get()
    ours = {
        "public_id": "sgn_raw",
        "party": "buyer",
        "organisation_id": negotiation.buyer_id,
        "organisation_identifier": negotiation.buyer_identifier,
        "signer": market.buyer.identifier,
    }
    theirs = OrganisationKey.objects.get(kid=held["buyer"].thumbprint())
    trader = people.person_of(market.organisation("buyer"), "trader", ("trader",))
    for changes, why in (
        ({}, "a live key of its own"),
        ({"method": "market_side"}, "a live key of its own|signature_key"),
        ({"key_id": None}, "signature_key"),
        ({"key_id": theirs.pk, "method": "market_side"}, "signature_key"),
        ({"key_id": theirs.pk, "signer": market.seller.identifier}, "no signatory"),
        ({"key_id": theirs.pk, "signer": trader.public_id}, "no signatory"),
        ({"key_id": theirs.pk, "signer": "app_x"}, "no signatory"),
    ):
        statement, parameters = copied("contracts_signature", row.pk, **{**ours, **changes})
        refused(why, statement, *parameters)
    participants.revoke_key(actor=market.buyer, key=theirs.public_id, reason="unused")
    statement, parameters = copied("contracts_signature", row.pk, **{**ours, "key_id": theirs.pk})
    refused("a live key of its own", statement, *parameters)


def test_a_signature_that_its_key_did_not_make_is_named(market, held):
    signed(market, held, factories.requested(market), "seller")
    with unguarded("contracts_signature"):
        run("UPDATE contracts_signature SET jws = 'x..y'")
    (found,) = verify_all("contracts")["contracts.signed_verifies"]
    assert found["faults"][0].startswith("the signature of the seller: its header is not")
