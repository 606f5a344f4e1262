"""Seals on PDFs: PAdES signatures (ETSI EN 319 142-1) with the operator's key, B-B, or B-T with a timestamp (RFC 3161).

A seal covers the whole file and permits no change after it. Pure but for the authority that is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from .seal_keys import Sealer

FIELD = "OperatorSeal"
RESERVED_DIGITS = 40_000
"""Hexadecimal digits that are left for the signature: certificates take 3 to 10 thousand of them, a timestamp as many."""
Ask = Callable[[bytes], bytes]
"""Asks a timestamp authority: of a TimeStampReq (DER), its TimeStampResp (DER)."""


class _Stamper(TimeStamper):
    """Asks the authority by the market's own client."""

    def __init__(self, ask: Ask) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._ask = ask

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The answer of the authority; raises TimestampRequestError."""
        answer = self._ask(req.dump())
        try:
            # A refusal has no token, at which pyhanko would stumble.
            found = tsp.TimeStampResp.load(answer, strict=True)
            _ = found["time_stamp_token"].native, found["status"].native
        except (ValueError, TypeError) as error:
            raise TimestampRequestError(f"it is no answer with a timestamp: {error}"[:300]) from error
        return found


def seal_pdf(content: bytes, sealer: Sealer, *, ask: Ask | None = None) -> bytes:
    """The PDF with the operator's signature; ``ask`` has it timestamped.

    Signature and moment are new each time, so what is sealed is stored. Raises what ``ask`` does, and
    pyhanko's TimestampRequestError for an answer that is no timestamp of this.
    """
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([_asn1(each) for each in (sealer.certificate, *sealer.issuers)])
    private = sealer.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=_asn1(sealer.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=store,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    pdf_signer = signers.PdfSigner(metadata, signer, timestamper=_Stamper(ask) if ask else None)
    sealed = asyncio.run(
        pdf_signer.async_sign_pdf(IncrementalPdfFileWriter(BytesIO(content)), bytes_reserved=RESERVED_DIGITS)
    )
    found: bytes = sealed.getvalue()
    return found


def seal_faults(
    content: bytes,
    *,
    certificate: x509.Certificate,
    roots: Iterable[x509.Certificate],
    stamping_roots: Iterable[x509.Certificate] = (),
    is_stamped: bool,
) -> list[str]:
    """What is wrong with a sealed PDF; empty if nothing is.

    ``certificate`` must have made its one seal, over the whole file, and one of the ``roots`` have issued that. ``is_stamped``: its
    timestamp must be of an authority that one of ``stamping_roots`` issued.
    """
    try:
        seals = PdfFileReader(BytesIO(content)).embedded_signatures
        if len(seals) != 1:
            return [f"it has {len(seals)} signatures, not the operator's one"]
        (seal,) = seals
        status = validate_pdf_signature(
            seal,
            _trusting(roots, at=seal.self_reported_timestamp),
            ts_validation_context=_trusting(stamping_roots, at=seal.self_reported_timestamp),
        )
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, IndexError) as error:
        return [f"it cannot be read as a sealed PDF: {error!r}"[:300]]
    faults = _faults_of_status(status)
    if seal.signer_cert.dump() != certificate.public_bytes(Encoding.DER):
        faults.append("another certificate sealed it")
    if is_stamped and (status.timestamp_validity is None or not status.timestamp_validity.trusted):
        faults.append("it has no timestamp of an authority that the settings pin")
    return faults


def _faults_of_status(status: PdfSignatureStatus) -> list[str]:
    if not status.intact:
        return ["bytes that were sealed have changed"]
    faults = []
    if not status.valid:
        faults.append("its signature does not verify under the certificate")
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE or not status.docmdp_ok:
        faults.append("something was added after it was sealed")
    if not status.trusted:
        faults.append("no root that is trusted issued its certificate")
    return faults


def _trusting(roots: Iterable[x509.Certificate], *, at: object) -> ValidationContext:
    """Trusts the roots alone, and fetches nothing; ``at`` is the moment of which it asks."""
    return ValidationContext(
        trust_roots=[_asn1(each) for each in roots],
        moment=at,  # type: ignore[arg-type]
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
