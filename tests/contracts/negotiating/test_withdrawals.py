"""A withdrawal of a listing stops what is still negotiated over it, also after the seller's signature."""

from __future__ import annotations

import pytest
from django.db import connection

from contracts import services
from contracts.errors import ListingWithdrawn
from contracts.models import Agreement, Negotiation
from listings import services as listings
from marketplace.kernel.invariants import verify_all
from tests.roles import assert_refused, unguarded

from .. import factories
from ..ending.test_terminations import hear
from ..refusals import refused
from ..test_races import at_once


def withdraw(market) -> None:
    listings.withdraw_listing(actor=market.seller, listing=market.listing, reason="漏えいのおそれ")


def breaches() -> list[dict[str, object]]:
    return verify_all("contracts")["contracts.none_after_withdrawal"]


@pytest.mark.parametrize(
    ("state", "who", "attempt"),
    [
        ("agreed", "buyer", "sign"),
        ("accepted", "seller", "sign"),
        ("requested", "seller", "sign"),
        ("requested", "seller", "make_offer"),
        ("offered", "buyer", "accept_offer"),
        ("offered", "buyer", "counter_request"),
    ],
)
def test_nothing_is_agreed_over_a_withdrawn_listing(market, state, who, attempt):
    negotiation = getattr(factories, state)(market)
    withdraw(market)
    with refused(ListingWithdrawn, listing=market.listing, negotiation=negotiation.public_id):
        getattr(services, attempt)(actor=getattr(market, who), negotiation=negotiation.public_id)


def test_a_withdrawal_ends_what_is_open_and_no_agreement(market):
    concluded = factories.finalized(market)
    open_ = [factories.requested(market), factories.agreed(market)]
    withdraw(market)
    hear("listing.withdrawn")
    for row in (*open_, concluded):
        row.refresh_from_db()
    assert [(row.state, row.ended_by, row.end_reason_code) for row in open_] == [
        ("terminated", "system", "listing_withdrawn")
    ] * 2
    assert (concluded.state, concluded.agreement.state) == ("finalized", "in_force")
    before = factories.everything()
    hear("listing.withdrawn")
    assert factories.everything() == before
    assert breaches() == []


def test_a_superseded_version_is_concluded_as_its_seller_signed_it(market):
    negotiation = factories.agreed(market)
    version = listings.add_version(
        actor=market.seller,
        listing=market.listing,
        files=[listings.UploadedData("flow.csv", "text/csv", b"station,count\nTakamatsu,121\n")],
        offer=factories.OFFER,
    )
    listings.submit_version(actor=market.seller, listing_version=version.public_id)
    assert listings.judge_version(listing_version=version.public_id).state == "published"
    assert services.sign(actor=market.buyer, negotiation=negotiation.public_id).state == "finalized"
    assert Agreement.objects.get().listing_version == negotiation.listing_version != version.public_id


def test_the_database_takes_no_signature_after_a_withdrawal(market):
    negotiation = factories.finalized(market)
    other = factories.agreed(market)
    withdraw(market)

    def attack() -> None:
        with connection.cursor() as cursor:
            columns = "instrument_id, organisation_id, organisation_identifier, signer, method, signed_hash, jws, signed_at"
            cursor.execute(
                f"INSERT INTO contracts_signature (public_id, party, {columns})"
                f" SELECT 'sgn_' || left(md5(random()::text), 26), 'buyer', {columns}"
                " FROM contracts_signature WHERE instrument_id = %s",
                [other.instrument.pk],
            )

    assert_refused(attack, because="was withdrawn: nothing more is signed over it")
    assert breaches() == []
    with unguarded("contracts_signature"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contracts_signature SET signed_at = signed_at + interval '1 day' WHERE instrument_id = %s",
            [negotiation.instrument.pk],
        )
    assert [row["public_id"] for row in breaches()] == [negotiation.public_id]


def test_of_a_withdrawal_and_a_signature_one_is_first(committed_database):
    market = factories.market()
    negotiation = factories.agreed(market).public_id
    outcomes = at_once(
        lambda: withdraw(market), lambda: services.sign(actor=market.buyer, negotiation=negotiation)
    )
    is_concluded = Negotiation.objects.get(public_id=negotiation).state == "finalized"
    assert outcomes == (["done", "done"] if is_concluded else ["ListingWithdrawn", "done"])
    assert breaches() == []
