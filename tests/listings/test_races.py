"""Two transactions at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from listings import services
from listings.errors import ReferenceTaken, VersionPending
from listings.models import Listing, ListingVersion
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import DomainError
from marketplace.participants import services as participation
from quality import services as quality
from tests.participants import factories as participants
from tests.rules import factories as rules

from . import factories

WAIT_SECONDS = 0.3


def meanwhile(first: Callable[[], Any], second: Callable[[], Any]) -> list[str]:
    """Run ``second`` in another connection while ``first`` has done its work and not committed; how it ended."""
    outcome: list[str] = []

    def attempt() -> None:
        try:
            second()
            outcome.append("done")
        except DomainError as refusal:
            outcome.append(refusal.code)
        finally:
            connection.close()

    thread = threading.Thread(target=attempt)
    with transaction.atomic():
        first()
        thread.start()
        time.sleep(WAIT_SECONDS)
        assert outcome == []
    thread.join()
    return outcome


def test_one_reference_is_taken_once(committed_database):
    seller = factories.seller()

    def make() -> Listing:
        return factories.listing(seller, reference="W-1")

    assert meanwhile(make, make) == [ReferenceTaken.code]
    assert Listing.objects.count() == 1


def test_one_version_at_a_time_is_decided(committed_database):
    seller = factories.seller()
    first = factories.draft(seller)
    second = factories.draft(seller, first.listing)
    submit = [
        lambda version=version: services.submit_version(
            actor=participants.actor_for(seller), listing_version=version.public_id
        )
        for version in (first, second)
    ]
    assert meanwhile(*submit) == [VersionPending.code]
    assert sorted(ListingVersion.objects.values_list("number", "state")) == [(1, "submitted"), (2, "draft")]


def test_a_version_is_judged_once(committed_database):
    rules.publish()
    version = factories.submitted(factories.seller())
    quality.measure_version(listing_version=version.public_id)

    def judge() -> None:
        services.judge_version(listing_version=version.public_id)

    assert meanwhile(judge, judge) == ["done"]
    assert ListingVersion.objects.get().state == "published"


def test_a_listing_published_while_its_seller_is_suspended_leaves_the_catalogue(committed_database):
    rules.publish()
    seller = factories.seller()
    version = factories.submitted(seller)
    quality.measure_version(listing_version=version.public_id)

    def suspend() -> None:
        participation.suspend_participant(
            actor=SYSTEM, organisation=seller.public_id, reason_code="review", reason="確認"
        )
        services.suspend_listings(seller=seller.public_id)

    assert meanwhile(lambda: services.judge_version(listing_version=version.public_id), suspend) == ["done"]
    assert Listing.objects.get().state == "suspended"
