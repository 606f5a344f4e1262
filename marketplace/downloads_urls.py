"""The routes of the downloads process, wired by name only."""

from django.urls import include, path

handler400 = "web.problems.bad_request"
handler403 = "web.problems.permission_denied"
handler404 = "web.problems.page_not_found"
handler500 = "web.problems.server_error"
urlpatterns = [
    path("api/v1/", include("delivery.plane.urls")),
    path("api/v1/", include("marketplace.oversight.activity.urls")),
]
