"""The evidence of each access, of what was read under it, and of each deferral of its notice."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

_ACCESS = "(SELECT a.public_id FROM access_staffaccess a WHERE a.id = r.access_id)"

RecordedRows(
    table="access_staffaccess",
    kinds=("access.opened",),
    row="r.public_id, r.person, r.commitment",
    record="e.subject, e.payload -> 'person', e.payload -> 'commitment'",
)
RecordedRows(
    table="access_accessread",
    kinds=("access.read",),
    row=f"{_ACCESS}, r.digest",
    record="e.subject, e.payload -> 'digest'",
)
RecordedRows(
    table="access_accessdeferral",
    kinds=("access.deferred",),
    row=f"{_ACCESS}, r.first_person, r.approved_by",
    record="e.subject, e.payload -> 'first_person', e.actor",
)
