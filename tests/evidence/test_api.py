"""Records with proofs for the operator; checkpoints and their consistency for everybody."""

import hashlib
import json

import pytest
from django.db import transaction

from marketplace.evidence import queries, services
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.merkle import leaf_hash
from tests.merkle import verify_consistency, verify_inclusion
from tests.participants import factories as participants

from .factories import seal, write, write_many


@pytest.fixture
def marks(committed_database):
    """Two checkpoints: of 5 leaves and of 305."""
    write(*"abcde")
    seal(5)
    first = services.checkpoint()
    write_many(300)
    seal(300)
    return first, services.checkpoint()


@pytest.fixture
def operator_api(marks):
    """A client of the operator, whose own records are not sealed yet."""
    return participants.client_of(participants.operator())


def test_the_record_is_not_for_everybody(api, db):
    assert api.get("/api/v1/evidence/records/").status_code == 401


def test_a_proof_leads_from_the_entry_to_the_root(marks, operator_api):
    record = EvidenceRecord.objects.get(subject="c")
    answer = operator_api.get(f"/api/v1/evidence/records/{record.public_id}/proof/")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["record"], shown["index"]) == (record.public_id, 2)
    assert (shown["checkpoint"]["id"], shown["checkpoint"]["size"]) == (marks[1].public_id, 305)
    commitment = hashlib.sha256(bytes.fromhex(shown["salt"]) + shown["content"].encode()).hexdigest()
    assert shown["entry"] == f'{{"commitment":"{commitment}","v":1}}'
    assert json.loads(shown["content"])["subject"] == "c"
    assert verify_inclusion(
        leaf=leaf_hash(shown["entry"].encode()),
        index=shown["index"],
        size=shown["checkpoint"]["size"],
        proof=[bytes.fromhex(found) for found in shown["path"]],
        root=bytes.fromhex(shown["checkpoint"]["root"]),
    )


def test_a_record_without_a_checkpoint_is_not_proven_yet(marks, operator_api):
    write("new")
    record = EvidenceRecord.objects.get(subject="new")
    path = f"/api/v1/evidence/records/{record.public_id}/proof/"
    assert (operator_api.get(path).status_code, operator_api.get(path).json()["code"]) == (
        409,
        "not_in_checkpoint",
    )
    while queries.count_unsealed():
        seal(1)
    assert operator_api.get(path).status_code == 409
    services.checkpoint()
    assert operator_api.get(path).status_code == 200


@pytest.mark.parametrize("query", ["", "?older={first}"])
def test_everybody_can_prove_that_a_checkpoint_continues_an_older_one(marks, api, query):
    first, second = marks
    path = f"/api/v1/evidence/checkpoints/{second.public_id}/consistency/"
    answer = api.get(path + query.format(first=first.public_id))
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["older"]["id"], shown["newer"]["id"]) == (first.public_id, second.public_id)
    assert shown["older"]["note"] == first.note
    assert verify_consistency(
        older=5,
        newer=305,
        proof=[bytes.fromhex(found) for found in shown["path"]],
        older_root=bytes.fromhex(first.root),
        newer_root=bytes.fromhex(second.root),
    )


def test_the_first_checkpoint_continues_itself(marks, api):
    shown = api.get(f"/api/v1/evidence/checkpoints/{marks[0].public_id}/consistency/").json()
    assert (shown["older"]["id"], shown["path"]) == (marks[0].public_id, [])


def test_a_larger_or_unknown_checkpoint_is_refused(marks, api):
    first, second = marks
    path = f"/api/v1/evidence/checkpoints/{first.public_id}/consistency/?older="
    for older in (second.public_id, new_identifier("chk"), "x"):
        answer = api.get(path + older)
        assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid")
        assert answer.json()["name"] == "older"


def test_checkpoints_show_their_note(marks, api):
    answer = api.get(f"/api/v1/evidence/checkpoints/{marks[1].public_id}/")
    assert set(answer.json()) == {
        *("id", "size", "root", "note", "created_at"),
        *("cosignatures", "is_witnessed", "timestamp", "timestamping"),
    }
    assert answer.json()["note"] == marks[1].note


def test_a_participant_reads_the_records_about_itself_and_proves_them(committed_database):
    subject, other = participants.organisation(), participants.organisation("B")
    client = participants.client_of(subject, roles=("trader",))
    while queries.count_unsealed():
        seal(1)
    services.checkpoint()
    listed = client.get("/api/v1/evidence/records/").json()["results"]
    assert {row["subject"] for row in listed} == {subject.public_id}
    assert "participants.organisation_registered" in {row["kind"] for row in listed}
    assert [len(row["salt"]) for row in listed] == [64] * len(listed)
    proof = client.get(f"/api/v1/evidence/records/{listed[0]['id']}/proof/").json()
    assert json.loads(proof["content"])["subject"] == subject.public_id
    foreign = EvidenceRecord.objects.filter(subject=other.public_id).first().public_id
    assert client.get(f"/api/v1/evidence/records/{foreign}/").status_code == 404
    assert client.get(f"/api/v1/evidence/records/{foreign}/proof/").status_code == 404
    assert client.get("/api/v1/evidence/records/", {"subject": other.public_id}).json()["results"] == []


def test_of_the_operator_the_auditor_alone_reads_the_records(committed_database):
    write("a")
    operator = participants.operator()
    auditor = participants.client_of(operator, roles=("auditor",))
    support = participants.client_of(operator, roles=("support", "owner"))
    record = EvidenceRecord.objects.get(subject="a").public_id
    assert auditor.get(f"/api/v1/evidence/records/{record}/").status_code == 200
    assert support.get(f"/api/v1/evidence/records/{record}/").status_code == 404
    assert support.get("/api/v1/evidence/records/").json()["results"] == []


def test_records_are_proved_together_as_alone(committed_database):
    owner = participants.organisation()
    with transaction.atomic():
        for _ in range(3):
            services.record(
                kind="participants.facts_tested", subject=owner.public_id, actor=SYSTEM, payload={}
            )
    while queries.count_unsealed():
        services.seal()
    checkpoint = services.checkpoint()
    actor = participants.actor_for(owner)
    rows = list(queries.visible_records(actor).order_by("pk"))
    together = queries.prove_records(rows, checkpoint)
    assert len(together) == len(rows) > 3
    assert together == [queries.prove_record(row) for row in rows]
