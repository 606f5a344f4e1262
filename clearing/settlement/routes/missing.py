"""The placeholder route of a currency that has none: payments are planned and held back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ..errors import RouteMissing
from ..states import Hindrance
from .route import AccountFields, Payee, PaymentRoute, PlannedPayment


class MissingRoute(PaymentRoute):
    """Hinders every payment in one currency; planned payments leave once the currency has a route."""

    def __init__(self, currency: str) -> None:
        """``currency``: ISO 4217 code of a currency without a route."""
        self._missing = RouteMissing(currency=currency)

    def hindrance(self, payee: Payee, *, cross_border_allowed: bool) -> str:
        """``no_route`` for every payee."""
        return Hindrance.NO_ROUTE.value

    def validate_originator(self, originator: AccountFields) -> None:
        """Raise RouteMissing."""
        raise self._missing

    def render(
        self, *, originator: AccountFields, payments: Sequence[PlannedPayment], value_date: date
    ) -> bytes:
        """Raise RouteMissing."""
        raise self._missing
