"""An organisation registers keys that it proves to hold, replaces and revokes them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.keys import OrganisationKeyChanged
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.signatures import sign as sign_for_market
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import verify_all
from marketplace.notices.handlers.keys import on_organisation_key_changed
from marketplace.participants import services
from marketplace.participants.bounds import KEYS_LIVE_MAX
from marketplace.participants.key_errors import KeyRevoked, KeyTaken, TooManyKeys
from marketplace.participants.models import OrganisationKey
from tests.notices.factories import handle, notice_titles

from . import factories, keys

pytestmark = pytest.mark.django_db

API = "/api/v1/organisation-keys"


@pytest.fixture
def subject():
    return factories.organisation()


@pytest.fixture
def manager(subject):
    return keys.manager_of(subject)


def left_alone(error, call, **fields):
    """The call is refused, and there is no key and no record of one."""
    with pytest.raises(error) as refusal:
        call()
    assert OrganisationKey.objects.filter(revoked_at=None).count() == 0
    assert EvidenceRecord.objects.filter(kind="participants.key_registered").count() == 0
    for name, value in fields.items():
        assert refusal.value.fields[name] == value


@pytest.mark.parametrize("make", [keys.ed25519_key, keys.p256_key])
def test_a_proved_key_is_registered(subject, manager, make):
    key = make()
    row = keys.registered(subject, key, actor=manager)
    assert (row.kid, row.public_jwk) == (key.thumbprint(), keys.public_jwk(key))
    assert (row.label, row.registered_by, row.revoked_at) == ("契約管理システム", manager.identifier, None)
    record = EvidenceRecord.objects.get(kind="participants.key_registered")
    assert (record.subject, record.actor) == (subject.public_id, manager.identifier)
    assert record.payload["kid"] == row.kid
    (told,) = OutboxEvent.objects.filter(type="organisation_key.changed")
    handle(on_organisation_key_changed, OrganisationKeyChanged(**told.data))
    assert notice_titles(subject) == ["組織の署名鍵が登録されました"]
    assert verify_all("participants")["participants.keys_proved"] == []


def test_a_key_is_registered_over_http_by_whoever_holds_it(subject):
    client, key = factories.client_of(subject, roles=("signatory",)), keys.ed25519_key()
    asked = client.post(f"{API}/challenge/", {"jwk": keys.public_jwk(key)}, format="json")
    assert asked.status_code == 200, asked.json()
    challenge = asked.json()["challenge"]
    body = {
        "jwk": keys.public_jwk(key),
        "label": "desk",
        "challenge": challenge,
        "proof": keys.sign_detached(key, challenge),
    }
    made = client.post(f"{API}/", body, format="json")
    assert made.status_code == 201, made.json()
    other = factories.client_of(factories.organisation("B"))
    path = f"{API}/{made.json()['id']}/"
    assert [row["kid"] for row in client.get(f"{API}/").json()["results"]] == [key.thumbprint()]
    assert (client.get(path).status_code, other.get(path).status_code) == (200, 404)
    assert other.get(f"{API}/").json()["results"] == []
    assert other.post(f"{path}revoke/", {"reason": "lost"}, format="json").status_code == 404
    revoked = client.post(f"{path}revoke/", {"reason": "lost"}, format="json")
    assert (revoked.status_code, revoked.json()["revoked_why"]) == (200, "lost")
    for denied in (
        factories.client_of(subject, roles=("trader",)),
        factories.client_of(subject, proved_seconds_ago=601),
        factories.program_of(subject),
        factories.client_of(factories.operator()),
    ):
        assert denied.post(f"{API}/challenge/", {"jwk": body["jwk"]}, format="json").status_code == 403


def test_a_private_key_is_refused_by_name(subject, manager):
    key = keys.ed25519_key()
    stated = key.as_dict(private=True)
    left_alone(FieldInvalid, lambda: services.challenge_key(actor=manager, jwk=stated))
    answer = factories.client_of(subject).post(f"{API}/challenge/", {"jwk": stated}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "jwk")


@pytest.mark.parametrize(
    "changes",
    [
        {"crv": "X25519"},
        {"kty": "EC"},
        {"x": "A" * 43},
        {"x": "AQ" + "A" * 41},
        {"x": "7P" + "_" * 39 + "38"},
        {"x": "short"},
        {"x": None},
        {"crv": ["Ed25519"]},
    ],
)
def test_what_is_no_sound_public_key_is_refused(manager, changes):
    stated = {**keys.public_jwk(keys.ed25519_key()), **changes}
    left_alone(FieldInvalid, lambda: services.challenge_key(actor=manager, jwk=stated))


def proved(manager, key, **changes):
    """The arguments of a registration, with ``changes``."""
    asked = services.challenge_key(actor=manager, jwk=keys.public_jwk(key))["challenge"]
    return {
        "actor": manager,
        "jwk": keys.public_jwk(key),
        "label": "x",
        "challenge": asked,
        "proof": keys.sign_detached(key, asked),
        **changes,
    }


def test_a_key_without_its_proof_is_refused(manager):
    key, other = keys.ed25519_key(), keys.ed25519_key()
    asked = proved(manager, key)["challenge"]
    for proof in (
        keys.sign_detached(other, asked),
        keys.sign_detached(other, asked, kid=key.thumbprint()),
        keys.sign_detached(key, "another text"),
        keys.sign_detached(key, asked, kid="x"),
        keys.sign_detached(key, asked, b64=False, crit=["b64"]),
        keys.sign_detached(key, asked, jwk=keys.public_jwk(key)),
        "eyJhbGciOiJub25lIn0..",
        "x",
        "",
    ):
        arguments = proved(manager, key, challenge=asked, proof=proof)
        left_alone(FieldInvalid, lambda arguments=arguments: services.register_key(**arguments))


def test_a_challenge_is_for_one_organisation_and_key_and_ten_minutes(subject, manager):
    key = keys.ed25519_key()
    other = proved(manager, keys.ed25519_key())["challenge"]
    arguments = proved(manager, key, challenge=other, proof=keys.sign_detached(key, other))
    left_alone(FieldInvalid, lambda: services.register_key(**arguments))
    elsewhere = proved(keys.manager_of(factories.organisation("B")), key)
    left_alone(FieldInvalid, lambda: services.register_key(**{**elsewhere, "actor": manager}))
    late = {
        "type": "sanpo.key_challenge.v1",
        "market": "sanpo",
        "organisation": subject.public_id,
        "kid": key.thumbprint(),
        "expires_at": (clock.real_now() - timedelta(seconds=1)).isoformat(),
    }
    expired = sign_for_market(late)
    arguments = proved(manager, key, challenge=expired, proof=keys.sign_detached(key, expired))
    left_alone(FieldInvalid, lambda: services.register_key(**arguments))
    forged = keys.sign_detached(key, "x").replace("..", ".e30.")
    arguments = proved(manager, key, challenge=forged, proof=keys.sign_detached(key, forged))
    left_alone(FieldInvalid, lambda: services.register_key(**arguments))


def test_a_key_belongs_to_one_organisation_for_ever(subject, manager):
    key = keys.ed25519_key()
    arguments = proved(manager, key)
    row = services.register_key(**arguments)
    with pytest.raises(KeyTaken):
        services.register_key(**arguments)
    rival = keys.manager_of(factories.organisation("B"))
    with pytest.raises(KeyTaken):
        services.challenge_key(actor=rival, jwk=keys.public_jwk(key))
    services.revoke_key(actor=manager, key=row.public_id, reason="compromised")
    with pytest.raises(KeyTaken):
        services.challenge_key(actor=manager, jwk=keys.public_jwk(key))
    with pytest.raises(KeyRevoked):
        services.revoke_key(actor=manager, key=row.public_id, reason="lost")
    row.refresh_from_db()
    assert (row.revoked_why, row.revoked_by) == ("compromised", manager.identifier)


def test_a_replaced_key_is_revoked_at_the_same_moment(subject, manager):
    before = keys.registered(subject, actor=manager)
    after = keys.registered(subject, actor=manager, replaces=before.public_id)
    before.refresh_from_db()
    assert (before.revoked_why, after.replaces_id, after.revoked_at) == ("rotated", before.pk, None)
    theirs = keys.registered(factories.organisation("B"))
    with pytest.raises(Missing):
        keys.registered(subject, actor=manager, replaces=theirs.public_id)
    with pytest.raises(KeyRevoked):
        keys.registered(subject, actor=manager, replaces=before.public_id)


def test_an_organisation_has_a_bounded_number_of_live_keys(subject, manager):
    first, second, *_ = (keys.registered(subject, actor=manager) for _ in range(KEYS_LIVE_MAX))
    with pytest.raises(TooManyKeys):
        keys.registered(subject, actor=manager)
    keys.registered(subject, actor=manager, replaces=first.public_id)
    services.revoke_key(actor=manager, key=second.public_id, reason="unused")
    keys.registered(subject, actor=manager)
    assert OrganisationKey.objects.filter(revoked_at=None).count() == KEYS_LIVE_MAX


def test_only_people_with_the_role_and_a_fresh_proof_manage_keys(subject):
    trader = factories.actor_of(factories.person_of(subject, "trader", ("trader",)))
    stale = factories.actor_of(factories.person_of(subject, "stale", ("owner",)), proved_seconds_ago=601)
    program = factories.actor_for(subject, "app_x")
    jwk = keys.public_jwk(keys.ed25519_key())
    for actor, error in ((trader, PermissionNeeded), (stale, ProofNeeded), (program, Forbidden)):
        left_alone(error, lambda actor=actor: services.challenge_key(actor=actor, jwk=jwk))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_the_older_name_of_the_algorithm_is_taken(subject, manager):
    key = keys.ed25519_key()
    asked = services.challenge_key(actor=manager, jwk=keys.public_jwk(key))["challenge"]
    proof = keys.sign_detached(key, asked, alg="EdDSA")
    row = services.register_key(
        actor=manager, jwk=keys.public_jwk(key), label="x", challenge=asked, proof=proof
    )
    assert row.kid == key.thumbprint()
