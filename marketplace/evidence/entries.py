"""The bytes of a record, and the commitment to them that its leaf in the tree covers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import rfc8785

from marketplace.kernel.canonical import canonical_json, sha256_hex

from .models import PAYLOAD_BYTES_MAX, EvidenceRecord
from .public_entries import commit


def commitment_of(record: EvidenceRecord) -> bytes:
    """The commitment to a record, under its salt."""
    return commit(bytes(record.salt), record_bytes(record))


def record_bytes(record: EvidenceRecord) -> bytes:
    """What a record states: the canonical JSON (RFC 8785, UTF-8) of the object with the members below.

    ``id``, ``kind``, ``subject``, ``actor`` and ``payload`` are the columns; ``occurred_at`` and ``recorded_at`` are UTC
    with six decimals of a second and the offset ``+00:00``. It takes at most CONTENT_BYTES_MAX bytes, because of the limits on
    the columns. A payload that no record can hold (``fault_of``), which only somebody without guards could write, is stated
    by its hash: it stops no later record.
    """
    payload = record.payload
    if fault_of(payload) is not None:
        payload = {"sha256": sha256_hex(_text_of(payload).encode())}
    return canonical_json(
        {
            "id": record.public_id,
            "kind": record.kind,
            "subject": record.subject,
            "actor": record.actor,
            "payload": payload,
            "occurred_at": _utc(record.occurred_at),
            "recorded_at": _utc(record.recorded_at),
        }
    )


def fault_of(payload: Any) -> str | None:
    """Why no record can hold ``payload``: it has no canonical form, or is too long; None if one can."""
    try:
        canonical_json(payload)
    except rfc8785.CanonicalizationError as error:
        return str(error)
    length = len(payload_text(payload).encode())
    return f"{length} bytes" if length > PAYLOAD_BYTES_MAX else None


def payload_text(payload: dict[str, Any]) -> str:
    """``payload`` as PostgreSQL writes it out, which no canonical form of it exceeds in length."""
    return json.dumps(payload, ensure_ascii=False)


def _text_of(payload: Any) -> str:
    """``payload`` as text that is the same at every reading."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True)


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
