"""Ending negotiations without agreement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts import handlers, services, tasks
from contracts.models import Negotiation
from contracts.states import OPEN_NEGOTIATIONS
from listings.services import withdraw_listing
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid
from marketplace.participants import services as participants
from marketplace.participants.interest_errors import Recused
from tests.participants.factories import staff
from tests.poison import RUNS, aside, let_pauses_pass, poisoned, tasks_to_repair

from .. import factories
from ..refusals import refused


def suspend(market, actor) -> None:
    participants.suspend_participant(
        actor=market.operator, organisation=actor.organisation, reason_code="check", reason="確認"
    )


def hear(kind: str) -> None:
    """Hand the latest event of a kind to this application's handler of it."""
    row = OutboxEvent.objects.filter(type=kind).latest("pk")
    handler = getattr(handlers, f"on_{kind.replace('.', '_')}")
    handler(parse(row.type, row.data), envelope_of(row))


@pytest.mark.parametrize("party", ["buyer", "seller"])
def test_who_of_the_operator_is_related_to_a_party_ends_nothing(market, party):
    negotiation = factories.offered(market)
    stated = {"kind": "family", "statement": "親族が勤務しています。"}
    organisation = getattr(market, party).organisation
    participants.declare_interest(actor=market.operator, organisation=organisation, **stated)
    with pytest.raises(Recused):
        services.terminate(
            actor=market.operator, negotiation=negotiation.public_id, reason_code="x", reason="停止"
        )
    assert Negotiation.objects.get().state == "offered"


@pytest.mark.parametrize(
    ("state", "who"),
    [
        (state, who)
        for state in ("requested", "offered", "accepted", "agreed")
        for who in ("buyer", "seller", "operator")
        # What the seller signed is open: test_open_proposals.
        if (state, who) != ("agreed", "seller")
    ],
)
def test_whoever_is_in_it_ends_it(market, state, who):
    negotiation = getattr(factories, state)(market)
    ended = services.terminate(
        actor=getattr(market, who),
        negotiation=negotiation.public_id,
        reason_code="too_expensive",
        reason=" 予算超過 ",
    )
    ended.refresh_from_db()
    assert (ended.state, ended.ended_by, ended.end_reason_code, ended.end_reason) == (
        "terminated",
        who,
        "too_expensive",
        "予算超過",
    )
    assert ended.respond_by is None
    last = factories.events("negotiation.moved")[-1]
    assert (last["state"], last["by"], last["waits_for"]) == ("terminated", who, None)
    record = EvidenceRecord.objects.filter(subject=negotiation.public_id).latest("pk")
    assert record.kind == "contracts.negotiation_terminated"
    assert "予算超過" not in str(record.payload)


@pytest.mark.parametrize(
    ("who", "changes", "field"),
    [
        ("buyer", {"reason_code": "Not a code"}, "reason_code"),
        ("buyer", {"reason": "x" * 2_001}, "reason"),
        ("operator", {"reason": " "}, "reason"),
    ],
)
def test_an_end_without_proper_reason_is_refused(market, who, changes, field):
    negotiation = factories.requested(market)
    with refused(FieldInvalid, name=field):
        services.terminate(actor=getattr(market, who), negotiation=negotiation.public_id, **changes)


def test_silence_ends_a_negotiation(market):
    clock.move_to(clock.now() + timedelta(seconds=1), running=False)
    silent, signed = factories.requested(market), factories.agreed(market)
    clock.move_to(clock.now() + timedelta(days=7), running=False)
    answered = factories.offered(market)
    assert tasks.sweep() == 0
    clock.move_to(signed.respond_by, running=False)
    assert tasks.sweep() == 2
    assert tasks.sweep() == 0
    for late in (silent, signed):
        late.refresh_from_db()
        assert (late.state, late.ended_by, late.end_reason_code) == ("terminated", "system", "expired")
    answered.refresh_from_db()
    assert answered.state == "offered"


def test_a_sweep_takes_a_batch_at_a_time(market):
    for _ in range(3):
        last = factories.requested(market)
    clock.move_to(last.respond_by + timedelta(seconds=1), running=False)
    assert services.end_expired(limit=2) == 2
    assert services.end_expired(limit=2) == 1
    assert not Negotiation.objects.filter(state__in=OPEN_NEGOTIATIONS).exists()


def test_a_negotiation_that_cannot_be_ended_holds_back_no_other(market):
    stuck, other = factories.requested(market), factories.requested(market)
    clock.move_to(other.respond_by + timedelta(seconds=1), running=False)
    with poisoned("contracts_negotiation", f"NEW.id = {stuck.pk}"):
        assert sum(tasks.sweep() for _ in range(RUNS)) == 1
    for negotiation in (stuck, other):
        negotiation.refresh_from_db()
    assert (stuck.state, other.state) == ("requested", "terminated")
    assert aside("contracts.end_expired") == [stuck.public_id]
    ((title, state),) = tasks_to_repair()
    assert (stuck.public_id in title, state) == (True, "open")
    let_pauses_pass()
    assert tasks.sweep() == 1
    assert tasks_to_repair()[0][1] == "done"


def test_the_sweep_ends_what_an_abandoned_job_left_open(market):
    stuck, left = factories.requested(market), factories.agreed(market)
    suspend(market, market.seller)
    with poisoned("contracts_negotiation", f"NEW.id = {stuck.pk}"):
        assert sum(tasks.sweep() for _ in range(RUNS)) == 1
    left.refresh_from_db()
    assert (left.state, left.end_reason_code) == ("terminated", "participant_suspended")
    assert aside("contracts.end_obstructed") == [stuck.public_id]
    services.terminate(actor=market.buyer, negotiation=stuck.public_id)
    let_pauses_pass()
    assert tasks.sweep() == 0
    assert aside("contracts.end_obstructed") == []


def test_the_sweep_ends_what_a_withdrawn_listing_left_open(market):
    negotiation = factories.requested(market)
    withdraw_listing(actor=market.seller, listing=market.listing)
    assert (tasks.sweep(), tasks.sweep()) == (1, 0)
    negotiation.refresh_from_db()
    assert (negotiation.state, negotiation.end_reason_code) == ("terminated", "listing_withdrawn")


@pytest.mark.parametrize("who", ["buyer", "seller"])
def test_a_suspension_ends_what_the_suspended_was_negotiating(market, who):
    open_ = [factories.requested(market), factories.agreed(market)]
    concluded = factories.finalized(market)
    others = services.request_negotiation(actor=market.stranger, listing=market.listing, reference="S-1")
    suspend(market, getattr(market, who))
    hear("participant.suspended")
    for row in (*open_, concluded, others):
        row.refresh_from_db()
    assert [row.state for row in open_] == ["terminated", "terminated"]
    assert {row.end_reason_code for row in open_} == {"participant_suspended"}
    assert concluded.state == "finalized"
    assert others.state == ("requested" if who == "buyer" else "terminated")
    before = factories.everything()
    hear("participant.suspended")
    assert factories.everything() == before


def test_who_was_reinstated_meanwhile_keeps_its_negotiations(market):
    negotiation = factories.requested(market)
    suspend(market, market.buyer)
    staff("usr_first", "usr_second")
    participants.reinstate_participant(
        actor=replace(market.operator, identifier="usr_second"),
        organisation=market.buyer.organisation,
        first_person="usr_first",
    )
    before = factories.everything()
    hear("participant.suspended")
    assert factories.everything() == before
    negotiation.refresh_from_db()
    assert negotiation.state == "requested"


def test_the_system_ends_for_a_reason_of_its_own(market):
    negotiation = factories.agreed(market)
    ended = services.terminate(
        actor=SYSTEM, negotiation=negotiation.public_id, reason_code="listing_unlawful"
    )
    assert (ended.state, ended.ended_by) == ("terminated", "system")
