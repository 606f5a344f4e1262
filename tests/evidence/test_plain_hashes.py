"""What people write never enters a record but as a commitment under a salt, which opens it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from django.db import connection, transaction

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.plain_hashes import PLAIN_HASHES
from marketplace.evidence.services import TextHashedPlainly, record
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.models import OrganisationRelation, Suspension
from marketplace.participants.services.relations import end_relation, state_relation
from marketplace.participants.services.suspensions import suspend_participant
from tests.participants import factories as participants
from tests.roles import as_owner, assert_refused

PROJECT = Path(__file__).parents[2]
APPLICATIONS = ("marketplace", "listings", "quality", "contracts", "delivery", "clearing")
REASON = "山田太郎さんの申出による。"
OF_DOCUMENTS = {
    "auditors_sha256", "content_hash", "description_sha256", "digest", "document_sha256", "evidence_sha256", "input_hash", "jws_sha256", "manifest_sha256",
    "output_hash", "payments_sha256", "policy_sha256", "proof_sha256", "public_sha256", "received_sha256", "report_sha256",
    "rulebook_digest", "sent_sha256", "sha256", "signed_hash", "source_sha256", "terms_digest", "vocabulary_digest", "warnings_sha256",
}  # fmt: skip
"""Every name of a hash that production writes into a JSON object: of files, of signed objects and of public documents."""
NO_HASHES = {"matching_hash"}
"""Ways to receive that are named after hashes and carry none."""


@pytest.fixture
def staff(db):
    operator = participants.operator()
    return [participants.actor_for(operator, name) for name in ("usr_one", "usr_two")]


def hashes_in(path: Path) -> set[str]:
    """Members of JSON objects and arguments that are named as hashes are."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    keys = [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    names = {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    recording = [call for call in calls if getattr(call.func, "id", "").lstrip("_").startswith("record")]
    names |= {argument.arg for call in recording for argument in call.keywords if argument.arg}
    return {name for name in names if name.endswith(("sha256", "digest", "_hash"))}


def test_production_hashes_documents_only():
    modules = [path for folder in APPLICATIONS for path in (PROJECT / folder).rglob("*.py")]
    found = {name for path in modules if "migrations" not in path.parts for name in hashes_in(path)}
    assert found - NO_HASHES == OF_DOCUMENTS
    assert found & set(PLAIN_HASHES) == set()


def test_a_plain_hash_of_a_text_is_refused_and_named(db):
    with transaction.atomic(), pytest.raises(TextHashedPlainly, match="reason_sha256"):
        record(kind="test.happened", subject="x", actor=SYSTEM, payload={"reason_sha256": sha256_hex(b"x")})
    statement = (
        "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at)"
        " VALUES ('evi_x', 'test.happened', 'x', 'system', '{\"reason_sha256\": \"x\"}', public.business_now())"
    )

    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert_refused(attack, because="evidence_no_plain_hash")
    assert EvidenceRecord.objects.count() == 0
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE evidence_evidencerecord DROP CONSTRAINT evidence_no_plain_hash")
    attack()
    assert REGISTER["evidence.no_plain_hash_of_texts"].check() == [
        {"public_id": "evi_x", "kind": "test.happened"}
    ]


def is_nowhere(text: str) -> bool:
    """Whether no record has the text, or its plain hash."""
    payloads = json.dumps(list(EvidenceRecord.objects.values_list("payload", flat=True)), ensure_ascii=False)
    return text not in payloads and sha256_hex(text.encode()) not in payloads


def test_the_reason_of_a_suspension_opens_its_commitment(staff):
    subject = participants.organisation()
    suspend_participant(actor=staff[0], organisation=subject.public_id, reason_code="late", reason=REASON)
    row = Suspension.objects.get()
    stated = EvidenceRecord.objects.get(kind="participants.participant_suspended").payload[
        "reason_commitment"
    ]
    assert (stated, is_nowhere(REASON)) == (commitment_to(row.salt, REASON), True)


def test_what_two_people_said_opens_the_commitments_of_approval_and_relation(staff):
    one, other = participants.organisation("A"), participants.organisation("B")
    relation = state_relation(
        actor=staff[0], organisation=one.public_id, related=other.public_id, kind="officer", document="登記"
    )
    with pytest.raises(SecondPersonNeeded):
        end_relation(actor=staff[0], relation=relation.public_id, reason=REASON)
    end_relation(actor=staff[1], relation=relation.public_id, reason=REASON)
    row, approval = OrganisationRelation.objects.get(), Approval.objects.get()
    ended = EvidenceRecord.objects.get(kind="participants.relation_ended").payload
    assert ended["reason_commitment"] == commitment_to(row.salt, REASON)
    asked = EvidenceRecord.objects.get(kind="approvals.asked").payload
    assert asked["digest_commitment"] == commitment_to(approval.salt, approval.digest)
    payloads = json.dumps(list(EvidenceRecord.objects.values_list("payload", flat=True)))
    assert (approval.digest in payloads, is_nowhere(REASON)) == (False, True)
