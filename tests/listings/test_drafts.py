"""Preparing listings."""

import hashlib

import pytest

from listings import queries, services
from listings.errors import DescriptionFixed, ReferenceTaken, StoredFileDamaged
from listings.models import Distribution, Listing, ListingVersion, Offer
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from tests.cases import factories as cases
from tests.participants import factories as participants

from . import factories

pytestmark = pytest.mark.django_db


def actor(subject):
    return participants.actor_for(subject)


def rows():
    return [
        sorted(model.objects.values_list()) for model in (Listing, ListingVersion, Distribution, Offer)
    ] + [EvidenceRecord.objects.count()]


def test_a_listing_begins_in_preparation(seller):
    listing = factories.listing(seller, reference="W-1")
    assert (listing.state, listing.seller_id, listing.segment_id) == ("draft", seller.pk, "environment")
    kept = Listing.objects.get()
    assert kept.title == {"ja": "高松市の日別気象", "en": "Daily weather of Takamatsu"}
    assert kept.source["licence"] == "CC BY 4.0"
    assert EvidenceRecord.objects.filter(kind="listings.listing_created", subject=kept.public_id).count() == 1


def test_a_reference_is_the_sellers_own(seller):
    factories.listing(seller, reference="W-1")
    factories.listing(factories.seller("T"), reference="W-1")
    before = rows()
    with pytest.raises(ReferenceTaken):
        factories.listing(seller, reference="W-1")
    assert rows() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reference": " "}, "reference"),
        ({"title": {"ja": "題"}}, "title.en"),
        ({"title": {"ja": "題", "en": "t" * 201}}, "title.en"),
        ({"description": {"ja": "", "en": "d"}}, "description.ja"),
        ({"keywords": "weather"}, "keywords"),
        ({"keywords": [""]}, "keywords"),
        ({"keywords": ["k"] * 31}, "keywords"),
        ({"source": {"author": "x"}}, "source"),
        ({"source": {"name": "x" * 301}}, "source.name"),
        ({"personal_data_class": "secret"}, "personal_data_class"),
        ({"update_interval_days": 0}, "update_interval_days"),
        ({"anonymisation": {"other": 1}}, "anonymisation"),
    ],
)
def test_a_wrong_description_is_refused_by_name(seller, changes, field):
    before = rows()
    with pytest.raises(FieldInvalid) as refusal:
        factories.listing(seller, **changes)
    assert refusal.value.name == field
    assert rows() == before


def test_a_segment_must_be_open(seller):
    before = rows()
    with pytest.raises(Missing):
        services.create_listing(
            actor=actor(seller), reference="W-1", segment="nowhere", **factories.description()
        )
    assert rows() == before


def test_the_operator_lists_nothing(operator):
    participants.segment("environment")
    before = rows()
    for who in (operator, SYSTEM):
        with pytest.raises(Forbidden):
            services.create_listing(
                actor=who, reference="W-1", segment="environment", **factories.description()
            )
    assert rows() == before


def test_a_description_is_revised_before_sale(seller):
    listing = factories.listing(seller)
    services.revise_listing(
        actor=actor(seller), listing=listing.public_id, keywords=["潮位"], update_interval_days=7
    )
    kept = Listing.objects.get()
    assert (kept.keywords, kept.update_interval_days, kept.title_ja) == (["潮位"], 7, listing.title_ja)
    assert "潮位" in kept.search_text


def test_a_description_stays_while_it_is_decided_and_can_be_bettered_when_refused(seller, operator):
    version = factories.judged(seller, source={})
    assert version.state == "on_hold"
    better = {"listing": version.listing.public_id, "source": {"name": "高松市", "licence": "CC BY 4.0"}}
    before = rows()
    with pytest.raises(DescriptionFixed):
        services.revise_listing(actor=actor(seller), **better)
    assert rows() == before
    cases.decide_held(version.public_id, "deny", "出典が不明")
    services.revise_listing(actor=actor(seller), **better)
    assert factories.judged(seller, version.listing).state == "published"


def test_a_published_description_stays(seller):
    version = factories.published(seller)
    before = rows()
    with pytest.raises(DescriptionFixed):
        services.revise_listing(actor=actor(seller), listing=version.listing.public_id, keywords=["x"])
    assert rows() == before


def test_nobody_else_touches_a_draft(seller):
    listing = factories.listing(seller)
    stranger = actor(participants.organisation("X"))
    before = rows()
    with pytest.raises(Missing):
        services.revise_listing(actor=stranger, listing=listing.public_id, keywords=["x"])
    with pytest.raises(Missing):
        services.add_version(
            actor=stranger, listing=listing.public_id, files=[factories.upload()], offer=factories.offer()
        )
    with pytest.raises(Forbidden):
        services.add_version(
            actor=SYSTEM, listing=listing.public_id, files=[factories.upload()], offer=factories.offer()
        )
    assert rows() == before


def test_a_version_has_its_files_and_offer(seller):
    version = factories.draft(seller, files=[factories.upload("a.csv"), factories.upload("b.csv", b"x\n1\n")])
    assert (version.state, version.number) == ("draft", 1)
    first, second = queries.distributions(version.public_id)
    assert (first.file_name, first.size_bytes) == ("a.csv", len(factories.CSV))
    assert first.sha256 == hashlib.sha256(factories.CSV).hexdigest()
    assert second.sha512 == hashlib.sha512(b"x\n1\n").hexdigest()
    with queries.open_distribution(first.public_id) as file:
        assert file.read() == factories.CSV
    offer = Offer.objects.get()
    assert offer.policy["@id"] == f"urn:sanpo:{offer.public_id}"
    assert offer.policy_digest == digest_of(offer.policy)
    assert offer.rights["purposes"] == ["commercial", "research"]


def test_versions_count_up(seller):
    first = factories.draft(seller)
    assert factories.draft(seller, first.listing).number == 2


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ([], "files"),
        ([factories.upload("a.csv", b"")], "files"),
        ([factories.upload("../a.csv")], "files.file_name"),
        ([factories.upload("")], "files.file_name"),
        ([factories.upload("..")], "files.file_name"),
        ([factories.upload("a.csv"), factories.upload("a.csv", b"x")], "files.file_name"),
        ([services.UploadedData("a.csv", "text", b"x")], "files.media_type"),
    ],
)
def test_wrong_files_are_refused_by_name(seller, files, field):
    listing = factories.listing(seller)
    before = rows()
    with pytest.raises(FieldInvalid) as refusal:
        services.add_version(
            actor=actor(seller), listing=listing.public_id, files=files, offer=factories.offer()
        )
    assert refusal.value.name == field
    assert rows() == before


def test_a_wrong_offer_leaves_no_version(seller):
    listing = factories.listing(seller)
    factories.template()
    before = rows()
    with pytest.raises(FieldInvalid) as refusal:
        factories.draft(seller, listing, offer=factories.offer(price_minor=-1))
    assert refusal.value.name == "offer.price_minor"
    assert rows() == before


def test_a_damaged_file_is_not_handed_out(seller, settings, tmp_path):
    settings.STORAGE_DIRECTORY = tmp_path
    version = factories.draft(seller)
    (distribution,) = queries.distributions(version.public_id)
    (tmp_path / distribution.sha256[:2] / distribution.sha256).write_bytes(b"other")
    with pytest.raises(StoredFileDamaged):
        queries.open_distribution(distribution.public_id)
    with pytest.raises(Missing):
        queries.open_distribution("dst_nothing")
