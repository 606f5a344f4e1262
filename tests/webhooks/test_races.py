"""Publishers, senders, owners and the cleaner work at the same time: no deadlock, nothing lost, nothing taken twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections
from django.utils import timezone

from marketplace.webhooks import sending, services
from marketplace.webhooks.errors import TooManyWebhooks
from marketplace.webhooks.models import Webhook, WebhookAttempt, WebhookMessage
from marketplace.webhooks.services.subscribing import WEBHOOKS_MAX
from tests.participants import factories as parties

from . import factories
from .test_retention import KINDS


@pytest.fixture
def owner(committed_database):
    subject = parties.organisation("O")
    factories.start_feed()
    return subject


def together(*works: Callable[[], object]) -> list[BaseException]:
    """Do the works at the same time, each on a connection of its own; returns what they raised."""
    raised: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_two_senders_send_each_message_once(owner):
    with factories.receiver() as receiver:
        factories.webhook(owner, receiver.url, "trade.refunded")
        events = factories.emit(
            *(factories.refunded(owner.public_id, "org_other", number) for number in range(60))
        )
        factories.publish(60)
        assert together(*[lambda: sending.send_due(seconds=20)] * 2) == []
    assert sorted(request.headers["webhook-id"] for request in receiver.requests) == sorted(events)
    assert WebhookAttempt.objects.count() == 60


def test_owners_replay_and_rotate_while_events_are_published_and_sent(owner):
    actor = parties.actor_for(owner)
    began = timezone.now() - timedelta(minutes=1)
    ends_at = time.monotonic() + 4
    with factories.receiver() as receiver:
        webhook, _ = factories.webhook(owner, receiver.url, "trade.refunded")

        def until_the_end(step: Callable[[], object], pause: float = 0.05) -> Callable[[], object]:
            def work() -> None:
                while time.monotonic() < ends_at:
                    step()
                    time.sleep(pause)

            return work

        assert (
            together(
                until_the_end(lambda: factories.emit(factories.refunded(owner.public_id, "org_other"))),
                until_the_end(services.publish_due),
                until_the_end(lambda: sending.send_due(seconds=1)),
                until_the_end(lambda: sending.send_due(seconds=1)),
                until_the_end(
                    lambda: services.replay_events(actor=actor, webhook=webhook.public_id, since=began), 0.3
                ),
                until_the_end(lambda: services.rotate_secret(actor=actor, webhook=webhook.public_id)),
                *(until_the_end(partial(factories.remove_old, kind)) for kind in KINDS),
            )
            == []
        )
        services.publish_due()
        sending.send_due(seconds=20)
    messages = WebhookMessage.objects.filter(webhook=webhook)
    assert messages.count() > 20
    assert set(messages.values_list("state", flat=True)) == {"delivered"}
    received = {request.headers["webhook-id"] for request in receiver.requests}
    assert len(received) == messages.count()
    assert set(WebhookAttempt.objects.values_list("outcome", flat=True)) == {"delivered"}


def test_an_organisation_does_not_exceed_its_limit_by_asking_at_once(owner):
    made = together(*[lambda: factories.webhook(owner, "https://hooks.example.com/")] * (WEBHOOKS_MAX + 4))
    assert [type(error) for error in made] == [TooManyWebhooks] * 4
    assert Webhook.objects.count() == WEBHOOKS_MAX
