"""The operator is asked to verify a qualification, and the organisation is told what became of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from marketplace.events.schemas.listings import StakeMoved
from marketplace.events.schemas.participants import (
    DisqualificationMoved,
    QualificationExpiring,
    QualificationMoved,
)
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.handlers.qualifications import (
    on_disqualification_moved,
    on_qualification_expiring,
    on_qualification_moved,
    on_stake_moved,
)
from marketplace.notices.models import Notice, Task
from marketplace.notices.qualification_texts import DISQUALIFIED, MOVED
from marketplace.participants import services
from marketplace.participants.qualification_states import VERIFIED_WITHIN, QualificationState
from tests.participants import factories
from tests.roles import unguarded

from .factories import handle

pytestmark = pytest.mark.django_db
NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
SUBJECT = "qlf_01JABCDEFGHJKMNPQRSTVWXYZ0"


def moved(organisation: str, state: str) -> None:
    event = QualificationMoved(qualification=SUBJECT, organisation=organisation, kind="isms", state=state)
    handle(on_qualification_moved, event)


def test_the_operator_verifies_and_the_organisation_is_told():
    clock.move_to(NOON, running=False)
    staffed, subject = factories.operator(), factories.organisation("A")
    moved(subject.public_id, "stated")
    task = Task.objects.get(subject=SUBJECT)
    assert (task.organisation, task.kind, task.state) == (staffed, "review", "open")
    assert task.deadline - clock.now() == VERIFIED_WITHIN
    assert Notice.objects.count() == 0
    moved(subject.public_id, "verified")
    task.refresh_from_db()
    notice = Notice.objects.get(subject=SUBJECT)
    assert (task.state, notice.organisation) == ("done", subject)
    assert SUBJECT in notice.body["ja"]
    expiring = QualificationExpiring(
        qualification=SUBJECT, organisation=subject.public_id, kind="isms", valid_until="2030-04-30"
    )
    on_qualification_expiring(expiring, None)  # type: ignore[arg-type]
    assert "2030-04-30" in Notice.objects.latest("pk").title["ja"]


def test_a_stated_qualification_without_a_deadline_is_named():
    clock.move_to(NOON, running=False)
    factories.operator()
    subject = factories.organisation("A")
    row = services.state_qualification(
        actor=factories.member_for(subject, "usr_owner"),
        kind="isms",
        issuer="機構",
        reference="1",
        valid_from=NOON.date(),
        document_sha256="0" * 64,
    )
    # Its event is still to be handled.
    assert named() == []
    with unguarded("events_outboxevent"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM events_outboxevent")
    assert named() == [row.public_id]
    handle(
        on_qualification_moved,
        QualificationMoved(
            qualification=row.public_id, organisation=subject.public_id, kind="isms", state="stated"
        ),
    )
    assert named() == []
    with unguarded("notices_task"):
        Task.objects.update(deadline=None)
    assert named() == [row.public_id]


def named() -> list[str]:
    return [found["public_id"] for found in REGISTER["notices.qualifications_have_a_deadline"].check()]


def test_every_state_has_words():
    assert set(MOVED) == set(QualificationState.values) - {"stated"}


@pytest.mark.parametrize("change", list(DISQUALIFIED))
@pytest.mark.parametrize("of_officer", [False, True])
def test_who_is_disqualified_is_told(change, of_officer):
    factories.operator()
    subject = factories.organisation("A")
    event = DisqualificationMoved(
        disqualification="dsq_1",
        organisation=subject.public_id,
        ground="revoked",
        of_officer=of_officer,
        until="2030-04-30",
        change=change,
    )
    on_disqualification_moved(event, None)  # type: ignore[arg-type]
    notice = Notice.objects.get(subject="dsq_1")
    assert notice.title["ja"].startswith("貴組織の役員" if of_officer else "貴組織")
    assert "2030-04-30" in notice.title["ja"] + notice.body["ja"]


@pytest.mark.parametrize(("change", "count"), [("declared", 0), ("claimed", 1), ("ended", 1)])
def test_the_seller_is_told_of_what_others_state(change, count):
    factories.operator()
    seller = factories.organisation("S")
    event = StakeMoved(
        stake="stk_1", listing="lst_1", seller=seller.public_id, kind="licensor", change=change
    )
    on_stake_moved(event, None)  # type: ignore[arg-type]
    assert Notice.objects.filter(subject="stk_1", organisation=seller).count() == count
