"""The bundle of an agreement: one file (ZIP) with what was signed and all that verifies it offline (``verification/verify.py``).

object.json             the signed object, canonical JSON (RFC 8785)
plan.json               its plan
annex-1.pdf             its annexes, by number
text.ja.txt text.en.txt the texts, whose hashes are in the object
signatures.json         each signature, the bytes that it is over, who made it, and the party's own key
keys.json               the history of the market's keys
evidence.json           records of the agreement with their paths to a checkpoint of the public log, as far as it covers them
agreement.ja.pdf, .en.pdf   the documents that the operator sealed (PAdES)
versions/N/             object.json, text.ja.txt, text.en.txt and signatures.json of each later version N; renewal.json, the market's signature of one that it renewed
certificates.pem        the certificates of the seals, the roots included
manifest.json           the SHA-256 of every file; manifest.jws is the market's signature over it
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, Value

from marketplace.documents.presentation import LOCALES
from marketplace.documents.queries import certificates_of
from marketplace.evidence.keys import public_keys
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.queries import RecordProof, newest_checkpoint, prove_records
from marketplace.evidence.signatures import sign
from marketplace.kernel import clock
from marketplace.kernel.canonical import canonical_json, sha256_hex

from ..amending.queries import Signed, signed_versions
from ..models import Agreement, RenewalDocument, Signature
from ..queries import claims_of, signature_claims, signatures_shown
from .rendering import AGREEMENT, agreement_pdf

FORMAT = "sanpo-agreement/1"
FORMATS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
_WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, so that the same files give the same bytes."""


def agreement_bundle(agreement: Agreement, organisation: str = "") -> bytes:
    """The bundle of an agreement; call it outside transactions.

    ``organisation``: the public identifier of who asks. Raises what ``agreement_pdf`` does.
    """
    instrument = agreement.instrument
    files = {
        f"agreement.{language}.pdf": agreement_pdf(agreement, language, organisation) for language in LOCALES
    }
    files["object.json"] = instrument.content.encode()
    files["plan.json"] = canonical_json(instrument.said["plan"])
    for annex in instrument.proposal.attachments.order_by("number"):
        files[f"annex-{annex.number}.{FORMATS[annex.media_type]}"] = bytes(annex.content)
    files["text.ja.txt"], files["text.en.txt"] = instrument.text_ja.encode(), instrument.text_en.encode()
    files["signatures.json"] = _json([_signature(row, agreement.public_id) for row in _signatures(agreement)])
    files["keys.json"] = _json(public_keys())
    files["evidence.json"] = _json(_evidence(agreement))
    for signed in signed_versions(agreement)[1:]:
        files |= version_files(agreement, signed)
    files["certificates.pem"] = certificates_of(kind=AGREEMENT.name, subject=agreement.public_id).encode()
    return _archive(agreement, files)


def version_files(agreement: Agreement, signed: Signed) -> dict[str, bytes]:
    """What was signed of a later version, with the signatures."""
    instrument, folder = signed.instrument, f"versions/{signed.number}"
    renewed = instrument if isinstance(instrument, RenewalDocument) else None
    rows = [] if renewed else signatures_shown().filter(instrument_id=instrument.pk)
    return {
        f"{folder}/object.json": instrument.content.encode(),
        f"{folder}/text.ja.txt": instrument.text_ja.encode(),
        f"{folder}/text.en.txt": instrument.text_en.encode(),
        f"{folder}/signatures.json": _json([_signature(row, agreement.public_id) for row in rows]),
        **({f"{folder}/renewal.json": _json(_renewal(renewed))} if renewed else {}),
    }


def _renewal(document: RenewalDocument) -> dict[str, str]:
    return {"content": canonical_json(claims_of(document)).decode(), "jws": document.jws}


def _archive(agreement: Agreement, files: Mapping[str, bytes]) -> bytes:
    manifest = {
        "format": FORMAT,
        "market": settings.MARKET_IDENTIFIER,
        "agreement": agreement.public_id,
        "signed_hash": agreement.signed_hash,
        "made_at": clock.now().astimezone(UTC).isoformat(),
        "files": {name: {"sha256": sha256_hex(content)} for name, content in sorted(files.items())},
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            *sorted(files.items()),
            ("manifest.json", canonical_json(manifest)),
            ("manifest.jws", sign(manifest).encode()),
        ):
            archive.writestr(zipfile.ZipInfo(name, _WRITTEN_AT), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _signatures(agreement: Agreement) -> QuerySet[Signature]:
    return signatures_shown().filter(instrument_id=agreement.instrument_id)


def _signature(row: Signature, agreement: str) -> dict[str, Any]:
    """A signature with the bytes that it is over."""
    key = row.key
    return {
        "party": row.party,
        "organisation": row.organisation_identifier,
        "signer": row.signer,
        "signer_name": row.signer_name,
        "method": row.method,
        "mandate": row.mandate.public_id if row.mandate else None,
        "signed_at": _moment(row.signed_at),
        "content": canonical_json(signature_claims(row, agreement)).decode(),
        "jws": row.jws,
        "key": key
        and {
            "id": key.public_id,
            "kid": key.kid,
            "jwk": key.public_jwk,
            "valid_from": _moment(key.valid_from),
            "revoked_at": _moment(key.revoked_at) if key.revoked_at else None,
        },
    }


def _evidence(agreement: Agreement) -> dict[str, Any]:
    """The records of the conclusion and of the sealed documents that both parties may read, under the newest checkpoint."""
    checkpoint = newest_checkpoint()
    found = EvidenceRecord.objects.filter(
        Q(subject=agreement.public_id, kind__in=("contracts.agreement_concluded", "documents.sealed"))
        | Q(subject=agreement.negotiation.public_id, kind="contracts.negotiation_agreed")
    )
    records = list(found.annotate(whole=Value(value=True)).order_by("pk"))
    proofs = prove_records(records, checkpoint) if checkpoint else []
    return {
        "checkpoint": checkpoint.note if checkpoint else None,
        "records": [_record(proof) for proof in proofs],
        "without_proof": len(records) - len(proofs),
    }


def _record(proof: RecordProof) -> dict[str, Any]:
    return {
        "id": proof.record,
        "content": proof.content,
        "salt": proof.salt,
        "index": proof.index,
        "path": proof.path,
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
