"""What the database refuses of listings, whoever asks."""

import json

import pytest
from django.db import IntegrityError, connection, transaction

from listings.charging_terms import ChargingTerms
from listings.models import Distribution, Listing, ListingVersion, Offer
from marketplace.cases.models import Case
from marketplace.kernel.invariants import REGISTER
from tests.cases.factories import decide_held
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

PUBLISH = (
    "UPDATE listings_listingversion SET state = 'published', decision = 'dec_x', decided_at = now(),"
    " published_at = now()"
)


def execute(sql, parameters=()):
    with transaction.atomic(), connection.cursor() as cursor:
        # What is still to be checked of the arrangement must not stand in the way.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(sql, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(sql, parameters=()):
    assert_refused(lambda: execute(sql, parameters))


def rows():
    return [sorted(model.objects.values_list()) for model in (Listing, ListingVersion, Distribution, Offer)]


@pytest.fixture
def version(seller):
    return factories.published(seller)


@pytest.mark.parametrize("published_before", [False, True])
def test_pseudonymised_information_is_never_published(seller, published_before):
    if published_before:
        factories.published(seller)
    factories.submitted(seller, personal_data_class="pseudonymised")
    before = rows()
    refused(f"{PUBLISH} WHERE state = 'submitted'")
    refused("UPDATE listings_listing SET state = 'on_sale' WHERE personal_data_class = 'pseudonymised'")
    assert rows() == before


def test_a_class_never_changes_to_pseudonymised_nor_from_it(version):
    before = rows()
    refused("UPDATE listings_listing SET personal_data_class = 'pseudonymised'")
    refused("UPDATE listings_listing SET personal_data_class = 'personal'")
    assert rows() == before


def test_an_unknown_class_is_refused(seller):
    subject = factories.listing(seller)
    refused(
        "INSERT INTO listings_listing (public_id, seller_id, reference, segment, title_ja, title_en, description_ja,"
        " description_en, keywords, source_name, source_url, source_licence, personal_data_class, state, search_text,"
        " created_at) SELECT 'lst_x', seller_id, 'other', segment, 'a', 'a', 'a', 'a', '[]', '', '', '', 'secret',"
        " 'draft', '', now() FROM listings_listing"
    )
    assert list(Listing.objects.values_list("public_id", flat=True)) == [subject.public_id]


def test_a_second_published_version_is_refused(seller, version):
    factories.submitted(seller, version.listing)
    before = rows()
    refused(f"{PUBLISH} WHERE state = 'submitted'")
    assert rows() == before


def test_a_second_pending_version_is_refused(seller):
    first = factories.submitted(seller)
    factories.draft(seller, first.listing)
    before = rows()
    refused(
        "UPDATE listings_listingversion SET state = 'submitted', submitted_at = now() WHERE state = 'draft'"
    )
    assert rows() == before


def test_a_number_is_taken_once(version):
    before = rows()
    refused(
        "INSERT INTO listings_listingversion (public_id, listing_id, number, state, decision_reason, created_at)"
        " SELECT 'lsv_x', listing_id, number, 'draft', '', now() FROM listings_listingversion"
    )
    assert rows() == before


def test_a_listing_without_a_published_version_is_not_on_sale(seller, version):
    factories.submitted(seller)
    before = rows()
    refused("UPDATE listings_listing SET state = 'on_sale' WHERE state = 'draft'")
    refused("UPDATE listings_listingversion SET state = 'superseded' WHERE state = 'published'")
    refused("UPDATE listings_listingversion SET state = 'withdrawn' WHERE state = 'published'")
    assert rows() == before


@pytest.mark.parametrize(
    "change",
    [
        "listings_listing SET title_ja = 'x'",
        "listings_listing SET description_en = 'x'",
        "listings_listing SET keywords = '[]'",
        "listings_listing SET source_licence = 'x'",
        "listings_listing SET anonymisation = '{}'",
        "listings_listing SET segment = 'other'",
        "listings_listing SET reference = 'other'",
        "listings_listing SET public_id = 'lst_other'",
        "listings_listing SET salt = repeat('0', 64)",
        "listings_listing SET withdrawal_reason = 'x'",
        "listings_listingversion SET salt = repeat('0', 64)",
        "listings_listingversion SET decision = 'dec_other'",
        "listings_listingversion SET decided_at = now()",
        "listings_listingversion SET decision_reason = 'x'",
        "listings_listingversion SET submitted_at = now()",
        "listings_listingversion SET published_at = now()",
        "listings_listingversion SET number = 9",
        "listings_distribution SET sha256 = repeat('0', 64)",
        "listings_distribution SET file_name = 'x'",
        "listings_offer SET price_minor = 1",
        "listings_offer SET policy = '{}'",
    ],
)
def test_what_was_published_cannot_be_changed(version, change):
    before = rows()
    refused(f"UPDATE {change}")
    assert rows() == before


def test_nothing_is_added_to_a_published_version(version):
    before = rows()
    refused(
        "INSERT INTO listings_distribution (public_id, version_id, file_name, media_type, size_bytes, sha256, sha512,"
        " storage_key) SELECT 'dst_x', version_id, 'other.csv', media_type, size_bytes, sha256, sha512, storage_key"
        " FROM listings_distribution"
    )
    assert rows() == before


def test_the_description_stays_while_a_version_is_decided(seller):
    version = factories.submitted(seller)
    refused("UPDATE listings_listing SET title_ja = 'x'")
    assert Listing.objects.get().title_ja == version.listing.title_ja


def test_a_version_needs_a_file_and_an_offer(seller):
    subject = factories.listing(seller)
    ListingVersion.objects.create(listing=subject, number=1, created_at=subject.created_at)
    refused("UPDATE listings_listingversion SET state = 'submitted', submitted_at = now()")
    assert ListingVersion.objects.get().state == "draft"


def _named():
    return [row["public_id"] for row in REGISTER["listings.held_is_a_case"].check()]


@pytest.fixture
def held(seller):
    return factories.judged(seller, personal_data_class="personal")


def test_a_version_on_hold_without_its_case_is_named(held):
    assert (held.state, _named()) == ("on_hold", [])
    with unguarded("cases_case"):
        Case.objects.filter(subject=held.public_id).update(state="moot", ended_at=held.decided_at)
    assert _named() == [held.public_id]


@pytest.mark.parametrize("state", ["published", "refused"])
def test_a_version_on_hold_is_decided_only_by_its_case(held, state):
    published = ", published_at = now()" if state == "published" else ""
    change = f"UPDATE listings_listingversion SET state = '{state}'{published} WHERE id = {held.pk}"
    assert_refused(lambda: execute(change), because="two people decide its case")
    assert ListingVersion.objects.get(pk=held.pk).state == "on_hold"
    with unguarded("listings_listingversion"):
        execute(change)
    assert _named() == [held.public_id]


@pytest.mark.parametrize(("outcome", "other"), [("allow", "refused"), ("deny", "published")])
def test_a_version_that_its_case_decided_otherwise_is_named(operator, held, outcome, other):
    decide_held(held.public_id, outcome)
    assert _named() == []
    with unguarded("listings_listingversion"):
        ListingVersion.objects.filter(pk=held.pk).update(
            state=other, published_at=held.decided_at if other == "published" else None
        )
    assert _named() == [held.public_id]


def test_nothing_is_published_without_a_decision(seller):
    factories.submitted(seller)
    before = rows()
    refused("UPDATE listings_listingversion SET state = 'published', published_at = now()")
    refused(
        "UPDATE listings_listingversion SET state = 'published', published_at = now(), decided_at = now()"
    )
    refused("UPDATE listings_listingversion SET state = 'refused', decided_at = now()")
    refused(
        "UPDATE listings_listingversion SET state = 'refused', decision = 'dec_x', decided_at = now(), published_at = now()"
    )
    assert rows() == before


@pytest.mark.parametrize("table", ["listing", "listingversion", "distribution", "offer"])
def test_nothing_is_removed(version, table):
    before = rows()
    refused(f"DELETE FROM listings_{table}")
    refused(f"TRUNCATE listings_{table} CASCADE")
    assert rows() == before


@pytest.mark.parametrize(
    "values",
    [
        "-1, 'JPY', 'standard', 3, 7",
        "100, 'yen', 'standard', 3, 7",
        "100, 'JPY', 'none', 3, 7",
        "100, 'JPY', 'standard', 31, 7",
        "100, 'JPY', 'standard', 3, 0",
        "100, 'JPY', 'standard', 3, 61",
    ],
)
def test_an_offer_has_possible_terms(seller, values):
    subject = factories.listing(seller)
    bare = ListingVersion.objects.create(listing=subject, number=1, created_at=subject.created_at)
    refused(
        "INSERT INTO listings_offer (public_id, version_id, rights, policy, policy_digest, template, negotiable,"
        " charging, price_minor, currency, tax_category, funding_days, inspection_days)"
        f" VALUES ('ofr_x', %s, '{{}}', '{{}}', repeat('0', 64), 't', true, %s, {values})",
        [bare.pk, json.dumps(ChargingTerms().as_dict())],
    )
    assert Offer.objects.count() == 0


@pytest.mark.parametrize("values", ["0, repeat('0', 64), repeat('0', 128)", "1, 'A', repeat('0', 128)"])
def test_a_file_has_content_and_hashes(seller, values):
    subject = factories.listing(seller)
    bare = ListingVersion.objects.create(listing=subject, number=1, created_at=subject.created_at)
    refused(
        "INSERT INTO listings_distribution (public_id, version_id, file_name, media_type, storage_key, size_bytes,"
        f" sha256, sha512) VALUES ('dst_x', %s, 'a.csv', 'text/csv', 'k', {values})",
        [bare.pk],
    )
    assert Distribution.objects.count() == 0


def test_a_reference_names_one_listing_of_a_seller(seller):
    factories.listing(seller, reference="A-1")
    refused(
        "INSERT INTO listings_listing (public_id, seller_id, reference, segment, title_ja, title_en, description_ja,"
        " description_en, keywords, source_name, source_url, source_licence, personal_data_class, state, search_text,"
        " created_at) SELECT 'lst_x', seller_id, reference, segment, 'a', 'a', 'a', 'a', '[]', '', '', '', 'none',"
        " 'draft', '', now() FROM listings_listing"
    )
    assert Listing.objects.count() == 1


NEVER_USABLE = [
    {"contract_type": "transfer", "onward_transfer": "prohibited"},
    {"contract_type": "licence", "duration": "P0D"},
]


def state_rights(rights):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE listings_offer SET rights = rights || %s::jsonb", [json.dumps(rights)])


@pytest.mark.parametrize("rights", NEVER_USABLE)
def test_rights_that_never_permit_what_they_sell_are_refused(seller, rights):
    factories.published(seller)
    breaches = REGISTER["listings.rights_usable"].check
    assert breaches() == []
    with unguarded("listings_offer"):
        with pytest.raises(IntegrityError, match="offer_rights_usable"), transaction.atomic():
            state_rights(rights)
        execute("ALTER TABLE listings_offer DROP CONSTRAINT offer_rights_usable")
        state_rights(rights)
    assert len(breaches()) == 1


def test_no_version_is_published_after_its_rights_have_ended(seller):
    version = factories.submitted(seller)
    with unguarded("listings_offer"):
        state_rights({"valid_until": "2020-01-01"})
    before = rows()
    assert_refused(
        lambda: execute(f"{PUBLISH} WHERE id = %s", [version.pk]), because="ended before it was published"
    )
    assert rows() == before
    with unguarded("listings_listingversion"):
        execute(f"{PUBLISH} WHERE id = %s", [version.pk])
    assert len(REGISTER["listings.rights_usable"].check()) == 1
