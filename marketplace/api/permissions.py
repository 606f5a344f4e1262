"""Who may call a route: each declares the permissions by one of which it is called, or that it is public."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from marketplace.kernel.permissions import RULES, WRITES, Permission

from .principal import principal_of

Method = TypeVar("Method", bound=Callable[..., Any])


class Public:
    """The declaration of a route that everybody may call, without a credential too."""

    def __repr__(self) -> str:
        """As it is written."""
        return "PUBLIC"


PUBLIC: Final = Public()

Needs = Permission | tuple[Permission, ...] | Public
"""What a route declares: one permission, several of which one is enough, or ``PUBLIC``."""

UNDECLARED_READ = (Permission.MARKET_READ, Permission.OPERATOR_READ)
UNDECLARED_WRITE = tuple(sorted(WRITES))


def permissions_in(needs: Needs) -> tuple[Permission, ...]:
    """The permissions of a declaration; none of a public one."""
    if isinstance(needs, Public):
        return ()
    return (needs,) if isinstance(needs, Permission) else needs


def declaration_of(view: Any, method: str) -> Needs | None:
    """What a route declares for an HTTP method, or None.

    ``needs`` of the method's function decides; then ``reads`` of the class, for methods that change nothing.
    """
    action = getattr(view, "action", None) or method.lower()
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
    named = [
        f"`{name}`" + (" (confirmed afresh)" if RULES[name].fresh else "") for name in permissions_in(needs)
    ]
    return f"Needs the permission {' or '.join(named)}."


class MayCall(BasePermission):
    """The caller holds a permission that the route declares for the method, with a fresh proof where that needs one.

    A route without a declaration is read with ``market:read`` or ``operator:read``, and called with any permission that
    changes something.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller is known and the route is declared for it; raises PermissionNeeded and ProofNeeded.

        A method that the route does not know needs nothing: it is refused as such (405).
        """
        needs = declaration_of(view, request.method or "")
        if isinstance(needs, Public):
            return True
        caller = principal_of(request)
        if not (caller and caller.is_authenticated):
            return False
        if request.method not in view.allowed_methods:
            return True
        if needs is not None:
            caller.actor.require(*permissions_in(needs))
            return True
        undeclared: Iterable[Permission] = (
            UNDECLARED_READ if request.method in SAFE_METHODS else UNDECLARED_WRITE
        )
        return caller.actor.may(*undeclared)


class HasScope(MayCall):
    """The rule of routes that declare nothing yet."""


class IsOperator(MayCall):
    """The caller must belong to the operator, besides what the route declares."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """As MayCall, for the operator alone."""
        return super().has_permission(request, view) and principal_of(request).is_operator
