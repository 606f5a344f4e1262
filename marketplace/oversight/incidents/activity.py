"""The incidents that concern a participant."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "incidents",
    "marketplace.oversight.incidents.views.IncidentViewSet",
    (
        "oversight_incident",
        "oversight_incidentassessment",
        "oversight_incidentconcern",
        "oversight_incidententry",
    ),
    keys=("concerns__organisation_id",),
)
