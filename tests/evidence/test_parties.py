"""Whose a record is: the database writes the parties with it, and each party reads it."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import DatabaseError, transaction

from marketplace.evidence.models import EvidenceRecord, RecordParty
from marketplace.evidence.parties import PARTIES, RecordParties, parties_function, sealed_function
from marketplace.evidence.services import UndeclaredRecord, record
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from tests.participants import factories as participants
from tests.roles import as_owner, assert_refused, unguarded

from .factories import run

pytestmark = pytest.mark.django_db
PLAN = {"charging": "one_off", "price_minor": 5, "shares": {"org_third": 1_000}}


def faults() -> list[str]:
    """What the check of the parties says, in short."""
    return sorted(found["fault"] for found in REGISTER["evidence.parties_recorded"].check())


def parties_of(public_id: str) -> dict[str, bool]:
    """The parties of a record, and whether each sees all of it."""
    rows = RecordParty.objects.filter(record__public_id=public_id)
    return dict(rows.values_list("organisation", "is_whole"))


@pytest.fixture
def two(db):
    """Two participants."""
    return participants.organisation(), participants.organisation("B")


@pytest.fixture
def planned(two):
    """A record of which the seller sees all and the buyer a part."""
    seller, buyer = two
    payload = {**PLAN, "buyer": buyer.public_id, "seller": seller.public_id}
    return record(kind="clearing.plan_made", subject="agr_x", actor=SYSTEM, payload=payload)


def test_a_record_has_the_parties_of_its_row(two, planned):
    seller, buyer = two
    made = EvidenceRecord.objects.get(kind="participants.organisation_registered", subject=seller.public_id)
    assert parties_of(made.public_id) == {seller.public_id: True}
    assert parties_of(planned) == {seller.public_id: True, buyer.public_id: False}
    assert faults() == []


def test_what_is_the_other_partys_is_withheld_with_the_salt(two, planned):
    seller, buyer = two
    path = f"/api/v1/evidence/records/{planned}/"
    whole = participants.client_of(seller).get(path).json()
    assert (whole["payload"]["shares"], whole["withheld"], len(whole["salt"])) == (PLAN["shares"], [], 64)
    part = participants.client_of(buyer).get(path).json()
    assert (part["withheld"], part["salt"]) == (["shares"], None)
    assert part["payload"] == {name: value for name, value in whole["payload"].items() if name != "shares"}
    assert participants.client_of(participants.organisation("C")).get(path).status_code == 404


def test_records_are_listed_by_kind_subject_and_time(two, planned):
    client = participants.client_of(two[0])
    path = "/api/v1/evidence/records/"
    found = client.get(path, {"kind": "clearing.plan_made"}).json()["results"]
    assert [row["id"] for row in found] == [planned]
    at = found[0]["occurred_at"]
    assert client.get(path, {"subject": "agr_x", "occurred_before": at}).json()["results"] == []
    listed = client.get(path, {"subject": "agr_x", "occurred_from": at}).json()["results"]
    assert [row["id"] for row in listed] == [planned]


def test_a_record_that_nobody_declared_is_refused(db):
    with pytest.raises(UndeclaredRecord, match="say in record_parties"):
        record(kind="made.up", subject="zzz_1", actor=SYSTEM, payload={})
    assert not EvidenceRecord.objects.filter(kind="made.up").exists()


def test_a_declaration_is_clear_and_made_once():
    with pytest.raises(ValueError, match="twice"):
        RecordParties("org", names=("r.public_id",), source="public.participants_organisation")
    with pytest.raises(ValueError, match="unclear"):
        RecordParties("zzz")
    assert "zzz" not in PARTIES
    assert all(len(each.nobody) > 20 for each in PARTIES.values() if each.nobody)


def test_a_forged_party_is_refused_and_named(two, planned):
    seller, buyer = two
    third = participants.organisation("C")
    key = EvidenceRecord.objects.get(public_id=planned).pk
    forge = (
        "INSERT INTO evidence_recordparty (record_id, organisation, is_whole)"
        f" VALUES ({key}, '{third.public_id}', true)"
    )
    for attack, reason in (
        (forge, "no party of what record"),
        (f"UPDATE evidence_recordparty SET is_whole = true WHERE record_id = {key}", "append-only"),
        (f"DELETE FROM evidence_recordparty WHERE record_id = {key}", "append-only"),
    ):
        assert_refused(partial(run, attack), because=reason)
    assert parties_of(planned) == {seller.public_id: True, buyer.public_id: False}
    with unguarded("evidence_recordparty"):
        RecordParty.objects.create(record_id=key, organisation=third.public_id, is_whole=True)
        RecordParty.objects.filter(record_id=key, organisation=buyer.public_id).delete()
    assert faults() == ["missing", "not of the row"]


def test_a_record_without_parties_or_of_an_unknown_kind_is_named(two):
    with unguarded("evidence_evidencerecord"):
        for kind, subject in (("participants.forged", two[0].public_id), ("made.up", "zzz_1")):
            EvidenceRecord.objects.create(
                kind=kind, subject=subject, actor="system", payload={}, occurred_at="2026-01-05T00:00Z"
            )
    assert faults() == ["missing", "undeclared"]


def other_functions() -> list[tuple[str, str]]:
    """What the check of the functions says: function and fault."""
    return [(row["function"], row["fault"]) for row in REGISTER["evidence.parties_as_declared"].check()]


def test_functions_that_are_not_as_declared_are_named(db):
    unsealing = sealed_function().replace("s.ended_at IS NULL", "s.ended_at IS NOT NULL")
    partial_list = parties_function().replace("WHEN 'rsl' THEN", "WHEN 'gone' THEN")
    other_rights = parties_function().replace("STABLE", "STABLE SECURITY DEFINER")
    for statement, function in (
        (unsealing, "evidence_is_sealed"),
        (partial_list, "evidence_parties"),
        (other_rights, "evidence_parties"),
    ):
        assert statement not in (sealed_function(), parties_function())
        with pytest.raises(DatabaseError, match=r"must be owner|permission denied"), transaction.atomic():
            run(statement)
        assert other_functions() == []
        with as_owner():
            run(statement)
            assert other_functions() == [(function, "not as declared")]
            run(parties_function())
            run(sealed_function())
        assert other_functions() == []
    with as_owner():
        run("ALTER FUNCTION public.evidence_is_sealed RENAME TO evidence_was_sealed")
    assert other_functions() == [("evidence_is_sealed", "missing")]
