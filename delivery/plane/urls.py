"""The route of the downloads process, at the same path as in the API."""

from django.urls import path

from .views import ContentView

urlpatterns = [
    path(
        "deliveries/<str:entitlement>/distributions/<str:distribution>/content/",
        ContentView.as_view(),
        name="content",
    ),
]
