"""Authentication in the OpenAPI document, and what each route needs."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from .permissions import declaration_of, describe_needs


class MarketSchema(AutoSchema):
    """The library's description of a route, with the permission that it needs."""

    def get_description(self) -> str:  # type: ignore[override]  # of the library
        """The description, and who may call the route where it declares that."""
        text: str = super().get_description()
        needs = declaration_of(self.view, self.method)
        return text if needs is None else f"{text}\n\n{describe_needs(needs)}"


class MarketAuthenticationScheme(OpenApiAuthenticationExtension):
    """Bearer tokens, obtained by the OAuth 2 client-credentials grant."""

    target_class = "marketplace.api.authentication.MarketAuthentication"
    name = "marketToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The security scheme object."""
        return {"type": "http", "scheme": "bearer"}
