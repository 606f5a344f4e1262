"""A person's own token, by the steps that the guide of the API states."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.test import Client

from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services

from . import factories

pytestmark = pytest.mark.django_db

ADDRESS, PASSWORD = "second@example.jp", "a-long-enough-secret"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123"
BACK = "http://127.0.0.1:7000/"


def challenge() -> str:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_a_person_sets_a_password_signs_in_and_gets_a_token_of_its_own(api):
    operator = factories.operator()
    person = services.add_member(
        actor=SYSTEM, organisation=operator.public_id, email=ADDRESS, name="二人 目", role="owner"
    )
    browser = Client()
    assert browser.post("/accounts/password/reset/", {"email": ADDRESS}).status_code == 302
    (link,) = re.findall(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)
    form = browser.get(link, follow=True).request["PATH_INFO"]
    assert browser.post(form, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    signed_in = browser.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD})
    assert (signed_in.status_code, signed_in["Location"]) == (302, "/")
    assert browser.get("/").status_code == 200

    registered = browser.post(
        "/oauth/applications/register/",
        {
            "name": "my terminal",
            "client_id": "terminal",
            "client_secret": "a-secret-of-the-terminal",
            "hash_client_secret": "on",
            "client_type": "confidential",
            "authorization_grant_type": "authorization-code",
            "redirect_uris": BACK,
            "algorithm": "",
        },
    )
    assert registered.status_code == 302, registered.content
    asked = {
        "client_id": "terminal",
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": "market:read market:write",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
    }
    assert browser.get("/oauth/authorize/", asked).status_code == 200
    allowed = browser.post("/oauth/authorize/", asked | {"allow": "Authorize"})
    code = parse_qs(urlsplit(allowed["Location"]).query)["code"][0]
    answer = Client().post(
        "/oauth/token/",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "client_id": "terminal",
            "client_secret": "a-secret-of-the-terminal",
            "code_verifier": VERIFIER,
        },
    )
    assert answer.status_code == 200, answer.content
    token = answer.json()["access_token"]
    me = api.get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["identifier"], me["role"], me["member_role"]) == (person.public_id, "operator", "owner")
