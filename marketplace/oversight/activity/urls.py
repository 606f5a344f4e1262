"""The route of activity records in the downloads process, at the same path as in the API."""

from django.urls import path

from .views import ActivityRecordViewSet

urlpatterns = [
    path(
        "activity-records/<str:id>/content/",
        ActivityRecordViewSet.as_view({"get": "content"}, **ActivityRecordViewSet.content.kwargs),
        name="activity-content",
    ),
]
