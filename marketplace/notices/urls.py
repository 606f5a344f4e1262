"""Routes of tasks, notices and the repair of parked events."""

from rest_framework.routers import SimpleRouter

from .views import AsideRowViewSet, NoticeViewSet, RepairableEntryViewSet, TaskViewSet

router = SimpleRouter()
router.register("tasks", TaskViewSet, basename="task")
router.register("notices", NoticeViewSet, basename="notice")
router.register("events/inbox", RepairableEntryViewSet, basename="inbox-entry")
router.register("aside-rows", AsideRowViewSet, basename="aside-row")

urlpatterns = router.urls
