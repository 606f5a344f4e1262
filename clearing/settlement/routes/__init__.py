"""Routes of payment: the means by which the market pays, one class each. Pure: no database, no models.

``ROUTES`` names the route of each currency. A further route is a module with one class and an entry here.
"""

from __future__ import annotations

from ..errors import RouteMissing
from .missing import MissingRoute
from .route import PaymentRoute
from .zengin import ZenginRoute

ROUTES: dict[str, PaymentRoute] = {"JPY": ZenginRoute()}


def route_for(currency: str) -> PaymentRoute:
    """The route that carries payments in ``currency`` (ISO 4217); without one, a route that hinders every payment."""
    return ROUTES.get(currency) or MissingRoute(currency)


def require_route(currency: str) -> None:
    """Raise RouteMissing if ``currency`` has no route."""
    if currency not in ROUTES:
        raise RouteMissing(currency=currency)
