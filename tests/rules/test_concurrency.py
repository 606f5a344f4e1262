"""Publishing and deciding at the same time: numbers have no gap, and a version never changes in mid-decision."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connections, transaction

from marketplace.kernel.invariants import verify_all
from marketplace.rules import services
from marketplace.rules.errors import RulebookSuperseded
from marketplace.rules.models import Decision, Rulebook

from .factories import document, publish, publishers, rule

Result = TypeVar("Result")

PUBLISHERS = 6
GIVEN = {"trade": {"segment": "mobility", "price_minor": 5_000, "currency": "JPY"}}
WAITING_SECONDS = 0.5
SECONDS_MAX = 30


def halting(outcome: str):
    return document(rule("TRD-01", "trade.price_minor > 100", outcome, point="trading"))


def decide():
    return services.evaluate(point="trading", subject="trd_1", given=GIVEN)


def closing(work: Callable[[], Result]) -> Callable[[], Result]:
    """``work`` in a thread that leaves no connection open behind it."""

    def run() -> Result:
        try:
            return work()
        finally:
            connections.close_all()

    return run


def breaches() -> dict[str, object]:
    return {name: found for name, found in verify_all("rules").items() if found}


@pytest.mark.usefixtures("committed_database")
def test_of_publishers_at_the_same_time_one_replaces_the_version_that_all_read():
    read = publish(halting("deny"))
    publishers()
    outcomes = []

    def replace_what_was_read() -> None:
        try:
            outcomes.append(publish(halting("warn"), replaces=read.public_id).number)
        except RulebookSuperseded as refusal:
            outcomes.append(refusal.code)

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        for future in [pool.submit(closing(replace_what_was_read)) for _ in range(PUBLISHERS)]:
            future.result()
    assert sorted(map(str, outcomes)) == ["2"] + ["rulebook_superseded"] * (PUBLISHERS - 1)
    assert Rulebook.objects.count() == 2
    assert breaches() == {}


@pytest.mark.usefixtures("committed_database")
def test_a_publication_waits_for_the_decisions_under_way():
    publish(halting("deny"))
    decided, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            decide()
            decided.set()
            go_on.wait(SECONDS_MAX)

    with ThreadPoolExecutor(2) as pool:
        deciding = pool.submit(closing(slowly))
        assert decided.wait(SECONDS_MAX)
        # Decisions do not wait for each other.
        assert decide().outcome == "deny"
        publishing = pool.submit(closing(lambda: publish(halting("warn"))))
        with pytest.raises(TimeoutError):
            publishing.result(timeout=WAITING_SECONDS)
        go_on.set()
        deciding.result(SECONDS_MAX)
        publishing.result(SECONDS_MAX)
    assert decide().outcome == "warn"
    outcomes = list(Decision.objects.order_by("pk").values_list("rulebook__number", "outcome"))
    assert outcomes == [(1, "deny"), (1, "deny"), (2, "warn")]
    assert breaches() == {}
