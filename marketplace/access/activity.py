"""What is a participant's among the accesses of staff."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "staff-accesses",
    "marketplace.access.views.StaffAccessViewSet",
    ("access_staffaccess", "access_accessread", "access_accessdeferral"),
    keys=("organisation_id",),
)
