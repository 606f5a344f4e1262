"""Routes of tasks and notices."""

from rest_framework.routers import SimpleRouter

from .views import NoticeViewSet, TaskViewSet

router = SimpleRouter()
router.register("tasks", TaskViewSet, basename="task")
router.register("notices", NoticeViewSet, basename="notice")

urlpatterns = router.urls
