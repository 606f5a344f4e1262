"""What is a participant's among tasks and notices."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "tasks", "marketplace.notices.views.TaskViewSet", ("notices_task",), keys=("organisation_id",)
)
ActivityRecords(
    "notices", "marketplace.notices.views.NoticeViewSet", ("notices_notice",), keys=("organisation_id",)
)
