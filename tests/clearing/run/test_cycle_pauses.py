"""The operator keeps a cycle where it is, and lets it go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearing import tasks
from clearing.cycles.errors import CycleCannotBePaused, CycleIsPaused, CycleNotPaused
from clearing.models import Cycle, TransferFile
from clearing.run.services.cycles import advance_cycle, pause_cycle, resume_cycle
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import actor_for, client_of, person_of, program_of
from tests.roles import unguarded

from .. import factories
from ..raw import refused, run

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


@pytest.mark.parametrize("state", ["validated", "netted", "posted"])
def test_a_cycle_on_hold_takes_no_step_until_it_is_released(market, state):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, state)
    held = pause_cycle(actor=market.actor, cycle=cycle.public_id, reason=" audit ")
    assert (held.pause_reason, held.paused_by) == ("audit", market.actor.identifier)
    assert advance_cycle(cycle=cycle.public_id) is None
    tasks.sweep()
    cycle.refresh_from_db()
    assert cycle.state == state
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="answered")
    assert factories.advance_to(cycle, "settling").paused_since is None
    assert {name for name, breaches in verify_all("clearing").items() if breaches} == set()


def test_who_answers_for_the_program_that_paused_a_cycle_does_not_release_it_alone(market):
    cycle = factories.clear(market, "validated")
    program = replace(market.actor, identifier="app_desk", responsible=market.actor.identifier)
    pause_cycle(actor=program, cycle=cycle.public_id, reason="audit")
    with pytest.raises(SecondPersonNeeded):
        resume_cycle(actor=market.actor, cycle=cycle.public_id, reason="answered")
    refused(
        "UPDATE clearing_cycle SET paused_since = NULL, pause_reason = '', paused_by = '', paused_responsible = '',"
        " released_by = %s WHERE id = %s",
        market.actor.identifier,
        cycle.pk,
        because="is released by another person",
    )
    assert Cycle.objects.get(pk=cycle.pk).paused_since is not None
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="answered")
    assert {name for name, breaches in verify_all("clearing").items() if breaches} == set()
    pause_cycle(actor=program, cycle=cycle.public_id, reason="audit")
    with unguarded("clearing_cycle"):
        run(
            "UPDATE clearing_cycle SET paused_since = NULL, pause_reason = '', paused_by = '', paused_responsible = '',"
            " released_by = %s WHERE id = %s",
            market.actor.identifier,
            cycle.pk,
        )
    record(
        kind="clearing.cycle_resumed",
        subject=cycle.public_id,
        actor=market.actor,
        payload={
            "paused_by": program.identifier,
            "paused_responsible": market.actor.identifier,
            "released_by": market.actor.identifier,
        },
    )
    named = {name for name, breaches in verify_all("clearing").items() if breaches}
    assert named == {"clearing.cycle_released_by_another", "clearing.one_persons_limit"}


def test_holding_and_releasing_say_who_and_why(market):
    cycle = factories.clear(market, "validated")
    held = pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit")
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="answered")
    records = EvidenceRecord.objects.filter(kind__in=("clearing.cycle_paused", "clearing.cycle_resumed"))
    assert [(record.actor, record.payload["reason"]) for record in records.order_by("pk")] == [
        (market.actor.identifier, "audit"),
        (market.second.identifier, "answered"),
    ]
    assert records.get(kind="clearing.cycle_resumed").payload == {
        "business_key": cycle.business_key,
        "state": "validated",
        "reason": "answered",
        "paused_since": held.paused_since.isoformat(),
        "paused_by": market.actor.identifier,
        "paused_responsible": market.actor.responsible,
        "paused_for": "audit",
        "released_by": market.second.identifier,
    }
    events = OutboxEvent.objects.filter(type__in=("cycle.paused", "cycle.resumed")).order_by("pk")
    assert [(event.type, event.data["state"]) for event in events] == [
        ("cycle.paused", "validated"),
        ("cycle.resumed", "validated"),
    ]


def test_who_holds_a_cycle_does_not_release_it_alone(market):
    cycle = factories.clear(market, "validated")
    holder, other = market.actor, market.second
    pause_cycle(actor=holder, cycle=cycle.public_id, reason="audit")
    with pytest.raises(SecondPersonNeeded):
        resume_cycle(actor=holder, cycle=cycle.public_id, reason="over")
    with pytest.raises(SecondPersonNeeded):
        resume_cycle(actor=holder, cycle=cycle.public_id, reason="over")
    with pytest.raises(Forbidden):
        resume_cycle(actor=actor_for(market.operator, "app_other"), cycle=cycle.public_id, reason="over")
    cycle.refresh_from_db()
    assert (cycle.paused_by, cycle.released_by) == (holder.identifier, "")
    resume_cycle(actor=other, cycle=cycle.public_id, reason="over")
    cycle.refresh_from_db()
    assert (cycle.paused_since, cycle.released_by) == (None, other.identifier)
    assert {name for name, breaches in verify_all("clearing").items() if breaches} == set()


def test_no_transfer_file_is_written_of_a_held_cycle(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="wrong accounts")
    with pytest.raises(CycleIsPaused, match="wrong accounts"):
        create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert (TransferFile.objects.count(), factories.planned(cycle)) == (0, 2)
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="corrected")
    assert factories.settle(market, cycle).state == "settled"


def test_what_the_bank_booked_is_taken_in_while_a_cycle_is_held(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit")
    rows = [
        factories.booking("debit", row.amount_minor, row.reference) for row in factories.instructions(cycle)
    ]
    assert factories.receive(market, rows).added == 2
    cycle.refresh_from_db()
    assert (cycle.state, [row.state for row in factories.instructions(cycle)]) == (
        "settling",
        ["confirmed"] * 2,
    )
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="over")
    assert advance_cycle(cycle=cycle.public_id) == "settled"


def test_a_cycle_is_held_from_its_cut_off_until_it_is_settled(market):
    with pytest.raises(CycleCannotBePaused):
        pause_cycle(actor=market.actor, cycle=market.cycle.public_id, reason="too early")
    cycle = factories.clear(market, "settled")
    with pytest.raises(CycleCannotBePaused):
        pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="too late")
    assert Cycle.objects.filter(paused_since__isnull=False).count() == 0


def test_a_hold_stands_once(market):
    cycle = factories.clear(market, "validated")
    with pytest.raises(CycleNotPaused):
        resume_cycle(actor=market.second, cycle=cycle.public_id, reason="nothing")
    pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="first")
    with pytest.raises(CycleIsPaused, match="first"):
        pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="second")
    cycle.refresh_from_db()
    assert cycle.pause_reason == "first"


@pytest.mark.parametrize("command", [pause_cycle, resume_cycle])
def test_a_hold_needs_the_operator_and_a_reason(market, command):
    cycle = factories.clear(market, "validated")
    with pytest.raises(Forbidden):
        command(actor=PARTICIPANT, cycle=cycle.public_id, reason="audit")
    for reason in ("", "  ", "x" * 201):
        with pytest.raises(FieldInvalid):
            command(actor=market.actor, cycle=cycle.public_id, reason=reason)
    with pytest.raises(Missing):
        command(actor=market.actor, cycle="cyc_none", reason="audit")
    cycle.refresh_from_db()
    assert cycle.paused_since is None


def test_everybody_sees_that_a_cycle_is_held_and_the_operator_why(market, api):
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    cycle = factories.clear(market, "validated")
    path = f"/api/v1/cycles/{cycle.public_id}"
    for command in ("pause", "resume"):
        assert buyer.post(f"{path}/{command}/", {"reason": "mine"}).status_code == 403
        assert api.post(f"{path}/{command}/", {"reason": "mine"}).status_code == 401
        assert operator.post(f"{path}/{command}/", {}).status_code == 422
    assert operator.post(f"{path}/resume/", {"reason": "x"}).status_code == 409
    held = operator.post(f"{path}/pause/", {"reason": "audit of 買"})
    assert (held.status_code, held.json()["pause_reason"], held.json()["paused_by"]) == (
        200,
        "audit of 買",
        held.json()["paused_by"],
    )
    assert held.json()["paused_by"]
    for client in (api, buyer):
        shown = client.get(f"{path}/").json()
        assert (shown["paused_since"], shown["pause_reason"], shown["paused_by"]) == (
            held.json()["paused_since"],
            None,
            None,
        )
        assert shown["waits_for"]["en"].startswith("paused by the operator since ")
    by_himself = operator.post(f"{path}/resume/", {"reason": "done"})
    assert (by_himself.status_code, by_himself.json()["code"]) == (409, "second_person_needed")
    assert program_of(market.operator).post(f"{path}/resume/", {"reason": "done"}).status_code == 403
    person = client_of(market.operator, person=person_of(market.operator))
    released = person.post(f"{path}/resume/", {"reason": "done"})
    assert (released.status_code, released.json()["paused_since"]) == (200, None)
