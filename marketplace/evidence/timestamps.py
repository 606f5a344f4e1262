"""Timestamps of checkpoints (RFC 3161): what is asked of an authority, what of its answer is verified, and what is kept.

The authority's certificates are pinned: the file of the settings has those that sign timestamps and those that issued them.
Certificates of authorities that the market used before stay in the file, so that their timestamps are verified for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rfc3161_client import (
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.base import HashAlgorithm
from rfc3161_client.tsp import PKIStatus, TimeStampResponse

from .guards import CLOCKS_DIFFER_MINUTES
from .models import Checkpoint, CheckpointTimestamp
from .timestamp_errors import AuthorityMisconfigured, TimestampRefused
from .timestamp_models import ANSWER_BYTES_MAX

ASKED_WITHIN: Final = timedelta(days=1)
"""For older checkpoints no timestamp is asked: that of a newer one, which continues them, says as much."""
ASKED_AT_ONCE_MAX: Final = 24
CLOCKS_DIFFER: Final = timedelta(minutes=CLOCKS_DIFFER_MINUTES)
_HASHES: Final = {
    "sha256": (HashAlgorithm.SHA256, x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1"), hashlib.sha256),
    "sha512": (HashAlgorithm.SHA512, x509.ObjectIdentifier("2.16.840.1.101.3.4.2.3"), hashlib.sha512),
}
_ROWS_READ = 64


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an authority: ``content`` is the TimeStampReq (DER) over the note, with ``nonce`` and certReq."""

    content: bytes
    nonce: int
    hash_algorithm: str


def is_configured() -> bool:
    """Whether the market has a timestamp authority."""
    return bool(settings.TIMESTAMP_AUTHORITY_URL)


def pinned_certificates() -> list[x509.Certificate]:
    """The certificates that the settings pin: they hold them, or name their file. Raises AuthorityMisconfigured."""
    stated = settings.TIMESTAMP_AUTHORITY_CERTIFICATES.strip()
    if not stated:
        raise AuthorityMisconfigured(
            "TIMESTAMP_AUTHORITY_CERTIFICATES is empty: set it to the certificates (a PEM file, or its text) of every authority"
            " that the market uses or used"
        )
    try:
        # Files of environments have one line a value.
        pem = stated.replace("\\n", "\n").encode() if "-----BEGIN" in stated else Path(stated).read_bytes()
        return x509.load_pem_x509_certificates(pem)
    except (OSError, ValueError) as error:
        raise AuthorityMisconfigured(f"TIMESTAMP_AUTHORITY_CERTIFICATES ({stated[:200]}): {error}") from error


def checkpoints_to_stamp() -> list[str]:
    """Checkpoints of the last day without a timestamp, the newest first; none without an authority."""
    if not is_configured():
        return []
    due = Checkpoint.objects.filter(timestamp=None, created_at__gt=timezone.now() - ASKED_WITHIN)
    return list(due.order_by("-size").values_list("public_id", flat=True)[:ASKED_AT_ONCE_MAX])


def stamped_bytes(checkpoint: Checkpoint) -> bytes:
    """What is timestamped of a checkpoint: its note with the market's signature, without cosignatures."""
    return checkpoint.note.encode()


def question_about(checkpoint: Checkpoint) -> Question:
    """What to ask about a checkpoint, by the hash of the settings."""
    name = settings.TIMESTAMP_HASH
    request = (
        TimestampRequestBuilder().data(stamped_bytes(checkpoint)).hash_algorithm(_HASHES[name][0])
        .nonce(nonce=True).cert_request(cert_request=True).build()
    )  # fmt: skip
    if request.nonce is None:
        raise AssertionError("the request has no nonce")
    return Question(request.as_bytes(), request.nonce, name)


@transaction.atomic
def keep_timestamp(*, checkpoint: Checkpoint, question: Question, answer: bytes) -> CheckpointTimestamp:
    """Keep an authority's answer about a checkpoint if nothing is wrong with it; the first one stays.

    Raises TimestampRefused, AuthorityMisconfigured.
    """
    response, signer = checked_answer(
        stamped_bytes(checkpoint),
        answer,
        hash_algorithm=question.hash_algorithm,
        nonce=question.nonce,
        pinned=pinned_certificates(),
    )
    told = response.tst_info
    if settings.TIMESTAMP_POLICY and told.policy.dotted_string != settings.TIMESTAMP_POLICY:
        raise TimestampRefused(
            "policy_differs", f"the authority stamped by policy {told.policy.dotted_string}"
        )
    now = timezone.now()
    if abs(told.gen_time - now) > CLOCKS_DIFFER or told.gen_time < checkpoint.created_at - CLOCKS_DIFFER:
        raise TimestampRefused("time_differs", f"it states {told.gen_time.isoformat()}, at {now.isoformat()}")
    row = CheckpointTimestamp(
        checkpoint=checkpoint,
        hash_algorithm=question.hash_algorithm,
        imprint=told.message_imprint.message,
        serial=str(told.serial_number),
        policy=told.policy.dotted_string,
        nonce=str(question.nonce),
        authority=signer.subject.rfc4514_string()[:500],
        answer=answer,
        stated_at=told.gen_time,
    )
    # Two workers may have asked at once.
    CheckpointTimestamp.objects.bulk_create([row], ignore_conflicts=True)
    return CheckpointTimestamp.objects.get(checkpoint=checkpoint)


def checked_answer(
    content: bytes, answer: bytes, *, hash_algorithm: str, nonce: int, pinned: list[x509.Certificate]
) -> tuple[TimeStampResponse, x509.Certificate]:
    """The answer read, and the certificate of those ``pinned`` that signed it.

    Its status is granted, with modifications or without; imprint and nonce are those of the question; a pinned certificate whose critical extended key usage
    is timeStamping alone signed it while it was valid (RFC 3161 section 2.4.2, 2.3). Raises TimestampRefused.
    """
    if len(answer) > ANSWER_BYTES_MAX:
        raise TimestampRefused("too_large", f"{len(answer)} bytes")
    try:
        response = decode_timestamp_response(answer)
        if response.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
            told = "; ".join(response.status_string)[:200]
            raise TimestampRefused("status_rejected", f"status {response.status} {told}".strip())
        info = response.tst_info
        imprint, stated_nonce = info.message_imprint, info.nonce
        algorithm, message = imprint.hash_algorithm, imprint.message
    except ValueError as error:
        raise TimestampRefused("unreadable", f"it is no TimeStampResp: {error}") from error
    _, oid, hashed = _HASHES[hash_algorithm]
    if algorithm != oid or message != hashed(content).digest():
        raise TimestampRefused("imprint_differs", f"it is of {message.hex()} by {algorithm.dotted_string}")
    if stated_nonce != nonce:
        raise TimestampRefused("nonce_differs", f"it answers nonce {stated_nonce}, not {nonce}")
    return response, _signer_of(response, message, nonce, pinned)


def _signer_of(
    response: TimeStampResponse, imprint: bytes, nonce: int, pinned: list[x509.Certificate]
) -> x509.Certificate:
    """The pinned certificate that signed a token; raises TimestampRefused."""
    try:
        signers = list(response.signed_data.signer_infos)
        named = [
            each
            for each in pinned
            if [(each.issuer, each.serial_number)] == [(who.issuer, who.serial_number) for who in signers]
        ]
        if not named:
            raise TimestampRefused("not_trusted", "no pinned certificate is its signer's")
        verifier = VerifierBuilder(tsa_certificate=named[0], roots=pinned, nonce=nonce).build()
        verifier.verify(_as_granted(response), imprint)
    except (VerificationError, ValueError) as error:
        raise TimestampRefused("not_trusted", str(error)[:500]) from error
    return named[0]


def _as_granted(response: TimeStampResponse) -> TimeStampResponse:
    """The same token under the status ``granted``: the library verifies no other, and no signature covers the status."""
    if response.status == PKIStatus.GRANTED:
        return response
    content = b"\x30\x03\x02\x01\x00" + response.time_stamp_token()
    # DER: a length of 128 and more is stated in so many bytes.
    size = (len(content).bit_length() + 7) // 8
    head = bytes([len(content)]) if len(content) < 128 else bytes([0x80 | size]) + len(content).to_bytes(size)
    return decode_timestamp_response(b"\x30" + head + content)


def faults_of_timestamps() -> Iterator[str]:
    """Timestamps that no pinned certificate signed, or that state something else than their row; or why none can be verified."""
    reached, pinned = 0, list[x509.Certificate]()
    while rows := list(
        CheckpointTimestamp.objects.filter(pk__gt=reached)
        .select_related("checkpoint")
        .order_by("pk")[:_ROWS_READ]
    ):
        if not pinned:
            try:
                pinned = pinned_certificates()
            except AuthorityMisconfigured as error:
                yield f"timestamps of checkpoints are kept, and none can be verified: {error}"
                return
        for row in rows:
            if fault := _fault_of(row, pinned):
                yield f"the timestamp of checkpoint {row.checkpoint.public_id} is not valid: {fault}"
        reached = rows[-1].pk


def _fault_of(row: CheckpointTimestamp, pinned: list[x509.Certificate]) -> str:
    """What is wrong with a kept timestamp; empty if nothing is."""
    try:
        response, signer = checked_answer(
            stamped_bytes(row.checkpoint),
            bytes(row.answer),
            hash_algorithm=row.hash_algorithm,
            nonce=int(row.nonce) if row.nonce.isdecimal() else -1,
            pinned=pinned,
        )
    except TimestampRefused as error:
        return str(error)
    told = response.tst_info
    stated: tuple[object, ...] = (
        told.message_imprint.message,
        str(told.serial_number),
        told.policy.dotted_string,
        _to_second(told.gen_time),
        signer.subject.rfc4514_string()[:500],
    )
    kept = (bytes(row.imprint), row.serial, row.policy, _to_second(row.stated_at), row.authority)
    return "" if stated == kept else "its row states something else"


def _to_second(moment: datetime) -> int:
    return int(moment.timestamp())


def newest_stamped() -> Checkpoint | None:
    """The newest checkpoint that has a timestamp."""
    return Checkpoint.objects.exclude(timestamp=None).order_by("-size").first()


def answer_about(size: int) -> bytes | None:
    """The authority's answer about the checkpoint of ``size`` leaves, as it was received (DER); None without one."""
    row = CheckpointTimestamp.objects.filter(checkpoint__size=size).values_list("answer", flat=True).first()
    return None if row is None else bytes(row)


def published_certificates() -> bytes | None:
    """The pinned certificates (PEM), for whoever verifies a timestamp; None without an authority."""
    try:
        found = pinned_certificates()
    except AuthorityMisconfigured:
        return None
    return b"".join(each.public_bytes(Encoding.PEM) for each in found)
