"""Listings over HTTP."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from listings.models import Distribution, Listing, ListingVersion
from tests.participants import factories as participants

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(seller):
    return participants.client_of(seller)


@pytest.fixture
def stranger(db):
    return participants.client_of(participants.organisation("X"))


@pytest.fixture
def operator_client(db):
    return participants.client_of(participants.operator())


def body(**changes):
    return {"reference": "W-1", "segment": "environment", **factories.description(**changes)}


def multipart(*files, **changes):
    offer = factories.offer(rights={"contract_type": "licence"}, **changes)
    return {"files": list(files), "offer": json.dumps(offer)}


def file(name="a.csv", content=factories.CSV):
    return SimpleUploadedFile(name, content, "text/csv")


def test_a_listing_goes_from_description_to_sale(client, api):
    created = client.post("/api/v1/listings/", body())
    assert created.status_code == 201
    listing = created.json()["id"]
    assert created.json()["state_label"] == {"ja": "準備中", "en": "in preparation"}
    added = client.post(f"/api/v1/listings/{listing}/versions/", multipart(file()), format="multipart")
    assert added.status_code == 201, added.json()
    version = added.json()["id"]
    assert added.json()["distributions"][0]["file_name"] == "a.csv"
    refused = client.post(f"/api/v1/listing-versions/{version}/submit/")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "offer.template")
    factories.template()
    submitted = client.post(f"/api/v1/listing-versions/{version}/submit/")
    assert (submitted.status_code, submitted.json()["state"]) == (200, "submitted")
    assert api.get(f"/api/v1/catalogue/{listing}/").status_code == 404


def test_the_catalogue_is_public_and_shows_rights_and_price(api, seller):
    version = factories.published(seller)
    (entry,) = api.get("/api/v1/catalogue/").json()["results"]
    assert entry["id"] == version.listing.public_id
    assert entry["seller"] == {
        "id": seller.public_id,
        "name": {"ja": "組織S", "en": "Organisation S"},
        "kind": "business",
        "invoice_registration_number": None,
    }
    assert (entry["offer"]["price_minor"], entry["offer"]["currency"]) == (48_000, "JPY")
    assert entry["offer"]["policy_digest"] == version.offer.policy_digest
    assert entry["offer"]["rights_in_words"][1]["value"] == {"ja": "商用・研究", "en": "commercial, research"}
    assert entry["version"]["distributions"][0]["sha512"] == Distribution.objects.get().sha512
    single = api.get(f"/api/v1/catalogue/{entry['id']}/").json()
    assert single == entry


def test_the_catalogue_is_searched_and_narrowed(api, seller):
    weather = factories.published(seller).listing.public_id
    other = factories.seller("T", "mobility")
    airports = factories.published(
        other,
        segment="mobility",
        title={"ja": "空港一覧", "en": "Airports"},
        offer=factories.offer(price_minor=120_000),
    ).listing.public_id

    def found(**query):
        answer = api.get("/api/v1/catalogue/", query)
        assert answer.status_code == 200, answer.json()
        return [entry["id"] for entry in answer.json()["results"]]

    assert found() == [airports, weather]
    assert found(text="空港") == [airports]
    assert found(text="airport") == [airports]
    assert found(text="観測") == [airports, weather]
    assert found(segment="environment") == [weather]
    assert found(seller=other.public_id) == [airports]
    assert found(seller="org_nobody") == []
    assert found(price_minor_max=50_000) == [weather]
    assert found(personal_data_class="personal") == []


def test_pages_of_a_search_follow_each_other(api, seller):
    listings = [factories.published(seller).listing.public_id for _ in range(3)]
    seen, address = [], "/api/v1/catalogue/?text=weather&page_size=1"
    while address:
        page = api.get(address).json()
        seen += [entry["id"] for entry in page["results"]]
        address = page["next"]
    assert seen == listings[::-1]


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("path", "queries"),
    [("catalogue", 4), ("catalogue/?text=weather", 7), ("listings", 2), ("listing-versions", 3)],
)
def test_lists_take_as_many_queries_for_one_row_as_for_three(
    api, seller, client, rows, path, queries, django_assert_num_queries
):
    for _ in range(rows):
        factories.published(seller)
    caller = api if path.startswith("catalogue") else client
    address = f"/api/v1/{path}" if "?" in path else f"/api/v1/{path}/"
    with django_assert_num_queries(queries):
        answer = caller.get(address)
    assert len(answer.json()["results"]) == rows


def test_drafts_are_missing_for_everybody_else(seller, client, stranger, operator_client, api):
    version = factories.draft(seller)
    listing = version.listing.public_id
    reads = [f"/api/v1/listings/{listing}/", f"/api/v1/listing-versions/{version.public_id}/"]
    for path in reads:
        assert client.get(path).status_code == 200
        assert operator_client.get(path).status_code == 200
        assert stranger.get(path).status_code == 404
        assert api.get(path).status_code == 401
    assert stranger.get("/api/v1/listings/").json()["results"] == []
    assert stranger.get("/api/v1/listing-versions/").json()["results"] == []
    assert api.get(f"/api/v1/catalogue/{listing}/").status_code == 404


def test_commands_on_anothers_draft_are_missing_and_change_nothing(seller, stranger):
    version = factories.draft(seller)
    listing = version.listing.public_id
    calls = [
        (f"listings/{listing}/revise", {"keywords": ["x"]}, "json"),
        (f"listings/{listing}/versions", multipart(file()), "multipart"),
        (f"listings/{listing}/withdraw", {}, "json"),
        (f"listings/{listing}/resume", {}, "json"),
        (f"listing-versions/{version.public_id}/submit", {}, "json"),
    ]
    before = (sorted(Listing.objects.values_list()), sorted(ListingVersion.objects.values_list()))
    for path, data, kind in calls:
        assert stranger.post(f"/api/v1/{path}/", data, format=kind).status_code == 404, path
    assert (sorted(Listing.objects.values_list()), sorted(ListingVersion.objects.values_list())) == before


def test_a_listing_is_revised_and_withdrawn(client, seller):
    listing = factories.listing(seller).public_id
    revised = client.post(f"/api/v1/listings/{listing}/revise/", {"keywords": ["潮位"]})
    assert (revised.status_code, revised.json()["keywords"]) == (200, ["潮位"])
    withdrawn = client.post(f"/api/v1/listings/{listing}/withdraw/", {"reason": "終了"})
    assert (withdrawn.json()["withdrawal_reason"], len(withdrawn.json()["salt"])) == ("終了", 64)
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    again = client.post(f"/api/v1/listings/{listing}/withdraw/", {})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"title": {"ja": "題"}}, "title"),
        ({"personal_data_class": "secret"}, "personal_data_class"),
        ({"source": {"author": "x"}}, "source.author"),
        ({"keywords": "x"}, "keywords"),
    ],
)
def test_wrong_input_is_refused_by_name(client, changes, field):
    answer = client.post("/api/v1/listings/", body(**changes))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert Listing.objects.count() == 0


@pytest.mark.parametrize(
    ("offer", "field"),
    [
        ("{", "offer"),
        ("[]", "offer"),
        ('{"price_minor": 1}', "offer.rights"),
        (json.dumps({**factories.offer(), "discount": 1}), "offer.discount"),
        (json.dumps(factories.offer(rights={"contract_type": "gift"})), "offer.rights.contract_type"),
    ],
)
def test_a_wrong_offer_is_refused_by_name(client, seller, offer, field):
    listing = factories.listing(seller).public_id
    answer = client.post(
        f"/api/v1/listings/{listing}/versions/", {"files": [file()], "offer": offer}, format="multipart"
    )
    assert answer.status_code == 422, answer.json()
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert ListingVersion.objects.count() == 0


def test_a_repeated_upload_takes_effect_once(client, seller):
    listing = factories.listing(seller).public_id
    answers = [
        client.post(
            f"/api/v1/listings/{listing}/versions/",
            multipart(file()),
            format="multipart",
            HTTP_IDEMPOTENCY_KEY="upload-1",
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert ListingVersion.objects.count() == 1


def test_a_suspended_listing_is_resumed(client, seller):
    listing = factories.published(seller).listing
    Listing.objects.update(state="suspended")
    answer = client.post(f"/api/v1/listings/{listing.public_id}/resume/")
    assert (answer.status_code, answer.json()["state"]) == (200, "on_sale")


def test_the_document_describes_every_route(api, db):
    paths = api.get("/api/v1/openapi.json", HTTP_ACCEPT="application/json").json()["paths"]
    assert {
        "/api/v1/catalogue/",
        "/api/v1/catalogue.jsonld",
        "/api/v1/listings/{id}/versions/",
        "/api/v1/listing-versions/{id}/submit/",
        "/api/v1/profiles/",
        "/api/v1/quality-method/",
    } <= set(paths)


def test_anybody_asks_what_an_offer_permits(api, seller):
    version = factories.published(seller)
    path = f"/api/v1/catalogue/{version.listing.public_id}/permitted-use/"
    told = api.get(path, {"action": "derive", "purpose": "research", "region": "JP"}).json()
    assert (told["outcome"], told["rule"]) == ("permitted", {"kind": "permission", "action": "use"})
    told = api.get(path, {"action": "distribute"}).json()
    assert told["outcome"] == "prohibited"
    told = api.get(path, {"purpose": "medical"}).json()
    assert told["outcome"] == "not_permitted"
    assert told["reason"]["en"].startswith(
        "Use is permitted only under: Purpose: commercial, research (not met)"
    )
    for wrong in (
        {"action": "eat"},
        {"purpose": "war"},
        {"region": "Japan"},
        {"use_number": 0},
        {"colour": "red"},
    ):
        assert api.get(path, wrong).status_code == 422
    assert api.get("/api/v1/catalogue/lst_nowhere/permitted-use/").status_code == 404


def test_an_offer_that_contradicts_itself_is_refused_by_name(client, seller):
    listing = factories.listing(seller)
    offer = factories.offer(rights={"contract_type": "transfer"})
    data = {"files": [file()], "offer": json.dumps(offer)}
    answer = client.post(f"/api/v1/listings/{listing.public_id}/versions/", data, format="multipart")
    assert answer.status_code == 422
    assert "offer.rights.onward_transfer" in json.dumps(answer.json())
    assert ListingVersion.objects.count() == 0
