"""Negotiating term by term."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import queries, services
from contracts.errors import NegotiationExpired, NotNegotiable, OwnListing, ReferenceTaken
from contracts.models import Negotiation, Proposal
from listings import services as listings
from listings.errors import NotOnSale
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    OrganisationSuspended,
    PermissionNeeded,
)
from marketplace.participants import services as participants
from marketplace.participants.errors import NotAdmitted
from tests.participants import factories as people

from .. import factories, library
from ..refusals import refused


def request(market, **changes):
    facts = {"actor": market.buyer, "listing": market.listing, "reference": "PO-77", "terms": None}
    return services.request_negotiation(**{**facts, **changes})


def test_a_request_at_the_published_terms(market):
    negotiation = request(market, note=" 年間契約です ")
    assert negotiation.state == "requested"
    assert (negotiation.buyer_identifier, negotiation.seller_identifier) == (
        market.buyer.organisation,
        market.seller.organisation,
    )
    assert negotiation.template == market.template
    assert negotiation.dataset["title"] == {"ja": "人流データ", "en": "Flow of people"}
    assert [file["file_name"] for file in negotiation.dataset["files"]] == ["flow.csv"]
    proposal = negotiation.proposals.get()
    assert (proposal.number, proposal.party, proposal.note) == (1, "buyer", "年間契約です")
    assert proposal.terms["price_minor"] == 100_000
    assert proposal.terms["rights"]["duration"] == "P1Y"
    assert proposal.policy["@id"] == f"urn:sanpo:{negotiation.public_id}:1"
    factories.check_deferred()


def test_a_request_is_told_of_and_recorded(market):
    negotiation = request(market)
    assert factories.events("negotiation.moved") == [
        {
            "negotiation": negotiation.public_id,
            "listing": market.listing,
            "buyer": market.buyer.organisation,
            "seller": market.seller.organisation,
            "state": "requested",
            "by": "buyer",
            "waits_for": "seller",
            "respond_by": negotiation.respond_by.isoformat(),
            "changes": [],
        }
    ]
    record = EvidenceRecord.objects.get(subject=negotiation.public_id)
    assert (record.kind, record.actor) == ("contracts.negotiation_requested", market.buyer.identifier)
    assert record.payload["price_minor"] == 100_000


def test_the_price_is_bargained_over(market):
    first = request(market, terms={"price_minor": 80_000})
    offer = services.make_offer(
        actor=market.seller, negotiation=first.public_id, terms={"price_minor": 110_000}, note="品質に自信"
    )
    assert (offer.state, queries.latest_proposal(offer).terms["price_minor"]) == ("offered", 110_000)
    again = services.counter_request(
        actor=market.buyer, negotiation=first.public_id, terms={"price_minor": 95_000, "funding_days": 10}
    )
    assert again.state == "requested"
    settled = services.make_offer(actor=market.seller, negotiation=first.public_id)
    assert services.accept_offer(actor=market.buyer, negotiation=settled.public_id).state == "accepted"
    made = Proposal.objects.order_by("number").values_list("number", "party", "terms__price_minor")
    assert list(made) == [
        (1, "buyer", 80_000),
        (2, "seller", 110_000),
        (3, "buyer", 95_000),
        (4, "seller", 95_000),
    ]
    assert queries.latest_proposal(first).terms["funding_days"] == 10
    moves = [
        (event["state"], event["by"], event["waits_for"]) for event in factories.events("negotiation.moved")
    ]
    assert moves == [
        ("requested", "buyer", "seller"),
        ("offered", "seller", "buyer"),
        ("requested", "buyer", "seller"),
        ("offered", "seller", "buyer"),
        ("accepted", "buyer", "seller"),
    ]
    factories.check_deferred()


def test_a_negotiation_keeps_the_template_and_the_version_it_began_with(market):
    negotiation = request(market)
    newer = library.published(**factories.brief_template(code="data-provision"))
    assert newer.version == 2
    version = listings.add_version(
        actor=market.seller,
        listing=market.listing,
        files=[listings.UploadedData("flow.csv", "text/csv", b"station,count\nTakamatsu,130\n")],
        offer={**factories.OFFER, "price_minor": 1},
    )
    listings.submit_version(actor=market.seller, listing_version=version.public_id)
    listings.judge_version(listing_version=version.public_id)
    later = request(market, reference="PO-78")
    assert (later.listing_version, later.template) == (version.public_id, newer)
    kept = Negotiation.objects.get(pk=negotiation.pk)
    assert kept.template == market.template
    assert kept.listing_version != version.public_id
    assert '"version":1' in queries.contract_of(kept).content


def test_nobody_negotiates_with_itself(market):
    people.admit(market.organisation("seller"))
    with refused(OwnListing, listing=market.listing):
        request(market, actor=market.seller)


def test_a_reference_is_used_once_a_buyer(market):
    first = request(market)
    services.terminate(actor=market.buyer, negotiation=first.public_id)
    with refused(ReferenceTaken, reference="PO-77"):
        request(market)
    assert request(market, actor=market.stranger).reference == "PO-77"


@pytest.mark.parametrize("reference", ["", " ", " PO", "PO ", "a\nb", "x" * 61, "a\x00b"])
def test_a_reference_is_one_line_of_its_own(market, reference):
    with refused(FieldInvalid, name="reference"):
        request(market, reference=reference)


def test_a_note_is_short(market):
    with refused(FieldInvalid, name="note"):
        request(market, note="x" * 2_001)
    negotiation = request(market)
    with refused(FieldInvalid, name="note"):
        services.make_offer(actor=market.seller, negotiation=negotiation.public_id, note="\x00")


def test_only_an_admitted_buyer_requests(market):
    outsider = people.actor_for(people.organisation("外"))
    with refused(NotAdmitted, capacity="buyer"):
        request(market, actor=outsider)
    participants.suspend_participant(
        actor=market.operator, organisation=market.buyer.organisation, reason_code="check", reason="確認"
    )
    with refused(OrganisationSuspended, organisation=market.buyer.organisation):
        request(market)


def test_the_operator_and_the_system_never_buy(market):
    with refused(PermissionNeeded, permission="negotiations:write"):
        request(market, actor=market.operator)
    with refused(Forbidden):
        request(market, actor=SYSTEM)


def test_only_what_is_on_sale_is_negotiated(market):
    with refused(Missing, kind="listing"):
        request(market, listing="lst_nowhere")
    listings.withdraw_listing(actor=market.seller, listing=market.listing)
    with refused(NotOnSale, listing=market.listing):
        request(market)


def test_an_offer_with_a_template_that_was_never_published_is_not_published(market):
    with pytest.raises(FieldInvalid) as refusal:
        factories.listing(market.seller, "L-2", template="unheard-of")
    assert refusal.value.name == "offer.template"


def test_published_terms_are_taken_or_left_where_nothing_is_negotiable(market):
    fixed = factories.listing(market.seller, "L-2", negotiable=False)
    with refused(NotNegotiable, listing=fixed):
        request(market, listing=fixed, terms={"price_minor": 1})
    negotiation = request(market, listing=fixed, terms={"price_minor": 100_000})
    with refused(NotNegotiable, listing=fixed):
        services.make_offer(
            actor=market.seller, negotiation=negotiation.public_id, terms={"inspection_days": 1}
        )
    assert services.sign(actor=market.seller, negotiation=negotiation.public_id).state == "agreed"


def test_faulty_terms_are_refused_by_name(market):
    with refused(FieldInvalid, name="terms.currency"):
        request(market, terms={"currency": "USD"})
    negotiation = request(market)
    with refused(FieldInvalid, name="terms.price_minor"):
        services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms={"price_minor": -5})


COMMANDS = {
    "make_offer": {"terms": {"price_minor": 1}},
    "counter_request": {"terms": {"price_minor": 1}},
    "accept_offer": {},
    "sign": {},
    "terminate": {},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_third_party_finds_nothing(market, command):
    negotiation = factories.requested(market)
    with refused(Missing, kind="negotiation", identifier=negotiation.public_id):
        getattr(services, command)(
            actor=market.stranger, negotiation=negotiation.public_id, **COMMANDS[command]
        )
    with refused(Missing, kind="negotiation", identifier="ngt_nowhere"):
        getattr(services, command)(actor=market.buyer, negotiation="ngt_nowhere", **COMMANDS[command])


@pytest.mark.parametrize(
    ("state", "who", "command"),
    [
        ("requested", "buyer", "counter_request"),
        ("requested", "buyer", "accept_offer"),
        ("requested", "buyer", "sign"),
        ("requested", "buyer", "make_offer"),
        ("offered", "seller", "make_offer"),
        ("offered", "seller", "accept_offer"),
        ("offered", "seller", "sign"),
        ("accepted", "buyer", "sign"),
        ("accepted", "seller", "make_offer"),
        ("agreed", "seller", "sign"),
        ("agreed", "seller", "make_offer"),
        ("agreed", "buyer", "counter_request"),
        ("finalized", "buyer", "sign"),
        ("finalized", "seller", "terminate"),
        ("finalized", "operator", "terminate"),
    ],
)
def test_each_moves_in_its_turn(market, state, who, command):
    negotiation = getattr(factories, state)(market)
    with refused(IllegalTransition, state=state, role=who):
        getattr(services, command)(
            actor=getattr(market, who), negotiation=negotiation.public_id, **COMMANDS[command]
        )


@pytest.mark.parametrize(
    ("state", "command", "permission"),
    [("requested", "make_offer", "negotiations:write"), ("agreed", "sign", "contracts:sign")],
)
def test_the_operator_makes_no_move_of_a_party(market, state, command, permission):
    negotiation = getattr(factories, state)(market)
    with refused(PermissionNeeded, permission=permission):
        getattr(services, command)(
            actor=market.operator, negotiation=negotiation.public_id, **COMMANDS[command]
        )


@pytest.mark.parametrize(
    ("state", "who", "command"),
    [
        ("requested", "seller", "make_offer"),
        ("requested", "seller", "sign"),
        ("offered", "buyer", "counter_request"),
        ("offered", "buyer", "accept_offer"),
        ("accepted", "seller", "sign"),
        ("agreed", "buyer", "sign"),
    ],
)
def test_who_is_late_is_refused_even_before_the_sweep(market, state, who, command):
    negotiation = getattr(factories, state)(market)
    clock.move_to(negotiation.respond_by + timedelta(seconds=1), running=False)
    with refused(NegotiationExpired, negotiation=negotiation.public_id):
        getattr(services, command)(
            actor=getattr(market, who), negotiation=negotiation.public_id, **COMMANDS[command]
        )


def test_nothing_is_begun_with_a_seller_that_was_suspended(market):
    participants.suspend_participant(
        actor=market.operator, organisation=market.seller.organisation, reason_code="check", reason="確認"
    )
    with refused(OrganisationSuspended, organisation=market.seller.organisation):
        request(market)


def test_every_move_gives_the_other_party_its_time(market):
    clock.move_to(clock.now(), running=False)
    negotiation = factories.requested(market)
    assert negotiation.respond_by == clock.now() + timedelta(days=14)
    clock.move_to(clock.now() + timedelta(days=13), running=False)
    offer = services.make_offer(actor=market.seller, negotiation=negotiation.public_id)
    assert offer.respond_by == clock.now() + timedelta(days=14)
    clock.move_to(offer.respond_by - timedelta(seconds=1), running=False)
    assert services.accept_offer(actor=market.buyer, negotiation=negotiation.public_id).state == "accepted"


@pytest.mark.parametrize(
    ("who", "state", "command"), [("seller", "requested", "make_offer"), ("buyer", "offered", "accept_offer")]
)
def test_a_party_that_was_suspended_meanwhile_makes_no_move(market, who, state, command):
    negotiation = getattr(factories, state)(market)
    actor = getattr(market, who)
    participants.suspend_participant(
        actor=market.operator, organisation=actor.organisation, reason_code="check", reason="確認"
    )
    with refused(OrganisationSuspended, organisation=actor.organisation):
        getattr(services, command)(actor=actor, negotiation=negotiation.public_id)
