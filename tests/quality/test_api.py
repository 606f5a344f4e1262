"""Quality over HTTP."""

import pytest

from quality import services
from quality.models import Profile
from tests.listings import factories
from tests.participants import factories as participants

pytestmark = pytest.mark.django_db


def test_the_quality_of_a_published_version_is_public(api, seller):
    version = factories.published(seller)
    (profile,) = api.get(f"/api/v1/profiles/?listing_version={version.public_id}").json()["results"]
    assert (profile["listing_version"], profile["row_count"]) == (version.public_id, 3)
    completeness = next(row for row in profile["measurements"] if row["characteristic"] == "completeness")
    assert completeness == {
        "characteristic": "completeness",
        "label": {"ja": "完全性", "en": "completeness"},
        "value": "1.0000",
        "unit": "share",
        "formula": {"ja": "値のあるセル数 ÷ 全セル数", "en": "non-empty cells / cells"},
    }
    assert profile["unmeasured"] == ["currentness", "precision", "recoverability"]
    assert api.get(f"/api/v1/profiles/{profile['id']}/").json() == profile


def test_the_quality_of_a_draft_is_its_sellers(api, seller):
    version = factories.submitted(seller)
    services.measure_version(listing_version=version.public_id)
    path = f"/api/v1/profiles/{Profile.objects.get().public_id}/"
    assert participants.client_of(seller).get(path).status_code == 200
    assert participants.client_of(participants.operator()).get(path).status_code == 200
    assert participants.client_of(participants.organisation("X")).get(path).status_code == 404
    assert api.get(path).status_code == 404
    assert api.get("/api/v1/profiles/").json()["results"] == []


@pytest.mark.parametrize("rows", [1, 3])
def test_profiles_take_as_many_queries_for_one_row_as_for_three(api, seller, rows, django_assert_num_queries):
    for _ in range(rows):
        factories.published(seller)
    with django_assert_num_queries(2):
        answer = api.get("/api/v1/profiles/")
    assert len(answer.json()["results"]) == rows


def test_how_the_market_measures_is_public(api, db):
    answer = api.get("/api/v1/quality-method/").json()
    assert len(answer["measures"]) == 15
    assert {rule["code"] for rule in answer["personal_data_rules"]} >= {"email", "my_number", "person_name"}


def test_profiles_cannot_be_written(seller):
    client = participants.client_of(seller)
    assert client.post("/api/v1/profiles/", {}).status_code == 405
