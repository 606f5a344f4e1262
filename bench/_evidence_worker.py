"""The processes of the evidence benchmark: a writer of records, a writer of bare rows, and who copies the log into a bundle."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import django

PAYLOAD = {
    "amount_minor": 5,
    "buyer": "org_01J00000000000000000000000",
    "content": "0" * 64,
    "currency": "JPY",
}
BARE_ROW = """
    INSERT INTO bench_bare (public_id, kind, subject, actor, payload, occurred_at)
    VALUES (%(id)s, 'trade.secured', %(id)s, 'app_bench', %(payload)s::jsonb, now())
"""
OPENINGS_READ = 5_000
HOURS_KEPT = 365 * 24
"""Checkpoints that the stranger has kept: one each hour of a year."""


def main() -> None:
    """Carry out one task on the database named by the environment; prints what it measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["append", "insert", "bundle"])
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    django.setup()
    if options.task == "bundle":
        print(json.dumps(bundle(Path(options.arguments[0]))))
        return
    seconds, begin = map(float, options.arguments)
    print(repeat(appended() if options.task == "append" else inserted(), seconds, begin))


def repeat(write: Callable[[int], None], seconds: float, begin: float) -> int:
    """Write from the moment ``begin`` on for so many seconds; returns how often."""
    write(-1)
    time.sleep(max(0.0, begin - time.time()))
    deadline, count = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        write(count)
        count += 1
    return count


def appended() -> Callable[[int], None]:
    """Writes one record in a transaction of its own."""
    # deferred: Django set up
    from django.db import transaction

    from marketplace.evidence.services import record
    from marketplace.kernel.actors import SYSTEM

    def write(number: int) -> None:
        with transaction.atomic():
            record(kind="trade.secured", subject=f"trd_{number}", actor=SYSTEM, payload=PAYLOAD)

    return write


def inserted() -> Callable[[int], None]:
    """Writes one row into a table without index or guard, in a transaction of its own."""
    # deferred: Django set up
    from django.db import connection, transaction

    from marketplace.kernel.prepared import execute_prepared

    payload = json.dumps(PAYLOAD)

    def write(number: int) -> None:
        with transaction.atomic():
            execute_prepared(BARE_ROW, {"id": f"trd_{number}", "payload": payload})

    connection.ensure_connection()
    return write


def bundle(folder: Path) -> dict[str, object]:
    """Copy the log into ``folder`` as the public routes serve it, with every opening; returns its size and the key."""
    # deferred: Django set up
    from django.conf import settings

    from marketplace.evidence import public_log, services
    from marketplace.evidence.entries import record_bytes
    from marketplace.evidence.keys import key_in_force
    from marketplace.evidence.log_paths import TileRequest
    from marketplace.evidence.models import EvidenceRecord
    from marketplace.evidence.notes import TreeHead, sign_note
    from marketplace.evidence.queries import read_tile
    from marketplace.evidence.verifier_keys import ED25519, verifier_key
    from marketplace.kernel.tiles import TILE_WIDTH, TiledTree
    from verification.verify import tile_path

    mark = services.checkpoint()
    assert mark is not None
    (folder / "checkpoint").write_text(mark.note, encoding="utf-8")
    (folder / "kept").mkdir()
    tree = TiledTree(read_tile)
    for hour in range(1, HOURS_KEPT + 1):
        size = max(1, mark.size * hour // HOURS_KEPT)
        note = sign_note(TreeHead(settings.EVIDENCE_ORIGIN, size, tree.root(size)))
        (folder / "kept" / f"{hour:04d}").write_text(note, encoding="utf-8")
    for first in range(0, mark.size, TILE_WIDTH):
        wanted = TileRequest(None, first // TILE_WIDTH, min(TILE_WIDTH, mark.size - first))
        path = folder / tile_path(wanted.number, wanted.width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(public_log.read(wanted) or b"")
    with (folder / "records.jsonl").open("w", encoding="utf-8") as file:
        rows = EvidenceRecord.objects.order_by("pk").iterator(OPENINGS_READ)
        for index, row in enumerate(rows):
            opening = {"index": index, "salt": bytes(row.salt).hex(), "content": record_bytes(row).decode()}
            file.write(json.dumps(opening, ensure_ascii=False) + "\n")
    key = key_in_force()
    return {"entries": mark.size, "key": verifier_key(key.name, ED25519, bytes(key.public_key))}


if __name__ == "__main__":
    main()
