"""What is a participant's among cases and appeals."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords("cases", "marketplace.cases.views.CaseViewSet", ("cases_case",), keys=("organisation_id",))
