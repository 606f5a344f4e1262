"""Who is related decides nothing: control of a participant, logins, and what no row but its record says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.permissions import OPERATOR_ROLES, RULES
from marketplace.participants import services
from marketplace.participants.interest_errors import FirstPersonRecused, NobodyDecides, Recused
from marketplace.participants.interest_guards import DECIDES
from marketplace.participants.models import (
    LoginLock,
    OwnerRecovery,
    PayoutAccountChange,
    StaffInterest,
    TrusteeAppointment,
)
from tests.roles import assert_refused, unguarded

from . import factories, recoveries
from .accounts import OTHER_ACCOUNT
from .test_trustees import open_proceedings

pytestmark = pytest.mark.django_db


@pytest.fixture
def staffed():
    return factories.operator()


@pytest.fixture
def subject(staffed):
    return factories.organisation("A", payout_account=factories.PAYOUT_ACCOUNT)


@pytest.fixture
def people(staffed):
    """Four people of the operator, with every role."""
    return [factories.actor_for(staffed, f"usr_{name}") for name in ("one", "two", "three", "four")]


def related(actor, subject) -> None:
    services.declare_interest(
        actor=actor, organisation=subject.public_id, kind="family", statement="親族が勤務しています。"
    )


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(statement: str, *values: object, because: str = "declared an interest") -> None:
    assert_refused(lambda: run(statement, *values), because=because)


def broken() -> list[str]:
    return [name for name, each in REGISTER.items() if name.startswith("participants.") and each.check()]


def later() -> None:
    clock.move_to(clock.now() + timedelta(minutes=1))


@pytest.mark.parametrize("permission", DECIDES)
def test_nobody_recuses_those_who_hold_what_asks_for_interests(subject, staffed, permission):
    """Of three who hold it beside the person who states it, one is recused, and no second one."""
    role = min(RULES[permission].operator & OPERATOR_ROLES)
    holding = [factories.person_of(staffed, f"{role}{number}", [role]) for number in range(3)]
    stating = factories.actor_of(factories.person_of(staffed, "stating", ["admission"]))
    stated = {"actor": stating, "organisation": subject.public_id, "kind": "family", "statement": "親族"}
    services.declare_interest(person=holding[0].public_id, **stated)
    with pytest.raises(NobodyDecides):
        services.declare_interest(person=holding[1].public_id, **stated)
    refused(
        "INSERT INTO participants_staffinterest (public_id, person, organisation_id, kind, statement, since, declared_by,"
        " declared_at) VALUES ('sin_raw', %s, %s, 'other', 'x', current_date, %s, public.business_now())",
        holding[1].public_id, subject.pk, stating.identifier, because="fewer than two would be left",
    )  # fmt: skip
    assert StaffInterest.objects.count() == 1


TRUSTEE = {
    "email": "t@example.jp",
    "name": "管財 一郎",
    "document": "令和8年(フ)第1号",
    "document_sha256": "0" * 64,
}


def test_who_is_related_appoints_no_trustee_and_is_replaced(subject, people):
    open_proceedings(subject)
    stated = {"organisation": subject.public_id, **TRUSTEE}
    first = services.propose_trustee(actor=people[0], **stated)
    related(people[0], subject)
    for command in (services.appoint_trustee, services.withdraw_trustee):
        with pytest.raises(Recused):
            command(actor=people[0], appointment=first.public_id)
    with pytest.raises(Recused):
        services.propose_trustee(actor=people[0], **stated)
    with pytest.raises(FirstPersonRecused):
        services.appoint_trustee(actor=people[1], appointment=first.public_id)
    appoint = (
        "UPDATE participants_trusteeappointment SET state = 'appointed', ended_by = %s, ended_at = public.business_now(),"
        " user_id = (SELECT id FROM participants_user ORDER BY id LIMIT 1)"
    )
    refused(appoint, people[1].identifier, because="two people of admission")
    again = services.propose_trustee(actor=people[1], **stated)
    assert set(TrusteeAppointment.objects.values_list("state", "proposed_by")) == {
        ("withdrawn", "usr_one"),
        ("proposed", "usr_two"),
    }
    refused(appoint + " WHERE public_id = %s", people[0].identifier, again.public_id)
    assert services.appoint_trustee(actor=people[2], appointment=again.public_id).state == "appointed"
    assert broken() == []
    later()
    with unguarded("participants_trusteeappointment"):
        TrusteeAppointment.objects.filter(pk=again.pk).update(ended_by="usr_one", ended_at=clock.now())
    assert "participants.trustees_appointed" in broken()


def test_who_is_related_recovers_no_owner_and_is_replaced(subject, people):
    row = recoveries.filed(subject)
    named = {"recovery": row.public_id}
    services.propose_recovery(actor=people[0], reason="登記を確認", **named)
    related(people[0], subject)
    related(people[1], subject)
    for command, more in (
        (services.propose_recovery, {"reason": "x"}),
        (services.confirm_recovery, {}),
        (services.refuse_recovery, {"reason": "x"}),
    ):
        with pytest.raises(Recused):
            command(actor=people[1], **named, **more)
    confirm = (
        "UPDATE participants_ownerrecovery SET state = 'waiting', confirmed_by = %s, confirmed_at = public.business_now(),"
        " ends_at = public.business_now() + interval '30 days'"
    )
    refused(confirm, people[2].identifier, because="did not confirm the recovery")
    assert services.confirm_recovery(actor=people[2], **named).proposed_by == "usr_three"
    refused(confirm, people[1].identifier)
    assert services.confirm_recovery(actor=people[3], **named).state == "waiting"
    assert broken() == []
    later()
    with unguarded("participants_ownerrecovery"):
        OwnerRecovery.objects.update(confirmed_by="usr_two", confirmed_at=clock.now())
    assert broken() == ["participants.owners_recovered_rightly"]


def test_who_is_related_confirms_no_payout_account_and_is_replaced(subject, people):
    owner = factories.person_of(subject, "owner", ["owner"])
    change = services.propose_payout_account(actor=factories.actor_of(owner), payout_account=OTHER_ACCOUNT)
    named = {"change": change.public_id}
    services.confirm_payout_account(actor=people[0], **named)
    review = (
        "UPDATE participants_payoutaccountchange SET reviewed_by = %s, reviewed_at = public.business_now()"
        " WHERE NOT is_registered"
    )
    refused(review, people[1].identifier, because="what was recorded cannot be changed")
    related(people[0], subject)
    related(people[1], subject)
    with pytest.raises(Recused):
        services.confirm_payout_account(actor=people[1], **named)
    refused(review, people[1].identifier)
    confirm = (
        "UPDATE participants_payoutaccountchange SET state = 'confirmed', confirmed_by = %s,"
        " confirmed_at = public.business_now(), usable_from = current_date + 30 WHERE NOT is_registered"
    )
    refused(confirm, people[2].identifier)
    assert services.confirm_payout_account(actor=people[2], **named).reviewed_by == "usr_three"
    refused(confirm, people[1].identifier)
    assert services.confirm_payout_account(actor=people[3], **named).state == "confirmed"
    assert broken() == []
    later()
    with unguarded("participants_payoutaccountchange"):
        PayoutAccountChange.objects.filter(is_registered=False).update(
            reviewed_by="usr_two", confirmed_at=clock.now(), reviewed_at=clock.now()
        )
    assert "participants.payout_accounts_by_two" in broken()


def test_who_is_related_locks_and_releases_no_login_and_is_replaced(subject, people):
    member = factories.person_of(subject, "member")
    related(people[0], subject)
    with pytest.raises(Recused):
        services.lock_login(actor=people[0], person=member.public_id, reason="x")
    refused(
        "INSERT INTO participants_loginlock (public_id, salt, user_id, reason, locked_by, locked_at)"
        " VALUES ('lck_raw', repeat('0', 64), %s, 'x', 'usr_one', public.business_now())",
        member.pk,
    )
    lock = services.lock_login(actor=people[1], person=member.public_id, reason="x").public_id
    with pytest.raises(Recused):
        services.release_login(actor=people[0], lock=lock)
    services.release_login(actor=people[1], lock=lock)
    related(people[1], subject)
    release = (
        "UPDATE participants_loginlock SET released_by = %s, released_at = public.business_now(),"
        " release_proposed_by = %s, release_proposed_at = public.business_now()"
    )
    for second, first in (("usr_three", "usr_two"), ("usr_two", "usr_three")):
        refused(release, second, first, because="declared an interest|two people of the operator release")
    assert services.release_login(actor=people[2], lock=lock).release_proposed_by == "usr_three"
    assert services.release_login(actor=people[3], lock=lock).released_by == "usr_four"
    assert broken() == []
    later()
    with unguarded("participants_loginlock"):
        LoginLock.objects.update(released_by="usr_two", released_at=clock.now())
    assert broken() == ["participants.locked_logins_end"]


WRITTEN = (
    "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at)"
    " VALUES ('evi_raw', %s, %s, %s, '{}', public.business_now())"
)


def test_the_database_recuses_whoever_decides_by_its_record(subject, people):
    admission = factories.admit(subject).public_id
    related(people[0], subject)
    later()
    decided = ("participants.admission_decided", admission)
    refused(WRITTEN, *decided, people[0].identifier)
    with unguarded("evidence_evidencerecord"):
        run(WRITTEN, *decided, people[0].identifier)
    assert [row["actor"] for row in REGISTER["participants.recorded_by_unrelated"].check()] == ["usr_one"]


def test_who_left_the_operator_for_a_participant_acts_for_it(subject, people):
    related(people[0], subject)
    factories.member_for(subject, "usr_one_of_it")
    with unguarded("participants_staffinterest"):
        StaffInterest.objects.update(person="usr_one_of_it")
    admission = factories.admit(subject).public_id
    actor = factories.actor_for(subject, "usr_one_of_it")
    record(kind="participants.admission_decided", subject=admission, actor=actor, payload={})
    record(kind="participants.admission_decided", subject=admission, actor=SYSTEM, payload={})
    assert REGISTER["participants.recorded_by_unrelated"].check() == []
