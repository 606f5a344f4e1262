"""What a route of payment does for the market, and the plain values that it takes. Pure."""

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
    """Who is paid: its ``country`` (ISO 3166, two letters) and its payout account; None if it has stated none."""

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
    those of Zengin. A route that reads other fields needs columns for them, and nothing else outside its module. A
    route that sends payments to a provider instead of writing a file renders the request; sending it needs a step of
    its own.
    """

    @abstractmethod
    def hindrance(self, payee: Payee, *, cross_border_allowed: bool) -> str:
        """Why ``payee`` cannot be paid now (a Hindrance), or the empty text.

        ``cross_border_allowed``: the funds regime records a licence or an exemption for payments abroad on behalf of
        others.
        """

    @abstractmethod
    def validate_originator(self, originator: AccountFields) -> None:
        """Check the account that payments leave from; raises FieldInvalid naming the field."""

    @abstractmethod
    def render(
        self, *, originator: AccountFields, payments: Sequence[PlannedPayment], value_date: date
    ) -> bytes:
        """The payments as the route takes them; the same input gives the same bytes. Raises Unwritable."""

    def reference(self, *, currency: str, cycle_number: int | None, sequence: int) -> str:
        """The reference of a payment, unique in the market: of a cycle, or of none. Raises ValueError beyond its range.

        20 characters at most, of those that domestic transfers carry. A route that carries fewer overrides this and
        ``find_references``.
        """
        return payment_reference(currency=currency, cycle_number=cycle_number, sequence=sequence)

    def find_references(self, text: str) -> list[str]:
        """References in ``text`` of a bank entry, whatever its width and case, without repeats."""
        return find_references(text)
