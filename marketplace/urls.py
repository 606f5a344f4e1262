"""The routes of the market, wired by name only."""

from django.contrib import admin
from django.urls import include, path

from marketplace.api.openapi import DocumentationView, OpenapiView

API_APPLICATIONS = (
    "marketplace.evidence",
    "marketplace.events",
    "marketplace.jobs",
    "marketplace.participants",
    "marketplace.registration",
    "marketplace.notices",
    "marketplace.webhooks",
    "marketplace.rules",
    "listings",
    "quality",
    "contracts",
    "delivery",
    "clearing",
)

handler400 = "web.views.bad_request"
handler403 = "web.views.permission_denied"
handler404 = "web.views.page_not_found"
handler500 = "web.views.server_error"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("oauth/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("api/v1/openapi.json", OpenapiView.as_view(), name="openapi"),
    path("api/docs/", DocumentationView.as_view(url_name="openapi"), name="api-docs"),
    *(path("api/v1/", include(f"{application}.urls")) for application in API_APPLICATIONS),
    path("", include("web.urls")),
]
