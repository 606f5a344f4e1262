"""The routes of the downloads process, wired by name only."""

from django.urls import include, path

handler404 = "web.views.page_not_found"
handler500 = "web.views.server_error"
urlpatterns = [path("api/v1/", include("delivery.plane.urls"))]
