"""Applicants of registration, who are no members of anything: the key of an application stands for its applicant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from marketplace.kernel import correlation
from marketplace.kernel.actors import Actor, Role

from .queries import registration_of_key

HEADER = "Registration-Key"


@dataclass(frozen=True, slots=True)
class Applicant:
    """The applicant of one application, as the caller of its routes; it acts for no organisation."""

    actor: Actor
    is_operator: bool = False
    is_authenticated: bool = True

    @property
    def pk(self) -> str:
        """The identifier of the application."""
        return self.actor.identifier


def applicant_of(key: str) -> Applicant | None:
    """The applicant to whom a key belongs, or None."""
    registration = registration_of_key(key) if key else None
    return Applicant(Actor(registration, Role.PARTICIPANT)) if registration else None


class ApplicantAuthentication(BaseAuthentication):
    """Turns the key of an application into its applicant. A wrong key is nobody's."""

    def authenticate(self, request: Request) -> tuple[Applicant, None] | None:
        """The applicant, or None without the header or with a key that no application has."""
        applicant = applicant_of(request.headers.get(HEADER, ""))
        if applicant is None:
            return None
        correlation.bind(caller=applicant.pk)
        return applicant, None


class ApplicantAuthenticationScheme(OpenApiAuthenticationExtension):
    """The key of an application, in the OpenAPI document."""

    target_class = "marketplace.registration.authentication.ApplicantAuthentication"
    name = "registrationKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The security scheme object."""
        return {"type": "apiKey", "in": "header", "name": HEADER}


class IsApplicant(BasePermission):
    """Only the applicant of the application that the route names; for all others it does not exist."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True for the applicant; raises NotFound otherwise."""
        if not isinstance(request.user, Applicant) or request.user.pk != view.kwargs["id"]:
            raise NotFound
        return True
