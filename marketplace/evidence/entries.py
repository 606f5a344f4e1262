"""The bytes of a record that its leaf in the tree covers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from marketplace.kernel.canonical import canonical_json

from .models import EvidenceRecord


def entry_of(record: EvidenceRecord) -> bytes:
    """The entry of a record: the canonical JSON (RFC 8785, UTF-8) of the object with the members below.

    ``id``, ``kind``, ``subject``, ``actor`` and ``payload`` are the columns; ``occurred_at`` and ``recorded_at`` are UTC
    with six decimals of a second and the offset ``+00:00``. It takes at most ENTRY_BYTES_MAX bytes, because of the limits on
    the columns.
    """
    return canonical_json(
        {
            "id": record.public_id,
            "kind": record.kind,
            "subject": record.subject,
            "actor": record.actor,
            "payload": record.payload,
            "occurred_at": _utc(record.occurred_at),
            "recorded_at": _utc(record.recorded_at),
        }
    )


def payload_bytes(payload: dict[str, Any]) -> int:
    """The length of ``payload`` as PostgreSQL writes it out, which no canonical form of it exceeds."""
    return len(json.dumps(payload, ensure_ascii=False).encode())


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
