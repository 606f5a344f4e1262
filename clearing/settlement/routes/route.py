"""The interface of a route of payment, and the plain values that it takes. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .reference import find_references, payment_reference

AccountFields = Mapping[str, str]
"""An account by named fields, as its holder stated it. Each route says which fields it reads."""


class Unwritable(ValueError):
    """A value does not fit the route. ``field`` names it, ``reference`` the payment if it belongs to one."""

    def __init__(self, field: str, reference: str = "") -> None:
        """Name the field, and the payment, at fault."""
        super().__init__(f"{reference}: {field}" if reference else field)
        self.field = field
        self.reference = reference


@dataclass(frozen=True, slots=True)
class Payee:
    """A payee: its ``country`` (ISO 3166, two letters) and its payout account, None if it stated none."""

    country: str
    account: AccountFields | None


@dataclass(frozen=True, slots=True)
class PlannedPayment:
    """One payment: ``amount_minor`` in the currency's minor units; ``reference`` travels with it."""

    reference: str
    amount_minor: int
    payee: Payee


class PaymentRoute(ABC):
    """One means of payment. An instance serves one currency or several; it keeps no state.

    A route reads accounts by named fields. Until a second route is added, participants state the fields of
    ``marketplace.participants.payout_accounts`` and the client account has the columns of ``ClientAccount``; both are
    the fields of Zengin. A route that reads other fields needs columns for them, and nothing else outside its module. A
    route to a payment provider renders the request instead of a file; sending the request needs a step of its own.
    """

    @abstractmethod
    def hindrance(self, payee: Payee, *, cross_border_allowed: bool) -> str:
        """Why ``payee`` cannot be paid now (a Hindrance), or the empty text.

        ``cross_border_allowed``: the funds regime records a licence or an exemption for payments abroad.
        """

    @abstractmethod
    def validate_originator(self, originator: AccountFields) -> None:
        """Check the account that payments leave from; raises FieldInvalid naming the field."""

    @abstractmethod
    def render(
        self, *, originator: AccountFields, payments: Sequence[PlannedPayment], value_date: date
    ) -> bytes:
        """The transfer file of the payments; the same input gives the same bytes. Raises Unwritable."""

    def reference(
        self, *, currency: str, cycle_number: int | None, sequence: int, restoration: int = 0
    ) -> str:
        """The reference of a payment (with or without cycle), unique in the market. Raises ValueError beyond its range.

        At most 20 characters that domestic transfers can carry. After a restoration it contains ``R``, the number of
        the restoration and ``-``. A route with fewer characters overrides this method and ``find_references``.
        """
        return payment_reference(
            currency=currency, cycle_number=cycle_number, sequence=sequence, restoration=restoration
        )

    def find_references(self, text: str) -> list[str]:
        """References in ``text`` of a bank entry, in any width and case, without duplicates."""
        return find_references(text)
