"""The database refuses what Python would not do with an access, and the checker names what was forced in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from marketplace.access import services
from marketplace.access.models import AccessDeferral, AccessRead, StaffAccess
from marketplace.access.states import SUBJECTS_MAX
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.participants import services as participants
from marketplace.participants.models import Organisation, RoleGrant, Session
from tests.participants.factories import member_for, person_of
from tests.roles import as_owner, assert_refused, unguarded

from .factories import deferred, opened

pytestmark = pytest.mark.django_db

COPY = """
    INSERT INTO access_staffaccess (public_id, person, organisation_id, organisation_identifier, kind, ground, reason,
        reference, opened_at, expires_at, approved_by, deferred_until, told_at, salt, commitment)
    SELECT 'sac_raw', {person}, {organisation}, kind, {ground}, reason, reference, {now}, {expires}, {approved_by},
           {until}, {told}, salt, commitment
      FROM access_staffaccess, (SELECT public.business_now() AS now OFFSET 0) AS clock LIMIT 1
"""
DEFER = """
    INSERT INTO access_accessdeferral (access_id, until, reason, first_person, approved_by, decided_at)
    SELECT id, {until}, 'x', {first}, {second}, public.business_now() FROM access_staffaccess ORDER BY id DESC LIMIT 1
"""
READ = """
    INSERT INTO access_accessread (access_id, subject, digest, read_at)
    SELECT id, '{subject}', repeat('0', 64), public.business_now() FROM access_staffaccess ORDER BY id DESC LIMIT 1
"""
NOW = "clock.now"
PLAIN = {
    "person": "'usr_first'",
    "organisation": "organisation_id, organisation_identifier",
    "ground": "'support'",
    "now": NOW,
    "expires": f"{NOW} + interval '1 hour'",
    "approved_by": "''",
    "until": "NULL",
    "told": NOW,
}
BY_TWO = {
    "ground": "'law'",
    "approved_by": "'usr_second'",
    "until": f"{NOW} + interval '9 days'",
    "told": "NULL",
}


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def copied(**changes: str) -> str:
    return COPY.format(**(PLAIN | changes))


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: run(statement), because=because)


def named(invariant: str) -> int:
    """How many rows an invariant names."""
    return len(REGISTER[invariant].check())


@pytest.fixture
def access(first, second, subject) -> StaffAccess:
    return opened(first, subject)


def test_what_a_person_of_the_staff_may_open_is_opened(access):
    run(copied())
    assert StaffAccess.objects.count() == 2


def test_nobody_but_staff_opens_an_access(access, staffed, subject):
    member_for(subject, "usr_of_it")
    auditor = person_of(staffed, "auditor", ("auditor",)).public_id
    for person in ("usr_made_up", "app_made_up", "system", "usr_of_it", auditor):
        refused(copied(person=f"'{person}'"), "no natural person of the operator")
        refused(copied(**BY_TWO, person=f"'{person}'"), "no natural person of the operator")
        refused(
            copied(**(BY_TWO | {"approved_by": f"'{person}'"})),
            "no natural person of the operator|access_told",
        )
    end = "UPDATE access_staffaccess SET ended_at = public.business_now(), ended_by = 'usr_of_it'"
    refused(end, "no natural person of the operator")
    assert StaffAccess.objects.count() == 1


@pytest.mark.parametrize("fault", ["no role", "no proof", "old proof"])
def test_a_person_who_may_not_open_now_opens_nothing(access, fault):
    of_first = {"user__public_id": "usr_first"}
    if fault == "no role":
        with unguarded("participants_rolegrant"):
            RoleGrant.objects.filter(
                membership__user__public_id="usr_first",
                role__in=("admission", "clearing", "disputes", "support"),
            ).update(revoked_at=clock.now())
    elif fault == "no proof":
        Session.objects.filter(**of_first).update(proved_at=None)
    else:
        Session.objects.filter(**of_first).update(proved_at=clock.real_now() - timedelta(minutes=11))
    refused(copied(), "no natural person of the operator")
    assert StaffAccess.objects.count() == 1


def test_an_access_is_for_hours_and_of_a_participant(access, staffed):
    other = Organisation.objects.get(is_operator=True)
    for changes, because in (
        ({"expires": f"{NOW} + interval '25 hours'"}, "access_hours"),
        ({"expires": f"{NOW} - interval '1 hour'"}, "access_hours"),
        (
            {"now": f"{NOW} - interval '9 hours'", "told": f"{NOW} - interval '9 hours'"},
            "not that of the clock",
        ),
        ({"organisation": f"{other.pk}, '{other.public_id}'"}, "no participant"),
        ({"organisation": "organisation_id, 'org_another'"}, "no participant"),
        ({"ground": "'curiosity'"}, "access_reason"),
    ):
        refused(copied(**changes), because)
    assert StaffAccess.objects.count() == 1


def test_no_access_is_kept_from_the_participant_by_one(access):
    for changes, because in (
        ({"told": "NULL"}, "access_told"),
        (BY_TWO | {"approved_by": "'usr_first'"}, "access_told"),
        (BY_TWO | {"approved_by": "''"}, "access_told"),
        (BY_TWO | {"ground": "'support'"}, "access_told"),
        (BY_TWO | {"until": f"{NOW} + interval '91 days'"}, "access_told"),
        (BY_TWO | {"until": "NULL"}, "access_told"),
        (BY_TWO | {"told": NOW}, "is told later"),
        ({"until": f"{NOW} + interval '9 days'"}, "access_told"),
    ):
        refused(copied(**changes), because)
    assert StaffAccess.objects.count() == 1
    run(copied(**BY_TWO))


def test_only_the_end_and_the_telling_of_an_access_change_each_once(access, first, second, subject):
    for change, because in (
        ("reason = 'another'", "cannot be changed"),
        ("expires_at = expires_at + interval '1 hour'", "cannot be changed"),
        ("person = 'usr_second'", "cannot be changed"),
        ("told_at = NULL", "cannot be changed|access_told"),
        ("salt = repeat('1', 64)", "cannot be changed"),
        ("ended_at = public.business_now()", "access_ended_when"),
        ("ended_by = 'usr_second', ended_at = '2020-01-01'", "not that of the clock"),
    ):
        refused(f"UPDATE access_staffaccess SET {change}", because)
    refused("DELETE FROM access_staffaccess", "are kept")
    services.end_access(actor=first, access=access.public_id)
    refused("UPDATE access_staffaccess SET ended_by = NULL, ended_at = NULL", "cannot be changed")
    late = deferred(first, second, subject)
    services.tell_participant(actor=first, access=late.public_id)
    refused(
        "UPDATE access_staffaccess SET told_at = NULL WHERE deferred_until IS NOT NULL", "cannot be changed"
    )


def test_a_notice_is_deferred_again_by_two_while_it_is_deferred(access, first, second, subject):
    longer = "public.business_now() + interval '60 days'"
    by_two = {"until": longer, "first": "'usr_first'", "second": "'usr_second'"}
    refused(DEFER.format(**by_two), "is not deferred")
    late = deferred(first, second, subject)
    for changes, because in (
        ({"second": "'usr_first'"}, "deferral_by_two"),
        ({"second": "'usr_made_up'"}, "no natural person of the operator"),
        ({"first": "'usr_made_up'"}, "no natural person of the operator"),
        ({"until": "public.business_now() + interval '91 days'"}, "deferral_by_two"),
        ({"until": "public.business_now() + interval '9 days'"}, "review date is over or later"),
    ):
        refused(DEFER.format(**(by_two | changes)), because)
    run(DEFER.format(**by_two))
    refused("UPDATE access_accessdeferral SET until = until", "append-only")
    refused("DELETE FROM access_accessdeferral", "append-only")
    services.tell_participant(actor=first, access=late.public_id)
    refused(
        DEFER.format(**(by_two | {"until": "public.business_now() + interval '80 days'"})), "is not deferred"
    )


def test_who_declared_an_interest_neither_opens_nor_defers(access, first, second, subject):
    deferred(first, second, subject)
    participants.declare_interest(
        actor=second, organisation=subject.public_id, kind="family", statement="親族が勤務しています。"
    )
    longer = {"until": "public.business_now() + interval '60 days'"}
    refused(copied(person="'usr_second'"), "declared an interest")
    refused(copied(**BY_TWO), "declared an interest")
    for people in (
        {"first": "'usr_first'", "second": "'usr_second'"},
        {"first": "'usr_second'", "second": "'usr_first'"},
    ):
        refused(DEFER.format(**longer, **people), "declared an interest")
    assert (StaffAccess.objects.count(), AccessDeferral.objects.count()) == (2, 0)
    assert named("access.opened_by_staff") == 0
    with unguarded("access_staffaccess"):
        run(
            "UPDATE access_staffaccess SET person = 'usr_second', opened_at = later.at, told_at = later.at"
            f" FROM (SELECT public.business_now() + interval '1 minute' AS at OFFSET 0) later WHERE id = {access.pk}"
        )
    assert named("access.opened_by_staff") == 1


def test_nothing_is_read_outside_of_an_access(access, first):
    run(READ.format(subject="ent_1"))
    refused(READ.format(subject="ent_1"), "access_read_once")
    refused("UPDATE access_accessread SET subject = 'ent_2'", "append-only")
    refused("DELETE FROM access_accessread", "append-only")
    services.end_access(actor=first, access=access.public_id)
    refused(READ.format(subject="ent_2"), "is not open")
    assert AccessRead.objects.count() == 1


def test_who_declared_an_interest_since_reads_nothing_under_an_access(access, first, subject):
    run(READ.format(subject="ent_1"))
    participants.declare_interest(
        actor=first, organisation=subject.public_id, kind="family", statement="親族が勤務しています。"
    )
    refused(READ.format(subject="ent_2"), "is not open")
    assert named("access.for_a_time") == 0
    clock.move_to(clock.now() + timedelta(minutes=1))
    with unguarded("access_accessread"):
        run(READ.format(subject="ent_2"))
    assert named("access.for_a_time") == 1


def test_an_access_covers_a_bounded_number_of_subjects(access):
    AccessRead.objects.bulk_create(
        AccessRead(access=access, subject=f"ent_{number}", digest="0" * 64, read_at=clock.now())
        for number in range(SUBJECTS_MAX)
    )
    refused(READ.format(subject="ent_more"), f"{SUBJECTS_MAX} subjects at most")


def test_what_was_committed_to_does_not_change(access):
    assert named("access.committed") == 0
    with unguarded("access_staffaccess"):
        StaffAccess.objects.update(reason="another")
    assert named("access.committed") == 1
    refused("UPDATE access_staffaccess SET commitment = repeat('0', 64)", "cannot be changed")


def test_the_checker_names_what_was_forced_in(access, staffed, first, second, subject):
    late = deferred(first, second, subject)
    names = ("access.opened_by_staff", "access.for_a_time", "access.told", "access.committed")
    assert [named(name) for name in names] == [0, 0, 0, 0]
    with unguarded("access_staffaccess", "access_accessread"):
        StaffAccess.objects.filter(pk=access.pk).update(person="usr_made_up")
        AccessRead.objects.create(
            access=late,
            subject="ent_1",
            digest=late.digest_of_subject("ent_1"),
            read_at=clock.now() - timedelta(days=9),
        )
        opened_at = late.opened_at - timedelta(days=40)
        StaffAccess.objects.filter(pk=late.pk).update(
            opened_at=opened_at,
            expires_at=opened_at + timedelta(hours=1),
            deferred_until=opened_at + timedelta(days=30),
        )
    assert [named(name) for name in names] == [1, 1, 1, 2]


def test_a_row_without_its_evidence_is_named(access):
    assert named("evidence.rows_recorded") == 0
    run(copied())
    run(READ.format(subject="ent_1"))
    assert named("evidence.rows_recorded") == 2
    with as_owner():
        assert StaffAccess.objects.count() == 2
