"""A story over HTTP alone: an owner invites colleagues, they join, share its work, and the owner leaves."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from marketplace.participants import services
from marketplace.participants.models import Invitation, Membership, User
from tests.client import KeyedClient

from . import factories, recoveries
from .test_signing_in import call, one_time_code

pytestmark = pytest.mark.django_db

API = "/api/v1"
PASSWORD = "a long and uncommon passphrase"


def signed_in(email: str) -> KeyedClient:
    """A client of a person who signs in with a password and a second factor, which is set up the first time."""
    begun = call("auth/login", {"email": email, "password": PASSWORD}).json()["meta"]["session_token"]
    secret = call("account/authenticators/totp", token=begun, method="get").json()["meta"]["secret"]
    call("auth/reauthenticate", {"password": PASSWORD}, begun)
    now = time.time()
    call("account/authenticators/totp", {"code": one_time_code(secret, now)}, begun)
    pending = call("auth/login", {"email": email, "password": PASSWORD}).json()["meta"]["session_token"]
    proved = call("auth/2fa/authenticate", {"code": one_time_code(secret, now + 30)}, pending)
    assert proved.status_code == 200, proved.content
    return factories.bearer_client(proved.json()["meta"].get("session_token", pending))


def invited(owner: KeyedClient, email: str, *roles: str) -> tuple[str, str]:
    """The identifier of an invitation, and the token of its mail."""
    answer = owner.post(f"{API}/members/invitations/", {"email": email, "roles": roles})
    assert answer.status_code == 201, answer.json()
    row = Invitation.objects.get(public_id=answer.json()["id"])
    return row.public_id, factories.token_in_mail(row) if row.state == "open" else ""


def accepted(token: str, name: str) -> dict:
    answer = KeyedClient().post(
        f"{API}/invitations/accept/", {"token": token, "name": name, "password": PASSWORD}
    )
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_an_organisation_runs_its_people_by_itself():
    subject = factories.organisation()
    first = User.objects.get(pk=factories.owner_of(subject).pk)
    owner = factories.client_of(subject, person=first)
    _, token = invited(owner, "taro@example.jp", "trader")
    taro = accepted(token, "高松 太郎")
    assert (taro["roles"], taro["organisation"]) == (["trader"], subject.public_id)
    trader = signed_in("taro@example.jp")
    assert trader.get(f"{API}/me/").json()["roles"] == ["trader"]
    refused = trader.post(f"{API}/members/invitations/", {"email": "x@example.jp", "roles": ["owner"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_needed")
    assert trader.get(f"{API}/members/invitations/").status_code == 403

    # The only owner makes a second one by itself; the third takes both.
    _, token = invited(owner, "hanako@example.jp", "owner")
    hanako = accepted(token, "讃岐 花子")
    second = signed_in("hanako@example.jp")
    waiting = owner.post(f"{API}/members/{taro['id']}/grant-role/", {"role": "owner"}).json()
    assert (waiting["state"], waiting["proposed_by"]) == ("proposed", first.public_id)
    change = f"{API}/member-changes/{waiting['id']}"
    assert owner.post(f"{change}/confirm/", {}).json()["code"] == "forbidden"
    assert trader.post(f"{change}/confirm/", {}).json()["code"] == "permission_needed"
    assert second.post(f"{change}/confirm/", {}).json()["state"] == "done"
    assert second.post(f"{change}/withdraw/", {}).status_code == 409
    assert trader.get(f"{API}/me/").json()["roles"] == ["owner", "trader"]

    # The first owner makes a program and leaves; the program stops, and a colleague takes it over.
    made = owner.post(f"{API}/applications/", {"name": "night batch", "scopes": ["market:read"]}).json()
    assert owner.post(f"{API}/members/leave/", {}).json()["state"] == "done"
    assert owner.get(f"{API}/members/").status_code == 403
    assert owner.get(f"{API}/me/").json()["permissions"] == ["person:own"]
    program = f"{API}/applications/{made['id']}"
    offered = second.post(f"{program}/offer/", {"person": taro["user"]})
    assert offered.json()["next_responsible"] == taro["user"]
    assert trader.post(f"{program}/take-over/", {}).json()["responsible"] == taro["user"]
    assert second.post(f"{program}/rotate-secret/", {}).json()["code"] == "forbidden"
    assert trader.post(f"{program}/rotate-secret/", {}).status_code == 200

    # Two owners are left; neither removes the other alone, and the last one stays.
    asked = second.post(f"{API}/members/{taro['id']}/end/", {"reason": "組織変更"}).json()
    assert asked["state"] == "proposed"
    assert trader.post(f"{API}/members/leave/", {}).json()["state"] == "done"
    alone = second.post(f"{API}/members/leave/", {})
    assert (alone.status_code, alone.json()["code"]) == (409, "last_owner")
    history = second.get(f"{API}/member-changes/?member={taro['id']}").json()["results"]
    assert {(row["kind"], row["state"]) for row in history} == {
        ("grant", "done"),
        ("end", "proposed"),
        ("end", "done"),
    }
    assert second.get(f"{API}/members/{hanako['id']}/").json()["roles"] == ["owner"]


def test_what_others_invite_and_change_is_missing_to_everybody_else():
    subject, other = factories.organisation(), factories.organisation("B")
    owner = factories.client_of(subject, person=factories.owner_of(subject))
    number, token = invited(owner, "taro@example.jp", "trader")
    member = accepted(token, "高松 太郎")["id"]
    number, _ = invited(owner, "jiro@example.jp", "trader")
    before = Invitation.objects.order_by("pk").values_list("state", "mails")
    stranger, staff = factories.client_of(other), factories.client_of(factories.operator())
    for somebody in (stranger, staff):
        assert somebody.get(f"{API}/members/invitations/{number}/").status_code == 404
        assert somebody.get(f"{API}/members/invitations/").json()["results"] == []
        for command in ("confirm", "resend", "revoke"):
            assert somebody.post(f"{API}/members/invitations/{number}/{command}/", {}).status_code == 404
        for command, body in (
            ("end", {"reason": "x"}),
            ("grant-role", {"role": "auditor"}),
            ("revoke-role", {"role": "trader"}),
        ):
            assert somebody.post(f"{API}/members/{member}/{command}/", body).status_code == 404
    assert stranger.get(f"{API}/members/{member}/").status_code == 404
    assert list(before) == [("accepted", 1), ("open", 1)]
    assert Client().get(f"{API}/members/invitations/").status_code == 401


def test_guessing_tokens_is_held_back(settings):
    settings.RATES = {**settings.RATES, "invitation": "3/min"}
    body = {"token": "ivk_guess", "name": "x", "password": PASSWORD}
    answers = [
        KeyedClient(REMOTE_ADDR="203.0.113.9").post(f"{API}/invitations/accept/", body) for _ in range(5)
    ]
    assert [answer.status_code for answer in answers][:3] == [404, 404, 404]
    assert answers[-1].status_code == 429


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_take_the_same_queries_for_any_number_of_rows(rows, django_assert_num_queries):
    subject, operator = factories.organisation(), factories.operator()
    person = factories.owner_of(subject)
    owner, staff = (
        factories.client_of(subject, person=person),
        factories.client_of(operator, roles=("admission",)),
    )
    acting, admission = factories.actor_of(person), recoveries.staff(operator)[0]
    for number in range(rows):
        services.invite(actor=acting, email=f"p{number}@example.jp", roles=["trader"])
        member = factories.person_of(subject, f"member-{number}", ("trader", "finance"))
        key = Membership.objects.get(user=member).public_id
        services.revoke_role(actor=acting, member=key, role="finance")
        services.ask_second_factor_reset(actor=acting, member=key, reason="x")
        services.lock_login(actor=admission, person=member.public_id, reason="x")
        recoveries.filed(subject)
    for client, path, queries in (
        (owner, "members/invitations", 2),
        (owner, "member-changes", 2),
        (owner, "second-factor-resets", 2),
        (staff, "login-locks", 2),
        (staff, "owner-recoveries", 3),
        (staff, "recovery-evidence", 2),
    ):
        with django_assert_num_queries(queries):
            answer = client.get(f"{API}/{path}/")
        assert len(answer.json()["results"]) == rows
