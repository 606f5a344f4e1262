"""Who may call a route: each declares the permissions by one of which it is called, or that it is public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from marketplace.kernel.permissions import RULES, Permission

from .principal import principal_of

Method = TypeVar("Method", bound=Callable[..., Any])


class Public:
    """The declaration of a route that everybody may call, without a credential too."""

    def __repr__(self) -> str:
        """As it is written."""
        return "PUBLIC"


class Keyed:
    """The declaration of a route that is called by a key which gives no permission of the market."""

    def __repr__(self) -> str:
        """As it is written."""
        return "BY_KEY"


PUBLIC: Final = Public()
BY_KEY: Final = Keyed()
"""The view's own permission class knows the key; ``MayCall`` lets nobody in."""

Needs = Permission | tuple[Permission, ...] | Public | Keyed
"""What a route declares: one permission, several of which one is enough, ``PUBLIC`` or ``BY_KEY``."""


def permissions_in(needs: Needs) -> tuple[Permission, ...]:
    """The permissions of a declaration; none of a public one, and of one by key."""
    if isinstance(needs, Public | Keyed):
        return ()
    return (needs,) if isinstance(needs, Permission) else needs


def declaration_of(view: Any, method: str) -> Needs | None:
    """What a route declares for an HTTP method, or None: then nobody may call it."""
    return declared_by(view, getattr(view, "action", None) or method.lower(), method)


def declared_by(view: Any, action: Any, method: str) -> Needs | None:
    """What a view, or its class, declares for the HTTP method that the function named ``action`` answers, or None.

    ``needs`` of the function decides; then ``reads`` of the class, for methods that change nothing.
    """
    function = getattr(view, action, None) if isinstance(action, str) else None
    needs: Needs | None = getattr(function, "needs", None)
    if needs is None and method in SAFE_METHODS:
        needs = getattr(view, "reads", None)
    return needs


def declare(needs: Needs) -> Callable[[Method], Method]:
    """Declare what the method of a view needs, where it is no command."""

    def mark(method: Method) -> Method:
        method.needs = needs  # type: ignore[attr-defined]  # read by declaration_of
        return method

    return mark


def describe_needs(needs: Needs) -> str:
    """The sentence of the OpenAPI document that says who may call a route."""
    if isinstance(needs, Public):
        return "Everybody may call it."
    if isinstance(needs, Keyed):
        return "Needs the key that was given to whoever began this."
    named = [
        f"`{name}`" + (" (confirmed afresh)" if RULES[name].fresh else "") for name in permissions_in(needs)
    ]
    return f"Needs the permission {' or '.join(named)}."


class MayCall(BasePermission):
    """The caller holds a permission that the route declares for the method, with a fresh proof where that needs one.

    Nobody may call a route without a declaration; ``checks.py`` finds it before the market serves.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller is known and the route is declared for it; raises PermissionNeeded and ProofNeeded.

        A method that the route does not know needs nothing: it is refused as such (405).
        """
        needs = declaration_of(view, request.method or "")
        is_known = request.method in view.allowed_methods
        if isinstance(needs, Public) or (not is_known and getattr(view, "reads", None) is PUBLIC):
            return True
        caller = principal_of(request)
        if not (caller and caller.is_authenticated):
            return False
        if not is_known:
            return True
        if needs is None or isinstance(needs, Keyed):
            return False
        caller.actor.require(*permissions_in(needs))
        return True
