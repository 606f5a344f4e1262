"""A person's own session, by the steps that the guide of the API states."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from django.core import mail
from django.test import Client

from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services

from . import factories

pytestmark = pytest.mark.django_db

ADDRESS, PASSWORD = "second@example.jp", "a-long-enough-secret"
AUTH = "/_allauth/app/v1"


def one_time_code(secret: str, at: float) -> str:
    """The code of a second factor (RFC 6238): six digits, 30 seconds."""
    counter = struct.pack(">Q", int(at) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    number = struct.unpack(">I", digest[digest[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def set_password() -> None:
    browser = Client()
    assert browser.post("/accounts/password/reset/", {"email": ADDRESS}).status_code == 302
    (link,) = re.findall(r"/accounts/password/reset/key/\S+", mail.outbox[-1].body)
    form = browser.get(link, follow=True).request["PATH_INFO"]
    assert browser.post(form, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302


@pytest.fixture
def person():
    return services.add_member(
        actor=SYSTEM,
        organisation=factories.operator().public_id,
        email=ADDRESS,
        name="二人 目",
        roles=("clearing",),
    )


def call(path, body=None, token=None, method="post"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    stated = {} if method == "delete" else {"data": body, "content_type": "application/json"}
    return getattr(Client(), method)(f"{AUTH}/{path}", headers=headers, **stated)


def test_a_person_sets_a_password_signs_in_and_proves_a_second_factor(api, person):
    set_password()
    signed_in = call("auth/login", {"email": ADDRESS, "password": PASSWORD})
    assert signed_in.status_code == 200, signed_in.content
    token = signed_in.json()["meta"]["session_token"]
    assert token.startswith("pst_")

    def me(token):
        return api.get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"}).json()

    assert (me(token)["identifier"], me(token)["role"]) == (person.public_id, "operator")
    assert (me(token)["permissions"], me(token)["proved_at"]) == (["person:own"], None)

    offered = call("account/authenticators/totp", token=token, method="get").json()
    secret = offered["meta"]["secret"]
    assert call("auth/reauthenticate", {"password": PASSWORD}, token).status_code == 200
    activated = call("account/authenticators/totp", {"code": one_time_code(secret, time.time())}, token)
    assert activated.status_code == 200, activated.content
    # To add a factor proves nothing: whoever holds the session could add one.
    assert me(token)["permissions"] == ["person:own"]

    asked = call("auth/login", {"email": ADDRESS, "password": PASSWORD})
    assert asked.status_code == 401
    pending = asked.json()["meta"]["session_token"]
    assert api.get("/api/v1/me/", headers={"Authorization": f"Bearer {pending}"}).status_code == 401
    wrong = call("auth/2fa/authenticate", {"code": "000000"}, pending)
    assert wrong.status_code == 400
    later = one_time_code(secret, time.time() + 30)
    proved = call("auth/2fa/authenticate", {"code": later}, pending)
    assert proved.status_code == 200, proved.content
    token = proved.json()["meta"].get("session_token", pending)
    assert me(token)["roles"] == ["clearing"]
    assert "clearing:write" in me(token)["permissions"]
    assert me(token)["proved_at"] is not None
    header = {"X-Session-Token": token}
    assert api.get("/api/v1/me/", headers=header).json()["identifier"] == person.public_id
    assert call("auth/session", token=token, method="delete").status_code == 401
    assert api.get("/api/v1/me/", headers=header).status_code == 401


def test_a_new_password_ends_what_was_signed_in(api, person):
    set_password()
    token = call("auth/login", {"email": ADDRESS, "password": PASSWORD}).json()["meta"]["session_token"]
    header = {"Authorization": f"Bearer {token}"}
    assert api.get("/api/v1/me/", headers=header).status_code == 200
    set_password()
    assert api.get("/api/v1/me/", headers=header).status_code == 401


def test_a_browser_signs_in_and_gets_to_the_first_page(person):
    set_password()
    browser = Client()
    signed_in = browser.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD})
    assert (signed_in.status_code, signed_in["Location"]) == (302, "/")
    assert browser.get("/").status_code == 200


def test_nobody_signs_up_and_nobody_registers_a_client():
    refused = call("auth/signup", {"email": "new@example.jp", "password": PASSWORD})
    assert refused.status_code == 403
    for path in (
        "/oauth/applications/register/",
        "/oauth/applications/",
        "/oauth/authorize/",
        "/oauth/device/",
        "/oauth/device-authorization/",
        "/oauth/introspect/",
        "/oauth/authorized_tokens/",
        "/admin/",
    ):
        assert (Client().get(path).status_code, Client().post(path).status_code) == (404, 404)
