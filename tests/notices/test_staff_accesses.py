"""The participant is told of accesses of the staff, and the operator has a task while one is kept from it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.access import services
from marketplace.events.schemas.access import StaffAccessDeferred, StaffAccessMoved
from marketplace.notices.handlers.staff_accesses import on_staff_access_deferred, on_staff_access_moved
from marketplace.notices.models import Notice, Task
from tests.access.factories import deferred, opened
from tests.participants.factories import actor_for, operator, organisation

from .factories import handle, inbox, notice_titles

pytestmark = pytest.mark.django_db


def moved(access, change: str) -> StaffAccessMoved:
    return StaffAccessMoved(
        access=access.public_id,
        organisation=access.organisation_identifier,
        kind=access.kind,
        ground=access.ground,
        change=change,
    )


def test_the_participant_is_told_at_once_and_at_the_end():
    staffed, subject = operator(), organisation("A")
    first = actor_for(staffed, "usr_first")
    access = opened(first, subject, reason="照会 {0} の調査")
    handle(on_staff_access_moved, moved(access, "opened"))
    services.end_access(actor=first, access=access.public_id)
    handle(on_staff_access_moved, moved(access, "ended"))
    assert notice_titles(subject) == [
        "運営者の担当者が貴組織の記録の閲覧を開始しました",
        "貴組織の記録の閲覧が終了しました",
    ]
    body = Notice.objects.filter(organisation=subject).earliest("pk").body
    for text in (body["ja"], body["en"]):
        assert "照会 {0} の調査" in text
        assert access.reference in text
        assert access.public_id in text


def test_a_deferred_notice_is_a_task_of_the_operator_until_the_participant_is_told():
    staffed, subject = operator(), organisation("A")
    first, second = actor_for(staffed, "usr_first"), actor_for(staffed, "usr_second")
    access = deferred(first, second, subject)
    for days in (0, 10):
        until = access.deferred_until + timedelta(days=days)
        handle(
            on_staff_access_deferred, StaffAccessDeferred(access=access.public_id, until=until.isoformat())
        )
        assert Task.objects.get().deadline == until
    assert (inbox(staffed), notice_titles(subject)) == ([("disclose", access.public_id, "open")], [])
    assert subject.public_id not in str(Task.objects.get().title)
    services.tell_participant(actor=first, access=access.public_id)
    handle(on_staff_access_moved, moved(access, "told"))
    assert inbox(staffed) == [("disclose", access.public_id, "done")]
    assert notice_titles(subject) == ["運営者の担当者による貴組織の記録の閲覧がありました"]
