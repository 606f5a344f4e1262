"""The routes of registration: a stranger's whole way, and what others do not find."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.jobs.runner import run_due
from marketplace.participants.models import Invitation, Organisation, User
from marketplace.registration import bounds
from marketplace.registration.examples import APPLICATION_EXAMPLE, OWNERS_EXAMPLE
from marketplace.registration.models import Registration
from tests.client import KeyedClient
from tests.participants import factories as parties

from . import factories

pytestmark = pytest.mark.django_db

ROOT = "/api/v1/registrations/"


def holder(key: str) -> KeyedClient:
    """A client of the applicant who has a key."""
    client = KeyedClient()
    client.credentials(HTTP_REGISTRATION_KEY=key)
    return client


def file(content: bytes = factories.PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile("identity.pdf", content, "application/pdf")


def people(operator: Organisation) -> tuple[KeyedClient, KeyedClient]:
    """Two people of the operator."""
    first, second = (
        parties.client_of(operator, person=parties.person_of(operator, name)) for name in ("first", "second")
    )
    return first, second


def test_a_stranger_becomes_a_participant_whose_owner_signs_in(operator, api):
    begun = api.post(ROOT, APPLICATION_EXAMPLE)
    assert (begun.status_code, begun["Cache-Control"]) == (201, "no-store")
    path = f"{ROOT}{begun.json()['id']}/"
    applicant = holder(begun.json()["key"])
    row = Registration.objects.get()
    assert applicant.post(f"{path}prove-email/", {"code": factories.code_of(row)}).status_code == 200
    added = applicant.post(f"{path}documents/", {"kind": "identity", "file": file()}, format="multipart")
    assert added.status_code == 201, added.json()
    assert applicant.post(f"{path}owners/", OWNERS_EXAMPLE).status_code == 200
    submitted = applicant.post(f"{path}submit/").json()
    assert (submitted["state"], len(submitted["documents"]), len(submitted["owners"])) == ("submitted", 1, 1)
    run_due("default")

    first, second = people(operator)
    read = first.get(path).json()
    assert [each["outcome"] for each in read["screenings"]] == ["held"]
    document = first.get(f"/api/v1/supporting-documents/{read['documents'][0]['id']}/content/")
    assert (document.content, document["X-Content-Type-Options"]) == (factories.PDF, "nosniff")
    assert "attachment" in document["Content-Disposition"]
    assert first.post(f"{path}propose/", {"reason": "登記を確認済み"}).json()["state"] == "confirming"
    alone = first.post(f"{path}accept/")
    assert (alone.status_code, alone.json()["code"]) == (403, "forbidden")
    assert second.post(f"{path}accept/").json()["state"] == "accepted"

    organisation = Organisation.objects.get(is_operator=False)
    assert applicant.get(path).json()["organisation"] == organisation.public_id
    token = parties.token_in_mail(Invitation.objects.get())
    words = "a long and uncommon passphrase"
    joined = api.post("/api/v1/invitations/accept/", {"token": token, "name": "讃岐 花子", "password": words})
    assert (joined.status_code, joined.json()["roles"]) == (201, ["owner"])
    owner = User.objects.get(email=APPLICATION_EXAMPLE["email"])
    api.post("/accounts/login/", {"login": owner.email, "password": words}, format="multipart")
    assert api.session["_auth_user_id"] == str(owner.pk)


def test_the_key_is_shown_once(api):
    begun = api.post(ROOT, APPLICATION_EXAMPLE).json()
    read = holder(begun["key"]).get(f"{ROOT}{begun['id']}/").json()
    assert set(begun) - set(read) == {"key"}
    assert {"screenings", "proposed_by", "acceptance_reason"}.isdisjoint(read)


def test_nobody_reads_or_changes_anothers_application(api, operator):
    own, other = (factories.begun(email=f"{name}@example.jp") for name in "ab")
    clients = [api, holder("rgk_wrong"), holder(other.issued_key), parties.client_of(parties.organisation())]
    commands: list[tuple[str, Any]] = [
        ("send-code", {}),
        ("prove-email", {"code": factories.code_of(own)}),
        ("owners", OWNERS_EXAMPLE),
        ("submit", {}),
    ]
    before = Registration.objects.values().get(pk=own.pk)
    for client in clients:
        assert client.get(f"{ROOT}{own.public_id}/").status_code in {401, 403, 404}
        for command, body in commands:
            answer = client.post(f"{ROOT}{own.public_id}/{command}/", body)
            assert (command, answer.status_code) == (command, 404)
        answer = client.post(
            f"{ROOT}{own.public_id}/documents/", {"kind": "identity", "file": file()}, format="multipart"
        )
        assert answer.status_code == 404
    assert Registration.objects.values().get(pk=own.pk) == before


def test_only_the_operator_reads_all(api, operator):
    row = factories.filed()
    other = parties.client_of(parties.organisation())
    for path in ("registrations", "supporting-documents"):
        url = f"/api/v1/{path}/"
        assert api.get(url).status_code == 401
        assert holder(row.issued_key or "").get(url).status_code in {401, 403}
        assert other.get(url).status_code == 403
        assert len(parties.client_of(operator).get(url).json()["results"]) == 1
        for role, expected in (("auditor", 200), ("admission", 200), ("support", 403)):
            assert parties.client_of(operator, roles=(role,)).get(url).status_code == expected
    assert other.get(f"{ROOT}{row.public_id}/").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_takes_the_same_queries_for_any_number(operator, rows, django_assert_num_queries):
    for number in range(rows):
        factories.filed(email=f"{number}@example.jp")
    client = parties.client_of(operator)
    client.get(ROOT)
    with django_assert_num_queries(2):
        assert len(client.get(ROOT).json()["results"]) == rows
    with django_assert_num_queries(2):
        assert len(client.get("/api/v1/supporting-documents/").json()["results"]) == rows


def test_a_wrong_code_is_counted_although_the_command_is_refused(api):
    begun = api.post(ROOT, APPLICATION_EXAMPLE).json()
    run_due("mail")
    answer = holder(begun["key"]).post(f"{ROOT}{begun['id']}/prove-email/", {"code": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "code_wrong")
    assert Registration.objects.get().wrong_codes == 1


def test_a_command_under_one_key_takes_effect_once(api):
    begun = api.post(ROOT, APPLICATION_EXAMPLE).json()
    client = holder(begun["key"])
    for _ in range(2):
        sent = client.post(f"{ROOT}{begun['id']}/send-code/", {}, HTTP_IDEMPOTENCY_KEY="once")
        assert sent.status_code == 200
    assert Registration.objects.get().codes_sent == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": 1},
        {"email": "x" * 300},
        {"name": {"ja": "x" * 201, "en": "x"}},
        {"kind": "club"},
        {"applicant_name": "a\u0000b"},
        {"country": "ＪＰ"},
        {"corporate_number": "５８３５６７８２５６２４６"},
    ],
)
def test_hostile_values_are_refused_by_name(api, changes):
    answer = api.post(ROOT, APPLICATION_EXAMPLE | changes)
    assert (answer.status_code, Registration.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    "content",
    [b"", b"MZ", factories.PDF + bytes(bounds.DOCUMENT_BYTES_MAX)],
    ids=["empty", "program", "large"],
)
def test_a_file_that_is_no_document_is_refused(content):
    row = factories.begun()
    factories.services.prove_email(
        actor=factories.applicant(row), registration=row.public_id, code=factories.code_of(row)
    )
    answer = holder(row.issued_key or "").post(
        f"{ROOT}{row.public_id}/documents/", {"kind": "identity", "file": file(content)}, format="multipart"
    )
    assert (answer.status_code, row.documents.count()) == (422, 0)


def test_too_many_applications_of_one_network_are_told_so(api):
    for _ in range(bounds.DRAFTS_PER_ADDRESS_MAX):
        factories.begun("127.0.0.1")
    answer = api.post(ROOT, APPLICATION_EXAMPLE)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_drafts")
