"""How the secrets of programs are kept: recoverable by nobody, and cheap to try, so that wrong ones cost the market nothing."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password

from marketplace.participants.hashers import RandomSecretHasher
from marketplace.participants.models import Application

from . import factories

TOKEN_PATH = "/oauth/token/"
CPU_SECONDS_MAX = 0.05
"""Of a request with a wrong secret, on a machine that does other things too; a hash that is slow on purpose takes ten times that."""


@pytest.fixture
def application(db) -> Application:
    return factories.application_of(factories.organisation())


def ask_for_token(client, application: Application, secret: str):
    return client.post(
        TOKEN_PATH,
        {
            "grant_type": "client_credentials",
            "client_id": application.client_id,
            "client_secret": secret,
            "scope": "market:read",
        },
    )


def test_a_secret_is_stored_salted_and_found_again(application):
    stored = Application.objects.get(pk=application.pk).client_secret
    algorithm, salt, digest = stored.split("$")
    assert (algorithm, len(salt) >= 22, len(digest)) == ("random_sha256", True, 64)
    assert application.issued_secret not in stored
    assert isinstance(identify_hasher(stored), RandomSecretHasher)
    assert RandomSecretHasher().safe_summary(stored) == {"algorithm": "random_sha256"}
    assert check_password(application.issued_secret, stored)
    assert not check_password(application.issued_secret + "x", stored)


def test_a_person_s_password_is_never_kept_that_way():
    assert not make_password("a-long-enough-secret").startswith(RandomSecretHasher.algorithm)


def test_the_right_secret_gives_a_token_and_a_wrong_one_costs_next_to_nothing(client, application):
    assert ask_for_token(client, application, application.issued_secret).status_code == 200
    took = []
    for number in range(10):
        began = time.process_time()
        answer = ask_for_token(client, application, f"wrong-{number}")
        took.append(time.process_time() - began)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert min(took) < CPU_SECONDS_MAX
