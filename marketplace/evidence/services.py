"""Recording evidence, sealing it into the chain, and verifying the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import canonical_json, sha256_hex
from marketplace.kernel.merkle import leaf_hash, merkle_root

from .locks import SEAL_LOCK
from .models import ChainLink, Checkpoint, EvidenceRecord
from .signatures import sign, verify

GENESIS = "0" * 64
SEAL_BATCH = 2_000


class RecordedOutsideTransaction(RuntimeError):
    """Evidence must be recorded in the transaction of the change itself."""


def record(*, kind: str, subject: str, actor: Actor, payload: dict[str, Any]) -> str:
    """Write one record in the current transaction; returns its public identifier.

    ``kind`` is ``<app>.<what happened>``. Raises RecordedOutsideTransaction outside ``transaction.atomic``.
    """
    if not connection.in_atomic_block:
        raise RecordedOutsideTransaction(kind)
    row = EvidenceRecord.objects.create(
        kind=kind, subject=subject, actor=actor.identifier, payload=payload, occurred_at=clock.now()
    )
    return row.public_id


def link_hash(previous: str, entry: EvidenceRecord) -> str:
    """SHA-256 over the previous link's hash and the canonical JSON of the record."""
    content = {
        "id": entry.public_id,
        "kind": entry.kind,
        "subject": entry.subject,
        "actor": entry.actor,
        "payload": entry.payload,
        "occurred_at": entry.occurred_at.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
    }
    return sha256_hex(previous.encode() + canonical_json(content))


@transaction.atomic
def seal() -> int:
    """Chain committed records that are not yet linked; returns how many. One sealer works at a time."""
    if not SEAL_LOCK.try_acquire():
        return 0
    head = ChainLink.objects.order_by("-position").first()
    position, previous = (head.position, head.hash) if head else (0, GENESIS)
    unlinked = EvidenceRecord.objects.raw(
        "SELECT r.* FROM evidence_evidencerecord r"
        " WHERE NOT EXISTS (SELECT FROM evidence_chainlink l WHERE l.record_id = r.id) ORDER BY r.id LIMIT %s",
        [SEAL_BATCH],
    )
    links = []
    for entry in unlinked:
        position, previous = position + 1, link_hash(previous, entry)
        links.append(ChainLink(position=position, record=entry, hash=previous))
    ChainLink.objects.bulk_create(links)
    return len(links)


@transaction.atomic
def checkpoint() -> Checkpoint | None:
    """Sign the Merkle root of the chain; returns the existing checkpoint if nothing was added, None if empty."""
    hashes = list(ChainLink.objects.order_by("position").values_list("hash", flat=True))
    if not hashes:
        return None
    existing = Checkpoint.objects.filter(size=len(hashes)).first()
    if existing:
        return existing
    root = root_of(hashes)
    signature = sign(
        {"size": len(hashes), "root": root, "head": hashes[-1], "signed_at": timezone.now().isoformat()}
    )
    return Checkpoint.objects.create(size=len(hashes), root=root, signature=signature)


def root_of(hashes: list[str]) -> str:
    """Merkle root, in hexadecimal, over link hashes (their hexadecimal text) in chain order."""
    return merkle_root([leaf_hash(value.encode()) for value in hashes]).hex()


@dataclass(frozen=True, slots=True)
class Verification:
    """Outcome of recomputing the log: how many links, the root over them, and what does not fit."""

    entries: int
    unsealed: int
    root: str
    faults: list[str]

    @property
    def verified(self) -> bool:
        """Whether every recomputed link and checkpoint matches."""
        return not self.faults


def verify_log() -> Verification:
    """Recompute every link from its record and every checkpoint from its links."""
    faults: list[str] = []
    hashes: list[str] = []
    previous = GENESIS
    for at, link in enumerate(
        ChainLink.objects.select_related("record").order_by("position").iterator(chunk_size=2_000), start=1
    ):
        previous = link_hash(previous, link.record)
        if link.position != at or link.hash != previous:
            faults.append(f"link {link.position} ({link.record.public_id}) does not follow from its record")
            previous = link.hash
        hashes.append(link.hash)
    for mark in Checkpoint.objects.order_by("size"):
        expected = root_of(hashes[: mark.size])
        signed = verify(mark.signature)
        if mark.root != expected or signed["root"] != expected or signed["size"] != mark.size:
            faults.append(f"checkpoint {mark.public_id} does not match the first {mark.size} links")
    unsealed = EvidenceRecord.objects.count() - len(hashes)
    return Verification(entries=len(hashes), unsealed=unsealed, root=root_of(hashes), faults=faults)
