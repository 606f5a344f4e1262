"""Limits on requests: of whom they are, what a neighbour's excess does not do, and that they are off without Redis."""

from __future__ import annotations

import base64
import secrets

import pytest
from django.test import Client, override_settings

from marketplace.api.limits import parse_rate
from marketplace.participants.models import Organisation
from tests.client import KeyedClient

from .conftest import bearer

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.1"
ME, PUBLIC = "/api/v1/organisations/", "/api/v1/segments/"
UNREACHABLE = {
    "default": {"BACKEND": "marketplace.kernel.caching.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
}


@pytest.fixture(autouse=True)
def _counted_from_nothing(settings):
    default = settings.CACHES["default"]
    settings.CACHES = {**settings.CACHES, "default": {**default, "KEY_PREFIX": secrets.token_hex(8)}}


@pytest.fixture
def rate(settings):
    """Sets one rate by the day, whose window does not end within a test."""

    def change(**requests_max: int) -> None:
        settings.RATES = {
            **settings.RATES,
            **{name: f"{count}/day" for name, count in requests_max.items()},
        }

    return change


def client_of(organisation: Organisation, *, address: str = HERE) -> KeyedClient:
    return KeyedClient(REMOTE_ADDR=address, **bearer(organisation, "market:read"))


def guess(count: int, *, address: str = HERE, path: str = ME, token: str = "") -> list[int]:
    """The statuses of ``count`` requests with the wrong ``token``, or with another wrong one each."""
    client = Client(REMOTE_ADDR=address)
    return [
        client.get(path, headers={"Authorization": f"Bearer {token or f'wrong-{each}'}"}).status_code
        for each in range(count)
    ]


def test_a_rate_is_read_by_the_first_letter_of_its_period():
    assert [parse_rate(each) for each in ("5/s", "10/min", "20/hour", "7/day")] == [
        (5, 1),
        (10, 60),
        (20, 3600),
        (7, 86400),
    ]


def test_a_caller_is_held_back_with_all_its_tokens_and_told_for_how_long(operator, rate):
    rate(participant=2)
    client = client_of(operator)
    assert [client.get(ME).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get(ME)
    assert (refused["Content-Type"], refused.json()["code"]) == ("application/problem+json", "throttled")
    assert 0 < int(refused["Retry-After"]) == refused.json()["retry_after_seconds"] <= 86400
    assert client_of(operator).get(ME).status_code == 200, "another program of the organisation"
    assert Client(REMOTE_ADDR=HERE).get(PUBLIC).status_code == 200


def test_who_may_not_use_a_route_is_counted_too(operator, rate):
    rate(participant=2)
    client = client_of(operator)
    assert [client.post(ME, {}).status_code for _ in range(3)] == [403, 403, 429]


def test_an_address_without_a_token_is_held_back_and_others_are_not(operator, rate):
    rate(anonymous=2)
    client = Client(REMOTE_ADDR=HERE)
    assert [client.get(PUBLIC).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 86400
    assert Client(REMOTE_ADDR=ELSEWHERE).get(PUBLIC).status_code == 200


def test_a_header_that_a_client_writes_itself_gives_it_no_other_address(db, rate, settings):
    rate(anonymous=2)
    for proxies, through in ((0, "{forged}"), (1, "{forged}, " + ELSEWHERE)):
        settings.TRUSTED_PROXY_COUNT = proxies
        client = Client(REMOTE_ADDR=HERE)
        statuses = [
            client.get(
                PUBLIC, headers={"X-Forwarded-For": through.format(forged=f"192.0.2.{each}")}
            ).status_code
            for each in range(3)
        ]
        assert statuses == [200, 200, 429], proxies


@pytest.mark.parametrize("path", ["/", "/api/v1/evidence/keys/", "/api/v1/openapi.json"])
def test_a_made_up_token_is_no_way_around_the_limit_on_public_routes(db, rate, path):
    rate(anonymous=2)
    assert guess(3, path=path) == [200, 200, 429]


def test_wrong_tokens_are_refused_before_the_database_is_asked(db, rate, django_assert_num_queries):
    rate(bad_token=2)
    assert guess(2) == [401, 401]
    with django_assert_num_queries(0):
        assert guess(3) == [429, 429, 429]


def test_one_wrong_token_is_refused_wherever_it_comes_from(db, rate):
    rate(bad_token=2)
    assert guess(2, token="one-that-leaked") == [401, 401]
    assert guess(1, token="one-that-leaked", address=ELSEWHERE) == [429]
    assert guess(1, token="another", address=ELSEWHERE) == [401]


def test_a_neighbour_s_wrong_tokens_do_not_stop_a_client_whose_token_works(operator, rate):
    rate(bad_token=2)
    working, new = client_of(operator), client_of(operator)
    assert working.get(ME).status_code == 200
    assert guess(3) == [401, 401, 429]
    assert working.get(ME).status_code == 200
    assert new.get(ME).status_code == 429, "not known yet: as good as a guess"
    assert new.get(ME, REMOTE_ADDR=ELSEWHERE).status_code == 200
    assert new.get(ME).status_code == 200, "known by now"


def test_requests_for_tokens_have_a_rate_of_their_own(db, rate):
    rate(token=2)
    client = Client(REMOTE_ADDR=HERE)
    asked = [client.post("/oauth/token/", {"grant_type": "client_credentials"}).status_code for _ in range(3)]
    assert asked == [401, 401, 429]
    assert client.get(PUBLIC).status_code == 200


def test_wrong_secrets_count_as_wrong_tokens_do(db, rate):
    rate(bad_token=2)
    statuses = []
    for each in range(3):
        secret = base64.b64encode(f"nobody:{each}".encode()).decode()
        answer = Client(REMOTE_ADDR=HERE).post(
            "/oauth/token/",
            {"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {secret}"},
        )
        statuses.append(answer.status_code)
    assert statuses == [401, 401, 429]


def test_without_redis_nobody_is_held_back(operator, rate, caplog):
    rate(participant=1, anonymous=1, bad_token=1, token=1)
    client = client_of(operator)
    with override_settings(CACHES=UNREACHABLE):
        assert [client.get(ME).status_code for _ in range(2)] == [200, 200]
        assert [Client().get(PUBLIC).status_code for _ in range(2)] == [200, 200]
        assert guess(2, token="wrong") == [401, 401]
    assert "throttling is off" in caplog.text


def test_what_is_answered_to_a_credential_is_kept_by_no_cache(acting, client):
    assert acting.get(ME)["Cache-Control"] == "no-store"
    assert acting.get("/api/v1/organisations/org_none/")["Cache-Control"] == "no-store"
    assert not client.get(PUBLIC).has_header("Cache-Control")
    assert client.get("/")["Cache-Control"] == "public, max-age=60"
    assert client.get(ME, headers={"Authorization": "Bearer wrong"})["Cache-Control"] == "no-store"
