"""The receiver's library verifies what the market signs, and secrets are stored encrypted."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import InvalidToken
from standardwebhooks import Webhook, WebhookVerificationError

from marketplace.webhooks.secrets import new_secret, seal, sign, unseal

BODY = '{"名前":"値"}'


def headers(*secrets: str, sent_at: datetime | None = None) -> dict[str, str]:
    sealed = [seal(secret) for secret in secrets]
    return sign(sealed=sealed, identifier="evt_1", sent_at=sent_at or datetime.now(tz=UTC), body=BODY)


def test_a_secret_has_the_length_of_the_standard():
    secret = new_secret()
    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    assert new_secret() != secret


def test_the_receivers_library_verifies_a_message():
    secret = new_secret()
    assert Webhook(secret).verify(BODY.encode(), headers(secret)) == {"名前": "値"}


def test_another_secret_another_body_and_an_old_message_are_refused():
    secret = new_secret()
    old = datetime.now(tz=UTC) - timedelta(minutes=6)
    for key, body, signed in (
        (new_secret(), BODY, headers(secret)),
        (secret, BODY + " ", headers(secret)),
        (secret, BODY, headers(secret, sent_at=old)),
        (secret, BODY, headers(secret) | {"webhook-id": "evt_2"}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(body, signed)


def test_both_secrets_verify_while_rotating():
    new, old = new_secret(), new_secret()
    signed = headers(new, old)
    assert len(signed["webhook-signature"].split(" ")) == 2
    assert [Webhook(secret).verify(BODY, signed) for secret in (new, old)] == [{"名前": "値"}] * 2


def test_a_sealed_secret_is_readable_only_under_the_keys_of_the_market(settings):
    secret = new_secret()
    sealed = seal(secret)
    assert secret not in sealed
    assert seal(secret) != sealed
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-the-market"
    assert unseal(sealed) == secret
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        unseal(sealed)


def test_a_secret_that_cannot_be_read_any_more_does_not_silence_its_successor(settings):
    lost = seal(new_secret())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key-of-the-market", []
    with pytest.raises(InvalidToken):
        sign(sealed=[lost], identifier="evt_1", sent_at=datetime.now(tz=UTC), body=BODY)
    rotated = new_secret()
    signed = sign(sealed=[seal(rotated), lost], identifier="evt_1", sent_at=datetime.now(tz=UTC), body=BODY)
    assert Webhook(rotated).verify(BODY, signed) == {"名前": "値"}
