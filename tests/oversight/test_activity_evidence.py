"""The activity records hold all evidence about a participant, and a stranger verifies that the public log has it."""

from __future__ import annotations

import hashlib
import json
import runpy
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from marketplace.evidence import queries, services
from marketplace.evidence.keys import public_keys
from marketplace.evidence.parties import PARTIES
from marketplace.evidence.services import Fact, record_all
from marketplace.evidence.signatures import sign
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import canonical_json
from marketplace.oversight.activity.bundle import file_of, make_bundle
from marketplace.oversight.activity.making import reader_of
from tests.participants.factories import member_for, operator, organisation

from .factories import records_asked
from .test_activity import PROGRAM, rows_of, verified

PEAK_BYTES_MAX = 24 << 20
VERIFYING = runpy.run_path(str(PROGRAM))


@pytest.fixture
def parties(committed_database):
    """An operator, and two participants."""
    operator()
    return organisation("A"), organisation("B")


def write(count: int, *names: str) -> None:
    """So many records about each of some organisations."""
    payload = {"text": "あ" * 100}
    with transaction.atomic():
        record_all([Fact("test.told", name, SYSTEM, payload) for name in names for _ in range(count)])


def planned(seller: str, buyer: str) -> None:
    """A record of which the seller sees all and the buyer a part."""
    payload = {"seller": seller, "buyer": buyer, "shares": {"org_third": 1_000}}
    with transaction.atomic():
        record_all([Fact("clearing.plan_made", "agr_x", SYSTEM, payload)])


def seal_all() -> None:
    """Seal everything, and sign a checkpoint."""
    while queries.count_unsealed():
        services.seal()
    services.checkpoint()


def asked(party, person: str = "usr_owner"):
    """Activity records, made as the job makes them."""
    row = records_asked(member_for(party, person))
    actor = reader_of(row.public_id)
    make_bundle(record=row.public_id, actor=actor, made_at=clock.now(), report_progress=lambda *_: None)
    return row


def test_a_stranger_verifies_that_the_log_has_the_records(parties, tmp_path):
    seller, buyer = parties
    planned(seller.public_id, buyer.public_id)
    write(3, seller.public_id, buyer.public_id)
    seal_all()
    write(1, seller.public_id)
    row = asked(seller)
    assert verified(file_of(row.public_id), tmp_path, seller.public_id)[0] == 0
    rows = rows_of(row, "evidence")
    assert len([each for each in rows if each["kind"] == "test.told"]) == 4
    assert next(each["subject"] for each in rows if each["proof"] is None) == seller.public_id
    assert buyer.public_id not in {each["subject"] for each in rows}
    of_buyer = asked(buyer, "usr_buyer")
    assert verified(file_of(of_buyer.public_id), tmp_path)[0] == 0
    (plan,) = [each for each in rows_of(of_buyer, "evidence") if each["kind"] == "clearing.plan_made"]
    assert (plan["withheld"], plan["salt"], plan["proof"]["content"]) == (["shares"], None, None)
    assert "shares" not in plan["payload"]


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("salt", "its entry is not the commitment to it"),
        ("kind", "it is not what its content says"),
        ("occurred_at", "its occurred_at is not what its content says"),
        ("recorded_at", "its recorded_at is not what its content says"),
        ("path", "it is not in the log"),
        ("index", "it is not in the log"),
        ("withheld", "it is withheld without saying what"),
    ],
)
def test_a_record_that_the_log_does_not_have_is_named(parties, tmp_path, tampering, said):
    """Even one that the market signed: the proofs are verified, not the market believed."""
    seller, _ = parties
    write(3, seller.public_id)
    seal_all()
    row = asked(seller)
    with zipfile.ZipFile(file_of(row.public_id)) as archive:
        note = json.loads(archive.read("manifest.json"))["checkpoint"]
    shown = next(each for each in rows_of(row, "evidence") if each["kind"] == "test.told")
    size, root, fault = VERIFYING["_checkpoint_of"](note, public_keys())
    assert (fault, VERIFYING["_fault_of_record"](shown, size, root)) == ("", "")
    if tampering == "salt":
        shown["salt"] = "00" * 32
    elif tampering == "kind":
        shown["kind"] = "test.other"
    elif tampering.endswith("_at"):
        # Another zone is the same instant; a microsecond later is another.
        moment = datetime.fromisoformat(shown[tampering]).astimezone(timezone(timedelta(hours=-5)))
        shown[tampering] = moment.isoformat()
        assert VERIFYING["_fault_of_record"](shown, size, root) == ""
        shown[tampering] = (moment + timedelta(microseconds=1)).isoformat()
    elif tampering == "path":
        shown["proof"]["path"] = shown["proof"]["path"][:-1]
    elif tampering == "index":
        shown["proof"]["index"] += 1
    else:
        shown["proof"]["content"] = None
    assert VERIFYING["_fault_of_record"](shown, size, root) == said
    assert (
        VERIFYING["_checkpoint_of"](note, {"keys": []})[2]
        == "the checkpoint is not signed by a key of the market"
    )


def test_a_record_whose_proof_was_taken_away_is_counted(parties, tmp_path):
    """It is no fault of itself, because what is younger than the checkpoint has none: the program says how many there are."""
    seller, _ = parties
    write(3, seller.public_id)
    seal_all()
    row = asked(seller)
    rows = rows_of(row, "evidence")
    without = [each for each in rows if each["proof"] is None]
    status, said = verified(file_of(row.public_id), tmp_path)
    assert (status, said[-1]) == (0, f"evidence without a proof: {len(without)}")
    next(each for each in rows if each["proof"])["proof"] = None
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(changed, "w") as archive:
        archive.writestr("evidence.jsonl", "".join(f"{json.dumps(each)}\n" for each in rows))
    assert VERIFYING["count_evidence"](changed)[1] == len(without) + 1


def forged(row, path, forge: Callable[[dict[str, Any], list[dict[str, Any]]], None]) -> Path:
    """The file of some records with another manifest and other rows of evidence, which the market signed."""
    with zipfile.ZipFile(file_of(row.public_id)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest, rows = json.loads(files["manifest.json"]), rows_of(row, "evidence")
    forge(manifest, rows)
    evidence = "".join(f"{json.dumps(each)}\n" for each in rows).encode()
    entry = next(each for each in manifest["files"] if each["kind"] == "evidence")
    entry |= {"rows": len(rows), "bytes": len(evidence), "sha256": hashlib.sha256(evidence).hexdigest()}
    stated = {"manifest.json": canonical_json(manifest), "manifest.jws": sign(manifest)}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**files, **stated, "evidence.jsonl": evidence}.items():
            archive.writestr(name, content)
    return path


def _twice(_manifest, rows):
    rows.append(next(each for each in rows if each["proof"] is None))


def _other_name(_manifest, rows):
    """The place of a record is that of another, too, of which nobody can open what it says."""
    shown = next(each for each in rows if each["withheld"])
    rows.append({**shown, "id": "evi_other"})


def _invented(_manifest, rows):
    """What a record says is kept from its own party, and something else stands there."""
    row = next(each for each in rows if each["kind"] == "test.told" and each["proof"])
    row |= {"payload": {"text": "other"}, "withheld": ["shares"], "salt": None}
    row["proof"]["content"] = None


def _invented_without_proof(_manifest, rows):
    next(each for each in rows if each["proof"] is None)["withheld"] = ["text"]


def _there(_manifest, rows):
    next(each for each in rows if each["withheld"])["payload"]["shares"] = {}


def _no_checkpoint(manifest, _rows):
    manifest["checkpoint"] = None


def _no_proof_at_all(manifest, rows):
    manifest["checkpoint"] = None
    for row in rows:
        row["proof"] = None


def _not_a_number(_manifest, rows):
    rows[0]["payload"] = {"text": float("nan")}


FORGERIES = {
    "twice": (_twice, "it is there twice"),
    "under another name": (_other_name, "evi_other: it is there twice"),
    "invented": (_invented, "the market withholds nothing named shares of test.told"),
    "invented without a proof": (_invented_without_proof, "the market withholds nothing named text of"),
    "withheld and there": (_there, "it is withheld and there"),
    "no checkpoint": (_no_checkpoint, "it has a proof, but the manifest names no checkpoint"),
    "no proof at all": (_no_proof_at_all, "the manifest names no checkpoint, but the market has signed them"),
    "no number": (_not_a_number, "NaN is no number"),
}


def test_what_the_market_forged_in_a_file_of_records_is_named(parties, tmp_path):
    seller, buyer = parties
    before = asked(buyer)
    assert verified(file_of(before.public_id), tmp_path)[0] == 0
    planned(seller.public_id, buyer.public_id)
    write(2, buyer.public_id)
    seal_all()
    write(1, buyer.public_id)
    # What was made before the first checkpoint names none, and stays right.
    assert verified(file_of(before.public_id), tmp_path)[0] == 0
    row = asked(buyer)
    status, said = verified(forged(row, tmp_path / "same.zip", lambda *_: None), tmp_path)
    assert (status, "evidence proved without what it says: 1" in said) == (0, True), said
    for name, (forge, expected) in FORGERIES.items():
        status, said = verified(forged(row, tmp_path / f"{name}.zip", forge), tmp_path)
        assert (status, any(expected in line for line in said)) == (1, True), (name, said)


def test_the_program_knows_what_the_market_withholds():
    declared = {each.of: set(each.withheld) for each in PARTIES.values() if each.withheld}
    assert declared == VERIFYING["WITHHELD"]


def test_what_is_not_there_is_said_in_one_line(tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": [NaN]}')
    for records, stated in (
        ("missing.zip", "missing.json"),
        (str(keys), "missing.json"),
        (str(keys), str(keys)),
    ):
        outcome = subprocess.run(
            [sys.executable, "-I", PROGRAM, records, stated], capture_output=True, text=True, check=False
        )
        assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (2, "", 1), outcome
        assert outcome.stderr.startswith("there is nothing to verify")


def test_many_records_are_made_in_bounded_memory(parties, tmp_path):
    seller, _ = parties
    for _ in range(3):
        write(1_000, seller.public_id)
    seal_all()
    asked(seller)
    tracemalloc.start()
    row = asked(seller)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < PEAK_BYTES_MAX
    assert len(rows_of(row, "evidence")) > 3_000
    assert verified(file_of(row.public_id), tmp_path)[0] == 0
