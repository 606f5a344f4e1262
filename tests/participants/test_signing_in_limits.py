"""Failed logins hold back their address and their account, and nobody else."""

from __future__ import annotations

import secrets

import pytest
from django.test import Client, override_settings

from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services

from . import factories

PASSWORD = "a-long-enough-secret"
PROXY, ATTACKER, PERSON = "10.0.0.1", "203.0.113.7", "198.51.100.1"
UNREACHABLE = {
    "default": {"BACKEND": "marketplace.kernel.caching.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
}


@pytest.fixture(autouse=True)
def _counted_from_nothing(settings):
    default = settings.CACHES["default"]
    settings.CACHES = {**settings.CACHES, "default": {**default, "KEY_PREFIX": secrets.token_hex(8)}}


@pytest.fixture
def people(db) -> list[str]:
    """The addresses of two people, each with a password."""
    organisation = factories.organisation()
    for name in ("one", "other"):
        services.add_member(
            actor=SYSTEM,
            organisation=organisation.public_id,
            email=f"{name}@example.jp",
            name=name,
            role="owner",
            password=PASSWORD,
        )
    return ["one@example.jp", "other@example.jp"]


def sign_in(login: str, password: str, *, address: str) -> int:
    """The status of the answer; a redirect when the person is signed in. All come through one proxy."""
    browser = Client(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": address})
    return browser.post("/accounts/login/", {"login": login, "password": password}).status_code


def test_ten_wrong_passwords_hold_back_their_address_and_lock_out_nobody_else(people, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    one, other = people
    assert [sign_in(one, "wrong", address=ATTACKER) for _ in range(10)] == [200] * 10
    assert sign_in(other, PASSWORD, address=ATTACKER) == 200, "held back: not signed in"
    assert sign_in(one, PASSWORD, address=PERSON) == 302
    assert sign_in(other, PASSWORD, address=PERSON) == 302


def test_a_forged_address_gives_no_further_guesses(people, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    one, other = people
    for each in range(10):
        assert sign_in(one, "wrong", address=f"192.0.2.{each}, {ATTACKER}") == 200
    assert sign_in(other, PASSWORD, address=f"192.0.2.200, {ATTACKER}") == 200, "held back"
    assert sign_in(other, PASSWORD, address=PERSON) == 302


def test_sign_in_has_a_rate_per_address(people, settings):
    settings.RATES = {**settings.RATES, "login": "3/day"}
    assert [sign_in(people[0], PASSWORD, address=PERSON) for _ in range(4)] == [302, 302, 302, 429]


def test_people_sign_in_while_redis_is_down(people):
    with override_settings(CACHES=UNREACHABLE):
        assert sign_in(people[0], PASSWORD, address=PERSON) == 302
        assert sign_in(people[0], "wrong", address=PERSON) == 200
