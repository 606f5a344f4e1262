"""Permissions: scopes for reading and writing, and routes for the operator only."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from .principal import principal_of

READ_SCOPE = "market:read"
WRITE_SCOPE = "market:write"


class HasScope(BasePermission):
    """The token must have ``market:read`` for reading and ``market:write`` for commands."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller is authenticated and its token has the scope for the method.

        A method that the route does not know needs no scope: it is refused as such (405).
        """
        needed = READ_SCOPE if request.method in SAFE_METHODS else WRITE_SCOPE
        caller = principal_of(request)
        if not (caller and caller.is_authenticated):
            return False
        return needed in caller.scopes or request.method not in view.allowed_methods


class IsOperator(HasScope):
    """The caller must belong to the operator."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller is the operator, with the scope for the method."""
        return super().has_permission(request, view) and principal_of(request).is_operator
