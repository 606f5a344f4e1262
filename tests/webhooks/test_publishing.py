"""Publishing queues a message for every active webhook that wants the event, and a replay queues them again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import CycleMoved
from marketplace.webhooks import sending, services
from marketplace.webhooks.models import FeedEntry, Webhook, WebhookMessage
from marketplace.webhooks.services import publishing, subscribing
from tests.participants import factories as parties

from . import factories
from .test_guards import refused

URL = "http://localhost:9/"


@pytest.fixture
def market(committed_database):
    """A buyer, a seller and the operator, each with a webhook for everything that it may see."""
    named = {
        "buyer": parties.organisation("B"),
        "seller": parties.organisation("S"),
        "operator": parties.operator(),
    }
    factories.start_feed()
    for subject in named.values():
        factories.webhook(subject, URL)
    return named


def queued(subject) -> int:
    return WebhookMessage.objects.filter(webhook__organisation=subject).count()


def test_an_event_is_queued_for_whoever_may_see_it(market):
    stranger = parties.organisation("X")
    factories.publish(1)
    factories.webhook(stranger, URL)
    before = queued(market["operator"])
    factories.emit(factories.refunded(market["buyer"].public_id, market["seller"].public_id))
    factories.publish(1)
    assert [queued(market[name]) for name in ("buyer", "seller")] == [1, 1]
    assert (queued(market["operator"]), queued(stranger)) == (before + 1, 0)
    factories.emit(CycleMoved(cycle="cyc_1", state="open"))
    factories.publish(1)
    assert [queued(market[name]) for name in ("buyer", "seller")] == [2, 2]
    assert (queued(market["operator"]), queued(stranger)) == (before + 2, 1)


def test_events_for_everyone_do_not_make_a_transaction_as_long_as_the_webhooks_are_many(market, monkeypatch):
    monkeypatch.setattr(publishing, "EVERYONES_MESSAGES_MAX", 2 * Webhook.objects.count())
    buyer, seller = market["buyer"].public_id, market["seller"].public_id
    before = queued(market["buyer"])
    factories.emit(
        *(CycleMoved(cycle=f"cyc_{number}", state="open") for number in range(5)),
        factories.refunded(buyer, seller),
    )
    batches = []
    for _ in range(1_000):
        published, messages, more = services.publish()
        batches += [(published, messages, more)] if published else []
        if batches and not more:
            break
    assert batches == [(2, 6, True), (2, 6, True), (2, 6, False)]
    assert queued(market["buyer"]) == before + 6
    entered = FeedEntry.objects.filter(scope__in=("everyone", buyer)).order_by("pk")
    assert list(entered.values_list("type", flat=True))[-6:] == ["cycle.moved"] * 5 + ["trade.refunded"]


def test_a_webhook_gets_only_its_types_and_none_while_disabled(market):
    buyer = market["buyer"]
    actor = parties.actor_for(buyer)
    all_types = Webhook.objects.get(organisation=buyer)
    services.disable_webhook(actor=actor, webhook=all_types.public_id)
    narrow, _ = factories.webhook(buyer, URL, "trade.secured")
    factories.emit(factories.refunded(buyer.public_id, "org_other"))
    factories.publish(1)
    assert queued(buyer) == 0
    services.revise_webhook(actor=actor, webhook=narrow.public_id, event_types=["trade.refunded"])
    factories.emit(factories.refunded(buyer.public_id, "org_other", 2))
    factories.publish(1)
    assert list(WebhookMessage.objects.filter(webhook=narrow).values_list("state", flat=True)) == ["pending"]


def test_what_is_queued_reaches_the_receiver(market):
    buyer = market["buyer"]
    with factories.receiver() as receiver:
        factories.webhook(buyer, receiver.url, "trade.refunded")
        events = factories.emit(
            *(factories.refunded(buyer.public_id, "org_other", number) for number in range(5))
        )
        factories.publish(5)
        sending.send_due(seconds=10)
    assert sorted(request.headers["webhook-id"] for request in receiver.requests) == sorted(events)


def test_an_event_that_names_one_organisation_twice_enters_its_feed_once(market):
    buyer = market["buyer"].public_id
    factories.emit(factories.refunded(buyer, buyer))
    factories.publish(1)
    assert FeedEntry.objects.filter(scope=buyer, type="trade.refunded").count() == 1


def test_an_entry_that_is_there_before_the_publisher_stops_it_not(market):
    """Whoever writes events can write their entries in the feed ahead of the publisher."""
    buyer, seller = market["buyer"].public_id, market["seller"].public_id
    (event,) = factories.emit(factories.refunded(buyer, seller))
    key = OutboxEvent.objects.get(public_id=event).pk
    FeedEntry.objects.create(scope=buyer, event_id=key, type="trade.refunded")
    factories.publish(1)
    assert FeedEntry.objects.filter(event_id=key).count() == 3
    assert [queued(market[name]) for name in ("buyer", "seller")] == [0, 1]


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("transaction = '1'", "does not move back"),
        ("transaction = '9000000000000000000'", "has not begun"),
        ("event_id = event_id - 1", "does not move back"),
    ],
)
def test_the_position_of_the_feed_only_moves_on(market, change, because):
    refused(because, f"UPDATE webhooks_feedposition SET {change}")
    refused("are kept", "DELETE FROM webhooks_feedposition")


def test_a_replay_sends_the_same_events_again_also_those_that_wait(market):
    buyer = market["buyer"]
    actor = parties.actor_for(buyer)
    began = timezone.now() - timedelta(seconds=1)
    webhook, _ = factories.webhook(buyer, URL, "trade.refunded")
    events = factories.emit(
        *(factories.refunded(buyer.public_id, "org_other", number) for number in range(4))
    )
    factories.publish(4)
    messages = WebhookMessage.objects.filter(webhook=webhook).order_by("pk")
    keys = list(messages.values_list("pk", flat=True))
    late = timezone.now() + timedelta(days=1)
    messages.filter(pk__in=keys[:2]).update(state="delivered", attempts=1)
    messages.filter(pk=keys[2]).update(attempts=3, due_at=late)
    assert services.replay_events(actor=actor, webhook=webhook.public_id, since=began) == (4, None)
    assert list(messages.values_list("state", "attempts")) == [("pending", 0)] * 4
    assert messages.filter(due_at=late).count() == 0
    messages.update(state="delivered")
    assert services.replay_events(actor=actor, webhook=webhook.public_id, after=events[1]) == (2, None)
    assert list(messages.values_list("state", flat=True)) == ["delivered"] * 2 + ["pending"] * 2
    after_now = timezone.now() + timedelta(seconds=1)
    assert services.replay_events(actor=actor, webhook=webhook.public_id, since=after_now) == (0, None)


def test_a_long_replay_says_where_to_go_on(market, monkeypatch):
    monkeypatch.setattr(subscribing, "REPLAY_MAX", 2)
    buyer = market["buyer"]
    webhook, _ = factories.webhook(buyer, URL, "trade.refunded")
    events = factories.emit(
        *(factories.refunded(buyer.public_id, "org_other", number) for number in range(3))
    )
    factories.publish(3)
    began = timezone.now() - timedelta(minutes=1)
    actor = parties.actor_for(buyer)
    name = webhook.public_id
    assert services.replay_events(actor=actor, webhook=name, since=began) == (2, events[1])
    assert services.replay_events(actor=actor, webhook=name, after=events[1]) == (1, None)
