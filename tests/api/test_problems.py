"""Whatever goes wrong within the API is answered by problem details that name the request."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import Http404
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from marketplace.api.parsers import DEPTH_MAX
from marketplace.events.models import OutboxEvent
from marketplace.urls import urlpatterns as market_routes
from web.texts import FAULT
from web.views import bad_request, permission_denied

from .conftest import bearer
from .test_conventions import NEW

JSON = "application/json"
ORGANISATIONS = "/api/v1/organisations/"


def fail(request):
    """A fault of ours, such as a forgotten case."""
    raise LookupError("secret of the database")


def refuse(request):
    """A view that reads a body beyond the limit."""
    raise RequestDataTooBig("too big")


urlpatterns = [
    path("api/v1/broken/", fail),
    path("broken/", fail),
    path("api/v1/big/", refuse),
    *market_routes,
]
handler400, handler500 = "web.views.bad_request", "web.views.server_error"


def problem_of(answer) -> dict:
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["request_id"]) == (answer.status_code, answer["X-Request-ID"])
    return body


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"name":' * 100_000, "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1)],
    ids=["unclosed list", "unclosed object", "just too deep"],
)
def test_json_that_is_nested_too_deeply_is_malformed(acting, body):
    before = OutboxEvent.objects.count()
    answer = acting.post(ORGANISATIONS, body, content_type=JSON)
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "parse_error")
    assert OutboxEvent.objects.count() == before


def test_json_of_the_greatest_depth_is_read(acting):
    body = "[" * (DEPTH_MAX - 1) + "]" * (DEPTH_MAX - 1)
    assert acting.post(ORGANISATIONS, body, content_type=JSON).status_code == 422


@pytest.mark.parametrize("text", ['"\\ud800"', '{"\\udfff": 1}', '{"name": ["\\ud800x"]}'])
def test_half_a_character_is_malformed(acting, text):
    answer = acting.post(ORGANISATIONS, text, content_type=JSON)
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "parse_error")


@pytest.mark.parametrize("content_type", [JSON, "multipart/form-data; boundary=x"])
def test_a_body_that_is_too_large_is_told_the_limit(acting, content_type):
    if content_type == JSON:
        body = json.dumps({**NEW, "address": "x" * 2_621_440})
    else:
        body = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + "x" * 2_621_441 + "\r\n--x--\r\n"
    answer = acting.post(ORGANISATIONS, body, content_type=content_type)
    found = problem_of(answer)
    assert (answer.status_code, found["code"]) == (413, "request_too_large")
    assert "2621440" in found["detail"]


def test_a_method_that_a_route_does_not_know_is_refused(acting):
    answer = acting.delete(ORGANISATIONS)
    assert (answer.status_code, problem_of(answer)["code"]) == (405, "method_not_allowed")


def test_a_media_type_that_a_route_does_not_read_is_refused(acting):
    answer = acting.post(ORGANISATIONS, "a", content_type="text/plain")
    assert (answer.status_code, problem_of(answer)["code"]) == (415, "unsupported_media_type")


@pytest.fixture
def broken(client, db):
    """A client of a market with routes that fail."""
    client.raise_request_exception = False
    with override_settings(ROOT_URLCONF="tests.api.test_problems"):
        yield client


def test_a_fault_says_nothing_of_itself_but_the_request(broken, caplog):
    answer = broken.get("/api/v1/broken/", HTTP_X_REQUEST_ID="caller-12345678")
    found = problem_of(answer)
    assert (answer.status_code, found["code"], found["detail"]) == (
        500,
        "internal_error",
        FAULT.localized(),
    )
    assert found["request_id"] == "caller-12345678"
    assert b"secret of the database" not in answer.content
    assert "secret of the database" in caplog.text


def test_a_fault_of_a_page_is_told_in_words_with_the_request(broken):
    answer = broken.get("/broken/")
    assert answer.status_code == 500
    assert answer.content.decode() == f"{FAULT.localized()}\n{answer['X-Request-ID']}"


def test_what_a_plain_view_refuses_as_too_big_is_a_problem_too(broken):
    answer = broken.get("/api/v1/big/")
    assert (answer.status_code, problem_of(answer)["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("view", "error", "status", "code"),
    [
        (bad_request, TooManyFieldsSent(), 400, "bad_request"),
        (bad_request, RequestDataTooBig(), 413, "request_too_large"),
        (permission_denied, Http404(), 403, "permission_denied"),
    ],
)
def test_what_django_refuses_is_a_problem_within_the_api_and_words_elsewhere(view, error, status, code):
    within = view(RequestFactory().get("/api/v1/cycles/"), error)
    assert (within.status_code, json.loads(within.content)["code"]) == (status, code)
    elsewhere = view(RequestFactory().get("/accounts/login/"), error)
    assert (elsewhere.status_code, elsewhere["Content-Type"]) == (status, "text/plain; charset=utf-8")


@override_settings(ALLOWED_HOSTS=["market.example.jp"])
def test_an_unknown_host_is_refused_by_a_problem(client, db):
    answer = client.get("/api/v1/cycles/", HTTP_HOST="elsewhere.example")
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "bad_request")


@pytest.mark.parametrize("month", ["9999-12-01", "9999-12-31", "0001-01-01"])
def test_months_at_the_ends_of_time_are_answered(acting, month):
    answer = acting.post("/api/v1/ledger-periods/", {"month": month})
    assert answer.status_code in (201, 409, 422)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]
)  # fmt: skip
def test_moments_at_the_ends_of_time_are_answered(acting, moment):
    answer = acting.get("/api/v1/balances/", {"at": moment})
    assert answer.status_code in (200, 422)


WITHOUT_WORDS = [
    ("POST", "/api/v1/openapi.json"),
    ("DELETE", "/api/v1/openapi.json"),
    ("POST", "/api/docs/"),
    ("OPTIONS", "/api/docs/"),
    ("DELETE", "/healthz"),
    ("GET", "/oauth/token/"),
    ("PUT", "/robots.txt"),
]


@pytest.mark.parametrize(("method", "path"), WITHOUT_WORDS)
def test_a_method_that_no_route_knows_is_a_problem_everywhere(db, method, path):
    client = Client(enforce_csrf_checks=method != "PUT")
    answer = client.generic(method, path)
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert (answer.json()["status"], answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"] or "POST" in answer["Allow"]
    assert len(answer.content) == int(answer.get("Content-Length", len(answer.content)))


def test_a_method_that_no_route_knows_needs_no_scope(api, operator):
    api.credentials(**bearer(operator, roles=("auditor",)))
    for method, address in (("DELETE", ORGANISATIONS), ("POST", "/api/v1/me/"), ("POST", "/api/v1/trades/")):
        answer = api.generic(method, address)
        assert (answer.status_code, problem_of(answer)["code"]) == (405, "method_not_allowed")
    assert api.post(ORGANISATIONS, NEW).status_code == 403
    api.credentials()
    assert api.delete(ORGANISATIONS).status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/metrics/", "*", "//api/v1/deliveries/a/distributions/b/content/", "/admin/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_what_the_downloads_process_does_not_know_is_a_problem(client, db, method, path):
    with override_settings(ROOT_URLCONF="marketplace.downloads_urls"):
        answer = client.generic(method, "/", PATH_INFO=path)
    assert (answer.status_code, problem_of(answer)["code"]) == (404, "not_found")


def test_what_the_downloads_process_cannot_read_is_a_problem(client, db):
    with override_settings(ROOT_URLCONF="marketplace.downloads_urls", ALLOWED_HOSTS=["market.example.jp"]):
        answer = client.get("/", HTTP_HOST="elsewhere.example")
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "bad_request")


def test_what_fails_while_a_page_is_not_found_is_logged(client, db, caplog):
    client.raise_request_exception = False
    with override_settings(ROOT_URLCONF="tests.api.routes_without_pages"):
        answer = client.get("/elsewhere/")
    assert answer.status_code == 500
    assert "NoReverseMatch" in caplog.text


def test_one_limit_holds_for_bodies_that_are_read_into_memory():
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == settings.REQUEST_BODY_BYTES_MAX == 2_621_440
