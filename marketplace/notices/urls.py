"""Routes of tasks, notices and rows that stand aside."""

from rest_framework.routers import SimpleRouter

from .views import AsideRowViewSet, NoticeViewSet, TaskViewSet

router = SimpleRouter()
router.register("tasks", TaskViewSet, basename="task")
router.register("notices", NoticeViewSet, basename="notice")
router.register("aside-rows", AsideRowViewSet, basename="aside-row")

urlpatterns = router.urls
