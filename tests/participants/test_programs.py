"""Programs are rotated, narrowed, handed over and revoked; their secrets end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from oauth2_provider.models import get_access_token_model

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.participants import people_queries, services, sweeping
from marketplace.participants.errors import ProgramRevoked
from marketplace.participants.models import Application, Membership

from . import factories
from .test_payouts import broken

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def subject():
    return factories.organisation()


@pytest.fixture
def program(subject):
    return factories.application_of(subject, ("market:read", "listings:write"))


@pytest.fixture
def owner(program):
    return factories.actor_of(program.responsible)


def token(api, program, secret=None):
    """The status and the token of a request with a secret of a program."""
    body = {
        "grant_type": "client_credentials",
        "client_id": program.client_id,
        "client_secret": secret or program.issued_secret,
    }
    answer = api.post("/oauth/token/", body, format="multipart")
    return answer.status_code, answer.json().get("access_token", "")


def may_read(value):
    return factories.bearer_client(value).get(f"{API}/me/").status_code == 200


def test_a_rotated_secret_ends_at_once_with_its_tokens(api, program, owner):
    _, before = token(api, program)
    assert may_read(before)
    rotated = services.rotate_secret(actor=owner, application=program.public_id)
    assert rotated.issued_secret != program.issued_secret
    assert not may_read(before)
    assert token(api, program)[0] == 401
    status, after = token(api, rotated)
    assert (status, may_read(after)) == (200, True)
    assert rotated.issued_secret not in repr(list(EvidenceRecord.objects.values_list("payload")))


def test_a_secret_lives_beside_its_successor_for_hours(api, program, owner):
    _, before = token(api, program)
    rotated = services.rotate_secret(actor=owner, application=program.public_id, overlap_hours=24)
    assert may_read(before)
    assert (token(api, program)[0], token(api, rotated)[0], token(api, program, "wrong")[0]) == (
        200,
        200,
        401,
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE participants_application SET previous_until = now() - interval '1 second'")
    assert (token(api, program)[0], token(api, rotated)[0]) == (401, 200)
    again = services.rotate_secret(actor=owner, application=program.public_id)
    assert (again.previous_secret, again.previous_until) == ("", None)
    assert token(api, rotated)[0] == 401
    for hours in (-1, 25):
        with pytest.raises(FieldInvalid):
            services.rotate_secret(actor=owner, application=program.public_id, overlap_hours=hours)


def test_a_revoked_program_is_good_for_nothing(api, program, owner):
    _, before = token(api, program)
    services.revoke_program(actor=owner, application=program.public_id)
    assert (may_read(before), token(api, program)[0]) == (False, 401)
    assert get_access_token_model().objects.count() == 0
    forged = factories.token_of(program)
    assert not may_read(forged)
    for command, more in (
        (services.rotate_secret, {}),
        (services.revoke_program, {}),
        (services.narrow_scopes, {"scopes": ["market:read"]}),
        (services.offer_program, {"person": owner.identifier}),
    ):
        with pytest.raises(ProgramRevoked):
            command(actor=owner, application=program.public_id, **more)


def test_scopes_become_fewer_and_tokens_lose_the_others_at_once(program, owner):
    client = factories.bearer_client(factories.token_of(program))
    assert client.get(f"{API}/me/").json()["permissions"] == ["listings:write", "market:read"]
    services.narrow_scopes(actor=owner, application=program.public_id, scopes=["market:read"])
    assert client.get(f"{API}/me/").json()["permissions"] == ["market:read"]
    for wrong in ([], ["listings:write", "market:read"], ["members:write"]):
        with pytest.raises(FieldInvalid):
            services.narrow_scopes(actor=owner, application=program.public_id, scopes=wrong)
    assert Application.objects.get().scopes == ["market:read"]


def test_another_person_answers_for_it_once_it_takes_it_over(subject, program, owner):
    trader = factories.person_of(subject, "trader", ("trader",))
    auditor = factories.person_of(subject, "auditor", ("auditor",))
    stranger = factories.person_of(factories.organisation("B"), "stranger")
    as_trader = factories.actor_of(trader)
    with pytest.raises(Missing):
        services.take_over_program(actor=as_trader, application=program.public_id)
    with pytest.raises(Missing):
        services.offer_program(actor=owner, application=program.public_id, person=stranger.public_id)
    services.offer_program(actor=owner, application=program.public_id, person=auditor.public_id)
    with pytest.raises(FieldInvalid):
        services.take_over_program(actor=factories.actor_of(auditor), application=program.public_id)
    services.offer_program(actor=owner, application=program.public_id, person=trader.public_id)
    with pytest.raises(Missing):
        services.take_over_program(actor=owner, application=program.public_id)
    assert Application.objects.get().responsible == program.responsible
    services.take_over_program(actor=as_trader, application=program.public_id)
    row = Application.objects.get()
    assert (row.responsible, row.next_responsible) == (trader, None)


def test_only_who_answers_for_a_program_knows_its_secret(subject, program, owner):
    other = factories.actor_of(factories.person_of(subject, "other", ("owner",)))
    with pytest.raises(Forbidden):
        services.rotate_secret(actor=other, application=program.public_id)
    trader = factories.person_of(subject, "trader", ("trader",))
    services.offer_program(actor=owner, application=program.public_id, person=trader.public_id)
    services.take_over_program(actor=factories.actor_of(trader), application=program.public_id)
    with pytest.raises(Forbidden):
        services.rotate_secret(actor=owner, application=program.public_id)
    with pytest.raises(ProofNeeded):
        services.rotate_secret(
            actor=factories.actor_of(trader, proved_seconds_ago=None), application=program.public_id
        )
    assert services.rotate_secret(
        actor=factories.actor_of(trader), application=program.public_id
    ).issued_secret


@pytest.mark.parametrize("gone", [False, True])
def test_who_takes_over_is_not_acted_for_by_who_knew_the_secret(api, subject, program, owner, gone):
    trader = factories.person_of(subject, "trader", ("trader",))
    factories.person_of(subject, "stays", ("owner",))
    _, before = token(api, program)
    services.offer_program(actor=owner, application=program.public_id, person=trader.public_id)
    if gone:
        services.leave(actor=owner)
    services.take_over_program(actor=factories.actor_of(trader), application=program.public_id)
    assert (token(api, program)[0], may_read(before)) == ((401, False) if gone else (200, True))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE participants_application SET previous_until = now() - interval '1 second' WHERE %s",
            [not gone],
        )
    assert token(api, program)[0] == 401
    rotated = services.rotate_secret(actor=factories.actor_of(trader), application=program.public_id)
    assert token(api, rotated)[0] == 200
    assert broken() == {}


def test_a_program_stops_with_the_roles_of_who_answers_for_it(subject, program, owner):
    client = factories.bearer_client(factories.token_of(program))
    factories.person_of(subject, "stays", ("owner",))
    assert people_queries.programs_without_ground(subject.public_id) == []
    member = Membership.objects.get(user=program.responsible).public_id
    services.revoke_role(actor=owner, member=member, role="trader")
    assert client.get(f"{API}/me/").json()["permissions"] == ["market:read"]
    assert people_queries.programs_without_ground(subject.public_id) == [program.public_id]
    services.leave(actor=owner)
    assert client.get(f"{API}/me/").status_code == 403
    assert people_queries.programs_without_ground(subject.public_id) == [program.public_id]


def test_who_may_not_changes_no_program(subject, program, owner):
    other = factories.organisation("B")
    factories.operator()
    before = Application.objects.values().get()
    for actor, refusal in (
        (factories.actor_of(factories.person_of(subject, "trader", ("trader",))), PermissionNeeded),
        (factories.actor_of(factories.owner_of(other)), Missing),
        (factories.actor_for(subject, "app_program"), Forbidden),
        (factories.actor_of(program.responsible, proved_seconds_ago=11 * 60), ProofNeeded),
    ):
        for command, more in (
            (services.rotate_secret, {}),
            (services.revoke_program, {}),
            (services.narrow_scopes, {"scopes": ["market:read"]}),
            (services.offer_program, {"person": owner.identifier}),
        ):
            with pytest.raises(refusal):
                command(actor=actor, application=program.public_id, **more)
    assert Application.objects.values().get() == before


def test_a_secret_ends_and_its_organisation_is_warned_once(api, subject):
    person = factories.owner_of(subject)
    made = services.create_application(
        actor=factories.actor_of(person), name="x", scopes=["market:read"], valid_days=20
    )
    later = services.create_application(actor=factories.actor_of(person), name="y", scopes=["market:read"])
    assert later.expires_at - later.secret_made_at == timedelta(days=365)
    assert (sweeping.warn_expiring(), sweeping.warn_expiring()) == (1, 0)
    told = OutboxEvent.objects.filter(type="program.changed", data__change="expiring")
    assert [event.data["program"] for event in told] == [made.public_id]
    value = factories.token_of(made)
    assert may_read(value)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE participants_application SET secret_made_at = now() - interval '20 days', expires_at = now()"
            " WHERE id = %s",
            [made.pk],
        )
    assert (may_read(value), token(api, made)[0]) == (False, 401)
    rotated = services.rotate_secret(actor=factories.actor_of(person), application=made.public_id)
    assert (token(api, rotated)[0], rotated.warned_at) == (200, None)
    for days in (0, 366):
        with pytest.raises(FieldInvalid):
            services.create_application(actor=factories.actor_of(person), name="z", valid_days=days)


def test_when_it_was_used_last_is_known(api, program):
    assert Application.objects.get().last_used_at is None
    token(api, program)
    used = Application.objects.get().last_used_at
    assert clock.real_now() - used < timedelta(seconds=30)


def test_programs_are_changed_over_the_api(subject, program):
    client = factories.client_of(subject, person=program.responsible)
    path = f"{API}/applications/{program.public_id}"
    rotated = client.post(f"{path}/rotate-secret/", {"overlap_hours": 1})
    assert (rotated.status_code, rotated.headers["Cache-Control"]) == (200, "no-store")
    assert len(rotated.json()["client_secret"]) > 40
    assert rotated.json()["previous_until"] is not None
    assert client.get(f"{path}/").json()["client_secret"] is None
    assert client.post(f"{path}/narrow-scopes/", {"scopes": ["market:read"]}).json()["scopes"] == [
        "market:read"
    ]
    reader = factories.person_of(subject, "reader", ("auditor",))
    offered = client.post(f"{path}/offer/", {"person": reader.public_id})
    assert offered.json()["next_responsible"] == reader.public_id
    taken = factories.client_of(subject, person=reader).post(f"{path}/take-over/", {})
    assert (taken.status_code, taken.json()["responsible"]) == (200, reader.public_id)
    assert client.post(f"{path}/revoke/", {}).json()["revoked_by"] == program.responsible.public_id
    assert client.post(f"{path}/revoke/", {}).json()["code"] == "program_revoked"
    stranger = factories.client_of(factories.organisation("B"))
    staff = factories.client_of(factories.operator())
    itself = factories.program_of(subject)
    for somebody, status in ((stranger, 404), (staff, 404), (itself, 403)):
        for command, body in (("rotate-secret", {}), ("revoke", {}), ("offer", {"person": reader.public_id})):
            assert somebody.post(f"{path}/{command}/", body).status_code == status
