"""Messages reach their receivers at least once, as the receiver's library verifies, whatever other receivers do."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.bounds import ATTEMPTS_CEILING
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.outside import OutsideWorkInTransaction
from marketplace.notices.models import Notice, Task
from marketplace.participants.services import reinstate_participant, suspend_participant
from marketplace.webhooks import sending, services, transport
from marketplace.webhooks.models import Webhook, WebhookAttempt, WebhookMessage
from marketplace.webhooks.queries import oldest_due_seconds
from marketplace.webhooks.services import claiming
from marketplace.webhooks.services.claiming import ATTEMPTS_MAX, BACKOFF_SECONDS, pause_after
from tests.participants import factories as parties
from tests.poison import aside, tasks_to_repair
from tests.roles import as_owner, unguarded

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return parties.organisation("O")


def queue(webhook: Webhook, count: int = 1) -> list[str]:
    """Messages of new events for a webhook, as the publisher queues them; returns the events' identifiers."""
    events = factories.emit(
        *(factories.refunded(webhook.scope, "org_other", number) for number in range(count))
    )
    WebhookMessage.objects.bulk_create(
        WebhookMessage(webhook=webhook, event_id=key)
        for key in OutboxEvent.objects.filter(public_id__in=events).values_list("pk", flat=True)
    )
    return events


def states(webhook: Webhook) -> list[tuple[str, int]]:
    return list(
        WebhookMessage.objects.filter(webhook=webhook).order_by("pk").values_list("state", "attempts")
    )


def outcomes(webhook: Webhook) -> list[tuple[str, int | None, int]]:
    rows = WebhookAttempt.objects.filter(webhook=webhook).order_by("pk")
    return list(rows.values_list("outcome", "status", "number"))


def send() -> int:
    return sending.send_due(seconds=10)


def test_the_receivers_libraries_verify_and_read_a_message(owner):
    with factories.receiver() as receiver:
        webhook, secret = factories.webhook(owner, receiver.url)
        event = queue(webhook)[0]
        assert send() == 1
    request = receiver.requests[0]
    assert Verifier(secret).verify(request.body, request.headers)["data"]["buyer"] == owner.public_id
    stated = JSONFormat().read(CloudEvent, request.body)
    assert (stated.get_id(), request.headers["webhook-id"]) == (event, event)
    assert request.headers["content-type"].startswith("application/cloudevents+json")
    assert states(webhook) == [("delivered", 1)]
    assert outcomes(webhook) == [("delivered", 200, 1)]
    assert send() == 0


def test_a_failed_message_is_tried_again_later_under_the_same_identifier(owner):
    statuses = [500, 503, 200]

    def answer(connection, _request):
        connection.sendall(f"HTTP/1.1 {statuses.pop(0)} X\r\nContent-Length: 0\r\n\r\n".encode())

    with factories.receiver(answer) as receiver:
        webhook, secret = factories.webhook(owner, receiver.url)
        event = queue(webhook)[0]
        assert (send(), send()) == (1, 0)
        due = WebhookMessage.objects.get().due_at - timezone.now()
        assert timedelta(seconds=3) < due < timedelta(seconds=6)
        webhook.refresh_from_db()
        assert webhook.failing_since is not None
        for _ in range(2):
            factories.make_due()
            assert send() == 1
    assert [request.headers["webhook-id"] for request in receiver.requests] == [event] * 3
    for request in receiver.requests:
        Verifier(secret).verify(request.body, request.headers)
    assert outcomes(webhook) == [("refused", 500, 1), ("refused", 503, 2), ("delivered", 200, 3)]
    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.state) == (None, "active")
    assert webhook.recovered_at is not None


def test_the_pauses_are_those_of_the_standard_with_some_jitter():
    assert ATTEMPTS_MAX == 10
    minute, hour = 60, 3_600
    assert (0, *BACKOFF_SECONDS) == (
        0, 5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour
    )  # fmt: skip
    pauses = {pause_after(4).total_seconds() for _ in range(50)}
    assert len(pauses) > 1
    assert 2 * hour * 0.9 <= min(pauses) <= max(pauses) <= 2 * hour * 1.1


def test_410_disables_the_webhook_and_tells_its_organisation(owner):
    gone = factories.answering(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
    with factories.receiver(gone) as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        queue(webhook, 6)
        send()
    webhook.refresh_from_db()
    assert (webhook.state, webhook.disabled_reason) == ("disabled", "gone")
    assert [state for state, _ in states(webhook)].count("failed") == len(receiver.requests) < 6
    assert Notice.objects.filter(organisation=owner, subject=webhook.public_id).count() == 1
    assert list(Task.objects.filter(organisation=owner).values_list("kind", "subject", "state")) == [
        ("reconnect", webhook.public_id, "open")
    ]
    assert EvidenceRecord.objects.filter(kind="webhooks.disabled", subject=webhook.public_id).count() == 1
    assert send() == 0


def fail_at_last(webhook: Webhook) -> None:
    """One message fails its last attempt."""
    queue(webhook)
    WebhookMessage.objects.filter(webhook=webhook, state="pending").update(attempts=ATTEMPTS_MAX - 1)
    assert send() == 1


def test_after_the_last_attempt_the_webhook_is_disabled(owner):
    with factories.receiver(factories.answering(b"HTTP/1.1 500 X\r\n\r\n")) as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        fail_at_last(webhook)
    webhook.refresh_from_db()
    assert (webhook.state, webhook.disabled_reason) == ("disabled", "failing")
    assert states(webhook) == [("failed", ATTEMPTS_MAX)]
    assert Task.objects.filter(organisation=owner, kind="reconnect", state="open").count() == 1
    services.enable_webhook(actor=parties.actor_for(owner), webhook=webhook.public_id)
    assert Task.objects.filter(organisation=owner, kind="reconnect", state="done").count() == 1


def test_a_webhook_that_took_another_message_meanwhile_stays_active(owner):
    with factories.receiver(factories.answering(b"HTTP/1.1 500 X\r\n\r\n")) as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        Webhook.objects.filter(pk=webhook.pk).update(recovered_at=timezone.now() + timedelta(seconds=5))
        fail_at_last(webhook)
    webhook.refresh_from_db()
    assert (webhook.state, states(webhook)) == ("active", [("failed", ATTEMPTS_MAX)])


def test_receivers_that_hang_do_not_delay_the_others(owner, monkeypatch):
    monkeypatch.setattr(transport, "SECONDS_MAX", factories.SECONDS_MAX)
    ended: list[str] = []
    all_served = threading.Event()

    def serve(connection: socket.socket, _request: factories.Received) -> None:
        connection.sendall(factories.OK)
        ended.append("served")
        if ended.count("served") == 20:
            all_served.set()

    def hang(_connection: socket.socket, _request: factories.Received) -> None:
        all_served.wait(factories.SECONDS_MAX)
        ended.append("hung")

    with factories.receiver(hang) as hanging, factories.receiver(serve) as healthy:
        others = [parties.organisation(f"H{number}") for number in range(3)]
        stuck = [factories.webhook(other, hanging.url)[0] for other in others]
        for webhook in stuck:
            queue(webhook, 20)
        sound, _ = factories.webhook(owner, healthy.url)
        queue(sound, 20)
        sending.send_due(seconds=factories.SECONDS_MAX)
    assert states(sound) == [("delivered", 1)] * 20
    # Whoever hung let go only when all others were served.
    assert ended[:20] == ["served"] * 20
    for webhook in stuck:
        assert {outcome for outcome, _, _ in outcomes(webhook)} == {"not_http"}


def test_an_organisation_has_few_attempts_at_once_and_a_failing_webhook_one(owner):
    with factories.receiver() as receiver:
        first, _ = factories.webhook(owner, receiver.url)
        second, _ = factories.webhook(owner, receiver.url)
    queue(first, 10)
    queue(second, 10)
    claims = claiming.claim(slots=32, failing_slots=8)
    assert len(claims) == claiming.ORGANISATION_ATTEMPTS_MAX
    assert claiming.claim(slots=32, failing_slots=8) == []
    failing = parties.organisation("F")
    third, _ = factories.webhook(failing, receiver.url)
    Webhook.objects.filter(pk=third.pk).update(failing_since=timezone.now())
    queue(third, 10)
    assert claiming.claim(slots=32, failing_slots=0) == []
    assert [claimed.webhook_id for claimed in claiming.claim(slots=32, failing_slots=8)] == [third.pk]
    assert claiming.claim(slots=32, failing_slots=8) == []


def test_an_attempt_whose_sender_died_is_made_again_but_not_for_ever(owner):
    webhook, _ = factories.webhook(owner, "http://localhost:9/")
    event = queue(webhook)[0]
    for number in range(1, ATTEMPTS_MAX + 1):
        assert [claimed.number for claimed in claiming.claim(slots=1, failing_slots=1)] == [number]
        assert claiming.claim(slots=1, failing_slots=1) == []
        WebhookMessage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claiming.claim(slots=1, failing_slots=1) == []
    assert states(webhook) == [("failed", ATTEMPTS_MAX + 1)]
    assert outcomes(webhook) == [("sender_lost", None, ATTEMPTS_MAX)]
    assert WebhookAttempt.objects.get().message == event
    attempts = parties.client_of(owner).get(f"/api/v1/webhooks/{webhook.public_id}/attempts/").json()
    assert [(row["message"], row["outcome"]) for row in attempts["results"]] == [(event, "sender_lost")]


def test_the_answer_to_an_attempt_that_was_taken_over_is_not_recorded(owner):
    webhook, _ = factories.webhook(owner, "http://localhost:9/")
    queue(webhook)
    late = claiming.claim(slots=1, failing_slots=1)[0]
    WebhookMessage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claiming.claim(slots=1, failing_slots=1)[0].number == 2
    answer = transport.Answer(transport.AttemptOutcome.DELIVERED, 200, 1)
    assert claiming.record_answer(claim=late, answer=answer) is False
    assert (states(webhook), outcomes(webhook)) == ([("pending", 2)], [])


def test_an_attempt_that_cannot_be_recorded_does_not_lose_the_others(owner):
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        broken = queue(webhook, 3)[0]
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE webhooks_webhookattempt ADD CONSTRAINT trial CHECK (message <> %s)", [broken]
            )
        assert send() == 3
    assert sorted(states(webhook)) == [("delivered", 1), ("delivered", 1), ("pending", 1)]
    assert [row[0] for row in outcomes(webhook)] == ["delivered", "delivered"]


def test_an_address_that_is_not_global_is_refused_at_sending(owner, settings):
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        queue(webhook)
        settings.WEBHOOKS_LOCAL = False
        assert send() == 1
    assert (outcomes(webhook), receiver.connections) == ([("not_global", None, 1)], 0)


def test_a_secret_that_cannot_be_read_any_more_is_told(owner, settings):
    webhook, _ = factories.webhook(owner, "http://localhost:9/")
    queue(webhook)
    settings.SECRET_KEY = "another-key-of-the-market"
    assert send() == 1
    assert outcomes(webhook) == [("not_signed", None, 1)]


def test_an_event_that_is_no_longer_kept_is_given_up(owner):
    webhook, _ = factories.webhook(owner, "http://localhost:9/")
    WebhookMessage.objects.create(webhook=webhook, event_id=10**12)
    assert send() == 0
    assert (states(webhook), outcomes(webhook)) == ([("failed", 1)], [("not_available", None, 1)])
    assert WebhookAttempt.objects.values_list("message", "type").get() == ("", "")


def test_an_event_of_a_type_that_no_build_declares_any_more_stops_no_other(owner):
    vanished = factories.emit_vanished(owner.public_id)
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        WebhookMessage.objects.create(webhook=webhook, event_id=vanished.pk)
        queue(webhook)
        assert send() == 1
    assert states(webhook) == [("failed", 1), ("delivered", 1)]
    assert sorted(outcomes(webhook)) == [("delivered", 200, 1), ("not_available", None, 1)]
    row = WebhookAttempt.objects.get(outcome="not_available")
    assert (row.message, row.type) == (vanished.public_id, vanished.type)


def drop_checks(table: str, column: str) -> None:
    """The owner drops the constraints of a column."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
            " AND pg_get_constraintdef(oid) LIKE '%%' || %s || '%%'",
            [table, column],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


@pytest.mark.parametrize("data", ["[1]", '{"n": ' + "9" * 5_000 + "}"])
def test_an_event_that_cannot_be_written_stands_aside_and_the_others_are_sent(owner, data):
    parties.operator()
    drop_checks("events_outboxevent", "data")
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        broken, sound = queue(webhook, 2)
        with unguarded("events_outboxevent"), connection.cursor() as cursor:
            cursor.execute("UPDATE events_outboxevent SET data = %s WHERE public_id = %s", [data, broken])
        assert send() == 1
        assert send() == 0
    assert [request.headers["webhook-id"] for request in receiver.requests] == [sound]
    assert sorted(states(webhook)) == [("delivered", 1), ("failed", 1)]
    poison = WebhookMessage.objects.get(state="failed")
    assert aside("webhooks.send") == [f"{webhook.public_id} {poison.pk}"]
    ((title, state),) = tasks_to_repair()
    assert (webhook.public_id in title, state) == (True, "open")


def test_a_message_with_a_moment_that_nobody_can_read_stops_no_other(owner):
    other = parties.organisation("Other")
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        sound, _ = factories.webhook(other, receiver.url)
        queue(webhook)
        queue(sound)
        drop_checks("webhooks_webhookmessage", "due_at")
        drop_checks("webhooks_webhookmessage", "attempts")
        with as_owner():
            WebhookMessage.objects.filter(webhook=webhook).update(attempts=2**31 - 1)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE webhooks_webhookmessage SET due_at = '-infinity' WHERE webhook_id = %s",
                    [webhook.pk],
                )
        assert REGISTER["webhooks.columns_within_bounds"].check() != []
        assert send() == 1
    assert states(sound) == [("delivered", 1)]
    given_up = WebhookMessage.objects.filter(webhook=webhook).values_list("state", "attempts")
    assert list(given_up) == [("failed", ATTEMPTS_CEILING)]


def test_a_suspended_organisation_is_sent_what_waited_when_it_is_reinstated(owner):
    operator, other = parties.actor_for(parties.operator()), parties.organisation("Other")
    parties.staff("usr_first", "usr_second")
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        sound, _ = factories.webhook(other, receiver.url)
        suspend_participant(
            actor=operator, organisation=owner.public_id, reason_code="misuse", reason="Misuse."
        )
        queue(webhook, 2)
        queue(sound)
        assert send() == 1
        assert (states(webhook), outcomes(webhook)) == ([("pending", 0)] * 2, [])
        assert (states(sound), oldest_due_seconds()) == ([("delivered", 1)], 0)
        reinstate_participant(
            actor=replace(operator, identifier="usr_second"),
            organisation=owner.public_id,
            first_person="usr_first",
        )
        assert oldest_due_seconds() > 0
        assert send() == 2
    assert states(webhook) == [("delivered", 1)] * 2


def test_nothing_is_sent_within_a_transaction(owner):
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        queue(webhook)
        with transaction.atomic(), pytest.raises(OutsideWorkInTransaction):
            send()
    assert (states(webhook), receiver.connections) == ([("pending", 0)], 0)


def test_a_ping_is_signed_and_listed(owner):
    with factories.receiver() as receiver:
        webhook, secret = factories.webhook(owner, receiver.url)
        ping = services.ping_webhook(actor=parties.actor_for(owner), webhook=webhook.public_id)
        assert send() == 1
    body = Verifier(secret).verify(receiver.requests[0].body, receiver.requests[0].headers)
    assert (body["id"], body["type"], body["subject"]) == (ping, "sanpo.webhook.ping.v1", webhook.public_id)
    JSONFormat().read(CloudEvent, json.dumps(body))


def test_a_disabled_webhook_is_sent_nothing_until_it_is_enabled(owner):
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url)
        queue(webhook)
        services.disable_webhook(actor=parties.actor_for(owner), webhook=webhook.public_id)
        assert (send(), receiver.connections) == (0, 0)
        services.enable_webhook(actor=parties.actor_for(owner), webhook=webhook.public_id)
        assert (send(), states(webhook)) == (1, [("delivered", 1)])
