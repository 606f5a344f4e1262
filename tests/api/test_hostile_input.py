"""Input that only an attacker sends is refused at the edge, in words."""

from __future__ import annotations

from base64 import b64encode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clearing.bank.models import StatementImport
from marketplace.kernel.amounts import TOTAL_MINOR_MAX

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["catalogue/%00/", "cycles/%00/", "cycles/%00/progress/", "segments/%00/"])
def test_a_nul_in_the_path_names_nothing(api, path):
    answer = api.get(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_a_nul_in_a_parameter_is_refused_by_its_name(api):
    answer = api.get("/api/v1/catalogue/?seller=a%00&text=b")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("seller", "null_character")
    ]


@pytest.mark.parametrize(
    "body",
    [
        '{"email": "a\\u0000@example.jp", "password": "x"}',
        '{"email": "a@example.jp", "password": "\\ud800"}',
        "[" * 3000,
        '{"email": ' + "9" * 5000 + "}",
    ],
    ids=["NUL", "half a surrogate pair", "nested", "a long number"],
)
@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", ""])
def test_a_login_with_hostile_json_is_refused(client, body, content_type):
    answer = client.post("/_allauth/app/v1/auth/login", body, content_type=content_type)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "parse_error"


@pytest.mark.parametrize(
    "amount",
    ["-1e700000", "1e9", "1.5", "-1", str(TOTAL_MINOR_MAX + 1), str(2**63), "9" * 100_000],
    ids=lambda text: text[:9],
)
def test_an_amount_to_filter_by_is_a_whole_number_within_bounds(api, amount):
    answer = api.get("/api/v1/catalogue/", {"price_minor_max": amount})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["price_minor_max"]


def test_the_largest_amount_is_accepted(api):
    assert api.get("/api/v1/catalogue/", {"price_minor_max": str(TOTAL_MINOR_MAX)}).status_code == 200


OAUTH = ("/oauth/token/", "/oauth/revoke_token/", "/oauth/introspect/", "/oauth/device-authorization/")
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("grant", ["client_credentials", "authorization_code", "password", "refresh_token"])
@pytest.mark.parametrize("path", OAUTH)
def test_a_nul_in_a_form_is_refused_by_its_name(client, path, grant):
    body = f"grant_type={grant}&client_id=a%00b&client_secret=x&token=t%00&code=c%00"
    answer = client.post(path, body, content_type=FORM)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert {error["field"] for error in answer.json()["errors"]} == {"client_id", "code", "token"}
    answer = client.post(path, {"grant_type": grant, "client_id": "a\0b"})
    assert [error["field"] for error in answer.json()["errors"]] == ["client_id"]


@pytest.mark.parametrize("credentials", ["a\0b:x", "a%00b:x", "a:x\0", "é\0:x"])
@pytest.mark.parametrize("path", OAUTH)
def test_a_nul_in_client_credentials_is_refused(client, path, credentials):
    header = f"Basic {b64encode(credentials.encode()).decode()}"
    answer = client.post(path, {"grant_type": "client_credentials"}, HTTP_AUTHORIZATION=header)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["Authorization"]


@pytest.mark.parametrize("header", ["Basic", "Basic ====", "Basic a", "Basic YTp4", "Bearer a%00"])
def test_other_credentials_are_left_to_those_who_check_them(client, header):
    answer = client.post("/oauth/token/", {"grant_type": "client_credentials"}, HTTP_AUTHORIZATION=header)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("path", OAUTH)
def test_client_credentials_that_are_not_ascii_are_refused(client, path):
    answer = client.post(path, {"grant_type": "client_credentials"}, HTTP_AUTHORIZATION="Basic é")
    assert answer.status_code == 400


def test_a_nul_in_a_cookie_is_refused(client):
    client.cookies["sessionid"] = "aaaaaaaaaaaa\0"
    for path in ("/admin/", "/accounts/login/", "/api/v1/catalogue/"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "sessionid")


def test_a_form_with_a_file_too_many_is_refused(acting):
    files = [SimpleUploadedFile(f"{number}.csv", b"a,b") for number in range(2)]
    answer = acting.post("/api/v1/bank-statements/", {"file": files}, format="multipart")
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("file", "repeated_field")
    ]
    assert StatementImport.objects.count() == 0


FORM_OF_PARTS = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--b--\r\n'


@pytest.mark.parametrize(
    "charset", ["rot13", "zlib", "base64", "undefined", "idna", "utf-16", "none", "\xff"]
)
@pytest.mark.parametrize("path", ["/oauth/token/", "/accounts/login/", "/api/v1/webhooks/"])
def test_a_body_in_another_charset_is_refused(client, path, charset):
    for content_type, body in (
        ("multipart/form-data; boundary=b", FORM_OF_PARTS),
        ("application/json", b"{}"),
    ):
        answer = client.generic("POST", path, body, f"{content_type}; charset={charset}")
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_charset")


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "us-ascii", '"utf-8"'])
def test_a_body_in_utf8_may_say_so(client, charset):
    stated = f"multipart/form-data; boundary=b; charset={charset}"
    answer = client.generic("POST", "/oauth/token/", FORM_OF_PARTS, stated)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
