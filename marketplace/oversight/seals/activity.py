"""The seals that have ended on records that the participant reads again."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "record-seals",
    "marketplace.oversight.seals.views.RecordSealViewSet",
    ("oversight_recordseal",),
    lists=("parties",),
)
