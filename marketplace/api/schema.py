"""The OpenAPI document's operations: who may call them, how, and every refusal that a caller may get."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction

from .permissions import PUBLIC, declaration_of, describe_needs
from .problems import CONTENT_TYPE
from .renderers import AsAddressed
from .serializers import ProblemSerializer

READING = ("GET", "HEAD")
HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "string", "How to authenticate (RFC 6750)."),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "integer", "Seconds until the request may be repeated."),
}


class MarketAuthenticationScheme(OpenApiAuthenticationExtension):
    """Bearer tokens, obtained by the OAuth 2 client-credentials grant."""

    target_class = "marketplace.api.authentication.MarketAuthentication"
    name = "marketToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The security scheme object."""
        return {"type": "http", "scheme": "bearer"}


class MarketSchema(AutoSchema):
    """Describes an operation with the permission that it needs and, whatever its view says, every refusal that may occur.

    A method that a route does not know (405) has no operation, and faults of the market (5xx but 503) are none of the
    interface.
    """

    def get_description(self) -> str:  # type: ignore[override]  # of the library
        """The description, and who may call the route where it declares that."""
        text: str = super().get_description()
        needs = declaration_of(self.view, self.method)
        return text if needs is None else f"{text}\n\n{describe_needs(needs)}"

    def _get_response_bodies(self, direction: Direction = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
        for status in self._refusals():
            code = str(int(status))
            body = self._get_response_for_code(  # type: ignore[no-untyped-call]
                ProblemSerializer, code, [CONTENT_TYPE], direction
            )
            bodies.setdefault(code, body)
            if status in HEADERS:
                name, kind, description = HEADERS[status]
                header = {"description": description, "schema": {"type": kind}}
                bodies[code].setdefault("headers", {})[name] = header
        return dict(sorted(bodies.items()))

    def _refusals(self) -> Iterator[HTTPStatus]:
        """The statuses of refusals that this operation may answer with."""
        is_command = self.method not in READING
        # Credentials, parameters, a body or its charset that cannot be read; parameters that are invalid.
        yield from (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        )
        yield from (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
        if self.view.get_authenticators():
            yield HTTPStatus.UNAUTHORIZED
        if declaration_of(self.view, self.method) is not PUBLIC:
            yield HTTPStatus.FORBIDDEN
        if is_command or "{" in self.path or self._is_list_view() or self.get_override_parameters():
            # What the path, the body or a parameter names, the cursor of a list among them.
            yield HTTPStatus.NOT_FOUND
        if not isinstance(self.view.get_content_negotiator(), AsAddressed):
            yield HTTPStatus.NOT_ACCEPTABLE
        if is_command:
            yield from (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
