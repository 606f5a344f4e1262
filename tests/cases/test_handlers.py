"""What is put on hold opens its case, and tasks and notices follow what happens to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.cases import services, sweeping
from marketplace.cases.handlers import on_admission_decided, on_case_moved, on_listing_withdrawn
from marketplace.cases.models import Case
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.cases import CaseMoved
from marketplace.events.schemas.listings import ListingWithdrawn
from marketplace.events.schemas.participants import AdmissionDecided
from marketplace.notices.models import Notice, Task
from marketplace.participants import services as participants
from tests.listings import factories as listings
from tests.notices.factories import handle, inbox, notice_titles
from tests.rules import factories as rules

from .factories import appealed, decide_held, denied, held, later, opened, reinstated, resolved, suspended

pytestmark = pytest.mark.django_db


def follow(case: Case) -> None:
    """Handle what happened to the case last."""
    event = OutboxEvent.objects.filter(subject=case.public_id, type="case.moved").latest("pk")
    handle(on_case_moved, CaseMoved(**event.data))


def decided(subject: str) -> None:
    """Handle the last decision on an application."""
    event = OutboxEvent.objects.filter(subject=subject, type="admission.decided").latest("pk")
    handle(on_admission_decided, AdmissionDecided(**event.data))


def test_an_application_on_hold_is_a_case_until_it_is_withdrawn(subject, owner):
    admission = held(subject)
    decided(admission.public_id)
    case = Case.objects.get()
    assert (case.kind, case.subject, case.decision, case.organisation_id) == (
        "admission",
        admission.public_id,
        "dec_test",
        subject.pk,
    )
    participants.withdraw_admission(actor=owner, admission=admission.public_id)
    decided(admission.public_id)
    case.refresh_from_db()
    assert case.state == "moot"


def test_a_version_on_hold_is_a_case_that_two_people_decide(staffed):
    rules.publish()
    seller = listings.seller()
    for number, outcome, state in ((1, "allow", "published"), (2, "deny", "refused")):
        version = listings.judged(seller, personal_data_class="personal")
        assert (version.state, Case.objects.count()) == ("on_hold", number)
        case = decide_held(version.public_id, outcome)
        version.refresh_from_db()
        assert (version.state, version.decision_reason, case.organisation_id) == (
            state,
            case.reason,
            seller.pk,
        )


def test_a_version_whose_listing_is_withdrawn_needs_no_decision(staffed):
    rules.publish()
    version = listings.judged(listings.seller(), personal_data_class="personal")
    event = ListingWithdrawn(listing=version.listing.public_id, seller="org_x")
    handle(on_listing_withdrawn, event)
    assert Case.objects.get().state == "moot"


def test_the_operator_has_a_task_while_a_case_is_open_and_who_waits_is_told(staffed, subject):
    case = opened(subject)
    follow(case)
    assert (inbox(staffed), Task.objects.get().deadline) == (
        [("review", case.public_id, "open")],
        case.decide_by,
    )
    resolved(case, "deny", "書類が {0} 不足")
    follow(case)
    assert inbox(staffed) == [("review", case.public_id, "done")]
    assert notice_titles(subject) == [
        "運営者の判断待ちです: 参加申請の保留",
        "案件の判断が確定しました: 拒否",
    ]
    assert "書類が {0} 不足" in Notice.objects.filter(organisation=subject).latest("pk").body["ja"]


def test_both_are_reminded_of_an_overdue_case(staffed, subject):
    case = opened(subject)
    follow(case)
    later(timedelta(days=11))
    assert sweeping.remind_due() == 1
    follow(case)
    assert set(Task.objects.filter(kind="review").values_list("needs", flat=True)) == {"admission:write"}
    for organisation in (staffed, subject):
        assert notice_titles(organisation)[-1] == "案件の判断が期限を過ぎています"
    assert inbox(staffed) == [("review", case.public_id, "open")]


def test_an_appeal_that_changed_something_is_a_task_until_it_is_carried_out(staffed, subject, owner, judges):
    appeal = appealed(owner, suspended(subject))
    follow(appeal)
    assert inbox(staffed) == [("appeal", appeal.public_id, "open")]
    assert Task.objects.get(kind="appeal").needs == "disputes:write"
    resolved(appeal, "changed", by=judges)
    follow(appeal)
    assert inbox(staffed)[-1] == ("remedy", appeal.public_id, "open")
    assert Task.objects.get(kind="remedy").needs == "admission:write"
    reinstated(subject, *judges)
    services.carry_out(actor=judges[0], case=appeal.public_id, how="停止を解除しました。")
    follow(appeal)
    assert [state for _, _, state in inbox(staffed)] == ["done", "done"]


def test_a_withdrawn_appeal_is_no_task(staffed, subject, owner):
    appeal = appealed(owner, denied(subject).public_id)
    follow(appeal)
    services.withdraw_appeal(actor=owner, case=appeal.public_id)
    follow(appeal)
    assert inbox(staffed) == [("appeal", appeal.public_id, "moot")]
