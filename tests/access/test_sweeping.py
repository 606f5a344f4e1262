"""A notice that cannot be sent stands aside with a task, and keeps no other participant from being told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.access import tasks
from tests.participants.factories import organisation
from tests.poison import RUNS, aside, let_pauses_pass, poisoned, tasks_to_repair

from .factories import deferred, later

pytestmark = pytest.mark.django_db


def test_a_notice_that_cannot_be_sent_stands_aside(first, second, subject):
    stuck, other = (deferred(first, second, party) for party in (subject, organisation("B")))
    later(timedelta(days=31))
    with poisoned("access_staffaccess", f"NEW.id = {stuck.pk}"):
        assert sum(tasks.sweep() for _ in range(RUNS)) == 1
    other.refresh_from_db()
    assert other.told_at is not None
    assert aside("access.tell") == [stuck.public_id]
    ((title, state),) = tasks_to_repair()
    assert (stuck.public_id in title, state) == (True, "open")
    let_pauses_pass()
    assert tasks.sweep() == 1
    assert tasks_to_repair()[0][1] == "done"
