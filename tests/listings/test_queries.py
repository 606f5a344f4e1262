"""What other applications read of listings."""

import pytest

from listings import handlers, queries
from listings.anonymisation import CRITERIA
from listings.errors import NotOnSale
from listings.models import Listing, ListingVersion
from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import ParticipantSuspended
from marketplace.events.schemas.quality import QualityProfiled
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import Missing
from marketplace.participants import services as participation
from marketplace.rules.providers import PROVIDERS, recordable_facts
from quality import services as quality
from tests.participants import factories as participants
from tests.rules import factories as rules

from . import factories

pytestmark = pytest.mark.django_db


def envelope(event):
    return Envelope("evt_test", event.type, event.subject, clock.now(), 1, event.data())


def test_what_is_for_sale_is_told_whole(seller):
    version = factories.published(
        seller, offer=factories.offer(price_minor=36_000, inspection_days=5, negotiable=False)
    )
    told = queries.version_for_sale(version.listing.public_id)
    offer = version.offer
    assert (told.listing_version, told.offer) == (version.public_id, offer.public_id)
    assert (told.seller_id, told.seller, told.segment) == (seller.pk, seller.public_id, "environment")
    assert (told.price_minor, told.currency, told.tax_category) == (36_000, "JPY", "standard")
    assert (told.policy, told.policy_digest, told.rights) == (offer.policy, offer.policy_digest, offer.rights)
    assert (told.funding_days, told.inspection_days, told.negotiable) == (3, 5, False)
    assert told.must_be_negotiated is False
    assert told.title == {"ja": "高松市の日別気象", "en": "Daily weather of Takamatsu"}


def test_a_purpose_to_be_agreed_is_told(seller):
    rights = {"contract_type": "licence", "purposes": ["to_be_agreed"]}
    version = factories.published(seller, offer=factories.offer(rights=rights))
    assert queries.version_for_sale(version.listing.public_id).must_be_negotiated is True


def test_what_is_not_on_sale_is_not_told(seller):
    listing = factories.listing(seller)
    for unknown in (listing.public_id, "lst_nothing"):
        with pytest.raises(Missing):
            queries.version_for_sale(unknown)
    version = factories.published(seller)
    participation.suspend_participant(
        actor=SYSTEM, organisation=seller.public_id, reason_code="review", reason="確認"
    )
    event = ParticipantSuspended(
        organisation=seller.public_id, suspension="sus_1", kind="breach", reason_code="review"
    )
    handlers.on_participant_suspended(event, envelope(event))
    with pytest.raises(NotOnSale):
        queries.version_for_sale(version.listing.public_id)
    handlers.on_participant_suspended(event, envelope(event))
    assert Listing.objects.get(pk=version.listing_id).state == "suspended"


def test_files_are_told_long_after_the_sale(seller):
    version = factories.published(seller)
    factories.published(seller, version.listing)
    (file,) = queries.distributions(version.public_id)
    assert file.listing_version == version.public_id
    assert queries.distributions("lsv_nothing") == []


def test_measurement_leads_to_a_decision_once(seller):
    rules.publish()
    version = factories.submitted(seller)
    profile = quality.measure_version(listing_version=version.public_id)
    event = QualityProfiled(
        listing=version.listing.public_id, listing_version=version.public_id, profile=profile.public_id
    )
    for _ in range(2):
        handlers.on_quality_profiled(event, envelope(event))
    assert list(ListingVersion.objects.values_list("state", flat=True)) == ["published"]


def test_the_rules_know_what_is_declared(seller):
    statement = {
        "items": ["年代"],
        "method": "API",
        "published_at_url": "https://seller.example/items",
        "criteria": dict.fromkeys(CRITERIA, True),
    }
    version = factories.draft(seller, personal_data_class="anonymised", anonymisation=statement, source={})
    facts = queries.publication_facts(version.public_id)
    assert facts == {
        "seller": seller.public_id,
        "segment": "environment",
        "personal_data_class": "anonymised",
        "has_source": False,
        "source_url_stated": False,
        "licence_stated": False,
        "update_interval_stated": False,
        "keyword_count": 2,
        "file_count": 1,
        "version_number": 1,
        "seller_active": True,
        "seller_admitted": True,
        "seller_affiliated": False,
        "anonymisation_stated": True,
        "anonymisation_items_published": True,
        "anonymisation_criteria_met": True,
        "reidentification_prohibited": True,
        "onward_transfer_prohibited": True,
        "price_minor": 48_000,
        "currency": "JPY",
        "stakes": [],
        "stake_count": 0,
        "seller_qualifications": [],
    }
    assert set(facts) == set(PROVIDERS["listing"].types)
    assert recordable_facts(facts, PROVIDERS["listing"].types) == facts


@pytest.mark.parametrize("name", ["publication_facts", "stated_listing", "earlier_distributions"])
def test_an_unknown_version_is_missing(db, name):
    with pytest.raises(Missing):
        getattr(queries, name)("lsv_nothing")


def test_counts_are_of_listings(seller):
    first = factories.published(seller)
    factories.published(seller, first.listing)
    factories.judged(seller, personal_data_class="pseudonymised")
    factories.submitted(seller)
    assert queries.counts() == {"published": 1, "refused": 1}
    assert queries.decided_versions() == 3


def test_what_was_published_anybody_sees_and_drafts_only_their_seller(seller):
    published = factories.published(seller)
    draft = factories.draft(seller)
    stranger = participants.actor_for(participants.organisation("X"))
    both = {published.public_id, draft.public_id}
    seen = {
        name: set(queries.visible_versions(who).values_list("public_id", flat=True))
        for name, who in {
            "public": None,
            "stranger": stranger,
            "seller": participants.actor_for(seller),
            "system": SYSTEM,
        }.items()
    }
    assert seen == {
        "public": {published.public_id},
        "stranger": {published.public_id},
        "seller": both,
        "system": both,
    }
