"""The routes of the market, wired by name only."""

from django.urls import include, path
from oauth2_provider.views import RevokeTokenView, TokenView

from marketplace.api.openapi import DocumentationView, OpenapiView

API_APPLICATIONS = (
    "marketplace.evidence",
    "marketplace.events",
    "marketplace.jobs",
    "marketplace.documents",
    "marketplace.approvals",
    "marketplace.participants",
    "marketplace.access",
    "marketplace.registration",
    "marketplace.notices",
    "marketplace.webhooks",
    "marketplace.oversight",
    "marketplace.rules",
    "marketplace.cases",
    "listings",
    "quality",
    "contracts",
    "delivery",
    "clearing",
)

OAUTH_ROUTES = [
    path("token/", TokenView.as_view(), name="token"),
    path("revoke_token/", RevokeTokenView.as_view(), name="revoke-token"),
]

handler400 = "web.views.bad_request"
handler403 = "web.views.permission_denied"
handler404 = "web.views.page_not_found"
handler500 = "web.views.server_error"
urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    # Programs alone use OAuth, by client credentials: nobody registers clients, authorises or introspects here.
    path("oauth/", include((OAUTH_ROUTES, "oauth2_provider"))),
    path("api/v1/openapi.json", OpenapiView.as_view(), name="openapi"),
    path("api/docs/", DocumentationView.as_view(url_name="openapi"), name="api-docs"),
    *(path("api/v1/", include(f"{application}.urls")) for application in API_APPLICATIONS),
    path("log/", include("marketplace.evidence.log_urls")),
    path("", include("web.urls")),
]
