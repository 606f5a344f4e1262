"""Load the registry of corporate numbers, and sanctions lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import connection, transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM

from ..locks import LOAD_LOCK
from ..models import RegistrySnapshot, ScreeningEntry, ScreeningList
from ..published_files import ListedEntry, PublishedEntry

CHUNK = 5_000

# An entry of the registry gives way to a newer one only, so files may be loaded in any order, and again.
_LOAD = """
    INSERT INTO registration_registryentry (corporate_number, snapshot_id, name, address, published_on, closed_on)
    SELECT number, %(snapshot)s, name, address, published_on, closed_on
      FROM unnest(%(numbers)s::text[], %(names)s::text[], %(addresses)s::text[], %(published)s::date[],
                  %(closed)s::date[]) AS entry (number, name, address, published_on, closed_on)
    ON CONFLICT (corporate_number) DO UPDATE
       SET snapshot_id = EXCLUDED.snapshot_id, name = EXCLUDED.name, address = EXCLUDED.address,
           published_on = EXCLUDED.published_on, closed_on = EXCLUDED.closed_on
     WHERE registration_registryentry.published_on <= EXCLUDED.published_on
"""


def load_registry(*, sha256: str, entries: Iterable[PublishedEntry]) -> RegistrySnapshot:
    """Load a file of the registry (``sha256`` of its bytes), a few thousand entries in a transaction.

    A load that was interrupted is completed by loading the file again; one that was completed is not repeated.
    """
    snapshot, _ = RegistrySnapshot.objects.get_or_create(sha256=sha256, defaults={"loaded_at": clock.now()})
    if snapshot.completed_at is not None:
        return snapshot
    remaining, count = iter(entries), 0
    while chunk := list(islice(remaining, CHUNK)):
        _load_chunk(snapshot, chunk)
        count += len(chunk)
    with transaction.atomic():
        snapshot.entries, snapshot.completed_at = count, clock.now()
        snapshot.save(update_fields=["entries", "completed_at"])
        record(
            kind="registration.registry_loaded",
            subject=snapshot.public_id,
            actor=SYSTEM,
            payload={"sha256": sha256, "entries": count},
        )
    return snapshot


@transaction.atomic
def _load_chunk(snapshot: RegistrySnapshot, chunk: Sequence[PublishedEntry]) -> None:
    """Write entries; of one number the newest."""
    newest: dict[str, PublishedEntry] = {}
    for entry in sorted(chunk, key=lambda each: each.published_on):
        newest[entry.corporate_number] = entry
    rows = list(newest.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _LOAD,
            {
                "snapshot": snapshot.pk,
                "numbers": [row.corporate_number for row in rows],
                "names": [row.name for row in rows],
                "addresses": [row.address for row in rows],
                "published": [row.published_on for row in rows],
                "closed": [row.closed_on for row in rows],
            },
        )


@transaction.atomic
def load_screening_list(
    *, code: str, version: str, sha256: str, entries: Sequence[ListedEntry]
) -> ScreeningList:
    """Load a version of a sanctions list (``sha256`` of its file); it counts from now on instead of the one before.

    Returns the version that there is, if it was loaded.
    """
    LOAD_LOCK.acquire()
    known = ScreeningList.objects.filter(code=code, version=version).first()
    if known is not None:
        return known
    made = ScreeningList.objects.create(
        code=code, version=version, sha256=sha256, entries=len(entries), loaded_at=clock.now()
    )
    ScreeningEntry.objects.bulk_create(
        [
            ScreeningEntry(
                screening_list=made,
                reference=each.reference,
                kind=each.kind,
                normal=each.normal,
                born_on=each.born_on,
            )
            for each in entries
        ],
        batch_size=CHUNK,
    )
    record(
        kind="registration.screening_list_loaded",
        subject=made.public_id,
        actor=SYSTEM,
        payload={"code": code, "version": version, "sha256": sha256, "entries": len(entries)},
    )
    return made
