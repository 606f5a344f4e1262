"""Routes of payment: by what means the market pays, one class each. Pure: no database, no models, no participants.

``ROUTES`` names the route of each currency. A further route is a module with one class and an entry here.
"""

from __future__ import annotations

from ..errors import RouteMissing
from .route import PaymentRoute
from .zengin import ZenginRoute

ROUTES: dict[str, PaymentRoute] = {"JPY": ZenginRoute()}


def route_for(currency: str) -> PaymentRoute:
    """The route that carries payments in ``currency`` (ISO 4217); raises RouteMissing."""
    if currency not in ROUTES:
        raise RouteMissing(currency=currency)
    return ROUTES[currency]
