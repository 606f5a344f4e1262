"""What is a participant's among jobs."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords("jobs", "marketplace.jobs.views.JobViewSet", ("jobs_job",), names=("organisation",))
