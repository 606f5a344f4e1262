"""Authentication in the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class MarketAuthenticationScheme(OpenApiAuthenticationExtension):
    """Bearer tokens, obtained by the OAuth 2 client-credentials grant."""

    target_class = "marketplace.api.authentication.MarketAuthentication"
    name = "marketToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The security scheme object."""
        return {"type": "http", "scheme": "bearer"}
