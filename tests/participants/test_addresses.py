"""A person changes its address by answering a mail to the new one: nobody takes an address that somebody else reads."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client

from marketplace.kernel.invariants import REGISTER
from marketplace.participants import services
from marketplace.participants.models import Invitation, User
from tests.roles import assert_refused, unguarded

from . import factories
from .test_signing_in import ADDRESS, PASSWORD, call, set_password

pytestmark = pytest.mark.django_db

VICTIM = "cfo@victim.example.jp"


@pytest.fixture
def person():
    return factories.person_of(factories.organisation(), "second", ("trader",))


@pytest.fixture
def token(person):
    set_password()
    return call("auth/login", {"email": ADDRESS, "password": PASSWORD}).json()["meta"]["session_token"]


def test_nobody_takes_an_address_that_it_does_not_read(person, token):
    assert call("account/email", {"email": VICTIM}, token).status_code == 200
    call("account/email", {"email": VICTIM, "primary": True}, token, method="patch")
    browser = Client()
    browser.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD})
    browser.post("/accounts/email/", {"email": VICTIM, "action_primary": ""})
    person.refresh_from_db()
    assert person.email == ADDRESS
    # The person of that address joins its own organisation as if nothing had happened.
    owner = factories.actor_of(factories.owner_of(factories.organisation("B")))
    services.invite(actor=owner, email=VICTIM, roles=["finance"])
    joined = services.accept_invitation(
        token=factories.token_in_mail(Invitation.objects.get()), name="被害 者", password=PASSWORD
    )
    assert joined.user.email == VICTIM
    assert REGISTER["participants.addresses_answered"].check() == []


def test_another_address_takes_the_place_once_its_mail_is_answered(person, token):
    call("account/email", {"email": "moved@example.jp"}, token)
    sent = next(each for each in mail.outbox if each.to == ["moved@example.jp"])
    (link,) = re.findall(r"/accounts/confirm-email/\S+", sent.body)
    browser = Client()
    browser.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD})
    assert browser.post(link).status_code == 302
    person.refresh_from_db()
    assert person.email == "moved@example.jp"
    assert list(EmailAddress.objects.filter(user=person).values_list("email", "verified")) == [
        ("moved@example.jp", True)
    ]
    assert REGISTER["participants.addresses_answered"].check() == []


def test_the_database_takes_no_address_that_nobody_answered(person):
    EmailAddress.objects.create(user=person, email=VICTIM, verified=False)
    with connection.cursor() as cursor:
        assert_refused(
            lambda: cursor.execute(
                "UPDATE participants_user SET email = %s WHERE id = %s", [VICTIM, person.pk]
            ),
            because="once its mail was answered",
        )
    assert REGISTER["participants.addresses_answered"].check() == []
    with unguarded("participants_user"):
        User.objects.filter(pk=person.pk).update(email=VICTIM)
    assert REGISTER["participants.addresses_answered"].check() == [{"public_id": person.public_id}]
