"""Who is paid by a payment, whether by the route of its currency, and the hindrance if not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import date

from marketplace.kernel import clock
from marketplace.participants.payout_accounts import PayoutAccount
from marketplace.participants.payout_queries import payout_accounts_on
from marketplace.participants.queries import OrganisationView, organisations_by_id
from marketplace.participants.suspension_queries import held_from_payment

from .models import SettlementInstruction
from .restraint_models import CreditorPayment
from .routes import route_for
from .routes.route import Payee
from .states import Hindrance

CREDITORS_COUNTRY = "JP"
"""Creditors are paid at banks in the country of the court."""


def payees_of(payments: Collection[SettlementInstruction], *, on: date | None = None) -> dict[int, Payee]:
    """The payee of each payment, by its key: its participant, or the creditor that attached what is due to it.

    A participant has the account that is used ``on`` a day, today unless stated.
    """
    organisations = organisations_by_id({payment.organisation_id for payment in payments})
    accounts = payout_accounts_on(on or clock.today(), organisations)
    keys = {payment.creditor_payment_id for payment in payments if payment.creditor_payment_id is not None}
    creditors = CreditorPayment.objects.in_bulk(keys) if keys else {}
    found = {}
    for payment in payments:
        creditor, payee = creditors.get(payment.creditor_payment_id), payment.organisation_id
        if creditor is None:
            found[payment.pk] = _payee(organisations[payee].country, accounts.get(payee))
        else:
            account = {name: getattr(creditor, name) for name in PayoutAccount.__dataclass_fields__}
            found[payment.pk] = Payee(country=CREDITORS_COUNTRY, account=account)
    return found


def _payee(country: str, account: PayoutAccount | None) -> Payee:
    return Payee(country=country, account=asdict(account) if account else None)


def hindrances_of(
    organisations: Collection[OrganisationView], *, currency: str, cross_border_allowed: bool
) -> dict[int, str]:
    """Why each of ``organisations`` cannot be paid today in ``currency`` (a Hindrance), or the empty text, by its key.

    Payments abroad are refused unless the funds regime records a licence or an exemption for them; to whom a suspension
    keeps from payment, all.
    """
    used = payout_accounts_on(clock.today(), [organisation.id for organisation in organisations])
    found = {
        organisation.id: hindrance_to(
            _payee(organisation.country, used.get(organisation.id)),
            currency=currency,
            cross_border_allowed=cross_border_allowed,
        )
        for organisation in organisations
    }
    return found | dict.fromkeys(held_from_payment(found), Hindrance.SANCTIONED.value)


def hindrance_to(payee: Payee, *, currency: str, cross_border_allowed: bool) -> str:
    """As ``hindrances_of``, for a payee as routes read it."""
    return route_for(currency).hindrance(payee, cross_border_allowed=cross_border_allowed)
