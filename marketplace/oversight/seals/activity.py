"""The seals on a participant's records that have ended."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "record-seals",
    "marketplace.oversight.seals.views.RecordSealViewSet",
    ("oversight_recordseal",),
    lists=("parties",),
)
