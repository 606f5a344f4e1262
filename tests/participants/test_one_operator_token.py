"""Whatever one credential of the operator calls, it makes no second person, no participant's secret and no wider token.

The routes by which that was possible are tried one by one, by a person with every role and by a program.
"""

from __future__ import annotations

import pytest
from oauth2_provider.models import get_access_token_model

from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.permissions import READS
from marketplace.participants.models import Application, Membership, RoleGrant, Session, User
from marketplace.webhooks.models import Webhook

from . import factories

pytestmark = pytest.mark.django_db

API = "/api/v1"
PERSON = {"email": "cfo@victim.example.jp", "name": "偽者", "roles": ["owner"]}
STAFF = {"email": "second@operator.example.jp", "name": "二人目", "roles": ["clearing"]}


@pytest.fixture
def operator():
    return factories.operator()


@pytest.fixture
def victim():
    return factories.organisation("V")


@pytest.fixture(params=["person", "program"])
def token(request, operator):
    """The one credential: a client of a person of the operator, or of one of its programs."""
    return (factories.client_of if request.param == "person" else factories.program_of)(operator)


def credentials() -> tuple[int, ...]:
    """How many people, memberships, roles, programs, tokens and sessions there are."""
    tables = (User, Membership, RoleGrant, Application, get_access_token_model(), Session)
    return tuple(table._default_manager.count() for table in tables)


def test_it_makes_no_person_of_anybody(token, operator, victim):
    before, recorded = credentials(), EvidenceRecord.objects.count()
    for body in (PERSON, STAFF, PERSON | {"organisation": victim.public_id}):
        assert token.post(f"{API}/members/", body).status_code == 405
    member = {"email": "cfo@victim.example.jp", "roles": ["owner"]}
    for body in (PERSON, STAFF, member | {"organisation": victim.public_id}):
        assert token.post(f"{API}/members/invitations/", body).status_code in {403, 422}
    assert (credentials(), EvidenceRecord.objects.count()) == (before, recorded)


def test_it_makes_no_program_of_another_organisation(token, victim):
    before = credentials()
    body = {"name": "theirs", "organisation": victim.public_id}
    assert token.post(f"{API}/applications/", body).status_code in {403, 422}
    assert credentials() == before


def test_it_names_no_other_organisation_to_act_for(token, operator, victim):
    answer = token.get(f"{API}/me/", headers={"Sanpo-Organisation": victim.public_id})
    # A program has one organisation, whatever a request names.
    assert answer.status_code in {200, 403}
    if answer.status_code == 200:
        assert answer.json()["organisation"]["id"] == operator.public_id


def test_its_programs_only_read_and_never_count_as_a_person(operator):
    person = factories.client_of(operator)
    made = person.post(f"{API}/applications/", {"name": "desk"}).json()
    assert made["scopes"] == ["market:read", "money:read"]
    for wider in (["clearing:write"], ["members:write"], ["market:read", "listings:write"]):
        assert person.post(f"{API}/applications/", {"name": "wide", "scopes": wider}).status_code == 422
    assert Application.objects.count() == 1
    program = factories.bearer_client(factories.token_of(Application.objects.get()))
    me = program.get(f"{API}/me/").json()
    assert (me["identifier"], me["responsible"]) == (made["id"], made["responsible"])
    assert set(me["permissions"]) <= READS


def test_a_program_makes_neither_people_nor_programs_nor_secrets(victim):
    program = factories.program_of(victim)
    before = credentials()
    for path, body in (
        ("members/invitations", {"email": "cfo@victim.example.jp", "roles": ["owner"]}),
        ("applications", {"name": "second"}),
        ("webhooks", {"url": "https://hooks.example.com/sanpo"}),
    ):
        refused = program.post(f"{API}/{path}/", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_needed")
    assert (credentials(), Webhook.objects.count()) == (before, 0)


def test_no_token_is_widened_by_asking_for_another(victim, api):
    application = factories.application_of(victim, ("listings:write",))
    body = {
        "grant_type": "client_credentials",
        "client_id": application.client_id,
        "client_secret": application.issued_secret,
    }
    for scope in ("listings:write market:read", "market:read", "market:read\u00a0listings:write"):
        assert api.post("/oauth/token/", body | {"scope": scope}, format="multipart").status_code == 400
    for grant in ("password", "authorization_code", "refresh_token", "implicit"):
        answer = api.post("/oauth/token/", body | {"grant_type": grant}, format="multipart")
        assert answer.status_code in {400, 401}
    assert get_access_token_model().objects.count() == 0
    writer = factories.bearer_client(factories.token_of(application))
    assert writer.get(f"{API}/organisations/").status_code == 403
    assert writer.post(f"{API}/applications/", {"name": "wider"}).status_code == 403
