"""What a participant asked the consultation desk."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "consultations",
    "marketplace.oversight.consultations.views.ConsultationViewSet",
    ("oversight_consultation",),
    keys=("organisation_id",),
)
