"""What law keeps secret is sealed by two people, until a review date: it opens by itself, and never stays sealed for good."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import connection

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.queries import visible_records
from marketplace.evidence.row_records import unexplained_rows
from marketplace.evidence.secret_kinds import SECRET_KINDS
from marketplace.kernel import clock
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing, PermissionNeeded
from marketplace.notices.models import Task
from marketplace.oversight import tasks
from marketplace.oversight.seals.errors import SealOver, SealStands
from marketplace.oversight.seals.models import RecordSeal
from marketplace.oversight.seals.queries import unsealed_soon_sql, visible_seals
from marketplace.oversight.seals.services import end_seal, seal_record
from marketplace.oversight.seals.states import DAYS_MAX, TOTAL_DAYS_MAX
from marketplace.participants.interest_errors import Recused
from marketplace.participants.services import declare_interest
from tests.participants.factories import actor_for, client_of
from tests.poison import RUNS, aside, let_pauses_pass, poisoned
from tests.roles import as_owner, unguarded

from .factories import (
    SEAL,
    holds_everywhere,
    named,
    open_tasks,
    record_about,
    recorded,
    refused,
    run,
    sealed,
    unsealed,
)

pytestmark = pytest.mark.django_db


def reads(actor, record: str) -> bool:
    """Whether a person finds a record among its own."""
    return visible_records(actor).filter(public_id=record).exists()


def told(actor, *seals: RecordSeal) -> list[str]:
    """What a person finds of seals: each, and each record about it."""
    names = [seal.public_id for seal in seals]
    found = visible_records(actor).filter(subject__in=names).order_by("pk").values_list("kind", flat=True)
    return sorted(visible_seals(actor).values_list("public_id", flat=True)) + list(found)


def screened(subject) -> EvidenceRecord:
    """A record of a screening that found something, which law keeps secret for its first 365 days."""
    with unguarded("evidence_evidencerecord", "evidence_recordparty"):
        row = EvidenceRecord.objects.create(
            kind="registration.screened",
            subject="reg_x",
            actor="system",
            payload={"findings": [{"code": "listed"}]},
            occurred_at=clock.now(),
        )
        row.parties.create(organisation=subject.public_id, is_whole=True)
    return row


def test_a_sealed_record_is_nobodys_until_its_seal_is_ended_by_two(first, second, owner, subject):
    record = record_about(subject)
    assert reads(owner, record)
    seal = sealed(first, second, record)
    assert (reads(owner, record), list(visible_seals(owner))) == (False, [])
    assert not visible_records(owner).filter(subject=seal.public_id).exists()
    assert visible_records(first).filter(public_id=record).exists()
    assert open_tasks("disclose") == {seal.public_id: seal.review_at}
    assert holds_everywhere()
    unsealed(first, second, seal)
    assert reads(owner, record)
    assert [each.reason for each in visible_seals(owner)] == [SEAL["reason"]]
    kinds = list(
        visible_records(owner).filter(subject=seal.public_id).order_by("pk").values_list("kind", flat=True)
    )
    assert kinds == recorded(seal.public_id) == ["oversight.record_sealed", "oversight.seal_ended"]
    assert open_tasks("disclose") == {}
    with pytest.raises(SealOver):
        end_seal(actor=first, seal=seal.public_id, reason="x")
    assert holds_everywhere()


def test_evidence_has_no_word_of_a_seal(first, second, subject):
    seal = sealed(first, second, record_about(subject))
    unsealed(first, second, seal)
    seal.refresh_from_db()
    made, ended = EvidenceRecord.objects.filter(subject=seal.public_id).order_by("pk")
    assert made.payload["basis_commitment"] == commitment_to(seal.salt, seal.legal_basis)
    assert made.payload["reason_commitment"] == commitment_to(seal.salt, seal.reason)
    assert ended.payload["reason_commitment"] == commitment_to(seal.salt, seal.ended_reason)
    written = json.dumps([made.payload, ended.payload], ensure_ascii=False)
    assert not [text for text in (seal.legal_basis, seal.reason, seal.ended_reason) if text in written]
    shown = client_of(subject).get(f"/api/v1/record-seals/{seal.public_id}/").json()
    assert (shown["salt"], shown["reason"]) == (seal.salt, seal.reason)
    assert unexplained_rows() == []
    for column in ("legal_basis", "reason", "ended_reason"):
        with unguarded("oversight_recordseal"):
            run(f"UPDATE oversight_recordseal SET {column} = {column} || 'x'")
            assert {each["table"] for each in unexplained_rows()} == {"oversight_recordseal"}
            run(f"UPDATE oversight_recordseal SET {column} = left({column}, -1)")
    assert unexplained_rows() == []
    refused("UPDATE oversight_recordseal SET salt = repeat('0', 64)", "cannot be changed")


def test_the_review_date_opens_a_record_unless_it_is_sealed_again(first, second, owner, subject):
    record = record_about(subject)
    seal = sealed(first, second, record, days=10)
    again = sealed(first, second, record, days=20)
    clock.move_to(seal.review_at)
    assert not reads(owner, record)
    tasks.sweep()
    assert open_tasks("disclose") == {again.public_id: again.review_at}
    seal.refresh_from_db()
    assert (seal.ended_by, seal.ended_at is not None) == ("system", True)
    clock.move_to(again.review_at)
    assert reads(owner, record)
    tasks.sweep()
    assert open_tasks("disclose") == {}
    assert RecordSeal.objects.filter(ended_at=None).count() == 0
    assert holds_everywhere()


def test_an_ended_seal_is_not_told_while_another_keeps_the_record(first, second, owner, subject):
    record = record_about(subject)
    seal = sealed(first, second, record, days=10)
    again = sealed(first, second, record, days=20)
    path = f"/api/v1/record-seals/{seal.public_id}/"
    clock.move_to(seal.review_at)
    tasks.sweep()
    seal.refresh_from_db()
    assert (seal.ended_by, reads(owner, record), told(owner, seal, again)) == ("system", False, [])
    assert client_of(subject).get(path).status_code == 404
    unsealed(first, second, again)
    written = [
        "oversight.record_sealed",
        "oversight.record_sealed",
        "oversight.seal_ended",
        "oversight.seal_ended",
    ]
    assert reads(owner, record)
    assert told(owner, seal, again) == [*sorted((seal.public_id, again.public_id)), *written]
    assert client_of(subject).get(path).status_code == 200
    assert holds_everywhere()


def test_an_ended_seal_is_not_told_while_law_itself_keeps_the_record(first, second, owner, subject):
    row = screened(subject)
    seal = sealed(first, second, row.public_id, days=10)
    clock.move_to(seal.review_at)
    tasks.sweep()
    assert RecordSeal.objects.get().ended_by == "system"
    assert (reads(owner, row.public_id), told(owner, seal)) == (False, [])
    clock.move_to(row.occurred_at + timedelta(days=365))
    assert reads(owner, row.public_id)
    assert told(owner, seal) == [seal.public_id, "oversight.record_sealed", "oversight.seal_ended"]


def test_a_seal_on_the_record_of_a_seal_keeps_it_alone(first, second, owner, subject):
    record = record_about(subject)
    seal = sealed(first, second, record, days=10)
    about = EvidenceRecord.objects.get(kind="oversight.record_sealed").public_id
    further = sealed(first, second, about, days=30)
    unsealed(first, second, seal)
    assert (reads(owner, record), reads(owner, about)) == (True, False)
    assert told(owner, seal, further) == [seal.public_id, "oversight.seal_ended"]
    unsealed(first, second, further)
    assert reads(owner, about)


def test_a_seal_is_refused_beyond_its_terms(first, owner, subject, staffed):
    record = record_about(subject)
    for changes, error in (
        ({"days": 0}, FieldInvalid),
        ({"days": DAYS_MAX + 1}, FieldInvalid),
        ({"legal_basis": " "}, FieldInvalid),
        ({"ground": "secret"}, FieldInvalid),
        ({"record": "evi_none"}, Missing),
    ):
        with pytest.raises(error):
            seal_record(actor=first, **({"record": record} | SEAL | changes))
    with pytest.raises(PermissionNeeded):
        seal_record(actor=owner, record=record, **SEAL)
    clock.move_to(clock.now() + timedelta(days=TOTAL_DAYS_MAX))
    with pytest.raises(FieldInvalid) as refusal:
        seal_record(actor=first, record=record, **SEAL)
    assert refusal.value.fields["name"] == "record"
    assert RecordSeal.objects.count() == 0


def test_what_a_screening_found_opens_after_its_first_term_and_people_look_before(
    first, second, subject, owner
):
    row = screened(subject)
    assert not reads(owner, row.public_id)
    tasks.sweep()
    assert open_tasks("disclose") == {}
    ends_at = row.occurred_at + timedelta(days=365)
    clock.move_to(ends_at - timedelta(days=28))
    assert named("oversight.seals_attended") == 1
    tasks.sweep()
    assert open_tasks("disclose") == {row.public_id: ends_at}
    assert named("oversight.seals_attended") == 0
    seal = sealed(first, second, row.public_id, days=60)
    assert open_tasks("disclose") == {seal.public_id: seal.review_at}
    clock.move_to(ends_at)
    assert not reads(owner, row.public_id)
    clock.move_to(seal.review_at)
    assert reads(owner, row.public_id)


def test_the_records_to_look_at_are_found_by_an_index(subject):
    """Among many others, in the sweep's query and in the invariant's; without it each sweep reads the largest table."""
    screened(subject)
    with unguarded("evidence_evidencerecord"):
        run(
            "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at)"
            " SELECT 'evi_many' || n, 'test.told', 'org_x', 'system', '{}',"
            "  public.business_now() - interval '350 days' FROM generate_series(1, 20000) n"
        )
    with as_owner():
        run("ANALYZE evidence_evidencerecord")
    for moment in ("public.business_now()", "public.business_now() - interval '1 day'"):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {unsealed_soon_sql(moment)}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        for kind in SECRET_KINDS:
            bounds = f"'{kind}'::text\\) AND \\(occurred_at > .+\\) AND \\(occurred_at <= "
            assert re.search(
                f"evidence_secret_at_first.*\n *Index Cond: \\(+kind\\)::text = {bounds}", plan
            ), plan
        assert "Seq Scan on evidence_evidencerecord" not in plan


def test_people_look_before_the_first_term_ends_unless_a_seal_keeps_the_record_for_longer(
    first, second, subject, owner
):
    row = screened(subject)
    ends_at = row.occurred_at + timedelta(days=365)
    early = sealed(first, second, row.public_id, days=10)
    clock.move_to(early.review_at)
    tasks.sweep()
    assert open_tasks("disclose") == {}
    clock.move_to(ends_at - timedelta(days=28))
    assert named("oversight.seals_attended") == 1
    tasks.sweep()
    assert open_tasks("disclose") == {row.public_id: ends_at}
    # A seal that ends within the first term leaves the look to be taken; so does one that is ended before.
    short = sealed(first, second, row.public_id, days=20)
    assert open_tasks("disclose") == {row.public_id: ends_at, short.public_id: short.review_at}
    long = sealed(first, second, row.public_id, days=60)
    tasks.sweep()
    assert open_tasks("disclose") == {short.public_id: short.review_at, long.public_id: long.review_at}
    assert named("oversight.seals_attended") == 0
    unsealed(first, second, long)
    assert named("oversight.seals_attended") == 0
    tasks.sweep()
    assert open_tasks("disclose") == {short.public_id: short.review_at, row.public_id: ends_at}
    with unguarded("notices_task"):
        Task.objects.filter(subject=row.public_id).delete()
    clock.move_to(clock.now() + timedelta(days=2))
    assert named("oversight.seals_attended") == 1


def test_a_look_that_nobody_took_ends_with_the_first_term(subject, owner):
    with unguarded("evidence_evidencerecord", "evidence_recordparty"):
        row = EvidenceRecord.objects.create(
            kind="registration.screening_assessed",
            subject="reg_x",
            actor="system",
            payload={},
            occurred_at=clock.now(),
        )
        row.parties.create(organisation=subject.public_id, is_whole=True)
    clock.move_to(row.occurred_at + timedelta(days=360))
    tasks.sweep()
    assert list(open_tasks("disclose")) == [row.public_id]
    clock.move_to(row.occurred_at + timedelta(days=365))
    assert reads(owner, row.public_id)
    tasks.sweep()
    assert open_tasks("disclose") == {}


def test_the_database_refuses_a_seal_by_one_or_for_good(first, second, owner, subject, other):
    record = record_about(subject)
    seal = """
        INSERT INTO oversight_recordseal (public_id, record, parties, ground, legal_basis, reason, review_at, first_person,
            sealed_by, sealed_at, ended_first, ended_by, ended_reason)
        VALUES ('rsl_raw', '{record}', ARRAY['{party}'], 'order', 'x', 'x', public.business_now() + interval '{days} days',
            '{first}', '{second}', public.business_now(), '', '', '')
    """
    stated = {
        "record": record,
        "party": subject.public_id,
        "days": 5,
        "first": "usr_first",
        "second": "usr_second",
    }
    for changes, because in (
        ({"second": "usr_first"}, "seal_by_two"),
        ({"second": "usr_owner"}, "no natural person of the operator"),
        ({"first": "usr_owner"}, "no natural person of the operator"),
        ({"days": DAYS_MAX + 1}, "is not sealed until"),
        ({"days": -1}, "is not sealed until"),
        ({"record": "evi_none"}, "other parties, or none"),
        ({"party": other.public_id}, "other parties, or none"),
    ):
        refused(seal.format(**(stated | changes)), because)
    row = sealed(first, second, record)
    end = "UPDATE oversight_recordseal SET ended_at = public.business_now(), ended_by = '{}', ended_first = '{}', ended_reason = '{}'"
    refused(end.format("system", "", ""), "in force until its review date")
    refused(end.format("usr_first", "", "x"), "seal_ended_by_two")
    refused(end.format("usr_first", "usr_owner", "x"), "no natural person of the operator")
    refused("UPDATE oversight_recordseal SET review_at = review_at + interval '1 day'", "cannot be changed")
    refused("DELETE FROM oversight_recordseal", "are kept")
    unsealed(first, second, row)
    refused(
        "UPDATE oversight_recordseal SET ended_at = NULL, ended_by = '', ended_first = '', ended_reason = ''",
        "ends once",
    )
    assert named("oversight.seals_by_two") == 0
    with unguarded("oversight_recordseal"):
        RecordSeal.objects.update(review_at=row.sealed_at + timedelta(days=9_999))
    assert named("oversight.seals_by_two") == 1


def test_the_same_seal_given_again_is_refused_and_named(first, second, subject):
    record = record_about(subject)
    command = {"record": record, **SEAL}
    seal = sealed(first, second, record)
    alike = f"{SEAL['legal_basis']}\u200b "
    for actor, changes in (
        (second, {}),
        (first, {}),
        (first, {"days": SEAL["days"] - 30, "reason": "再送"}),
        (second, {"legal_basis": alike}),
    ):
        with pytest.raises(SealStands) as stands:
            seal_record(actor=actor, **command | changes)
        assert stands.value.fields["seal"] == seal.public_id
    assert (RecordSeal.objects.count(), Approval.objects.filter(state="pending").count()) == (1, 0)
    # On another basis it is another seal, which stays where the first is ended before.
    other = sealed(first, second, record, legal_basis="刑事訴訟法第197条第2項", days=30)
    # What the database is given is refused in the same cases.
    columns = (
        "record, parties, ground, legal_basis, reason, review_at, first_person, sealed_by, sealed_at, ended_first, ended_by,"
        " ended_reason"
    )
    again = (
        f"INSERT INTO oversight_recordseal (public_id, {columns}) SELECT 'rsl_raw', "
        + columns.replace("sealed_at", "public.business_now()")
        + f" FROM oversight_recordseal WHERE id = {other.pk}"
    )
    refused(again, "sealed on this ground for as long already")
    assert named("oversight.seals_stand_once") == 0
    with unguarded("oversight_recordseal"):
        run(again)
    assert named("oversight.seals_stand_once") == 1


def test_who_has_declared_an_interest_seals_and_unseals_nothing(first, second, staffed, subject):
    record, third = record_about(subject), actor_for(staffed, "usr_third")
    stated = {"organisation": subject.public_id, "kind": "employment", "statement": "兼業先"}
    seal = sealed(first, third, record)
    command = {"record": record, **SEAL, "days": SEAL["days"] + 1}
    with pytest.raises(SecondPersonNeeded):
        seal_record(actor=first, **command)
    with pytest.raises(SecondPersonNeeded):
        end_seal(actor=first, seal=seal.public_id, reason="x")
    declare_interest(actor=first, **stated)
    for actor, error in ((first, Recused), (second, SecondPersonNeeded)):
        with pytest.raises(error):
            seal_record(actor=actor, **command)
        with pytest.raises(error):
            end_seal(actor=actor, seal=seal.public_id, reason="x")
    seal.refresh_from_db()
    assert (RecordSeal.objects.count(), seal.ended_at) == (1, None)
    attack = (
        "INSERT INTO oversight_recordseal (public_id, record, parties, ground, legal_basis, reason, review_at, first_person,"
        " sealed_by, sealed_at, ended_first, ended_by, ended_reason) SELECT 'rsl_raw', record, parties, ground, 'x', 'x',"
        " public.business_now() + interval '5 days', '{}', '{}', public.business_now(), '', '', '' FROM oversight_recordseal"
    )
    end = (
        "UPDATE oversight_recordseal SET ended_at = public.business_now(), ended_first = '{}', ended_by = '{}',"
        " ended_reason = 'x'"
    )
    for people in (("usr_first", "usr_second"), ("usr_second", "usr_first")):
        refused(attack.format(*people), "declared an interest")
        refused(end.format(*people), "declared an interest")
    assert named("oversight.seals_by_two") == 0
    clock.move_to(clock.now() + timedelta(minutes=1))
    for people, count in (
        (("usr_third", "usr_second"), 0),
        (("usr_first", "usr_second"), 1),
        (("usr_second", "usr_first"), 1),
    ):
        with unguarded("oversight_recordseal"):
            run(end.format(*people))
            assert (people, named("oversight.seals_by_two")) == (people, count)
            run(
                "UPDATE oversight_recordseal SET ended_at = NULL, ended_by = '', ended_first = '', ended_reason = ''"
            )
    with unguarded("oversight_recordseal"):
        run(attack.format("usr_second", "usr_first"))
    assert named("oversight.seals_by_two") == 1


def test_a_seal_without_a_task_is_named(first, second, subject):
    seal = sealed(first, second, record_about(subject))
    assert named("oversight.seals_attended") == 0
    with unguarded("notices_task"):
        Task.objects.filter(subject=seal.public_id).delete()
    assert named("oversight.seals_attended") == 1


def test_a_seal_that_cannot_end_keeps_no_other_sealed(first, second, owner, subject):
    stuck, free = (sealed(first, second, record_about(subject), days=days) for days in (179, 180))
    clock.move_to(max(stuck.review_at, free.review_at))
    with poisoned("oversight_recordseal", f"NEW.id = {stuck.pk}"):
        assert sum(tasks.sweep() for _ in range(RUNS)) == 1
    assert aside("oversight.end_seals") == [stuck.public_id]
    free.refresh_from_db()
    assert free.ended_at is not None
    let_pauses_pass()
    assert tasks.sweep() == 1
    stuck.refresh_from_db()
    assert stuck.ended_at is not None


def test_a_record_that_cannot_be_asked_about_keeps_no_other_from_it(staffed, subject):
    stuck, free = screened(subject), screened(subject)
    clock.move_to(clock.now() + timedelta(days=350))
    with poisoned("notices_task", f"NEW.subject = '{stuck.public_id}'"):
        assert sum(tasks.sweep() for _ in range(RUNS)) == 1
    assert aside("oversight.ask_of_secrets") == [stuck.public_id]
    assert list(open_tasks("disclose")) == [free.public_id]
    let_pauses_pass()
    assert tasks.sweep() == 1
    assert set(open_tasks("disclose")) == {stuck.public_id, free.public_id}
