"""Participants for tests, made by the services that make them everywhere."""

from __future__ import annotations

import itertools
from typing import Any

from oauth2_provider.models import get_access_token_model
from stdnum.jp import cn

from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.participants import queries, services
from marketplace.participants.models import Admission, Organisation, Segment, User
from tests.client import KeyedClient

DECLARATIONS = {"antisocial_forces_excluded": True, "security_contact": "security@example.jp"}
PAYOUT_ACCOUNT = {
    "bank_code": "0001",
    "branch_code": "002",
    "account_type": "ordinary",
    "account_number": "1234567",
    "account_holder_kana": "ｻﾝﾎﾟ(ｶ",
}

_numbers = itertools.count(100_000_000_000)


def corporate_number() -> str:
    """A corporate number with the right check digit, another one each time."""
    digits = str(next(_numbers))
    return cn.calc_check_digit(digits) + digits


def organisation(label: str = "A", **changes: Any) -> Organisation:
    """A registered business in Japan."""
    facts: dict[str, Any] = {
        "name": {"ja": f"組織{label}", "en": f"Organisation {label}"},
        "corporate_number": corporate_number(),
        "kind": "business",
        "address": "東京都千代田区1-1",
        "representative": "代表 太郎",
    }
    return services.register_organisation(actor=SYSTEM, **(facts | changes))


def operator() -> Organisation:
    """The market's operator."""
    return organisation("運営", is_operator=True)


def actor_for(subject: Organisation, identifier: str = "app_test") -> Actor:
    """Somebody who acts for ``subject``."""
    role = Role.OPERATOR if subject.is_operator else Role.PARTICIPANT
    return Actor(identifier, role, subject.pk, subject.public_id)


def segment(code: str = "mobility") -> Segment:
    """The open segment of this code."""
    existing = Segment.objects.filter(code=code).first()
    return existing or services.open_segment(actor=SYSTEM, code=code, name={"ja": f"分野{code}", "en": code})


def application_for(subject: Organisation, code: str = "mobility", capacity: str = "buyer") -> Admission:
    """An application for admission that waits for the rules."""
    segment(code)
    return services.apply_for_admission(
        actor=actor_for(subject), segment=code, capacity=capacity, declarations=DECLARATIONS
    )


def admit(subject: Organisation, code: str = "mobility", capacity: str = "buyer") -> Admission:
    """An admission that the rules gave."""
    admission = application_for(subject, code, capacity)
    return services.decide_admission(
        actor=SYSTEM, admission=admission.public_id, outcome="allow", decision="dec_test"
    )


def admitted(label: str = "A", code: str = "mobility", capacity: str = "buyer") -> Organisation:
    """A business that is admitted to one segment."""
    subject = organisation(label)
    admit(subject, code, capacity)
    assert queries.is_admitted(subject.pk, code, capacity)
    return subject


def client_of(
    subject: Organisation,
    scopes: tuple[str, ...] = ("market:read", "market:write"),
    *,
    person: User | None = None,
) -> KeyedClient:
    """An API client with a token of a program of ``subject``, or of a ``person`` who uses the program."""
    application = services.create_application(actor=SYSTEM, organisation=subject.public_id, name="test")
    token = services.issue_token(application=application.client_id, scopes=scopes, lifetime_seconds=600)
    if person is not None:
        get_access_token_model().objects.filter(application=application).update(user=person)
    client = KeyedClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def person_of(subject: Organisation, name: str = "second") -> User:
    """A member of ``subject``, who signs in."""
    return services.add_member(
        actor=SYSTEM, organisation=subject.public_id, email=f"{name}@example.jp", name=name, role="owner"
    )
