"""One person halts and suspends; what releases takes two, who are on record."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from clearing.approvals.halts import lift_halt_by_two
from clearing.approvals.reinstatements import reinstate_by_two
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing
from marketplace.participants.models import Organisation, Reinstatement
from marketplace.participants.services import suspend_participant
from marketplace.participants.suspension_queries import standing_suspensions
from marketplace.rules.errors import HaltLifted
from marketplace.rules.models import Halt
from marketplace.rules.services import halt_trading
from tests.participants.factories import actor_for, client_of
from tests.roles import unguarded

from ..raw import refused, run
from ..test_invariants import broken

RELEASED = "clearing.released_by_two_people"
WHY = {"ja": "解消", "en": "Solved"}
PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


@pytest.fixture
def halt(market) -> Halt:
    return halt_trading(actor=market.actor, scope="market", reason=WHY)


@pytest.fixture
def suspended(market) -> Organisation:
    return suspend_participant(
        actor=market.actor,
        organisation=market.party("seller").public_id,
        reason_code="review",
        reason="確認中",
    )


def test_a_halt_is_lifted_by_two_who_give_the_same_reason(market, halt):
    with pytest.raises(SecondPersonNeeded):
        lift_halt_by_two(actor=market.actor, halt=halt.public_id, reason=WHY)
    with pytest.raises(SecondPersonNeeded):
        lift_halt_by_two(actor=market.second, halt=halt.public_id, reason=WHY | {"en": "Another"})
    halt.refresh_from_db()
    assert halt.lifted_at is None
    lifted = lift_halt_by_two(actor=market.second, halt=halt.public_id, reason=WHY)
    assert (lifted.lift_first_person, lifted.lifted_by) == (market.actor.identifier, market.second.identifier)
    kept = EvidenceRecord.objects.get(kind="rules.trading_resumed")
    assert (kept.actor, kept.payload["first_person"]) == (market.second.identifier, market.actor.identifier)
    with pytest.raises(HaltLifted):
        lift_halt_by_two(actor=market.second, halt=halt.public_id, reason=WHY)
    assert broken() == {}


def test_one_person_a_program_and_a_participant_lift_no_halt(market, halt):
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            lift_halt_by_two(actor=market.second, halt=halt.public_id, reason=WHY)
    for actor, refusal in ((market.program, Forbidden), (PARTICIPANT, Forbidden)):
        with pytest.raises(refusal):
            lift_halt_by_two(actor=actor, halt=halt.public_id, reason=WHY)
    with pytest.raises(Missing):
        lift_halt_by_two(actor=market.second, halt="hlt_nowhere", reason=WHY)
    with pytest.raises(FieldInvalid):
        lift_halt_by_two(actor=market.second, halt=halt.public_id, reason={"en": "x"})
    halt.refresh_from_db()
    assert (halt.lifted_at, broken()) == (None, {})


def test_a_participant_is_reinstated_by_two(market, suspended):
    with pytest.raises(SecondPersonNeeded):
        reinstate_by_two(actor=market.actor, organisation=suspended.public_id)
    assert Organisation.objects.get(pk=suspended.pk).state == "suspended"
    assert reinstate_by_two(actor=market.second, organisation=suspended.public_id).state == "active"
    made = Reinstatement.objects.get()
    assert (made.first_person, made.reinstated_by) == (market.actor.identifier, market.second.identifier)
    with pytest.raises(IllegalTransition):
        reinstate_by_two(actor=market.second, organisation=suspended.public_id)
    assert broken() == {}


def test_what_was_asked_before_a_suspension_ends_no_later_one(market, suspended):
    other = actor_for(market.operator, "usr_other")
    with pytest.raises(SecondPersonNeeded):
        reinstate_by_two(actor=market.actor, organisation=suspended.public_id)
    stale = Approval.objects.get(command="clearing.reinstate_participant")
    (suspension,) = standing_suspensions(suspended.pk)
    assert stale.payload == {
        "suspension": suspension.public_id,
        "reason_code": "review",
        "reinstated_before": 0,
    }
    reinstate_by_two(actor=market.second, organisation=suspended.public_id)
    suspend_participant(
        actor=market.actor, organisation=suspended.public_id, reason_code="review", reason="再確認"
    )
    with pytest.raises(SecondPersonNeeded):
        reinstate_by_two(actor=other, organisation=suspended.public_id)
    assert Organisation.objects.get(pk=suspended.pk).state == "suspended"
    assert broken() == {}


def test_one_person_a_program_and_a_participant_reinstate_nobody(market, suspended):
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            reinstate_by_two(actor=market.second, organisation=suspended.public_id)
    for actor in (market.program, PARTICIPANT):
        with pytest.raises(Forbidden):
            reinstate_by_two(actor=actor, organisation=suspended.public_id)
    assert (Reinstatement.objects.count(), broken()) == (0, {})


def test_both_over_the_api(market, halt, suspended):
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    for path, body in (
        (f"halts/{halt.public_id}/lift/", {"reason": WHY}),
        (f"organisations/{suspended.public_id}/reinstate/", {}),
    ):
        assert buyer.post(f"/api/v1/{path}", body, format="json").status_code == 403
        asked = operator.post(f"/api/v1/{path}", body, format="json")
        assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    lifted = lift_halt_by_two(actor=market.second, halt=halt.public_id, reason=WHY)
    assert lifted.lifted_by == market.second.identifier


def test_the_database_releases_nothing_by_one_person(market, halt, suspended):
    lift = (
        "UPDATE rules_halt SET lifted_at = now(), lift_reason = reason, lifted_by = %s, lift_first_person = %s"
        " WHERE lifted_at IS NULL"
    )
    for second, first in (("usr_x", "usr_x"), ("usr_x", ""), ("app_x", "usr_x"), ("usr_x", None)):
        refused(lift, second, first, because="halt_lifted_by_two|halt_lifted_whole")
    release = "UPDATE participants_organisation SET state = 'active' WHERE id = %s"
    refused(release, suspended.pk, because="while a suspension stands")
    made = (
        "INSERT INTO participants_reinstatement (organisation_id, suspension_id, first_person, reinstated_by,"
        " reinstated_at) SELECT organisation_id, id, %s, %s, now() FROM participants_suspension"
    )
    for first, second in (("usr_x", "usr_x"), ("", "usr_x"), ("usr_x", "app_x")):
        refused(made, first, second, because="reinstatement_two_people")
    assert Organisation.objects.get(pk=suspended.pk).state == "suspended"


def test_a_halt_begins_and_ends_when_it_is_written(market, halt):
    refused(
        "UPDATE rules_halt SET lifted_at = now() - interval '1 day', lift_reason = reason, lifted_by = 'usr_desk',"
        " lift_first_person = 'usr_confirming'",
        because="a moment is not that of the clock",
    )
    refused(
        "INSERT INTO rules_halt (public_id, scope, subject, reason, started_at, started_by)"
        " SELECT 'hlt_raw', 'segment', 'energy', reason, now() - interval '1 day', 'usr_x' FROM rules_halt",
        because="a moment is not that of the clock",
    )
    assert Halt.objects.get() == halt
    assert broken() == {}


def test_two_people_who_never_asked_are_named(market, halt, suspended):
    with transaction.atomic():
        run(
            "UPDATE rules_halt SET lifted_at = now(), lift_reason = reason, lifted_by = 'usr_desk',"
            " lift_first_person = 'usr_confirming'"
        )
        assert RELEASED in broken()
        transaction.set_rollback(True)
    with transaction.atomic():
        run(
            "INSERT INTO participants_reinstatement (organisation_id, suspension_id, first_person, reinstated_by,"
            " reinstated_at) SELECT organisation_id, id, 'usr_desk', 'usr_confirming', now() FROM participants_suspension"
        )
        assert RELEASED in broken()
        transaction.set_rollback(True)
    assert broken() == {}


def test_a_participant_that_the_owner_reinstated_is_named(market, suspended):
    with unguarded("participants_organisation"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE participants_organisation SET state = 'active' WHERE id = %s",
            [suspended.pk],
        )
    assert RELEASED in broken()
