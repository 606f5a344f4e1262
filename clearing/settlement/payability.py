"""Who is paid by a payment, whether by the route of its currency, and the hindrance if not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from marketplace.participants.payout_accounts import PayoutAccount
from marketplace.participants.queries import OrganisationView, organisations_by_id

from .models import SettlementInstruction
from .restraint_models import CreditorPayment
from .routes import route_for
from .routes.route import Payee

CREDITORS_COUNTRY = "JP"
"""Creditors are paid at banks in the country of the court."""


def payee_of(organisation: OrganisationView) -> Payee:
    """The payee of ``organisation``, as routes read it."""
    account = organisation.payout_account
    return Payee(country=organisation.country, account=asdict(account) if account else None)


def payees_of(payments: Collection[SettlementInstruction]) -> dict[int, Payee]:
    """The payee of each payment, by its key: its participant, or the creditor that attached what is due to it."""
    organisations = organisations_by_id({payment.organisation_id for payment in payments})
    keys = {payment.creditor_payment_id for payment in payments if payment.creditor_payment_id is not None}
    creditors = CreditorPayment.objects.in_bulk(keys) if keys else {}
    found = {}
    for payment in payments:
        creditor = creditors.get(payment.creditor_payment_id)
        if creditor is None:
            found[payment.pk] = payee_of(organisations[payment.organisation_id])
        else:
            account = {name: getattr(creditor, name) for name in PayoutAccount.__dataclass_fields__}
            found[payment.pk] = Payee(country=CREDITORS_COUNTRY, account=account)
    return found


def hindrance_of(organisation: OrganisationView, *, currency: str, cross_border_allowed: bool) -> str:
    """Why ``organisation`` cannot be paid now in ``currency`` (a Hindrance), or the empty text.

    Payments abroad are refused unless the funds regime records a licence or an exemption for them.
    """
    return hindrance_to(payee_of(organisation), currency=currency, cross_border_allowed=cross_border_allowed)


def hindrance_to(payee: Payee, *, currency: str, cross_border_allowed: bool) -> str:
    """As ``hindrance_of``, for a payee as routes read it."""
    return route_for(currency).hindrance(payee, cross_border_allowed=cross_border_allowed)
