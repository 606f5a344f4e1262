"""The database refuses what Python would not do with an approval."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.models import Membership, RoleGrant, Session, User
from marketplace.participants.services import suspend_participant
from tests.participants.factories import member_for
from tests.roles import assert_refused, unguarded

from .asking import ask, states

APPROVE = "UPDATE approvals_approval SET state = 'approved', ended_by = %s, ended_at = now() WHERE state = 'pending'"
AGAIN = (
    "INSERT INTO approvals_approval (public_id, organisation, permission, command, subject, digest, payload, currency,"
    " state, first_person, first_responsible, asked_at, expires_at) SELECT 'apv_raw', %s, %s, command, 'another', digest,"
    " payload, '', 'pending', %s, %s, now(), now() + interval '1 day' FROM approvals_approval"
)


def refused(statement: str, *values: object, because: str) -> None:
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, values or None), because=because)


@pytest.fixture
def pending(first) -> Approval:
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    return Approval.objects.get()


def test_one_person_cannot_be_both(pending):
    refused(APPROVE, "usr_first", because="approval_two_people")
    for statement, because in (
        ("UPDATE approvals_approval SET state = 'approved'", "approval_ended_when|no natural person"),
        ("UPDATE approvals_approval SET first_person = 'usr_x'", "cannot be changed"),
        ("UPDATE approvals_approval SET organisation = 'org_x'", "cannot be changed"),
        ("UPDATE approvals_approval SET permission = 'market:read'", "cannot be changed"),
        ("DELETE FROM approvals_approval", "are kept"),
    ):
        refused(statement, because=because)
    assert states() == ["pending"]


def test_made_up_people_approve_nothing(pending, stranger):
    for person in ("usr_made_up", "app_made_up", "usr_stranger", "system"):
        refused(APPROVE, person, because="is no natural person who may approve|approval_two_people")
    assert states() == ["pending"]


@pytest.mark.parametrize(
    "fault", ["left", "no role", "insolvent", "inactive", "no proof", "old proof", "expired session"]
)
def test_a_second_person_who_may_not_act_now_approves_nothing(pending, second, fault):
    of_second = {"user__public_id": "usr_second"}
    old = clock.real_now() - timedelta(minutes=11)
    if fault == "left":
        with unguarded("participants_membership"):
            Membership.objects.filter(**of_second).update(ended_at=clock.now())
    elif fault == "no role":
        with unguarded("participants_rolegrant"):
            RoleGrant.objects.filter(
                membership__user__public_id="usr_second", role__in=("owner", "finance", "trustee")
            ).update(revoked_at=clock.now())
    elif fault == "insolvent":
        with unguarded("participants_rolegrant"):
            RoleGrant.objects.filter(membership__user__public_id="usr_second", role="trustee").delete()
        suspend_participant(
            actor=SYSTEM,
            organisation=pending.organisation,
            kind="insolvency",
            reason_code="opened",
            reason="破産手続開始",
            reference="令和8年(フ)第1号",
        )
    elif fault == "inactive":
        User.objects.filter(public_id="usr_second").update(is_active=False)
    elif fault == "no proof":
        Session.objects.filter(**of_second).update(proved_at=None)
    elif fault == "old proof":
        Session.objects.filter(**of_second).update(proved_at=old)
    else:
        Session.objects.filter(**of_second).update(expire_date=old)
    # The insolvency withholds the role of the first too, who is judged before the second.
    because = "may not give" if fault == "insolvent" else "is no natural person who may approve"
    refused(APPROVE, "usr_second", because=because)
    assert states() == ["pending"]


def test_a_second_person_who_may_act_approves(pending, second):
    with connection.cursor() as cursor:
        cursor.execute(APPROVE, ["usr_second"])
    assert states() == ["approved"]


def test_the_first_is_somebody_of_the_organisation_with_the_role(pending, owners, stranger):
    of = owners.public_id
    for organisation, permission, person, responsible in (
        (of, "payout:write", "usr_made_up", "usr_made_up"),
        (of, "payout:write", "usr_stranger", "usr_stranger"),
        (of, "payout:write", "app_made_up", "usr_first"),
        (of, "payout:write", "usr_made_up", "usr_first"),
        (of, "clearing:write", "usr_first", "usr_first"),
        (stranger.organisation, "payout:write", "usr_first", "usr_first"),
    ):
        refused(AGAIN, organisation, permission, person, responsible, because="may not give")
    refused(AGAIN, of, "market:read", "usr_first", "usr_first", because="may not give|approval_of_what")
    assert states() == ["pending"]


def test_who_was_no_member_with_the_role_is_named(pending, owners, second):
    check = REGISTER["participants.approvals_by_members"].check
    ask(second)
    assert check() == []
    with unguarded("participants_rolegrant"), connection.cursor() as cursor:
        cursor.execute("UPDATE participants_rolegrant SET granted_at = '2100-01-01'")
    (named,) = check()
    assert (named["first_person"], named["ended_by"]) == ("usr_first", "usr_second")


def test_a_role_that_ends_later_makes_no_approval_wrong(pending, second):
    ask(second)
    clock.move_to(clock.now() + timedelta(hours=1), running=False)
    with unguarded("participants_rolegrant", "participants_membership"):
        RoleGrant.objects.filter(revoked_at=None).update(revoked_at=clock.now())
        Membership.objects.filter(ended_at=None).update(ended_at=clock.now())
    assert REGISTER["participants.approvals_by_members"].check() == []


def test_people_forced_in_past_the_guard_are_named(pending, owners):
    member_for(owners, "usr_third")
    with unguarded("approvals_approval"), connection.cursor() as cursor:
        cursor.execute(APPROVE, ["usr_made_up"])
    (named,) = REGISTER["participants.approvals_by_members"].check()
    assert named["ended_by"] == "usr_made_up"
    assert [row["public_id"] for row in REGISTER["approvals.by_two_people"].check()] == [pending.public_id]
