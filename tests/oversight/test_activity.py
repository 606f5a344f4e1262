"""Records of activity: everything that is a participant's, nothing of anybody else's, signed, and verified by a stranger."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.test import override_settings

from marketplace.api.activity import ACTIVITY, EXCEPTED
from marketplace.evidence.signatures import public_keys
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.errors import Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.oversight.activity.bundle import file_of
from marketplace.oversight.activity.errors import AskedTooOften, RecordsNotReady
from marketplace.oversight.activity.models import ActivityRecord
from marketplace.oversight.activity.services import ask_records, file_to_send, remove_expired
from marketplace.oversight.activity.states import PER_DAY_MAX
from tests.participants.factories import client_of, member_for, organisation
from tests.poison import RUNS, aside, let_pauses_pass, poisoned
from tests.roles import unguarded

from .factories import asked, holds_everywhere, named, opened, recorded, records_asked, refused

pytestmark = pytest.mark.django_db

PROGRAM = Path(__file__).parents[2] / "verification" / "activity_record.py"


def made(actor) -> ActivityRecord:
    row = records_asked(actor)
    run_due("documents")
    row.refresh_from_db()
    assert row.made_at is not None, Job.objects.get(subject=row.public_id).error
    return row


def rows_of(record: ActivityRecord, kind: str) -> list[dict]:
    with zipfile.ZipFile(file_of(record.public_id)) as archive:
        return [json.loads(line) for line in archive.read(f"{kind}.jsonl").decode().splitlines()]


def verified(path, tmp_path, *organisation: str) -> tuple[int, list[str]]:
    """What the program that stands alone says, run as a process of its own."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(public_keys()))
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, path, keys, *organisation],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines() or [done.stderr]


def test_records_hold_what_is_ones_own_and_nothing_else(owner, stranger, first, subject, other):
    asked(owner)
    asked(stranger)
    opened(first, subject)
    opened(first, other)
    record = made(owner)
    assert [row["organisation"] for row in rows_of(record, "consultations")] == [subject.public_id]
    assert [row["organisations"] for row in rows_of(record, "incidents")] == [[subject.public_id]]
    assert [row["id"] for row in rows_of(record, "organisation")] == [subject.public_id]
    assert [row["id"] for row in rows_of(record, "activity-records")] == [record.public_id]
    assert len(rows_of(record, "members")) == 1
    with zipfile.ZipFile(file_of(record.public_id)) as archive:
        assert other.public_id not in "".join(
            archive.read(name).decode() for name in archive.namelist() if name.endswith(".jsonl")
        )
    assert recorded(record.public_id) == ["oversight.activity_asked", "oversight.activity_made"]
    assert holds_everywhere()


def test_a_stranger_verifies_the_records_offline(owner, subject, tmp_path):
    asked(owner)
    record = made(owner)
    code, lines = verified(file_of(record.public_id), tmp_path, subject.public_id)
    assert (code, "consultations: 1" in lines) == (0, True)
    assert verified(file_of(record.public_id), tmp_path, "org_another")[0] == 1


@pytest.mark.parametrize(
    "tampering", ["changed", "missing", "added", "manifest", "signature", "readme", "header", "encrypted"]
)
def test_what_was_tampered_with_is_named(owner, tmp_path, tampering):
    asked(owner)
    record = made(owner)
    tampered = tmp_path / "tampered.zip"
    with zipfile.ZipFile(file_of(record.public_id)) as source, zipfile.ZipFile(tampered, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "consultations.jsonl":
                if tampering == "missing":
                    continue
                content = (
                    content.replace(b"public_body", b"special_caX") if tampering == "changed" else content
                )
            if name == "manifest.json" and tampering == "manifest":
                content = content.replace(b'"rows":1', b'"rows":2')
            if name == "manifest.jws" and tampering == "signature":
                head, payload, value = content.split(b".")
                content = b".".join((head, payload, value[::-1]))
            if name == "README.txt" and tampering == "readme":
                content = content.replace(b"Ed25519", b"Ed25518")
            if name == "manifest.jws" and tampering == "header":
                content = b".".join((b"W10", *content.split(b".")[1:]))
            target.writestr(name, content)
        if tampering == "added":
            target.writestr("more.jsonl", "{}\n")
    if tampering == "encrypted":
        # The flag of each entry in the directory and before its content.
        content = tampered.read_bytes()
        tampered.write_bytes(
            content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01").replace(
                b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01"
            )
        )
    code, lines = verified(tampered, tmp_path)
    said = {
        "changed": "consultations.jsonl is not what the market signed",
        "missing": "consultations.jsonl is missing",
        "added": "more.jsonl is not in the manifest",
        "manifest": "the signature is not over this manifest",
        "signature": "the signature of the manifest is not the market's",
        "readme": "README.txt is not what the market signed",
        "header": "the file cannot be read: AttributeError",
        "encrypted": "the file cannot be read: RuntimeError",
    }[tampering]
    assert (code, len(lines), lines[0][: len(said)]) == (1, 1, said)


def test_records_are_downloaded_by_their_own_owner_alone(owner, subject, other):
    record = made(owner)
    path = f"/api/v1/activity-records/{record.public_id}/content/"
    answer = client_of(subject).get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    assert client_of(other).get(path).status_code == 404
    assert client_of(subject, roles=("trader",)).get(path).status_code == 403
    assert client_of(subject, proved_seconds_ago=3600).get(path).status_code == 403


def test_the_downloads_process_sends_the_file_to_the_same_people(owner, subject, other):
    record = made(owner)
    path = f"/api/v1/activity-records/{record.public_id}/content/"
    with override_settings(ROOT_URLCONF="marketplace.downloads_urls"):
        answer = client_of(subject).get(path)
        assert (answer.status_code, b"".join(answer.streaming_content)[:2]) == (200, b"PK")
        assert client_of(other).get(path).status_code == 404
        assert client_of(subject, roles=("trader",)).get(path).status_code == 403
        assert client_of(subject).get("/api/v1/activity-records/").status_code == 404


def test_who_may_not_asks_for_nothing(owner, first):
    for actor, error in (
        (first, Forbidden),
        (replace(owner, permissions=frozenset()), PermissionNeeded),
        (replace(owner, identifier="app_program"), Forbidden),
        (replace(owner, proved_at=clock.real_now() - timedelta(minutes=11)), ProofNeeded),
    ):
        with pytest.raises(error):
            ask_records(actor=actor)
    assert ActivityRecord.objects.count() == 0


def test_records_are_asked_for_a_few_times_in_a_day(owner):
    for _ in range(PER_DAY_MAX):
        records_asked(owner)
    with pytest.raises(AskedTooOften):
        records_asked(owner)
    clock.move_to(clock.now() + timedelta(hours=25))
    records_asked(owner)
    assert ActivityRecord.objects.count() == PER_DAY_MAX + 1


def test_a_file_is_not_there_before_it_is_made_nor_after_its_days(owner, stranger):
    row = records_asked(owner)
    with pytest.raises(RecordsNotReady):
        file_to_send(actor=owner, record=row.public_id)
    with pytest.raises(Missing):
        file_to_send(actor=stranger, record=row.public_id)
    run_due("documents")
    found, file = file_to_send(actor=owner, record=row.public_id)
    file.close()
    assert found == row
    assert remove_expired() == 0
    clock.move_to(clock.now() + timedelta(days=8))
    assert remove_expired() == 1
    assert not file_of(row.public_id).exists()
    with pytest.raises(RecordsNotReady):
        file_to_send(actor=owner, record=row.public_id)
    assert holds_everywhere()


def test_a_file_that_cannot_be_let_go_stands_aside(owner):
    stuck, other = made(owner), made(owner)
    clock.move_to(clock.now() + timedelta(days=8))
    with poisoned("oversight_activityrecord", f"NEW.id = {stuck.pk}"):
        assert sum(remove_expired() for _ in range(RUNS)) == 1
    assert aside("oversight.remove_records") == [stuck.public_id]
    other.refresh_from_db()
    assert other.removed_at is not None
    let_pauses_pass()
    assert remove_expired() == 1


def test_records_that_cannot_be_made_are_failed(owner, tmp_path, settings):
    row = records_asked(owner)
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    settings.STORAGE_DIRECTORY = blocked
    for _ in range(3):
        Job.objects.update(due_at=clock.real_now())
        run_due("documents")
    row.refresh_from_db()
    assert (row.made_at, row.failed_at is not None, row.reason) == (
        None,
        True,
        "the records could not be made",
    )
    assert named("oversight.activity_ends") == 0


def test_the_database_refuses_records_for_anybody_else(owner, stranger, subject):
    ask = """
        INSERT INTO oversight_activityrecord (public_id, organisation_id, asked_by, asked_at, reason)
        VALUES ('arc_raw', {}, '{}', public.business_now(), '')
    """
    refused(ask.format(subject.pk, "usr_stranger"), "nobody who may write this")
    for _ in range(PER_DAY_MAX):
        records_asked(owner)
    refused(ask.format(subject.pk, "usr_owner"), "times in a day")
    refused("UPDATE oversight_activityrecord SET asked_by = 'x'", "cannot be changed")
    refused("UPDATE oversight_activityrecord SET made_at = public.business_now()", "activity_made")
    refused("DELETE FROM oversight_activityrecord", "are kept")
    with unguarded("oversight_activityrecord"):
        ActivityRecord.objects.filter(pk=ActivityRecord.objects.first().pk).update(asked_by="usr_made_up")
    assert named("oversight.activity_own") == 1


def test_records_without_a_job_are_named(owner):
    records_asked(owner)
    assert named("oversight.activity_ends") == 0
    with unguarded("jobs_job"):
        Job.objects.all().delete()
    assert named("oversight.activity_ends") == 1


def of_organisations() -> set[str]:
    """Every table that says whose a row is."""
    return {
        model._meta.db_table
        for model in apps.get_models()
        if any(
            (field.is_relation and field.related_model._meta.label == "participants.Organisation")
            or field.name in ("organisation", "organisation_identifier", "parties", "buyer", "seller")
            for field in model._meta.concrete_fields
        )
    }


def test_each_table_of_organisations_is_in_the_records_or_excepted_with_a_reason():
    covered = {table for records in ACTIVITY.values() for table in records.tables}
    assert sorted(of_organisations() - covered - set(EXCEPTED)) == []
    assert sorted(covered & set(EXCEPTED)) == []
    tables = {model._meta.db_table for model in apps.get_models()}
    assert sorted((covered | set(EXCEPTED)) - tables) == []
    assert all(len(reason) > 20 for reason in EXCEPTED.values())


def test_an_organisation_without_activity_has_records(staffed):
    record = made(member_for(organisation("C"), "usr_new"))
    assert record.rows_total >= 2
