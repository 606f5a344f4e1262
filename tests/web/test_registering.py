"""An organisation applies on the pages, without JavaScript and without cookies."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from marketplace.jobs.runner import run_due
from marketplace.registration import services
from marketplace.registration.models import Registration
from tests.participants import factories as parties
from tests.registration import factories
from web.registering_texts import REGISTERING

from .reading import read, reader_of

pytestmark = pytest.mark.django_db

FORM = {
    "name_ja": "讃岐データ株式会社",
    "name_en": "Sanuki Data Co., Ltd.",
    "kind": "business",
    "country": "JP",
    "address": "香川県高松市番町1-8-15",
    "representative_title": "代表取締役",
    "representative_name": "讃岐 花子",
    "applicant_name": "讃岐 花子",
    "email": "hanako@sanuki.example.jp",
}
OWNER = {
    "name_0": "讃岐 花子",
    "country_0": "JP",
    "born_on_0": "1975-04-01",
    "basis_0": "ownership",
    "percent_0": "60",
}


def form(**changes: str) -> dict[str, str]:
    return FORM | {"corporate_number": parties.corporate_number()} | changes


def strict_client(language: str = "ja") -> Client:
    """A browser of a stranger, with the checks against forged requests on."""
    return Client(enforce_csrf_checks=True, headers={"accept-language": language})


def send(client: Client, row: Registration, key: str, command: str, **values: Any) -> Any:
    path = "/register/document/" if command == "document" else "/register/file/"
    return client.post(path, {"number": row.public_id, "key": key, "command": command, **values})


def begin(client: Client) -> tuple[Registration, str, Any]:
    """An application that was begun on the page, its key, and the page that shows it."""
    response = client.post("/register/", form())
    assert response.status_code == 201
    (key,) = set(re.findall(r"rgk_[\w-]+", response.content.decode()))
    return Registration.objects.get(), key, response


def test_an_application_is_made_and_submitted_on_the_pages():
    client = strict_client()
    row, key, _ = begin(client)
    assert send(client, row, key, "prove", code=factories.code_of(row)).status_code == 200
    file = SimpleUploadedFile("identity.pdf", factories.PDF, "application/pdf")
    assert send(client, row, key, "document", kind="identity", file=file).status_code == 200
    assert send(client, row, key, "owners", **OWNER).status_code == 200
    response = send(client, row, key, "submit")
    row.refresh_from_db()
    assert (response.status_code, row.state, row.owners.get().share_bp) == (200, "submitted", 6_000)
    assert "提出済み" in read(response).text
    assert client.cookies == {}


def test_a_page_with_a_key_is_kept_nowhere():
    _, _, response = begin(strict_client())
    assert "no-store" in response["Cache-Control"]
    assert "script-src 'none'" in response["Content-Security-Policy"]
    assert read(response).attributes("script") == []


@pytest.mark.parametrize(("language", "said"), [("ja", "検査用数字"), ("en", "valid check digit")])
def test_what_is_wrong_is_told_and_what_was_typed_stays(language, said):
    response = strict_client(language).post("/register/", form(corporate_number="1234567890123"))
    page = read(response)
    assert (response.status_code, said in page.text) == (422, True)
    assert {"value": "讃岐データ株式会社"}.items() <= next(
        each for each in page.attributes("input") if each.get("name") == "name_ja"
    ).items()
    assert Registration.objects.count() == 0


@pytest.mark.parametrize(
    ("command", "values"),
    [
        ("prove", {"code": "x"}),
        ("document", {"kind": "identity"}),
        ("document", {"kind": "club", "file": SimpleUploadedFile("a.pdf", b"MZ")}),
        ("owners", OWNER | {"percent_0": "20"}),
        ("owners", OWNER | {"percent_0": "many"}),
        ("owners", OWNER | {"born_on_0": "yesterday"}),
        ("submit", {}),
    ],
)
def test_a_refused_command_is_explained(command, values):
    client = strict_client()
    row, key, _ = begin(client)
    response = send(client, row, key, command, **values)
    row.refresh_from_db()
    assert (response.status_code, row.state) == (422, "draft")
    assert REGISTERING["register_wrong"].ja in read(response).text
    assert (row.documents.count(), row.owners.count()) == (0, 0)


def test_a_wrong_code_is_counted():
    client = strict_client()
    row, key, _ = begin(client)
    send(client, row, key, "prove", code="00000000")
    row.refresh_from_db()
    assert row.wrong_codes == 1


def test_nobody_opens_anothers_application():
    client = strict_client()
    row, key, _ = begin(client)
    other = factories.begun(email="other@example.jp")
    for number, tried in ((row.public_id, "rgk_wrong"), (other.public_id, key), ("", "")):
        response = client.post("/register/file/", {"number": number, "key": tried, "command": "submit"})
        assert (response.status_code, row.public_id in response.content.decode()) == (404, False)
    assert client.post("/register/file/", {"number": row.public_id, "key": key}).status_code == 200


def test_a_refusal_is_read_on_the_page():
    client, operator = strict_client(), parties.operator()
    row, key, _ = begin(client)
    services.prove_email(
        actor=factories.applicant(row), registration=row.public_id, code=factories.code_of(row)
    )
    factories.complete(row)
    send(client, row, key, "submit")
    run_due("default")
    services.refuse(
        actor=factories.person_of(operator, "first"),
        registration=row.public_id,
        reason="代表者が一致しません",
    )
    text = read(client.post("/register/file/", {"number": row.public_id, "key": key})).text
    assert ("代表者が一致しません" in text, REGISTERING["file_refused"].ja in text) == (True, True)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_text_is_on_a_page(language):
    client = strict_client(language)
    text = read(client.get("/register/")).text
    row, key, response = begin(client)
    text += read(response).text
    text += read(client.post("/register/file/", {"number": "x", "key": "x"})).text
    send(client, row, key, "prove", code=factories.code_of(row))
    text += read(client.post("/register/file/", {"number": row.public_id, "key": key})).text
    missing = [
        name
        for name, label in REGISTERING.items()
        if any(part not in text for part in label.in_language(language).replace("{", "}").split("}")[::2])
    ]
    assert missing == ["file_refused"]


def test_the_form_has_a_label_for_every_field():
    page = read(reader_of("ja").get("/register/"))
    labelled = {each["for"] for each in page.attributes("label")}
    fields = {each["id"] for tag in ("input", "select") for each in page.attributes(tag)}
    assert fields == labelled
