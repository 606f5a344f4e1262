"""What a suspended organisation may: by kind, for every permission and role, at the edge and in services."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.permissions import (
    PARTICIPANT_ROLES,
    READS,
    RULES,
    Permission,
    permissions_of,
)
from marketplace.kernel.suspensions import EFFECTS, SuspensionKind
from marketplace.participants import services
from marketplace.participants.models import Application, Suspension
from marketplace.participants.suspension_errors import SuspensionStands
from marketplace.participants.suspension_queries import held_from_payment, standing_suspensions
from tests.listings.factories import description

from . import factories
from .accounts import signed_in

KINDS = list(SuspensionKind)


def may(roles: set[str], *kinds: str) -> frozenset[Permission]:
    return permissions_of(roles, proved=True, is_operator=False, suspended=kinds)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", sorted(PARTICIPANT_ROLES))
def test_no_role_begins_anything_under_any_kind(role, kind):
    before, left = may({role}), may({role}, kind)
    assert left <= before
    assert [permission for permission in left if RULES[permission].begins] == []
    assert left & READS == before & READS
    acts = EFFECTS[kind].acting is None or role in EFFECTS[kind].acting
    lost = {permission for permission in before - left if not RULES[permission].begins}
    assert (lost == set()) is (acts or before <= READS | {Permission.PERSON_OWN})


def test_in_insolvency_the_trustee_acts_and_others_read():
    everybody = may(set(PARTICIPANT_ROLES) - {"trustee"}, "insolvency")
    assert everybody <= READS | {Permission.PERSON_OWN, Permission.NOTICES_WRITE}
    trustee = may({"trustee"}, "insolvency")
    assert trustee >= {
        Permission.PAYOUT_WRITE,
        Permission.ORGANISATION_WRITE,
        Permission.NEGOTIATIONS_SETTLE,
        Permission.DELIVERIES_ANSWER,
        Permission.DELIVERIES_READ,
    }


def test_several_kinds_leave_what_each_leaves():
    left = may({"owner", "trader", "trustee"}, "breach", "insolvency")
    assert left == may({"owner", "trader", "trustee"}, "breach") & may(
        {"owner", "trader", "trustee"}, "insolvency"
    )


@pytest.fixture
def operator(db):
    return factories.operator()


@pytest.fixture
def subject(operator):
    return factories.organisation("売")


def suspend(subject, kind="breach", **changes):
    stated = {"reason_code": "review", "reason": "確認中"}
    if EFFECTS[SuspensionKind(kind)].needs_reference:
        stated["reference"] = "令和8年(フ)第1号"
    services.suspend_participant(
        actor=SYSTEM, organisation=subject.public_id, kind=kind, **(stated | changes)
    )
    return Suspension.objects.latest("pk")


@pytest.mark.parametrize("kind", KINDS)
def test_at_the_edge_nothing_begins_and_reading_goes_on(subject, kind):
    segment = factories.segment()
    person, program = (
        factories.person_of(subject, "desk"),
        factories.program_of(subject, ["listings:write", "market:read"]),
    )
    suspend(subject, kind)
    listing = {"reference": "L-1", "segment": segment.code} | description()
    for client in (signed_in(person), program):
        answer = client.post("/api/v1/listings/", listing, format="json")
        assert answer.status_code == 403
        assert client.get("/api/v1/listings/").status_code == 200
    answer = signed_in(person).post("/api/v1/applications/", {"name": "x"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (
        403,
        "trustee_acts" if kind == "insolvency" else "organisation_suspended",
    )
    assert Application.objects.count() == 1
    me = signed_in(person).get("/api/v1/me/").json()
    assert set(me["permissions"]) == {
        permission.value for permission in may(factories.roles_of(subject), kind)
    }
    (told,) = me["organisation"]["suspensions"]
    assert (told["kind"], told["meaning"]) == (kind, EFFECTS[kind].meaning.as_dict())


def test_suspensions_stand_beside_each_other_and_end_one_by_one(subject, operator):
    first = suspend(subject)
    second = suspend(subject, "sanctions")
    third = suspend(subject, "sanctions", reference="別の告示")
    assert held_from_payment([subject.pk, operator.pk]) == {subject.pk}
    with pytest.raises(SuspensionStands):
        suspend(subject, "sanctions")
    factories.staff("usr_first", "usr_second")
    ending = {
        "actor": factories.actor_for(operator, "usr_second"),
        "organisation": subject.public_id,
        "first_person": "usr_first",
    }
    with pytest.raises(FieldInvalid) as refusal:
        services.reinstate_participant(**ending)
    assert refusal.value.name == "suspension"
    with pytest.raises(Missing):
        services.reinstate_participant(**ending, suspension="sus_other")
    for suspension, state in ((second, "suspended"), (third, "suspended"), (first, "active")):
        ended = services.reinstate_participant(**ending, suspension=suspension.public_id)
        assert ended.state == state
    assert (standing_suspensions(subject.pk).count(), held_from_payment([subject.pk])) == (0, set())
    again = suspend(subject, "sanctions")
    assert standing_suspensions(subject.pk).get() == again


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "other"}, "kind"),
        ({"kind": "sanctions", "reference": " "}, "reference"),
        ({"kind": "insolvency", "reference": ""}, "reference"),
        ({"effective_on": date(2999, 1, 1)}, "effective_on"),
        ({"effective_on": date(1900, 1, 1)}, "effective_on"),
    ],
)
def test_a_fault_in_a_suspension_is_named(subject, changes, field):
    with pytest.raises(FieldInvalid) as refusal:
        services.suspend_participant(
            actor=SYSTEM,
            organisation=subject.public_id,
            **({"reason_code": "review", "reason": "x", "reference": "1"} | changes),
        )
    assert refusal.value.name == field
    assert Suspension.objects.count() == 0


def test_only_the_organisation_and_the_operator_read_a_suspension(subject, operator):
    suspension = suspend(subject, effective_on=clock.today() - timedelta(days=3))
    path = f"/api/v1/suspensions/{suspension.public_id}/"
    own = factories.client_of(subject).get(path).json()
    assert (own["reason"], own["ended_at"]) == ("確認中", None)
    assert factories.client_of(operator).get(path).status_code == 200
    assert factories.client_of(factories.organisation("他")).get(path).status_code == 404
    answer = factories.client_of(operator).post(
        f"/api/v1/organisations/{subject.public_id}/suspend/",
        {"kind": "attachment", "reason_code": "x", "reason": "y"},
        format="json",
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reference")
