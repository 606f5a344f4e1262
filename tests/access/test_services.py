"""Opening, ending and telling of accesses, and every refusal of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.access import services, sweeping
from marketplace.access.errors import AccessOver, AccessTold, ReviewOver
from marketplace.access.models import AccessDeferral, StaffAccess
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import verify_all
from marketplace.participants import services as participants
from marketplace.participants.interest_errors import Recused
from tests.participants.factories import actor_for, member_for

from .factories import BY_LAW, deferred, later, opened, recorded

pytestmark = pytest.mark.django_db


def moved(access: StaffAccess) -> list[str]:
    """What the participant learns from events, oldest first."""
    rows = OutboxEvent.objects.filter(subject=access.public_id, type="staff_access.moved").order_by("pk")
    return [row.data["change"] for row in rows]


def holds() -> bool:
    """Whether every invariant of accesses, and of evidence, holds."""
    return not [name for name in ("access", "evidence") for broken in verify_all(name).values() if broken]


def test_an_access_is_opened_for_hours_and_told_at_once(first, subject):
    access = opened(first, subject)
    assert (access.person, access.organisation_identifier) == ("usr_first", subject.public_id)
    assert access.expires_at - access.opened_at == timedelta(hours=4)
    assert (access.told_at, access.deferred_until, access.approved_by) == (access.opened_at, None, "")
    record = EvidenceRecord.objects.get(kind="access.opened")
    assert record.payload["content"]["reason"] == access.reason
    assert digest_of(record.payload["content"]) == record.payload["commitment"] == access.commitment
    assert moved(access) == ["opened"]
    assert holds()


def test_an_access_is_ended_once(first, second, subject):
    access = opened(first, subject)
    ended = services.end_access(actor=second, access=access.public_id)
    assert (ended.ended_by, ended.ended_at is not None) == ("usr_second", True)
    assert (recorded(access), moved(access)) == (["access.opened", "access.ended"], ["opened", "ended"])
    with pytest.raises(AccessOver):
        services.end_access(actor=first, access=access.public_id)
    late = opened(first, subject)
    later(timedelta(hours=5))
    with pytest.raises(AccessOver):
        services.end_access(actor=first, access=late.public_id)
    with pytest.raises(Missing):
        services.end_access(actor=first, access="sac_none")
    assert holds()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "messages"}, "kind"),
        ({"ground": "curiosity"}, "ground"),
        ({"reason": "  "}, "reason"),
        ({"reference": ""}, "reference"),
        ({"reason": "x\x00"}, "reason"),
        ({"hours": 0}, "hours"),
        ({"hours": 25}, "hours"),
        ({"deferred_days": 30}, "deferred_days"),
        ({**BY_LAW, "deferred_days": 91}, "deferred_days"),
    ],
)
def test_what_is_stated_wrongly_opens_nothing(first, subject, changes, field):
    with pytest.raises(FieldInvalid) as refused:
        opened(first, subject, **changes)
    assert refused.value.name == field
    assert (StaffAccess.objects.count(), Approval.objects.count()) == (0, 0)


def test_only_staff_with_a_fresh_proof_opens_a_participant(first, staffed, subject):
    auditor = replace(first, permissions=frozenset())
    stale = replace(first, proved_at=clock.real_now() - timedelta(minutes=11))
    for actor, error in (
        (auditor, PermissionNeeded),
        (member_for(subject, "usr_of_it"), PermissionNeeded),
        (stale, ProofNeeded),
        (SYSTEM, Forbidden),
    ):
        with pytest.raises(error):
            opened(actor, subject)
    with pytest.raises(FieldInvalid):
        opened(first, staffed)
    with pytest.raises(Missing):
        services.open_access(
            actor=first,
            organisation="org_none",
            kind="trades",
            ground="rules",
            reason="x",
            reference="y",
            hours=1,
        )
    assert StaffAccess.objects.count() == 0


def test_a_notice_that_law_forbids_is_deferred_by_two_and_sealed(first, second, subject):
    with pytest.raises(SecondPersonNeeded):
        opened(first, subject, **BY_LAW)
    with pytest.raises(SecondPersonNeeded):
        opened(first, subject, **BY_LAW)
    assert StaffAccess.objects.count() == 0
    access = opened(second, subject, **BY_LAW)
    assert (access.person, access.approved_by, access.told_at) == ("usr_first", "usr_second", None)
    assert access.review_at() == access.opened_at + timedelta(days=30)
    record = EvidenceRecord.objects.get(kind="access.opened")
    assert record.payload == {"commitment": access.commitment, "person": "usr_first"}
    others = EvidenceRecord.objects.exclude(kind__startswith="participants.")
    assert [row.kind for row in others if subject.public_id in str(row.payload)] == []
    events = OutboxEvent.objects.filter(subject=access.public_id)
    assert [row.type for row in events] == ["staff_access.deferred"]
    assert subject.public_id not in str(events[0].data)
    services.end_access(actor=first, access=access.public_id)
    assert moved(access) == []
    assert holds()


def test_silence_tells_on_the_review_date(first, second, subject):
    access = deferred(first, second, subject)
    later(timedelta(days=29))
    assert sweeping.tell_due() == 0
    later(timedelta(days=1, minutes=1))
    assert sweeping.tell_due() == 1
    assert sweeping.tell_due() == 0
    access.refresh_from_db()
    assert access.told_at is not None
    told = EvidenceRecord.objects.get(kind="access.told")
    assert digest_of(told.payload["content"]) == access.commitment
    assert (told.actor, moved(access)) == ("system", ["told"])
    assert holds()


def test_two_people_defer_it_again_before_the_review_date(first, second, subject):
    access = deferred(first, second, subject)
    later(timedelta(days=20))
    stated = {"access": access.public_id, "days": 60, "reason": "当局の要請が継続しているため"}
    with pytest.raises(SecondPersonNeeded):
        services.defer_notice(actor=first, **stated)
    assert AccessDeferral.objects.count() == 0
    services.defer_notice(actor=second, **stated)
    row = AccessDeferral.objects.get()
    assert (row.first_person, row.approved_by) == ("usr_first", "usr_second")
    assert StaffAccess.objects.get().review_at() == row.until
    later(timedelta(days=11))
    assert sweeping.tell_due() == 0
    later(timedelta(days=50))
    with pytest.raises(ReviewOver):
        services.defer_notice(actor=first, **stated)
    assert sweeping.tell_due() == 1
    assert holds()


def test_a_deferral_is_refused_where_nothing_is_deferred(first, second, subject):
    at_once = opened(first, subject)
    with pytest.raises(AccessTold):
        services.defer_notice(actor=first, access=at_once.public_id, days=30, reason="x")
    access = deferred(first, second, subject)
    for days, reason, field in ((29, "x", "days"), (91, "x", "days"), (60, " ", "reason")):
        with pytest.raises(FieldInvalid) as refused:
            services.defer_notice(actor=first, access=access.public_id, days=days, reason=reason)
        assert refused.value.name == field
    with pytest.raises(PermissionNeeded):
        services.defer_notice(
            actor=member_for(subject, "usr_of_it"), access=access.public_id, days=60, reason="x"
        )
    assert AccessDeferral.objects.count() == 0


def test_one_person_tells_early(first, second, subject):
    access = deferred(first, second, subject)
    with pytest.raises(PermissionNeeded):
        services.tell_participant(actor=member_for(subject, "usr_of_it"), access=access.public_id)
    services.tell_participant(actor=second, access=access.public_id)
    with pytest.raises(AccessTold):
        services.tell_participant(actor=first, access=access.public_id)
    assert recorded(access) == ["access.opened", "access.told"]
    assert moved(access) == ["told"]
    assert holds()


def test_who_declared_an_interest_opens_nothing_and_defers_no_notice(first, second, subject, staffed):
    third = actor_for(staffed, "usr_third")
    interest = {"organisation": subject.public_id, "kind": "family", "statement": "親族が勤務しています。"}
    late = deferred(first, third, subject)
    again = {"access": late.public_id, "days": 60, "reason": "裁判所の指示による。"}
    with pytest.raises(SecondPersonNeeded):
        services.defer_notice(actor=second, **again)
    participants.declare_interest(actor=second, **interest)
    with pytest.raises(Recused):
        opened(second, subject)
    with pytest.raises(Recused):
        opened(second, subject, **BY_LAW)
    with pytest.raises(Recused):
        services.defer_notice(actor=second, **again)
    # What the second gave before it declared the interest counts no more.
    with pytest.raises(SecondPersonNeeded):
        services.defer_notice(actor=first, **again)
    assert (StaffAccess.objects.count(), AccessDeferral.objects.count()) == (1, 0)
    with pytest.raises(SecondPersonNeeded):
        opened(first, subject, **(BY_LAW | {"hours": 2}))
    participants.declare_interest(actor=first, **interest)
    with pytest.raises(SecondPersonNeeded):
        opened(third, subject, **(BY_LAW | {"hours": 2}))
    assert (StaffAccess.objects.count(), holds()) == (1, True)
