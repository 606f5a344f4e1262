"""An applicant adds documents and owners within bounds, and submits the application once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, IllegalTransition, Missing
from marketplace.registration import bounds, services
from marketplace.registration.errors import ApplicationIncomplete, EmailUnproved, TooManyDocuments
from marketplace.registration.models import BeneficialOwner, Registration, Screening, SupportingDocument

from . import factories

pytestmark = pytest.mark.django_db


def add(row: Registration, content: bytes = factories.PDF, kind: str = "identity") -> SupportingDocument:
    return services.add_document(
        actor=factories.applicant(row), registration=row.public_id, kind=kind, content=content, name="a.pdf"
    )


def state(row: Registration, *owners: dict) -> Registration:
    return services.state_owners(
        actor=factories.applicant(row), registration=row.public_id, owners=list(owners)
    )


def submit(row: Registration) -> Registration:
    return services.submit(actor=factories.applicant(row), registration=row.public_id)


def test_a_document_is_kept_with_its_hash():
    added = add(factories.proved())
    assert (added.sha256, added.media_type) == (sha256_hex(factories.PDF), "application/pdf")
    assert (added.size_bytes, bytes(added.content)) == (len(factories.PDF), factories.PDF)


def test_the_same_document_again_changes_nothing():
    row = factories.proved()
    assert add(row).pk == add(row).pk
    assert SupportingDocument.objects.count() == 1


def test_who_has_not_proved_its_address_stores_nothing():
    with pytest.raises(EmailUnproved):
        add(factories.begun())
    assert SupportingDocument.objects.count() == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"MZ a program", b"<html>%PDF-", b"%PDF-" + bytes(bounds.DOCUMENT_BYTES_MAX)],
    ids=["empty", "program", "page", "large"],
)
def test_hostile_bytes_are_refused(content):
    with pytest.raises(FieldInvalid):
        add(factories.proved(), content)
    assert SupportingDocument.objects.count() == 0


def test_an_eleventh_document_is_refused():
    row = factories.proved()
    for number in range(bounds.DOCUMENTS_MAX):
        add(row, factories.PDF + bytes([number]))
    with pytest.raises(TooManyDocuments):
        add(row, factories.PDF + b"another")
    assert SupportingDocument.objects.count() == bounds.DOCUMENTS_MAX


def test_owners_replace_those_stated_before():
    row = factories.proved()
    state(row, factories.OWNER, factories.OWNER | {"name": "讃岐 次郎", "basis": "control", "share_bp": None})
    state(row, factories.OWNER)
    assert list(BeneficialOwner.objects.values_list("name", flat=True)) == ["讃岐 花子"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("owners.0.share_bp", {"share_bp": 2_499}),
        ("owners.0.share_bp", {"share_bp": None}),
        ("owners.0.share_bp", {"basis": "control"}),
        ("owners.0.born_on", {"born_on": clock.real_now().date() + timedelta(days=2)}),
    ],
)
def test_an_owner_that_cannot_be_is_named(field, changes):
    row = factories.proved()
    with pytest.raises(FieldInvalid) as refusal:
        state(row, factories.OWNER | changes)
    assert refusal.value.name == field
    assert BeneficialOwner.objects.count() == 0


def test_too_many_owners_are_refused():
    row = factories.proved()
    with pytest.raises(FieldInvalid):
        state(row, *[factories.OWNER] * (bounds.OWNERS_MAX + 1))
    assert BeneficialOwner.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ["email_proof", "identity", "owners"]),
        ({"kind": "public_body"}, ["email_proof", "identity"]),
        ({"kind": "individual", "corporate_number": None}, ["email_proof", "identity"]),
        (
            {"country": "SG", "corporate_number": None},
            ["email_proof", "identity", "owners", "registry_extract"],
        ),
        (
            {"country": "SG", "corporate_number": None, "lei": "529900T8BM49AURSDO55"},
            ["email_proof", "identity", "owners"],
        ),
    ],
)
def test_what_lacks_is_named_and_nothing_is_submitted(changes, missing):
    row = factories.begun(**changes)
    with pytest.raises(ApplicationIncomplete) as refusal:
        submit(row)
    assert refusal.value.fields["missing"] == missing
    assert (Registration.objects.get().state, Screening.objects.count()) == ("draft", 0)


def test_what_is_complete_is_submitted_and_screened():
    row = factories.submitted()
    assert (row.state, Screening.objects.get().cause) == ("submitted", "submission")
    payload = EvidenceRecord.objects.get(kind="registration.submitted").payload
    assert payload["documents"] == [sha256_hex(factories.PDF)]
    assert len(payload["facts_commitment"]) == 64


def test_what_is_submitted_stays_as_it_is():
    row = factories.submitted()
    for attempt in (
        lambda: add(row, factories.PDF + b"x"),
        lambda: state(row, factories.OWNER),
        lambda: submit(row),
    ):
        with pytest.raises(IllegalTransition):
            attempt()
    assert (SupportingDocument.objects.count(), BeneficialOwner.objects.count()) == (1, 1)


def test_only_its_applicant_files_anything():
    row, other = factories.proved(), factories.applicant(factories.begun())
    act = {"actor": other, "registration": row.public_id}
    for attempt in (
        lambda: services.add_document(**act, kind="identity", content=factories.PDF, name="a.pdf"),
        lambda: services.state_owners(**act, owners=[factories.OWNER]),
        lambda: services.submit(**act),
    ):
        with pytest.raises(Missing):
            attempt()
    assert (SupportingDocument.objects.count(), BeneficialOwner.objects.count()) == (0, 0)
