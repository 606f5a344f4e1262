"""The closed reviews about a participant."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords, no_activity

ActivityRecords(
    "reviews", "marketplace.oversight.reviews.views.ReviewViewSet", ("oversight_review",), lists=("parties",)
)
no_activity(
    "oversight_seenagreement",
    "what the surveillance keeps of agreements, which are in the records themselves",
)
no_activity(
    "oversight_seennegotiation",
    "what the surveillance keeps of negotiations, which are in the records themselves",
)
