"""The operator is reminded of reports that are due, and one that cannot be reminded of stops no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.kernel import clock
from marketplace.oversight import tasks
from marketplace.oversight.consultations.metrics import OVERDUE_ANSWERS
from marketplace.oversight.incidents import sweeping
from marketplace.oversight.incidents.metrics import OVERDUE_REPORTS
from tests.poison import RUNS, aside, let_pauses_pass, poisoned

from .factories import asked, open_tasks, opened, reported

pytestmark = pytest.mark.django_db


def long_known(first, subject, count=1):
    """Incidents whose deadlines have passed."""
    incidents = [opened(first, subject) for _ in range(count)]
    clock.move_to(clock.now() + timedelta(days=60))
    return incidents


def test_the_operator_is_reminded_before_a_report_is_due(first, subject):
    (incident,) = long_known(first, subject)
    reported(first, incident, "first")
    tasks.sweep()
    tasks.sweep()
    assert sorted(open_tasks("report")) == [f"{incident.public_id}:full", f"{incident.public_id}:full:soon"]
    reported(first, incident, "full")
    assert list(open_tasks("report")) == [incident.public_id]
    assert tasks.sweep() == 0


def test_a_report_that_is_not_due_soon_needs_no_reminder(first, subject):
    incident = opened(first, subject)
    reported(first, incident, "first")
    assert tasks.sweep() == 0
    assert list(open_tasks("report")) == [f"{incident.public_id}:full"]


def test_a_reminder_that_cannot_be_written_stands_aside(first, subject):
    stuck, other = long_known(first, subject, 2)
    for incident in (stuck, other):
        reported(first, incident, "first")
    with poisoned("notices_task", f"NEW.subject = '{stuck.public_id}:full:soon'"):
        for _ in range(RUNS):
            tasks.sweep()
    assert aside("oversight.remind") == [stuck.public_id]
    assert f"{other.public_id}:full:soon" in open_tasks("report")
    let_pauses_pass()
    tasks.sweep()
    assert f"{stuck.public_id}:full:soon" in open_tasks("report")


def test_long_open_reminders_take_no_run_from_others(first, subject, monkeypatch):
    monkeypatch.setattr(sweeping, "REMINDED_A_RUN", 1)
    old, new = long_known(first, subject, 2)
    for incident in (old, new):
        reported(first, incident, "first")
    assert [tasks.sweep() for _ in range(3)] == [1, 1, 0]
    reminded = {subject for subject in open_tasks("report") if subject.endswith(":soon")}
    assert reminded == {f"{old.public_id}:full:soon", f"{new.public_id}:full:soon"}


def test_what_is_overdue_is_counted(first, subject, owner):
    assert (OVERDUE_REPORTS.read(), OVERDUE_ANSWERS.read()) == (0, 0)
    (incident,) = long_known(first, subject)
    asked(owner)
    assert (OVERDUE_REPORTS.read(), OVERDUE_ANSWERS.read()) == (2, 0)
    reported(first, incident, "first", "full")
    assert OVERDUE_REPORTS.read() == 0
