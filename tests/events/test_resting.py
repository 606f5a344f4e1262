"""Rests: a handler that exceeds its time holds neither all workers nor the events of others."""

from __future__ import annotations

import time

from django.db import transaction

from marketplace.events import handling
from marketplace.events.claiming import Claimer
from marketplace.events.resting import DOUBLINGS_MAX, Rests
from marketplace.events.schemas.participants import ParticipantReinstated
from marketplace.events.services import emit_all

from .pipe import HANDLER, emit, relay_all
from .probe import handlers

LIMIT_SECONDS = 0.2
OTHER = "tests.events.probe.handlers.on_reinstated"


def rest_seconds(rests: Rests, handler: str) -> float:
    began = time.monotonic()
    while rests.includes(handler):
        time.sleep(0.005)
    return time.monotonic() - began


def test_a_handler_rests_longer_each_time_until_it_handles_an_event(settings):
    settings.HANDLER_SECONDS_MAX = 0.05
    rests = Rests()
    assert not rests.includes("one")
    took = []
    for _ in range(DOUBLINGS_MAX + 2):
        rests.begin("one")
        took.append(rest_seconds(rests, "one"))
    expected = [0.05, 0.1, 0.2, 0.4, 0.4]
    assert all(low - 0.01 < seconds < low + 0.3 for low, seconds in zip(expected, took, strict=True)), took
    rests.forget("one")
    rests.begin("one")
    assert rests.includes("one")
    assert not rests.includes("two")
    assert rest_seconds(rests, "one") < 0.3


def test_events_of_a_handler_that_rests_wait_and_those_of_others_do_not(probed, settings):
    settings.HANDLER_SECONDS_MAX = LIMIT_SECONDS
    settings.EVENT_SUBSCRIPTIONS = {"organisation.registered": (HANDLER,), "participant.reinstated": (OTHER,)}
    handlers.SLEEPING["org_1"] = 30
    emit("org_1")
    relay_all(1)
    claimer = Claimer()
    assert handling.handle_claimed(claimer.claim(), claimer.rests) == []
    settings.HANDLER_SECONDS_MAX = 30
    claimer.rests.begin(HANDLER)
    settings.HANDLER_SECONDS_MAX = 2
    emit("org_2")
    with transaction.atomic():
        emit_all([ParticipantReinstated(organisation="org_3")])
    relay_all(2)
    claimed = claimer.claim() or claimer.claim()
    assert [entry.subject for entry in claimed] == ["org_3"]
    assert handling.handle_claimed(claimed, claimer.rests) == []
    assert [claimer.claim(), claimer.claim()] == [[], []]
    assert handlers.seen() == ["org_3"]
    assert "org_2" in [entry.subject for entry in Claimer().claim()]
