"""After the end the buyer deletes the data and certifies it, or is asked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contracts import services
from contracts.deletion.models import DeletionCertificate, DeletionDuty
from contracts.states import TerminationReason
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.signatures import verify
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing, PermissionNeeded
from marketplace.notices.models import Notice, Task
from tests.poison import RUNS, aside, poisoned
from tests.roles import unguarded

from .. import factories
from ..raw import copied, run
from ..raw import refused as refused_by_database
from ..refusals import refused
from ..test_invariants import breaches

DAY = timedelta(days=1)


@pytest.fixture
def duty(market) -> DeletionDuty:
    """The duty of a buyer whose agreement has just ended; business time stands still."""
    clock.move_to(clock.now() + timedelta(seconds=1), running=False)
    return factories.deletion(market)


def certify(market, duty, who="buyer", **changes):
    stated = {"deleted_on": clock.today(), "statement": "全ての複製を消去しました。", "kept": "取引記録"}
    return services.certify_deletion(actor=getattr(market, who), duty=duty.public_id, **{**stated, **changes})


def test_an_end_begins_the_duty_and_a_certificate_meets_it(market, duty):
    assert (duty.state, duty.due_by.astimezone(clock.market_zone()).hour) == ("open", 0)
    assert (duty.due_by - duty.arose_at).days == 30
    task = Task.objects.get(subject=duty.public_id)
    assert (task.organisation_id, task.deadline) == (duty.agreement.buyer_id, duty.due_by)
    assert certify(market, duty).state == "certified"
    certificate = DeletionCertificate.objects.get()
    claims = verify(certificate.jws)
    assert (claims["signer"], claims["agreement"]) == (market.buyer.identifier, duty.agreement.public_id)
    task.refresh_from_db()
    assert task.state == "done"
    assert Notice.objects.get(subject=duty.public_id).organisation_id == duty.agreement.seller_id
    assert [event["state"] for event in factories.events("deletion.moved")] == ["open", "certified"]
    record = EvidenceRecord.objects.get(kind="contracts.deletion_certified")
    assert "消去" not in str(record.payload)
    factories.check_deferred()
    assert breaches("deleted_or_asked") == 0
    with refused(IllegalTransition):
        certify(market, duty)


def test_an_expiry_begins_it_too_where_the_rights_demand_it(market):
    clock.move_to(clock.now() + timedelta(seconds=1), running=False)
    month, kept = (
        factories.agreement(market, rights={"duration": "P1M", "delete_at_end": demanded})
        for demanded in (True, False)
    )
    for row in (month, kept):
        factories.sent(row)
    unpaid = factories.agreement(market)
    services.terminate_agreement(
        agreement=unpaid.public_id, reason_code=TerminationReason.PAYMENT_FAILED, cause="not_funded"
    )
    clock.move_to(max(month.ends_at, kept.ends_at), running=False)
    assert services.expire_agreements() == 2
    assert [row.agreement_id for row in DeletionDuty.objects.all()] == [month.pk]
    factories.check_deferred()
    assert breaches("deleted_or_asked") == 0


def test_the_buyer_is_reminded_once_and_then_people_are_asked(market, duty):
    clock.move_to(duty.due_by - 7 * DAY - timedelta(seconds=1), running=False)
    assert services.remind_deletions() == 0
    clock.move_to(duty.due_by - 7 * DAY, running=False)
    assert (services.remind_deletions(), services.remind_deletions()) == (1, 0)
    assert services.escalate_deletions() == 0
    clock.move_to(duty.due_by, running=False)
    assert (services.escalate_deletions(), services.escalate_deletions()) == (1, 0)
    duty.refresh_from_db()
    assert duty.state == "overdue"
    asked = Task.objects.get(subject=duty.public_id, kind="look_into")
    assert asked.organisation_id == market.organisation("operator").pk
    told = Notice.objects.filter(subject=duty.public_id).values_list("organisation_id", flat=True)
    assert sorted(told) == sorted([duty.agreement.buyer_id] * 2 + [duty.agreement.seller_id])
    assert breaches("deleted_or_asked") == 0
    certify(market, duty)
    asked.refresh_from_db()
    assert asked.state == "done"
    assert breaches("deleted_or_asked") == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"statement": " "}, "statement"),
        ({"statement": "x" * 4_001}, "statement"),
        ({"kept": "\x00"}, "kept"),
        ({"deleted_on": None}, "deleted_on"),
        ({"deleted_on": date(1899, 12, 31)}, "deleted_on"),
        ({"deleted_on": date(2001, 1, 1)}, "deleted_on"),
    ],
)
def test_a_faulty_certificate_is_refused_by_name(market, duty, changes, field):
    if changes.get("deleted_on", "") is None:
        changes = {"deleted_on": clock.today() + DAY}
    with refused(FieldInvalid, name=field):
        certify(market, duty, **changes)


@pytest.mark.parametrize("reason", ["payment_failed", "refunded"])
def test_what_the_plan_says_is_deleted_is_asked_for_though_the_rights_demand_nothing(market, reason):
    row, empty = (factories.agreement(market, rights={"delete_at_end": False}) for _ in range(2))
    factories.sent(row)
    for agreement in (row, empty):
        services.terminate_agreement(
            agreement=agreement.public_id, reason_code=TerminationReason(reason), cause="not_funded"
        )
    assert [duty.agreement_id for duty in DeletionDuty.objects.all()] == [row.pk]
    factories.check_deferred()
    assert breaches("deleted_or_asked") == 0
    with unguarded("contracts_deletionduty"):
        run("DELETE FROM contracts_deletionduty")
    assert breaches("deleted_or_asked") == 1


def test_nothing_is_deleted_before_access_began(market):
    clock.move_to(clock.now() + timedelta(seconds=1), running=False)
    row = factories.agreement(market)
    clock.move_to(clock.now() + 5 * DAY, running=False)
    factories.sent(row, granted_at=clock.now())
    services.terminate_agreement(
        agreement=row.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )
    duty = DeletionDuty.objects.get()
    with refused(FieldInvalid, name="deleted_on"):
        certify(market, duty, deleted_on=clock.today() - DAY)
    assert certify(market, duty, deleted_on=clock.today()).state == "certified"
    statement, values = copied(
        "contracts_deletioncertificate",
        DeletionCertificate.objects.get().pk,
        public_id="dct_raw",
        deleted_on=clock.today() - DAY,
    )
    refused_by_database("a deletion that was done", statement, *values)
    with unguarded("contracts_deletioncertificate"):
        run("UPDATE contracts_deletioncertificate SET deleted_on = deleted_on - 1")
    assert breaches("deleted_or_asked") == 1


def test_only_the_buyer_certifies(market, duty):
    with refused(Forbidden):
        certify(market, duty, "seller")
    with refused(Missing, kind="deletion duty"):
        certify(market, duty, "stranger")
    with refused(PermissionNeeded):
        certify(market, duty, "operator")


def test_a_duty_that_cannot_be_moved_holds_back_no_other(market, duty):
    other = factories.deletion(market)
    for loop, work, at in (
        ("contracts.remind_deletions", services.remind_deletions, duty.due_by - DAY),
        ("contracts.escalate_deletions", services.escalate_deletions, max(duty.due_by, other.due_by)),
    ):
        clock.move_to(at, running=False)
        with poisoned("contracts_deletionduty", f"NEW.id = {duty.pk}"):
            assert sum(work() for _ in range(RUNS)) == 1
        assert aside(loop) == [duty.public_id]


def test_the_database_takes_no_duty_that_nobody_has(market, duty):
    refused_by_database(
        "is not overdue",
        "UPDATE contracts_deletionduty SET state = 'overdue', overdue_at = public.business_now()",
    )
    refused_by_database(
        "is certified by its certificate",
        "UPDATE contracts_deletionduty SET state = 'certified', certified_at = public.business_now()",
    )
    living = factories.agreement(market)
    factories.sent(living)
    columns = "public_id, agreement_id, state, arose_at, due_by"
    refused_by_database(
        "of an agreement that ended",
        f"INSERT INTO contracts_deletionduty ({columns})"
        f" SELECT 'ddy_raw', {living.pk}, state, public.business_now(), due_by FROM contracts_deletionduty",
    )
    refused_by_database(
        "ended without the duty",
        "UPDATE contracts_agreement SET state = 'terminated', terminated_at = public.business_now(),"
        f" termination_reason = 'refunded' WHERE id = {living.pk}",
    )
    certificate = "public_id, duty_id, deleted_on, statement, kept, certified_by, jws, given_at"
    refused_by_database(
        "a signatory of the buyer certifies",
        f"INSERT INTO contracts_deletioncertificate ({certificate}) VALUES ('dct_raw',"
        f" {duty.pk}, '2026-01-01', 'x', '', '{market.buyer.identifier}', 'x', public.business_now())",
    )


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("contracts_deletionduty", "DELETE FROM contracts_deletionduty"),
        ("contracts_deletionduty", "UPDATE contracts_deletionduty SET due_by = due_by + interval '1 day'"),
        (
            "contracts_deletionduty",
            "UPDATE contracts_deletionduty SET state = 'overdue', overdue_at = public.business_now()",
        ),
        (
            "contracts_deletionduty",
            "UPDATE contracts_deletionduty SET state = 'certified', certified_at = public.business_now()",
        ),
    ],
)
def test_the_check_finds_a_duty_that_was_forgotten(duty, table, statement):
    factories.check_deferred()
    assert breaches("deleted_or_asked") == 0
    with unguarded(table):
        run(statement)
    assert breaches("deleted_or_asked") == 1
