"""The records that a participant asked for."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "activity-records",
    "marketplace.oversight.activity.views.ActivityRecordViewSet",
    ("oversight_activityrecord",),
    keys=("organisation_id",),
)
