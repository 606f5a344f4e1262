"""The evidence log: chained, sealed, signed, and recomputable by anyone."""

import pytest
from django.db import connection

from marketplace.evidence import services, signatures
from marketplace.evidence.models import ChainLink, Checkpoint, EvidenceRecord
from marketplace.kernel.actors import SYSTEM

pytestmark = pytest.mark.django_db


def write(*subjects: str) -> None:
    for subject in subjects:
        services.record(kind="test.happened", subject=subject, actor=SYSTEM, payload={"amount_minor": 5})


def test_sealing_chains_every_record_once():
    write("a", "b", "c")
    assert (services.seal(), services.seal()) == (3, 0)
    assert list(ChainLink.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3]
    outcome = services.verify_log()
    assert (outcome.entries, outcome.unsealed, outcome.verified) == (3, 0, True)


def test_a_link_depends_on_all_before_it():
    write("a", "b")
    services.seal()
    first, second = ChainLink.objects.order_by("position")
    assert second.hash == services.link_hash(first.hash, second.record)
    assert second.hash != services.link_hash(services.GENESIS, second.record)


def test_a_checkpoint_signs_the_root():
    write("a", "b", "c")
    services.seal()
    mark = services.checkpoint()
    assert services.checkpoint() == mark
    signed = signatures.verify(mark.signature)
    assert (signed["size"], signed["root"]) == (3, services.verify_log().root)


def test_nothing_recorded_is_nothing_signed():
    assert services.checkpoint() is None
    assert Checkpoint.objects.count() == 0


def test_tampering_past_the_guards_is_found():
    write("a", "b")
    services.seal()
    services.checkpoint()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE evidence_evidencerecord DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE evidence_evidencerecord SET payload = '{\"amount_minor\": 6}' WHERE subject = 'a'"
        )
        cursor.execute("ALTER TABLE evidence_evidencerecord ENABLE TRIGGER USER")
    outcome = services.verify_log()
    altered = EvidenceRecord.objects.get(subject="a").public_id
    assert outcome.faults == [f"link 1 ({altered}) does not follow from its record"]


def test_a_forged_signature_is_refused():
    header, payload, signature = signatures.sign({"root": "x"}).split(".")
    forged = signatures.sign({"root": "y"}).split(".")[1]
    with pytest.raises(signatures.SignatureInvalid):
        signatures.verify(f"{header}.{forged}.{signature}")
    with pytest.raises(signatures.SignatureInvalid):
        signatures.verify("not a signature")
    assert signatures.verify(f"{header}.{payload}.{signature}") == {"root": "x"}


def test_the_published_keys_hold_no_secret(api):
    answer = api.get("/api/v1/evidence/keys/")
    assert answer.status_code == 200
    (key,) = answer.json()["keys"]
    assert key["kty"] == "OKP"
    assert "d" not in key


def test_the_record_is_not_for_everybody(api):
    assert api.get("/api/v1/evidence/records/").status_code == 401
