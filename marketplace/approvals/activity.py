"""What is a participant's among approvals."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "approvals",
    "marketplace.approvals.views.ApprovalViewSet",
    ("approvals_approval",),
    names=("organisation",),
)
