"""Files beside proposals, which the contract names as its annexes."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from contracts import queries, services
from contracts.attachments.models import ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX
from contracts.errors import NotYourProposal, SignedHashMismatch, TooManyAttachments
from contracts.models import Attachment, Instrument
from contracts.services import attachments
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.models import Notice
from tests.access.factories import open_over_http
from tests.participants import factories as people
from tests.roles import unguarded

from .. import factories
from ..raw import copied, refused

pytestmark = pytest.mark.django_db

PATH = "/api/v1/negotiation-attachments/"
PDF = b"%PDF-1.7\n"


def attach(market, negotiation, name="scope.pdf", who="buyer", content=PDF) -> Attachment:
    return services.attach_file(
        actor=getattr(market, who), negotiation=negotiation.public_id, content=content, name=name
    )


@pytest.fixture
def negotiation(market):
    return factories.requested(market)


def test_both_parties_read_what_one_attached(market, negotiation):
    clients = {name: people.client_of(market.organisation(name)) for name in market.organisations}
    file = SimpleUploadedFile("範囲 scope.pdf", PDF, "text/html")
    form = {"negotiation": negotiation.public_id, "file": file}
    made = clients["buyer"].post(PATH, form, format="multipart")
    assert made.status_code == 201, made.json()
    row = Attachment.objects.get()
    shown = made.json()
    assert (shown["id"], shown["proposal"], shown["party"], shown["media_type"], shown["sha256"]) == (
        row.public_id,
        1,
        "buyer",
        "application/pdf",
        sha256_hex(PDF),
    )
    path = f"{PATH}{row.public_id}/content/"
    statuses = {name: client.get(path).status_code for name, client in clients.items()}
    assert statuses == {"operator": 404, "seller": 200, "buyer": 200, "stranger": 404}
    answer = clients["seller"].get(path)
    assert answer.content == PDF
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%E7%AF%84")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    listed = clients["seller"].get(f"{PATH}?negotiation={negotiation.public_id}").json()["results"]
    assert [each["id"] for each in listed] == [row.public_id]
    notice = Notice.objects.get(subject=negotiation.public_id)
    assert notice.organisation == market.organisation("seller")
    assert EvidenceRecord.objects.get(kind="contracts.attachment_added").payload == {
        "negotiation": negotiation.public_id,
        "proposal": 1,
        "size_bytes": len(PDF),
        "sha256": sha256_hex(PDF),
    }


def test_staff_reads_attachments_once_a_party_discloses_the_messages(market, negotiation):
    row = attach(market, negotiation)
    staff = people.client_of(market.organisation("operator"))
    open_over_http(staff, market.organisation("buyer"), "trades")
    assert staff.get(f"{PATH}{row.public_id}/content/").status_code == 404
    person = people.member_for(market.organisation("buyer"), "usr_buyer_person")
    services.disclose_messages(actor=person, negotiation=negotiation.public_id, reference="SUP-1")
    assert staff.get(f"{PATH}{row.public_id}/content/").status_code == 200


def test_annexes_are_signed(market, negotiation):
    read = queries.contract_of(negotiation).signed_hash
    first, second = attach(market, negotiation), attach(market, negotiation, "b.pdf", content=PDF + b"2")
    # The other side attaches until the signature, so the seller says which contract it has read.
    for stale in (read, None):
        with pytest.raises(SignedHashMismatch):
            services.sign(actor=market.seller, negotiation=negotiation.public_id, signed_hash=stale)
    shown = queries.contract_of(negotiation).signed_hash
    services.sign(actor=market.seller, negotiation=negotiation.public_id, signed_hash=shown)
    instrument = Instrument.objects.get()
    assert instrument.said["annexes"] == [first.annex(), second.annex()]
    assert f"- 添付資料：b.pdf（10バイト、SHA-256 {second.sha256}）" in instrument.text_ja
    assert f"- Annex: b.pdf (10 bytes, SHA-256 {second.sha256})" in instrument.text_en
    with pytest.raises(NotYourProposal):
        attach(market, negotiation, content=PDF + b"3")
    assert REGISTER["contracts.annexes_signed"].check() == []


def test_annexes_are_those_of_the_proposal_that_is_signed(market, negotiation):
    attach(market, negotiation)
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id)
    own = attach(market, negotiation, "quote.pdf", who="seller")
    services.accept_offer(actor=market.buyer, negotiation=negotiation.public_id)
    shown = queries.contract_of(negotiation).signed_hash
    services.sign(actor=market.seller, negotiation=negotiation.public_id, signed_hash=shown)
    assert Instrument.objects.get().said["annexes"] == [own.annex()]


def test_the_same_file_again_is_the_same_attachment(market, negotiation):
    assert attach(market, negotiation) == attach(market, negotiation, "again.pdf")
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"MZ", b"<html>%PDF-", b"%PDF-" + bytes(ATTACHMENT_BYTES_MAX)])
def test_other_files_are_refused(market, negotiation, content):
    with pytest.raises(FieldInvalid):
        attach(market, negotiation, content=content)
    assert Attachment.objects.count() == 0


@pytest.mark.parametrize("name", ["", " ", "a/b.pdf", "a\\b.pdf", "a\n.pdf", "x" * 101])
def test_other_names_are_refused(market, negotiation, name):
    with pytest.raises(FieldInvalid):
        attach(market, negotiation, name)


def test_only_who_made_the_latest_proposal_attaches_to_it(market, negotiation):
    for who, error in (("seller", NotYourProposal), ("stranger", Missing)):
        with pytest.raises(error):
            attach(market, negotiation, who=who)
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id)
    with pytest.raises(NotYourProposal):
        attach(market, negotiation)
    services.accept_offer(actor=market.buyer, negotiation=negotiation.public_id)
    with pytest.raises(NotYourProposal):
        attach(market, negotiation, who="seller")
    assert Attachment.objects.count() == 0


def test_files_of_a_negotiation_are_bounded(market, negotiation, monkeypatch):
    for number in range(ATTACHMENTS_MAX):
        attach(market, negotiation, content=PDF + bytes([number]))
    with pytest.raises(TooManyAttachments):
        attach(market, negotiation, content=PDF + b"more")
    other = factories.requested(market)
    monkeypatch.setattr(attachments, "ATTACHED_BYTES_MAX", len(PDF))
    attach(market, other)
    with pytest.raises(TooManyAttachments):
        attach(market, other, content=PDF + b"more")


def test_the_database_takes_no_file_of_another_or_out_of_turn(market, negotiation):
    row = attach(market, negotiation)
    new = {"public_id": "nat_raw", "content": PDF + b"x", "sha256": sha256_hex(PDF + b"x"), "size_bytes": 10}
    for because, changes in (
        ("while the other is to answer", {"party": "seller", "number": 2}),
        ("numbered without a gap", {"number": 3}),
        ("attachment_hash", {"number": 2, "sha256": "0" * 64}),
        ("attachment_size", {"number": 2, "size_bytes": 9}),
        ("attachment_kind", {"number": 2, "media_type": "text/html"}),
    ):
        statement, parameters = copied("contracts_attachment", row.pk, **{**new, **changes})
        refused(because, statement, *parameters)
    refused("is append-only", "UPDATE contracts_attachment SET file_name = 'y'")
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id)
    statement, parameters = copied("contracts_attachment", row.pk, **new, number=2)
    refused("while the other is to answer", statement, *parameters)
    assert REGISTER["contracts.attached_by_proposers"].check() == []
    with unguarded("contracts_attachment"):
        Attachment.objects.update(party="seller")
    assert len(REGISTER["contracts.attached_by_proposers"].check()) == 1


def test_the_database_takes_no_other_annexes(market, negotiation):
    attach(market, negotiation)
    shown = queries.contract_of(negotiation).signed_hash
    services.sign(actor=market.seller, negotiation=negotiation.public_id, signed_hash=shown)
    with unguarded("contracts_attachment"):
        Attachment.objects.update(file_name="other.pdf")
    assert len(REGISTER["contracts.annexes_signed"].check()) == 1


def test_the_database_draws_up_nothing_without_the_annexes(market, negotiation, monkeypatch):
    attach(market, negotiation)
    monkeypatch.setattr(queries, "annexes_of", lambda _proposal: [])
    with pytest.raises(Exception, match="names the files beside its proposal"):
        services.sign(actor=market.seller, negotiation=negotiation.public_id)
