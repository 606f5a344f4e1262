"""The caller of the API, as far as the API conventions need it. Settings name the loaders."""

from __future__ import annotations

from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.request import Request

from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission

SESSION_PREFIX = "pst_"
"""How the token of a person's session begins."""


class Principal(Protocol):
    """The authenticated caller; ``request.user`` on every route."""

    is_authenticated: bool
    is_operator: bool

    @property
    def actor(self) -> Actor:
        """The caller as the actor of services."""

    @property
    def pk(self) -> str:
        """A stable identifier of the caller, for throttling and idempotency keys."""


def load_program(token: Any) -> Principal:
    """The program of an OAuth ``token``, by ``settings.PROGRAM_LOADER``."""
    principal: Principal = import_string(settings.PROGRAM_LOADER)(token)
    return principal


def load_person(session_token: str, organisation: str | None) -> Principal | None:
    """The person of a session, acting for ``organisation``, by ``settings.PERSON_LOADER``; None if it is unknown.

    Raises a domain error where the person may not act for the organisation.
    """
    principal: Principal | None = import_string(settings.PERSON_LOADER)(session_token, organisation)
    return principal


def actor_of(request: Request) -> Actor:
    """The caller of ``request`` as the actor of services."""
    return principal_of(request).actor


def reader_of(request: Request, permission: Permission) -> bool:
    """Whether a caller of a public route holds ``permission``, which shows it more than everybody."""
    return bool(request.user and request.user.is_authenticated) and actor_of(request).may(permission)


def principal_of(request: Request) -> Principal:
    """The authenticated caller of ``request``, where DRF's types expect a Django user."""
    return cast(Principal, request.user)
