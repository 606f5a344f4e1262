"""Deliveries over HTTP."""

import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.core.signals import request_finished
from django.db import close_old_connections
from django.urls import reverse

from delivery import queries, services
from delivery.errors import ContentDamaged
from delivery.models import Download, Inspection, Voucher
from delivery.plane.grants import SALT
from marketplace.api.openapi import openapi_document
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from tests.access.factories import open_over_http
from tests.participants import factories as participants

from . import factories
from .conftest import ask_downloads, recorded
from .test_downloads import CHUNKS, LARGE, stored_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(granted):
    return participants.client_of(granted.buyer)


@pytest.fixture
def seller(granted):
    return participants.client_of(granted.seller)


@pytest.fixture
def stranger():
    return participants.client_of(participants.admitted("stranger", factories.SEGMENT, "buyer"))


def path(granted, tail=""):
    return f"/api/v1/deliveries/{granted.entitlement}/{tail}"


def content_path(granted, at=0):
    return path(granted, f"distributions/{granted.distributions[at]}/content/")


def report(client, granted, **hashes):
    return client.post(
        path(granted, "receipts/"), {"distribution": granted.distributions[0], **hashes}, format="json"
    )


def test_both_parties_see_their_delivery(granted, buyer, seller):
    for client in (buyer, seller):
        answer = client.get(path(granted))
        assert answer.status_code == 200
        body = answer.json()
        assert body["id"] == granted.entitlement
        assert (body["agreement"], body["trade"]) == (granted.agreement, granted.trade)
        assert (body["buyer"], body["seller"]) == (granted.buyer.public_id, granted.seller.public_id)
        assert (body["state"], body["access"]) == ("started", {"open": True, "code": None, "reason": None})
        (covered,) = body["distributions"]
        content = granted.contents[0]
        assert covered == {
            "id": granted.distributions[0],
            "file_name": "readings 1.csv",
            "media_type": "text/csv",
            "size_bytes": len(content),
            "sha256": factories.sha256(content),
            "sha512": factories.sha512(content),
        }
        (inspection,) = body["inspections"]
        assert (inspection["round"], inspection["state"], inspection["inspect_by"]) == (1, "awaiting", None)
        assert body["unmatched"] == granted.distributions


def test_a_file_is_streamed_with_its_digest_and_name(granted, buyer):
    content = granted.contents[0]
    answer = ask_downloads(buyer, content_path(granted))
    assert answer.status_code == 200
    assert answer.streaming
    assert b"".join(answer.streaming_content) == content
    digests = {
        name: base64.b64encode(hashlib.new(name, content).digest()).decode() for name in ("sha256", "sha512")
    }
    for field in ("Content-Digest", "Repr-Digest"):
        assert answer[field] == f"sha-256=:{digests['sha256']}:, sha-512=:{digests['sha512']}:"
    assert answer["ETag"] == f'"{factories.sha256(content)}"'
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"] == 'attachment; filename="readings 1.csv"'
    assert answer["Cache-Control"] == "private, no-store"
    assert (answer["Content-Length"], answer["Accept-Ranges"]) == (str(len(content)), "bytes")
    assert answer["X-Accel-Buffering"] == "no"
    assert Download.objects.get().state == "sent"


@pytest.mark.parametrize("accept", ["application/octet-stream", "text/csv", "*/*"])
def test_a_file_is_sent_whatever_media_type_is_preferred(granted, buyer, accept):
    answer = ask_downloads(buyer, content_path(granted), HTTP_ACCEPT=accept)
    assert (answer.status_code, answer.getvalue()) == (200, granted.contents[0])
    assert Download.objects.get().state == "sent"


def test_a_file_may_be_read_with_a_token_for_reading(granted):
    client = participants.program_of(granted.buyer, scopes=("market:read", "deliveries:read"))
    assert ask_downloads(client, content_path(granted)).getvalue() == granted.contents[0]
    assert report(client, granted, sha256=factories.sha256(granted.contents[0])).status_code == 403
    assert Voucher.objects.count() == 0


def test_an_answer_that_is_dropped_was_not_delivered(granted, buyer):
    answer = ask_downloads(buyer, content_path(granted))
    # The end of a request would close the test's own connection to the database too.
    request_finished.disconnect(close_old_connections)
    answer.close()
    request_finished.connect(close_old_connections)
    assert Download.objects.get().abort_reason == "broken_off"
    answer = report(buyer, granted, sha256=factories.sha256(granted.contents[0]))
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_sent")


def test_a_damaged_file_is_cut_and_never_ends(tuesday):
    stored_file(LARGE).unlink(missing_ok=True)
    granted = factories.granted(contents=(LARGE,))
    answer = ask_downloads(participants.client_of(granted.buyer), content_path(granted))
    chunks = iter(answer.streaming_content)
    received = [next(chunks)]
    stored_file(LARGE).write_bytes(LARGE[:-1] + b"!")
    with pytest.raises(ContentDamaged):
        received.extend(chunks)
    assert len(received) < CHUNKS
    assert Download.objects.get().abort_reason == "damaged"
    stored_file(LARGE).unlink()


def test_only_get_and_head_fetch(granted, buyer, unchanged):
    unchanged()
    assert ask_downloads(buyer, content_path(granted), "post").status_code == 405
    assert buyer.post(content_path(granted)).status_code == 405
    assert unchanged()


def test_head_says_what_get_would_send_and_begins_nothing(granted, buyer, unchanged):
    unchanged()
    whole = ask_downloads(buyer, content_path(granted), "head")
    part = ask_downloads(buyer, content_path(granted), "head", HTTP_RANGE="bytes=2-")
    size = len(granted.contents[0])
    assert (whole.status_code, whole["Content-Length"], whole.content) == (200, str(size), b"")
    assert whole["ETag"] == f'"{factories.sha256(granted.contents[0])}"'
    assert (part.status_code, part["Content-Length"]) == (206, str(size - 2))
    assert part["Content-Range"] == f"bytes 2-{size - 1}/{size}"
    assert unchanged()


def test_a_part_is_sent_alone(granted, buyer):
    content = granted.contents[0]
    etag = f'"{factories.sha256(content)}"'
    answer = ask_downloads(buyer, content_path(granted), HTTP_RANGE="bytes=3-5", HTTP_IF_RANGE=etag)
    assert (answer.status_code, answer.getvalue()) == (206, content[3:6])
    assert answer["Content-Range"] == f"bytes 3-5/{len(content)}"
    assert (answer["Content-Length"], answer["ETag"]) == ("3", etag)
    assert answer.has_header("Repr-Digest")
    assert not answer.has_header("Content-Digest")
    row = Download.objects.get()
    assert (row.state, row.first_byte, row.sent_bytes, row.sent_sha256) == ("sent", 3, 3, None)


def test_a_part_of_another_content_is_answered_with_the_whole(granted, buyer):
    answer = ask_downloads(buyer, content_path(granted), HTTP_RANGE="bytes=3-5", HTTP_IF_RANGE='"other"')
    assert (answer.status_code, answer.getvalue()) == (200, granted.contents[0])


def test_a_part_beyond_the_file_is_refused(granted, buyer, unchanged):
    unchanged()
    answer = ask_downloads(buyer, content_path(granted), HTTP_RANGE="bytes=999999-")
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer["Content-Range"] == f"bytes */{len(granted.contents[0])}"
    assert unchanged()


def test_too_many_downloads_are_told_when_to_come_again(granted, buyer, settings, unchanged):
    settings.DOWNLOADS_PER_BUYER_MAX = 0
    unchanged()
    answer = ask_downloads(buyer, content_path(granted))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_downloads")
    assert (answer["Retry-After"], answer.json()["running_max"]) == ("15", 0)
    assert unchanged()


def test_the_api_sends_the_buyer_to_the_downloads_process(granted, buyer, api, settings, unchanged):
    settings.DOWNLOADS_URL = "http://127.0.0.1:9"
    unchanged()
    for method in (buyer.get, buyer.head):
        answer = method(content_path(granted))
        address = urlsplit(answer["Location"])
        assert (answer.status_code, address.netloc, address.path) == (
            307,
            "127.0.0.1:9",
            content_path(granted),
        )
        assert answer["Cache-Control"] == "private, no-store"
    assert unchanged()
    # The grant is enough: clients do not take a token along to another address.
    assert ask_downloads(api, f"{address.path}?{address.query}").getvalue() == granted.contents[0]
    row = Download.objects.get()
    assert (row.state, row.requested_by[:4]) == ("sent", "usr_")


def test_a_grant_is_for_one_file_and_one_minute(granted, buyer, api, settings, unchanged):
    settings.DOWNLOADS_URL = "http://127.0.0.1:9"
    other = factories.granted(buyer=granted.buyer, seller=granted.seller)
    query = urlsplit(buyer.get(content_path(granted))["Location"]).query
    expired = signing.dumps([content_path(granted), "app_x", granted.buyer.public_id], salt=SALT)
    unchanged()
    refused = [
        f"{content_path(other)}?{query}",
        f"{content_path(granted)}?{query}x",
        f"{content_path(granted)}?grant=",
        f"{content_path(granted)}?grant={signing.dumps([content_path(granted)], salt='other')}",
    ]
    for address in refused:
        assert ask_downloads(api, address).status_code == 401
    settings.GRANT_SECONDS_MAX = -1
    assert ask_downloads(api, f"{content_path(granted)}?grant={expired}").status_code == 401
    assert unchanged()


def test_a_grant_opens_nothing_that_was_closed_meanwhile(granted, buyer, api, settings, unchanged):
    settings.DOWNLOADS_URL = "http://127.0.0.1:9"
    address = urlsplit(buyer.get(content_path(granted))["Location"])
    granted.dispute()
    unchanged()
    answer = ask_downloads(api, f"{address.path}?{address.query}")
    assert (answer.status_code, answer.json()["code"]) == (409, "access_paused")
    assert buyer.get(content_path(granted)).json()["code"] == "access_paused"
    assert unchanged()


def test_without_an_address_of_the_downloads_process_the_api_says_so(granted, buyer, settings):
    settings.DOWNLOADS_URL = ""
    answer = buyer.get(content_path(granted))
    assert (answer.status_code, answer.json()["code"]) == (503, "downloads_not_here")


def test_the_downloads_process_answers_nothing_else(granted, buyer):
    assert ask_downloads(buyer, path(granted)).status_code == 404
    assert ask_downloads(buyer, "/api/v1/listings/").status_code == 404


def test_the_whole_way_over_http(granted, buyer, seller):
    content = ask_downloads(buyer, content_path(granted)).getvalue()
    refused = buyer.post(path(granted, "accept/"))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_matched")
    assert refused.json()["distributions"] == granted.distributions
    right = report(buyer, granted, sha512=factories.sha512(content))
    assert right.status_code == 201
    voucher = Voucher.objects.get(matched=True)
    assert right.json() == {
        "id": voucher.public_id,
        "delivery": granted.entitlement,
        "round": 1,
        "distribution": granted.distributions[0],
        "download": Download.objects.get().public_id,
        "sent_sha256": factories.sha256(content),
        "sent_sha512": factories.sha512(content),
        "received_sha256": None,
        "received_sha512": factories.sha512(content),
        "matched": True,
        "reported_by": voucher.reported_by,
        "reported_at": right.json()["reported_at"],
    }
    accepted = buyer.post(path(granted, "accept/"))
    assert accepted.status_code == 200
    (inspection,) = accepted.json()["inspections"]
    assert (inspection["state"], inspection["accepted_by"]) == ("accepted", "buyer")
    assert accepted.json()["unmatched"] == []
    assert seller.get(path(granted)).json() == accepted.json()
    assert buyer.post(path(granted, "accept/")).json()["code"] == "inspection_over"


def test_a_hash_that_does_not_agree_is_a_dispute_over_http(granted, buyer):
    content = ask_downloads(buyer, content_path(granted)).getvalue()
    wrong = report(buyer, granted, sha256=factories.sha256(content + b"!"))
    assert (wrong.status_code, wrong.json()["matched"]) == (201, False)
    refused = buyer.post(path(granted, "accept/"))
    assert (refused.status_code, refused.json()["code"]) == (409, "under_dispute")


def test_a_dispute_over_http_pauses_access(matched, unchanged):
    buyer = participants.client_of(matched.buyer)
    body = {"reason_code": "incomplete", "text": "December is missing."}
    answer = buyer.post(path(matched, "dispute/"), body, format="json")
    assert answer.status_code == 200
    dispute = matched.inspection.dispute
    assert answer.json()["inspections"][0]["dispute"] == dispute
    assert answer.json()["access"]["open"] is False
    assert answer.json()["access"]["code"] == "access_paused"
    assert set(answer.json()["access"]["reason"]) == {"ja", "en"}
    unchanged()
    refused = ask_downloads(buyer, content_path(matched))
    assert (refused.status_code, refused.json()["code"]) == (409, "access_paused")
    assert refused.json()["dispute"] == dispute
    assert buyer.post(path(matched, "dispute/"), body, format="json").json()["code"] == "under_dispute"
    assert unchanged()


def test_the_operator_suspends_over_http_and_the_buyer_reads_why(granted, buyer, seller, unchanged):
    operator, colleague = (participants.client_of(home) for home in [participants.operator()] * 2)
    reason = {"reason": "再配布の疑いがあるため。"}
    unchanged()
    for client in (buyer, seller):
        assert client.post(path(granted, "suspend/"), reason, format="json").status_code == 403
        assert client.post(path(granted, "resume/")).status_code == 403
    assert unchanged()
    assert operator.post(path(granted, "suspend/"), reason, format="json").json()["state"] == "suspended"
    refused = ask_downloads(buyer, content_path(granted), HTTP_ACCEPT_LANGUAGE="ja")
    assert (refused.status_code, refused.json()["code"]) == (403, "access_suspended")
    assert reason["reason"] in refused.json()["detail"]
    asked = operator.post(path(granted, "resume/"))
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    assert colleague.post(path(granted, "resume/")).json()["state"] == "started"
    assert recorded(granted.entitlement)[-2:] == ["delivery.suspended", "delivery.resumed"]


def test_the_same_key_takes_effect_once(granted, buyer):
    granted.fetch()
    answers = [
        buyer.post(
            path(granted, "receipts/"),
            {
                "distribution": granted.distributions[0],
                "sha256": factories.sha256(granted.contents[0] + b"!"),
            },
            format="json",
            HTTP_IDEMPOTENCY_KEY="once",
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert Voucher.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "distribution"),
        ({"sha256": "00" * 32}, "distribution"),
        ({"distribution": "dst_x", "sha256": "00" * 32, "md5": "00"}, "md5"),
        ({"distribution": "dst_x", "sha256": "00" * 33}, "sha256"),
        ({"distribution": "dst_x"}, "sha256"),
        ({"distribution": "dst_x", "sha512": "zz"}, "sha512"),
    ],
)
def test_a_malformed_report_is_refused_by_field(granted, buyer, unchanged, body, field):
    unchanged()
    answer = buyer.post(path(granted, "receipts/"), body, format="json")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert unchanged()


COMMANDS = {
    "receipts": {"distribution": "dst_x", "sha256": "00" * 32},
    "accept": {},
    "dispute": {"reason_code": "incomplete", "text": "No."},
}


def test_what_belongs_to_others_is_missing(matched, stranger, unchanged):
    unchanged()
    assert stranger.get(path(matched)).status_code == 404
    assert ask_downloads(stranger, content_path(matched)).status_code == 404
    assert stranger.get(content_path(matched)).status_code == 404
    for name, body in COMMANDS.items():
        assert stranger.post(path(matched, f"{name}/"), body, format="json").status_code == 404
    assert stranger.get(f"/api/v1/vouchers/{Voucher.objects.get().public_id}/").status_code == 404
    assert stranger.get(f"/api/v1/downloads/{Download.objects.get().public_id}/").status_code == 404
    for name in ("deliveries", "vouchers", "downloads"):
        assert stranger.get(f"/api/v1/{name}/").json()["results"] == []
    for name in ("vouchers", "downloads"):
        assert stranger.get(f"/api/v1/{name}/?delivery={matched.entitlement}").json()["results"] == []
    assert unchanged()


def test_the_seller_sees_and_does_nothing(matched, unchanged):
    seller = participants.client_of(matched.seller)
    unchanged()
    assert ask_downloads(seller, content_path(matched)).json()["code"] == "not_the_buyer"
    body = {"distribution": matched.distributions[0], "sha256": factories.sha256(matched.contents[0])}
    for name, command in (COMMANDS | {"receipts": body}).items():
        answer = seller.post(path(matched, f"{name}/"), command, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_the_buyer")
    assert unchanged()
    assert seller.get("/api/v1/downloads/").json()["results"][0]["state"] == "sent"
    assert seller.get("/api/v1/vouchers/").json()["results"][0]["matched"] is True


def test_staff_sees_a_delivery_under_an_access_alone_and_fetches_none(matched):
    operator = participants.client_of(participants.operator())
    lists = [f"/api/v1/{name}/" for name in ("deliveries", "vouchers", "downloads")]
    assert [operator.get(name).json()["results"] for name in lists] == [[], [], []]
    assert operator.get(path(matched)).status_code == 404
    open_over_http(operator, matched.buyer)
    assert [len(operator.get(name).json()["results"]) for name in lists] == [1, 1, 1]
    assert operator.get(path(matched)).json()["id"] == matched.entitlement
    refused = ask_downloads(operator, content_path(matched))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_needed")


@pytest.mark.parametrize("name", ["deliveries", "vouchers", "downloads"])
def test_without_a_token_nothing_is_shown(api, matched, name):
    assert api.get(f"/api/v1/{name}/").status_code == 401
    assert api.get(path(matched)).status_code == 401
    assert ask_downloads(api, content_path(matched)).status_code == 401
    assert api.get(content_path(matched)).status_code == 401
    for command, body in COMMANDS.items():
        assert api.post(path(matched, f"{command}/"), body, format="json").status_code == 401


def test_a_term_that_has_passed_reads_so_before_the_sweep(tuesday):
    granted = factories.granted(rights={**factories.RIGHTS, "valid_until": "2037-12-31"})
    buyer = participants.client_of(granted.buyer)
    clock.move_to(granted.row.expires_at + timedelta(hours=1), running=False)
    assert buyer.get(path(granted)).json()["access"]["code"] == "access_expired"
    for refused in (buyer.get(content_path(granted)), ask_downloads(buyer, content_path(granted))):
        assert (refused.status_code, refused.json()["code"]) == (403, "access_expired")


def test_lists_are_narrowed(matched):
    buyer = participants.client_of(matched.buyer)
    other = factories.granted(buyer=matched.buyer, seller=matched.seller)

    def found(query, name="deliveries"):
        return [row["id"] for row in buyer.get(f"/api/v1/{name}/?{query}").json()["results"]]

    assert found("inspection=running") == [matched.entitlement]
    assert found("inspection=awaiting") == [other.entitlement]
    assert found("state=started") == [other.entitlement, matched.entitlement]
    assert found("state=suspended") == []
    assert found(f"agreement={other.agreement}") == [other.entitlement]
    assert found(f"trade={matched.trade}") == [matched.entitlement]
    voucher = Voucher.objects.get()
    assert found(f"delivery={matched.entitlement}", "vouchers") == [voucher.public_id]
    assert found(f"delivery={other.entitlement}", "vouchers") == []
    assert found("matched=false", "vouchers") == []
    assert found("state=sent", "downloads") == [Download.objects.get().public_id]
    assert found("state=aborted", "downloads") == []


def test_rounds_are_listed_in_order(matched):
    buyer = participants.client_of(matched.buyer)
    services.apply_dispute_outcome(actor=SYSTEM, dispute=matched.dispute(), outcome="redelivery")
    body = buyer.get(path(matched)).json()
    assert [(row["round"], row["state"]) for row in body["inspections"]] == [(1, "repeated"), (2, "awaiting")]
    assert body["unmatched"] == matched.distributions
    assert body["access"]["open"] is True
    assert Inspection.objects.count() == 2
    assert queries.counts()["disputed"] == 1


def test_a_report_that_waits_is_seen_to_wait(granted, buyer, seller):
    transmission = services.download(
        actor=granted.buyer_actor, entitlement=granted.entitlement, distribution=granted.distributions[0]
    )
    next(transmission)
    waiting = report(buyer, granted, sha256=factories.sha256(granted.contents[0]))
    assert (waiting.status_code, waiting.json()["matched"], waiting.json()["download"]) == (201, None, None)
    (seen,) = seller.get("/api/v1/vouchers/?waiting=true").json()["results"]
    assert seen == waiting.json()
    assert buyer.get(path(granted)).json()["unmatched"] == granted.distributions
    list(transmission)
    assert seller.get("/api/v1/vouchers/?waiting=true").json()["results"] == []
    assert seller.get("/api/v1/vouchers/?matched=true").json()["results"][0]["id"] == seen["id"]


def test_the_routes_are_described():
    document = json.loads(openapi_document())
    content = document["paths"]["/api/v1/deliveries/{id}/distributions/{distribution}/content/"]["get"]
    assert content["responses"]["200"]["content"] == {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    }
    assert reverse("delivery-receipts", kwargs={"id": "ent_x"}) == "/api/v1/deliveries/ent_x/receipts/"
