"""An invited person accepts on the page, without JavaScript."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from marketplace.jobs.runner import run_due
from marketplace.participants import services
from marketplace.participants.models import Membership, User
from tests.participants import factories as parties
from tests.participants import recoveries

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-secret"


@pytest.fixture
def invitation():
    subject = parties.organisation()
    owner = parties.actor_of(parties.owner_of(subject))
    return services.invite(actor=owner, email="taro@example.jp", roles=["trader"])


def strict_client(language: str = "ja") -> Client:
    """A browser of a stranger, with the checks against forged requests on."""
    return Client(enforce_csrf_checks=True, headers={"accept-language": language})


def test_a_stranger_joins_on_the_page(invitation):
    browser = strict_client()
    shown = browser.get("/join/")
    assert (shown.status_code, "招待の承諾" in shown.content.decode()) == (200, True)
    assert "no-store" in shown["Cache-Control"]
    form = {"token": parties.token_in_mail(invitation), "name": "高松 太郎", "password": PASSWORD}
    done = browser.post("/join/", form)
    assert (done.status_code, "組織A に参加しました" in done.content.decode()) == (200, True)
    assert Membership.objects.get(user__email="taro@example.jp").organisation == invitation.organisation


def test_what_is_wrong_is_said_in_the_language_of_the_page(invitation):
    browser = strict_client("en")
    for form, text in (
        ({"token": "ivk_wrong", "name": "x", "password": PASSWORD}, "No open invitation"),
        ({"token": "", "name": "x", "password": PASSWORD}, "token"),
        ({"token": parties.token_in_mail(invitation), "name": "x", "password": "1234"}, "password"),
    ):
        refused = browser.post("/join/", form)
        assert (refused.status_code, text in refused.content.decode()) == (422, True)
    assert User.objects.filter(email="taro@example.jp").count() == 0


def test_who_is_signed_in_joins_as_that(invitation):
    person = parties.person_of(parties.organisation("B"), "known")
    owner = parties.actor_of(parties.owner_of(invitation.organisation))
    mine = services.invite(actor=owner, email=person.email, roles=["auditor"])
    browser = strict_client()
    browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    assert "サインイン中です" in browser.get("/join/").content.decode()
    theirs = browser.post("/join/", {"token": parties.token_in_mail(invitation)})
    assert theirs.status_code == 422
    assert browser.post("/join/", {"token": parties.token_in_mail(mine)}).status_code == 200
    assert Membership.objects.filter(user=person).count() == 2


def test_a_known_contact_objects_on_the_page():
    subject, operator = parties.organisation(), parties.operator()
    owner = parties.owner_of(subject)
    row = recoveries.waiting(subject, operator)
    run_due("mail")
    (told,) = [each for each in mail.outbox if each.to == [owner.email]]
    (token,) = re.findall(r"^(ivk_\S+)$", told.body, re.MULTILINE)
    browser = strict_client()
    assert "代表管理者の変更への異議" in browser.get("/join/object/").content.decode()
    wrong = browser.post("/join/object/", {"token": "ivk_wrong", "reason": "在籍しています"})
    assert wrong.status_code == 422
    done = browser.post("/join/object/", {"token": token, "reason": "在籍しています"})
    assert (done.status_code, row.public_id in done.content.decode()) == (200, True)
    row.refresh_from_db()
    assert row.state == "objected"
