"""Each request has an identifier, a log line without secrets, and a place in the metrics."""

from __future__ import annotations

import json
import logging
import time

import pytest

from marketplace.kernel import correlation
from marketplace.observability.log_format import json_formatter, line_formatter
from marketplace.observability.requests import template_of


@pytest.mark.parametrize("given", ["caller-1.2_3", "a" * 64, "0f8fad5b-d9cb-469f-a165-70867728950e"])
def test_a_callers_identifier_is_kept(client, given):
    assert client.get("/robots.txt", HTTP_X_REQUEST_ID=given)["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "white space", "new\nline-line", "日本語日本語日本語", "-startsbadly"])  # fmt: skip
def test_another_identifier_is_replaced(client, given):
    found = client.get("/robots.txt", HTTP_X_REQUEST_ID=given)["X-Request-ID"]
    assert found.startswith("req_")
    assert len(found) == 30


@pytest.mark.parametrize(
    ("route", "template"),
    [
        ("api/v1/^cycles/(?P<id>[^/.]+)/$", "/api/v1/cycles/{id}/"),
        ("api/v1/^trades/(?P<id>[^/.]+)/refund/$", "/api/v1/trades/{id}/refund/"),
        ("api/v1/deliveries/<str:id>/content/<str:name>/", "/api/v1/deliveries/{id}/content/{name}/"),
        ("^(?P<name>a(b)c)/(?P<other>x+)\\Z", "/{name}/{other}"),
        ("", "/"),
    ],
)
def test_a_route_is_named_by_its_template(route, template):
    assert template_of(route) == template


def test_a_request_is_logged_by_its_route_and_not_by_its_address(client, db, caplog):
    with caplog.at_level(logging.INFO, "marketplace.observability.requests"):
        client.get("/api/v1/cycles/cyc_1/?token=secret")
    record = next(record for record in caplog.records if record.name == "marketplace.observability.requests")
    assert (record.message, record.method, record.route, record.status) == (
        "request",
        "GET",
        "/api/v1/cycles/{id}/",
        404,
    )


def test_a_request_counts_by_route_method_and_status(client, db):
    def counted() -> float:
        lines = client.get("/metrics").content.decode().splitlines()
        start = 'sanpo_request_seconds_count{method="GET",route="/api/v1/cycles/{id}/",status="404"} '
        return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))

    before = counted()
    client.get("/api/v1/cycles/cyc_1/")
    client.get("/api/v1/cycles/cyc_2/")
    assert counted() == before + 2


def test_methods_that_callers_invent_count_as_one(client, db):
    client.generic("MOON", "/api/v1/cycles/")
    text = client.get("/metrics").content.decode()
    assert 'method="other"' in text
    assert "MOON" not in text


def formatted(message: str, *arguments: object, json_lines: bool = True, **extra: object) -> str:
    record = logging.LogRecord("market.trial", logging.INFO, __file__, 1, message, arguments, None)
    vars(record).update(extra)
    return (json_formatter() if json_lines else line_formatter()).format(record)


def test_a_line_names_what_it_belongs_to():
    correlation.begin(request_id="caller-12345678", event_id="evt_1", organisation=None)
    try:
        line = json.loads(formatted("%s things", 3, seconds=0.25))
        readable = formatted("%s things", 3, json_lines=False)
    finally:
        correlation.end()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "3 things",
        "level": "info",
        "logger": "market.trial",
        "request_id": "caller-12345678",
        "event_id": "evt_1",
        "seconds": 0.25,
    }
    assert readable.endswith("INFO market.trial: 3 things event_id=evt_1 request_id=caller-12345678")
    assert "request_id" not in formatted("later")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("mail to taro.yamada@buyer.example.jp failed", "mail to [address] failed"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [secret]"),
        ("postgresql://app:pass@db/sanpo", "postgresql://[secret]@db/sanpo"),
        ("secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "secret [secret]"),
        ("/callback?code=abc&other=1", "/callback?code=[secret]&other=1"),
        ("Not Found: /accounts/password/reset/key/3-abc/", "Not Found: /accounts/[secret]"),
        ("/api/v1/content/?grant=Wy9hIl0:1v:x-y_z", "/api/v1/content/?grant=[secret]"),
        ("worker@sanpo is ready", "worker@sanpo is ready"),
    ],
)
def test_secrets_and_addresses_stay_out_of_logs(message, shown):
    assert json.loads(formatted(message))["event"] == shown


@pytest.mark.parametrize("part", ["a", "://:", "a@", "bearer ", "://a:b@c", "a@a."])
def test_a_long_line_of_a_strangers_choice_costs_little(part):
    began = time.process_time()
    formatted("Not Found: /" + part * (60_000 // len(part)))
    assert time.process_time() - began < 2


def test_what_a_library_attaches_to_a_line_stays_out():
    assert "request" not in json.loads(formatted("a", request="GET /?token=b", password="c"))


def test_an_exception_stands_in_the_line_without_its_secrets():
    try:
        raise ValueError("no such person: hanako@seller.example.jp")
    except ValueError as error:
        shown = (type(error), error, error.__traceback__)
    record = logging.LogRecord("market.trial", logging.ERROR, __file__, 1, "failed", (), shown)
    line = json.loads(json_formatter().format(record))
    assert line["exception"].endswith("ValueError: no such person: [address]")
    assert line_formatter().format(record).splitlines()[-1] == "ValueError: no such person: [address]"
