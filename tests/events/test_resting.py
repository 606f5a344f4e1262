"""Rests: a handler that exceeds its time holds neither all workers nor the events of others."""

from __future__ import annotations

import time

from django.db import transaction

from marketplace.events import handling, resting
from marketplace.events.claiming import Claimer
from marketplace.events.resting import DOUBLINGS_MAX, Rests
from marketplace.events.schemas.participants import ParticipantReinstated
from marketplace.events.services import emit_all

from .pipe import HANDLER, emit, execute, relay_all
from .probe import handlers

LIMIT_SECONDS = 0.2
OTHER = "tests.events.probe.handlers.on_reinstated"


def rest_seconds(rests: Rests, handler: str) -> float:
    began = time.monotonic()
    while rests.includes(handler):
        time.sleep(0.005)
    return time.monotonic() - began


def overrun(rests: Rests, handler: str = HANDLER) -> None:
    """The handler exceeds its time on two subjects."""
    for subject in ("org_a", "org_b"):
        rests.record_overrun(handler, subject)


def test_a_handler_rests_longer_each_time_until_it_handles_an_event(settings):
    settings.HANDLER_SECONDS_MAX = 0.05
    rests = Rests()
    assert not rests.includes("one")
    rests.record_overrun("one", "org_0")
    took = []
    for number in range(DOUBLINGS_MAX + 2):
        rests.record_overrun("one", f"org_{number % 2 + 1}")
        took.append(rest_seconds(rests, "one"))
    expected = [0.05, 0.1, 0.2, 0.4, 0.4]
    assert all(low - 0.01 < seconds < low + 0.3 for low, seconds in zip(expected, took, strict=True)), took
    rests.forget("one")
    rests.record_overrun("one", "org_0")
    assert rests.includes("one")
    assert not rests.includes("two")
    assert rest_seconds(rests, "one") < 0.3


def test_a_handler_that_overran_on_one_subject_does_not_rest(settings, monkeypatch):
    rests = Rests()
    for _ in range(3):
        rests.record_overrun("one", "org_1")
        assert not rests.includes("one")
    monkeypatch.setattr(resting, "REMEMBERED_SECONDS", 0.0)
    rests.record_overrun("one", "org_2")
    assert not rests.includes("one")


def test_other_subjects_of_a_handler_do_not_wait_for_one_that_is_slow(probed, settings):
    """Each is claimed right after the overrun, and after each further one, until the slow one is parked."""
    settings.HANDLER_SECONDS_MAX = LIMIT_SECONDS
    handlers.SLEEPING["org_slow"] = 30
    emit("org_slow")
    relay_all(1)
    claimer = Claimer()
    expected = []
    for number in range(handling.OVERRUNS_MAX):
        assert handling.handle_claimed(claimer.claim(), claimer.rests) == []
        emit(f"org_{number}")
        relay_all(1)
        claimed = claimer.claim() or claimer.claim()
        assert [entry.subject for entry in claimed] == [f"org_{number}"]
        assert handling.handle_claimed(claimed, claimer.rests) == []
        expected.append(f"org_{number}")
        execute("UPDATE events_inboxentry SET due_at = clock_timestamp()")
        claimer = _on_from(claimer)
    assert handlers.seen() == expected
    assert execute("SELECT subject, state FROM events_inboxentry WHERE state <> 'handled'") == [
        ("org_slow", "parked")
    ]


def _on_from(claimer: Claimer) -> Claimer:
    """The claimer as it looks back."""
    claimer._look_back_at = 0.0
    return claimer


def test_events_of_a_handler_that_rests_wait_and_those_of_others_do_not(probed, settings):
    settings.EVENT_SUBSCRIPTIONS = {"organisation.registered": (HANDLER,), "participant.reinstated": (OTHER,)}
    claimer = Claimer()
    assert claimer.claim() == []
    settings.HANDLER_SECONDS_MAX = 30
    overrun(claimer.rests)
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


def test_what_a_rest_passed_over_is_claimed_at_its_end_without_looking_back(probed, settings):
    settings.EVENT_SUBSCRIPTIONS = {"organisation.registered": (HANDLER,), "participant.reinstated": (OTHER,)}
    claimer = Claimer()
    assert claimer.claim() == []
    claimer._look_back_at = time.monotonic() + 60
    settings.HANDLER_SECONDS_MAX = 0.5
    overrun(claimer.rests)
    emit("org_1")
    with transaction.atomic():
        # Of a handler that does not rest, but behind one that does in its subject.
        emit_all([ParticipantReinstated(organisation="org_1"), ParticipantReinstated(organisation="org_2")])
    relay_all(3)
    claimed = claimer.claim() + claimer.claim()
    assert [entry.subject for entry in claimed] == ["org_2"]
    assert claimer.claim() == []
    rest_seconds(claimer.rests, HANDLER)
    claimed = claimer.claim() or claimer.claim()
    assert [(entry.subject, entry.handler) for entry in claimed] == [("org_1", HANDLER), ("org_1", OTHER)]
    assert claimed[1].previous == claimed[0]


def test_what_is_given_back_is_claimed_again_although_what_follows_it_rests(probed, settings):
    settings.EVENT_SUBSCRIPTIONS = {"organisation.registered": (HANDLER,), "participant.reinstated": (OTHER,)}
    settings.HANDLER_SECONDS_MAX = 30
    claimer = Claimer()
    assert claimer.claim() == []
    claimer._look_back_at = time.monotonic() + 60
    overrun(claimer.rests)
    with transaction.atomic():
        emit_all([ParticipantReinstated(organisation="org_1")])
    emit("org_1")
    relay_all(2)
    claimer._turn += 1
    claimed = claimer.claim()
    assert [entry.handler for entry in claimed] == [OTHER]
    claimer.give_back(claimed)
    again = claimer.claim() or claimer.claim()
    assert [entry.handler for entry in again] == [OTHER]
