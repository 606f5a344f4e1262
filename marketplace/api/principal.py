"""The caller of the API, as far as the API conventions need it. Settings name the class."""

from __future__ import annotations

from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.request import Request

from marketplace.kernel.actors import Actor


class Principal(Protocol):
    """The authenticated caller; ``request.user`` on every route."""

    is_authenticated: bool
    is_operator: bool

    @property
    def actor(self) -> Actor:
        """The caller as the actor of services."""

    @property
    def pk(self) -> str:
        """A stable identifier of the caller, for throttling."""


def load_principal(user: Any, token: Any) -> Principal | None:
    """The principal of a session's ``user`` or an OAuth ``token``, by ``settings.PRINCIPAL_LOADER``, or None."""
    principal: Principal | None = import_string(settings.PRINCIPAL_LOADER)(user, token)
    return principal


def actor_of(request: Request) -> Actor:
    """The caller of ``request`` as the actor of services."""
    return principal_of(request).actor


def principal_of(request: Request) -> Principal:
    """The authenticated caller of ``request``, where DRF's types expect a Django user."""
    return cast(Principal, request.user)
