"""What is a participant's among cases and appeals."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords, no_activity

ActivityRecords(
    "cases",
    "marketplace.cases.views.CaseViewSet",
    ("cases_case",),
    keys=("organisation_id", "counterparty_id"),
)
no_activity("cases_oncallturn", "the public rota of the operator's own people")
