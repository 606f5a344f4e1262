"""After a trading day each participant reads all that concerned it from its feed, and nothing of others."""

from __future__ import annotations

import time
from typing import Any

from marketplace.events.models import OutboxEvent
from marketplace.events.schema import TYPES
from marketplace.participants.models import Organisation
from marketplace.webhooks import services
from marketplace.webhooks.models import FeedEntry
from marketplace.webhooks.queries import read_feed
from marketplace.webhooks.scopes import OPERATOR
from tests.participants import factories as parties


def read_all(subject: Organisation) -> list[dict[str, Any]]:
    """The whole feed of an organisation, page by page."""
    events: list[dict[str, Any]] = []
    after, more = None, True
    while more:
        page = read_feed(actor=parties.actor_for(subject), after=after, types=(), limit=200)
        events += page.events
        after, more = page.next, page.more
    return events


def publish(count: int) -> None:
    """Wait until ``count`` events are published, for some seconds at most."""
    ends_at = time.monotonic() + 120
    while FeedEntry.objects.filter(scope=OPERATOR).count() < count and time.monotonic() < ends_at:
        services.publish_due()
        time.sleep(0.05)


def may_see(event: OutboxEvent, organisation: str) -> bool:
    """Whether the declaration of the event's class lets the organisation see it."""
    audience = TYPES[event.type].audience
    return audience.everyone or organisation in {event.data[field] for field in audience.fields}


def test_everyone_reads_what_concerns_it_and_the_operator_reads_all(report):
    emitted = list(OutboxEvent.objects.order_by("transaction", "id"))
    assert len(emitted) > 100
    publish(len(emitted))
    traders = 0
    for subject in Organisation.objects.all():
        read = [event["id"] for event in read_all(subject)]
        visible = [
            event.public_id for event in emitted if subject.is_operator or may_see(event, subject.public_id)
        ]
        # The market runs on, so more may have happened.
        assert read[: len(visible)] == visible
        traders += any(
            event.type == "trade.secured" and may_see(event, subject.public_id) for event in emitted
        )
    assert traders >= 2
