"""Whether a participant can be paid by the route of a currency, and the hindrance if not."""

from __future__ import annotations

from dataclasses import asdict

from marketplace.participants.queries import OrganisationView

from .routes import route_for
from .routes.route import Payee


def payee_of(organisation: OrganisationView) -> Payee:
    """The payee of ``organisation``, as routes read it."""
    account = organisation.payout_account
    return Payee(country=organisation.country, account=asdict(account) if account else None)


def hindrance_of(organisation: OrganisationView, *, currency: str, cross_border_allowed: bool) -> str:
    """Why ``organisation`` cannot be paid now in ``currency`` (a Hindrance), or the empty text.

    Payments abroad are refused unless the funds regime records a licence or an exemption for them.
    """
    route = route_for(currency)
    return route.hindrance(payee_of(organisation), cross_border_allowed=cross_border_allowed)
