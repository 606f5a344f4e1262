"""Qualifications: stated with evidence, verified by the operator, read by rules on their days, and ended never in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.row_records import unexplained_rows
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    PermissionNeeded,
    ProofNeeded,
)
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.participants import services, sweeping
from marketplace.participants.admission_queries import admission_facts, facts_of_admissions
from marketplace.participants.bounds import QUALIFICATIONS_A_DAY_MAX, QUALIFICATIONS_STANDING_MAX
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Qualification, QualificationKind
from marketplace.participants.qualification_errors import (
    QualificationKindExists,
    QualificationOver,
    QualificationStands,
    TooManyQualifications,
)
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
PATH = "/api/v1/qualifications/"
WHY = "発行者の一覧で確認できません。"
INSERT = """
    INSERT INTO participants_qualification (public_id, organisation_id, kind_id, issuer, reference, valid_from, valid_until,
        document_sha256, state, stated_by, stated_at)
    VALUES ('qlf_raw', {organisation}, {kind}, 'x', 'x', '2020-01-01', {until}, repeat('0', 64), '{state}', '{by}',
        public.business_now())
"""


@pytest.fixture
def staffed():
    clock.move_to(NOON, running=False)
    return factories.operator()


@pytest.fixture
def subject(staffed):
    return factories.organisation("A")


@pytest.fixture
def owner(subject):
    return factories.member_for(subject, "usr_owner")


@pytest.fixture
def clerk(staffed):
    return factories.actor_for(staffed, "usr_clerk")


def stated(actor, **changes) -> Qualification:
    said = {
        "kind": "isms",
        "issuer": "日本品質認証機構",
        "reference": "IS 123456",
        "valid_from": clock.today() - timedelta(days=300),
        "valid_until": clock.today() + timedelta(days=60),
        "document_sha256": "9f" * 32,
    }
    return services.state_qualification(actor=actor, **(said | changes))


def verified(owner, clerk, **changes) -> Qualification:
    row = stated(owner, **changes)
    return services.verify_qualification(actor=clerk, qualification=row.public_id)


def later(days: int) -> None:
    clock.move_to(clock.now() + timedelta(days=days), running=False)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: run(statement), because=because)


def holds() -> bool:
    return not [name for name, rows in verify_all("participants").items() if rows] and not unexplained_rows()


def in_force(admission) -> list[str]:
    one, many = admission_facts(admission.public_id), facts_of_admissions([admission.public_id])
    assert one["qualifications"] == many[admission.public_id]["qualifications"]
    return one["qualifications"]


def moves() -> list[str]:
    rows = OutboxEvent.objects.filter(type="qualification.moved").order_by("pk")
    return [row.data["state"] for row in rows]


def test_rules_read_a_verified_qualification_on_its_days(subject, owner, clerk):
    admission = factories.application_for(subject)
    row = stated(owner)
    assert in_force(admission) == []
    services.verify_qualification(actor=clerk, qualification=row.public_id)
    assert in_force(admission) == ["isms"]
    verified(owner, clerk, kind="cbpr", valid_from=clock.today() + timedelta(days=1), valid_until=None)
    assert in_force(admission) == ["isms"]
    record = EvidenceRecord.objects.get(kind="participants.qualification_stated", subject=row.public_id)
    assert record.payload["stated_commitment"] == commitment_to(row.salt, row.issuer, row.reference)
    assert row.reference not in str(record.payload)
    assert holds()


def test_a_qualification_expires_with_a_reminder_before(subject, owner, clerk):
    admission = factories.application_for(subject)
    row = verified(owner, clerk)
    sweeping.expire_qualifications()
    assert not OutboxEvent.objects.filter(type="qualification.expiring").exists()
    later(31)
    assert sweeping.expire_qualifications() == 1
    assert sweeping.expire_qualifications() == 0
    told = OutboxEvent.objects.get(type="qualification.expiring").data
    assert told == {
        "qualification": row.public_id,
        "organisation": subject.public_id,
        "kind": "isms",
        "valid_until": row.valid_until.isoformat(),
    }
    later(29)
    assert (sweeping.expire_qualifications(), in_force(admission)) == (0, ["isms"])
    later(1)
    assert in_force(admission) == []
    assert sweeping.expire_qualifications() == 1
    row.refresh_from_db()
    assert (row.state, row.ended_by, moves()) == ("expired", None, ["stated", "verified", "expired"])
    assert holds()


def test_the_operator_refuses_and_revokes_with_reasons(subject, owner, clerk):
    admission = factories.application_for(subject)
    row = stated(owner)
    services.refuse_qualification(actor=clerk, qualification=row.public_id, reason=WHY)
    with pytest.raises(IllegalTransition):
        services.verify_qualification(actor=clerk, qualification=row.public_id)
    second = verified(owner, clerk)
    services.revoke_qualification(actor=clerk, qualification=second.public_id, reason=WHY)
    second.refresh_from_db()
    assert (second.ended_by, second.end_reason, in_force(admission)) == ("usr_clerk", WHY, [])
    third = verified(owner, clerk)
    with pytest.raises(FieldInvalid):
        services.withdraw_qualification(actor=owner, qualification=third.public_id, reason=" ")
    services.withdraw_qualification(actor=owner, qualification=third.public_id, reason="返上しました。")
    assert Qualification.objects.get(pk=third.pk).ended_by == "usr_owner"
    assert holds()


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "magic"},
        {"issuer": " "},
        {"reference": "x" * 101},
        {"document_sha256": "9F"},
        {"valid_until": date(2020, 1, 1)},
    ],
)
def test_a_wrong_statement_changes_nothing(owner, changes):
    with pytest.raises(FieldInvalid) as refusal:
        stated(owner, **changes)
    assert refusal.value.name == next(iter(changes))
    assert Qualification.objects.count() == 0


def test_nobody_states_or_decides_what_is_anothers(subject, owner, clerk, staffed):
    for actor, error in (
        (replace(owner, permissions=frozenset()), PermissionNeeded),
        (replace(owner, proved_at=None), ProofNeeded),
        (replace(owner, identifier="app_1"), Forbidden),
        (clerk, Missing),
    ):
        with pytest.raises(error):
            stated(actor)
    row = stated(owner)
    # What looks alike is the same.
    for changes in (
        {},
        {"reference": f"{row.reference}\u200b"},
        {"issuer": f"\u2060{row.issuer[:1]}\u00ad{row.issuer[1:]} "},
    ):
        with pytest.raises(QualificationStands):
            stated(owner, **changes)
    twin = (
        "INSERT INTO participants_qualification SELECT (jsonb_populate_record(q, jsonb_build_object('id', q.id + 1000,"
        " 'public_id', 'qlf_raw', 'stated_at', public.business_now(), 'recorded_at', now(), 'reference', q.reference || '{}'))).*"
        f" FROM participants_qualification q WHERE id = {row.pk}"
    )
    for added, name in (
        ("", "qualification_stands_once"),
        ("\u200b", "qualification_of_what"),
        (" ", "qualification_of_what"),
    ):
        refused(twin.replace("{}", added), name)
    other = factories.member_for(factories.organisation("B"), "usr_of_other")
    with pytest.raises(Missing):
        services.withdraw_qualification(actor=other, qualification=row.public_id, reason=WHY)
    with pytest.raises(PermissionNeeded):
        services.verify_qualification(actor=owner, qualification=row.public_id)
    with pytest.raises(Forbidden):
        services.verify_qualification(actor=SYSTEM, qualification=row.public_id)
    services.declare_interest(
        actor=clerk, organisation=subject.public_id, kind="family", statement="親族が勤務しています。"
    )
    for command in (services.refuse_qualification, services.revoke_qualification):
        with pytest.raises(Recused):
            command(actor=clerk, qualification=row.public_id, reason=WHY)
    row.refresh_from_db()
    assert (row.state, moves()) == ("stated", ["stated"])


def test_what_is_over_is_not_verified(owner, clerk):
    row = stated(owner)
    later(61)
    with pytest.raises(QualificationOver):
        services.verify_qualification(actor=clerk, qualification=row.public_id)
    assert sweeping.expire_qualifications() == 1
    assert Qualification.objects.get().state == "expired"
    assert holds()


def test_the_list_of_kinds_grows_and_never_changes(staffed, clerk):
    name = {"ja": "ISO/IEC 27017 認証", "en": "ISO/IEC 27017"}
    services.open_qualification_kind(actor=clerk, code="iso_27017", name=name)
    with pytest.raises(QualificationKindExists):
        services.open_qualification_kind(actor=clerk, code="iso_27017", name=name)
    for code, named in (("ISO", name), ("iso", {"ja": "x", "en": " "})):
        with pytest.raises(FieldInvalid):
            services.open_qualification_kind(actor=clerk, code=code, name=named)
    listed = factories.client_of(factories.organisation("A")).get("/api/v1/qualification-kinds/").json()
    assert [row["code"] for row in listed["results"]] == [
        "iso_27017", "cbpr", "information_bank", "privacy_mark", "isms",
    ]  # fmt: skip
    refused("UPDATE participants_qualificationkind SET name_en = 'y'", "cannot be changed")
    refused("DELETE FROM participants_qualificationkind", "are kept")


def test_the_database_keeps_qualifications(subject, owner, clerk, staffed):
    kind = QualificationKind.objects.get(code="isms").pk
    raw = {"organisation": subject.pk, "kind": kind, "until": "NULL", "state": "stated", "by": "usr_owner"}
    for changes, because in (
        ({"by": "usr_clerk"}, "states no qualification"),
        ({"by": "usr_made_up"}, "states no qualification"),
        ({"organisation": staffed.pk, "by": "usr_clerk"}, "states no qualification"),
        ({"state": "verified"}, "cannot begin as"),
        ({"until": "'2019-12-31'"}, "qualification_of_what"),
    ):
        refused(INSERT.format(**(raw | changes)), because)
    row = stated(owner)
    update = "UPDATE participants_qualification SET "
    verify = "state = 'verified', verified_at = public.business_now(), verified_by = '{}'"
    end = "state = '{}', ended_at = public.business_now(), ended_by = '{}', end_reason = 'x'"
    for change, because in (
        (verify.format("usr_owner"), "no natural person of the operator"),
        (verify.format("usr_made_up"), "no natural person of the operator"),
        ("state = 'verified'", "qualification_ended_when"),
        ("state = 'expired', ended_at = public.business_now()", "does not become expired"),
        (end.format("withdrawn", "usr_clerk"), "does not become withdrawn"),
        (end.format("refused", "usr_owner"), "no natural person of the operator"),
        (end.format("revoked", "usr_clerk"), "does not lead to"),
        ("valid_until = NULL", "cannot be changed"),
    ):
        refused(update + change, because)
    refused("DELETE FROM participants_qualification", "are kept")
    services.declare_interest(
        actor=clerk, organisation=subject.public_id, kind="family", statement="親族が勤務しています。"
    )
    refused(update + verify.format("usr_clerk"), "decides nothing about it")
    row.refresh_from_db()
    assert row.state == "stated"
    with unguarded("participants_qualification"):
        Qualification.objects.update(state="verified", verified_by="usr_owner", verified_at=clock.now())
    assert len(REGISTER["participants.qualifications_are_verified_evidence"].check()) == 1
    assert unexplained_rows()


def test_others_see_no_qualification(subject, owner):
    row = stated(owner)
    seen = factories.client_of(subject).get(PATH).json()["results"]
    assert [each["id"] for each in seen] == [row.public_id]
    stranger = factories.client_of(factories.organisation("C"))
    assert stranger.get(PATH).json()["results"] == []
    assert stranger.get(f"{PATH}{row.public_id}/").status_code == 404


def test_an_organisation_states_so_many_qualifications_at_most(subject, owner):
    rows = [stated(owner, reference=f"IS {number}") for number in range(QUALIFICATIONS_STANDING_MAX)]
    with pytest.raises(TooManyQualifications):
        stated(owner)
    raw = {"organisation": subject.pk, "until": "NULL", "state": "stated", "by": "usr_owner"}
    insert = INSERT.format(kind=QualificationKind.objects.get(code="isms").pk, **raw)
    refused(insert, "states no further qualification")
    assert REGISTER["participants.qualifications_are_few"].check() == []
    with unguarded("participants_qualification"):
        run(insert)
        assert REGISTER["participants.qualifications_are_few"].check() == [{"public_id": subject.public_id}]
        run("DELETE FROM participants_qualification WHERE public_id = 'qlf_raw'")
    services.withdraw_qualification(actor=owner, qualification=rows[0].public_id, reason="誤り")
    assert stated(owner).state == "stated"
    # Whoever withdraws them all and states others gives the operator as much to read.
    with unguarded("participants_qualification"):
        run(
            "UPDATE participants_qualification SET state = 'withdrawn', ended_by = 'usr_owner',"
            " ended_at = public.business_now(), end_reason = 'x' WHERE ended_at IS NULL"
        )
    for number in range(QUALIFICATIONS_A_DAY_MAX - QUALIFICATIONS_STANDING_MAX - 1):
        stated(owner, reference=f"IS again {number}")
    with pytest.raises(TooManyQualifications):
        stated(owner)
    refused(insert, "states no further qualification")
    with unguarded("participants_qualification"):
        run(insert)
        assert len(REGISTER["participants.qualifications_are_few"].check()) == 1
        run("DELETE FROM participants_qualification WHERE public_id = 'qlf_raw'")
    later(2)
    assert stated(owner).state == "stated"
