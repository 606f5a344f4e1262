"""The sweep of overdue cases, and that one row stops no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.cases import tasks
from marketplace.cases.models import Case
from marketplace.notices.models import Task
from tests.poison import RUNS, aside, poisoned

from .factories import later, opened

pytestmark = pytest.mark.django_db


def test_a_case_that_cannot_be_reminded_of_stops_no_other(subject, other):
    stuck, fine = opened(subject), opened(other)
    later(timedelta(days=11))
    with poisoned("cases_case", f"NEW.public_id = '{stuck.public_id}'"):
        for _ in range(RUNS):
            tasks.sweep()
    assert aside("cases.remind") == [stuck.public_id]
    assert list(Case.objects.exclude(reminded_at=None)) == [fine]


def test_a_duty_that_cannot_be_staffed_stops_no_other(staffed):
    with poisoned("notices_task", "NEW.kind = 'staff' AND NEW.subject = 'disputes'"):
        for _ in range(RUNS):
            tasks.sweep()
    assert aside("cases.on_call") == ["disputes"]
    asked = Task.objects.filter(kind="staff", state="open").order_by("subject")
    assert list(asked.values_list("subject", flat=True)) == ["admission", "rulebook"]
