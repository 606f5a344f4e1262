"""The file of activity records: JSON lines a kind, a manifest with their hashes, and its signature. Written, and located."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from rest_framework.utils.encoders import JSONEncoder

from marketplace.api.activity import ACTIVITY, ActivityRecords
from marketplace.evidence.models import Checkpoint
from marketplace.evidence.queries import newest_checkpoint
from marketplace.evidence.signatures import sign
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import canonical_json
from marketplace.kernel.outside import require_no_transaction

from .errors import RecordsTooLarge
from .states import BYTES_MAX

FORMAT = "sanpo-activity-records/2"
README = """Activity records of one participant of the market.

<kind>.jsonl     one JSON object a line: the rows that the API shows to an owner of the organisation
evidence.jsonl   the records of the evidence log to which the organisation is a party, each with what opens its commitment, and
                 its path to the checkpoint that manifest.json names
manifest.json    which files there are, with their SHA-256, whose they are, and when they were made (RFC 8785)
manifest.jws     the market's signature over manifest.json (compact JWS, Ed25519)

Verify offline with verification/activity_record.py of the market's source and the market's keys (GET /api/v1/evidence/keys/).
"""
README_ENTRY = {
    "name": "README.txt",
    "kind": "readme",
    "rows": README.count("\n"),
    "bytes": len(README.encode()),
    "sha256": hashlib.sha256(README.encode()).hexdigest(),
}


@dataclass(frozen=True)
class Made:
    """What was made: the hashes of the file and of its manifest, its size, and how many rows it holds."""

    sha256: str
    manifest_sha256: str
    size_bytes: int
    rows: int


def file_of(record: str) -> Path:
    """Where the file of a record is."""
    return Path(settings.STORAGE_DIRECTORY) / "activity" / f"{record}.zip"


def make_bundle(
    *, record: str, actor: Actor, made_at: datetime, report_progress: Callable[[int, int], None]
) -> Made:
    """Write everything that is the actor's organisation's into the record's file, which replaces an earlier attempt's.

    Raises RecordsTooLarge.
    """
    require_no_transaction(f"activity records {record}")
    target = file_of(record)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_suffix(f".{os.getpid()}")
    entries: list[dict[str, Any]] = []
    checkpoint = newest_checkpoint()
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for number, records in enumerate(ACTIVITY.values()):
                report_progress(number, len(ACTIVITY))
                room = BYTES_MAX - sum(entry["bytes"] for entry in entries)
                entries.append(_write_kind(archive, records, actor, room, checkpoint))
            manifest = {
                "format": FORMAT,
                "market": settings.MARKET_IDENTIFIER,
                "organisation": actor.organisation,
                "record": record,
                "made_at": made_at.astimezone(UTC).isoformat(),
                "checkpoint": checkpoint.note if checkpoint else None,
                "files": [*entries, README_ENTRY],
            }
            stated = canonical_json(manifest)
            archive.writestr("manifest.json", stated)
            archive.writestr("manifest.jws", sign(manifest))
            archive.writestr("README.txt", README)
        size_bytes, sha256 = draft.stat().st_size, _hash_of(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    report_progress(len(ACTIVITY), len(ACTIVITY))
    return Made(
        sha256=sha256,
        manifest_sha256=hashlib.sha256(stated).hexdigest(),
        size_bytes=size_bytes,
        rows=sum(entry["rows"] for entry in entries),
    )


def open_file(record: str) -> BinaryIO | None:
    """The file of a record, opened for reading; None if it is not there."""
    require_no_transaction(f"activity records {record}")
    path = file_of(record)
    return path.open("rb") if path.is_file() else None


def _write_kind(
    archive: zipfile.ZipFile,
    records: ActivityRecords,
    actor: Actor,
    bytes_max: int,
    checkpoint: Checkpoint | None,
) -> dict[str, Any]:
    """Write the rows of one kind; returns its entry of the manifest."""
    name, digest, rows, size = f"{records.kind}.jsonl", hashlib.sha256(), 0, 0
    with archive.open(name, "w", force_zip64=True) as file:
        for chunk in records.chunks(actor, checkpoint=checkpoint):
            lines = "".join(
                f"{json.dumps(row, cls=JSONEncoder, ensure_ascii=False)}\n" for row in chunk
            ).encode()
            size, rows = size + len(lines), rows + len(chunk)
            if size > bytes_max:
                raise RecordsTooLarge(f"{records.kind}: more than {BYTES_MAX} bytes")
            digest.update(lines)
            file.write(lines)
    return {"name": name, "kind": records.kind, "rows": rows, "bytes": size, "sha256": digest.hexdigest()}


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
