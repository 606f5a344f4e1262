"""The database refuses wrong sealed documents, and what was forced in is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection

from marketplace.documents.errors import DocumentNotReady, SealFaulty, TextUnprintable
from marketplace.documents.models import DocumentCertificate, SealedDocument
from marketplace.documents.rendering import read_pdf
from marketplace.documents.seal_keys import make_local_chain, sealer, sealer_of
from marketplace.documents.sealing import seal_and_keep
from marketplace.documents.seals import seal_pdf
from marketplace.documents.services import render_pdf
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.timestamp_errors import TimestampRefused
from marketplace.jobs.models import Job
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.invariants import verify_all
from tests.documents.reading import text_of_pdf
from tests.evidence.authorities import Signer
from tests.roles import assert_refused, unguarded

from .probe.kinds import SEALED, data_of

pytestmark = pytest.mark.django_db

SUBJECT = "dcr_lines_3"


def read(language: str = "ja") -> bytes:
    return read_pdf(kind=SEALED, subject=SUBJECT, data=data_of("lines_3"), language=language)


def breaches() -> dict[str, Any]:
    return {name: found for name, found in verify_all("documents").items() if found}


def refused(match: str, statement: str, *values: Any) -> None:
    before = list(SealedDocument.objects.order_by("id").values())
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, values), because=match)
    assert list(SealedDocument.objects.order_by("id").values()) == before


def test_a_document_is_sealed_once_and_kept():
    first = read()
    assert read() == first
    row = SealedDocument.objects.get()
    assert (bytes(row.content), row.sha256, row.level) == (first, sha256_hex(first), "B-B")
    assert row.certificate.fingerprint == sealer().fingerprint
    assert read("en") != first
    assert DocumentCertificate.objects.count() == 1
    kinds = EvidenceRecord.objects.order_by("pk").values_list("kind", "subject")
    assert list(kinds) == [
        ("documents.certificate_added", row.certificate.public_id),
        ("documents.sealed", SUBJECT),
        ("documents.sealed", SUBJECT),
    ]
    assert EvidenceRecord.objects.filter(kind="documents.sealed").first().payload["sha256"] == row.sha256
    assert breaches() == {}


def test_a_sealed_document_has_the_bytes_of_its_hash():
    read()
    row = SealedDocument.objects.get()
    insert = (
        "INSERT INTO documents_sealeddocument (public_id, kind, subject, language, content, sha256, level, certificate_id)"
        " VALUES ('sld_1', 'probe.sealed', 'dcr_2', %s, '%%PDF-', %s, %s, %s)"
    )
    right = sha256_hex(b"%PDF-")
    refused("sealed_document_hash", insert, "ja", "0" * 64, "B-B", row.certificate_id)
    refused("sealed_document_language", insert, "fr", right, "B-B", row.certificate_id)
    refused("sealed_document_level", insert, "ja", right, "B-X", row.certificate_id)
    refused("while its certificate is valid", insert, "ja", right, "B-B", 0)
    refused("append-only", "UPDATE documents_sealeddocument SET language = 'en'")
    refused("append-only", "DELETE FROM documents_sealeddocument")
    copy = insert.replace("'dcr_2'", f"'{SUBJECT}'")
    refused("sealed_document_once", copy, "ja", right, "B-B", row.certificate_id)
    refused("append-only", "UPDATE documents_documentcertificate SET issuers = ''")


def test_a_certificate_that_has_ended_seals_nothing_in_the_database():
    ended = datetime.now(UTC) - timedelta(days=1)
    certificate = DocumentCertificate.objects.create(
        fingerprint=sha256_hex(b"x"),
        certificate=b"x",
        subject="CN=x",
        not_before=ended - timedelta(days=1),
        not_after=ended,
    )
    refused(
        "while its certificate is valid",
        "INSERT INTO documents_sealeddocument (public_id, kind, subject, language, content, sha256, level, certificate_id)"
        " VALUES ('sld_1', 'probe.sealed', 'dcr_2', 'ja', '%%PDF-', %s, 'B-B', %s)",
        sha256_hex(b"%PDF-"),
        certificate.pk,
    )


def test_a_seal_that_does_not_verify_is_named():
    content = read()
    changed = content.replace(b"/Lang", b"/Lanh", 1)
    with unguarded("documents_sealeddocument"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE documents_sealeddocument SET content = %s, sha256 = %s", [changed, sha256_hex(changed)]
        )
    (found,) = breaches()["documents.sealed_verifies"]
    assert found["faults"] == ["bytes that were sealed have changed"]
    page = content[: content.index(b"%%EOF") + 6]
    another = make_local_chain()
    other = seal_pdf(page, sealer_of(another, another))
    with unguarded("documents_sealeddocument"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE documents_sealeddocument SET content = %s, sha256 = %s", [other, sha256_hex(other)]
        )
    (found,) = breaches()["documents.sealed_verifies"]
    assert "another certificate sealed it" in found["faults"]


def test_after_a_rotation_what_was_sealed_before_verifies_and_stays(settings):
    first = read()
    chain = make_local_chain(subject="The next one")
    settings.DOCUMENT_SIGNING_KEY = settings.DOCUMENT_SIGNING_CERTIFICATES = chain.decode()
    assert read() == first
    read("en")
    rows = list(SealedDocument.objects.select_related("certificate").order_by("pk"))
    assert [row.certificate.subject for row in rows] == [
        "CN=Sanpo documents (local)",
        "CN=The next one",
    ]
    assert breaches() == {}


def test_everybody_reads_the_certificates(api):
    read()
    (shown,) = api.get("/api/v1/document-certificates/").json()["results"]
    assert (shown["fingerprint"], shown["subject"]) == (sealer().fingerprint, "CN=Sanpo documents (local)")
    chain = [sealer().certificate, *sealer().issuers]
    assert shown["pem"] == "".join(each.public_bytes(Encoding.PEM).decode() for each in chain)
    assert api.get(f"/api/v1/document-certificates/{shown['id']}/").json() == shown


def test_a_seal_that_is_timestamped_is_made_by_a_job(settings, tmp_path):
    authority = Signer(tmp_path / "authority")
    settings.TIMESTAMP_AUTHORITY_URL = "http://authority.invalid"
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = str(authority.pinned)
    with pytest.raises(DocumentNotReady):
        read()
    job = Job.objects.get()
    assert (job.kind, job.subject) == ("probe.render_sealed", SUBJECT)
    stamped = seal_and_keep(
        kind=SEALED.name,
        subject=SUBJECT,
        language="ja",
        content=render_pdf(template=SEALED.template, data=data_of("lines_3"), language="ja"),
        ask=authority.reply,
    )
    assert read() == stamped
    assert SealedDocument.objects.get().level == "B-T"
    assert breaches() == {}
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = ""
    (found,) = breaches()["documents.sealed_verifies"]
    assert found["faults"][0].startswith("its timestamp cannot be verified")


def test_what_was_signed_is_shown_with_the_codes_of_characters_that_no_font_has():
    data = data_of("unprintable") | {
        "purchase_order": "PO ก\U0001f600 7",
        "lines": data_of("lines_3")["lines"],
    }
    with pytest.raises(TextUnprintable):
        render_pdf(template=SEALED.template, data=data, language="ja")
    sealed = read_pdf(kind=SEALED, subject=SUBJECT, data=data, language="ja")
    assert "PO[U+0E01][U+1F600]7" in text_of_pdf(sealed)


def test_what_an_authority_answers_wrongly_is_not_kept(settings, tmp_path):
    authority, unknown = Signer(tmp_path / "authority"), Signer(tmp_path / "unknown")
    settings.TIMESTAMP_AUTHORITY_URL = "http://authority.invalid"
    settings.TIMESTAMP_AUTHORITY_CERTIFICATES = str(authority.pinned)
    page = render_pdf(template=SEALED.template, data=data_of("lines_3"), language="ja")
    stated = {"kind": SEALED.name, "subject": SUBJECT, "language": "ja", "content": page}
    with pytest.raises(SealFaulty, match="no timestamp of an authority"):
        seal_and_keep(**stated, ask=unknown.reply)
    with pytest.raises(TimestampRefused):
        seal_and_keep(**stated, ask=lambda _question: b"\x30\x03\x02\x01\x00")
    assert (SealedDocument.objects.count(), EvidenceRecord.objects.count()) == (0, 0)
