"""Whether a participant can be paid by the market's transfers, and what hinders it."""

from __future__ import annotations

from marketplace.participants.queries import OrganisationView

from .states import Hindrance

HOME_COUNTRY = "JP"


def hindrance_of(payee: OrganisationView, *, cross_border_allowed: bool) -> str:
    """Why ``payee`` cannot be paid now (a Hindrance), or the empty text.

    Paying abroad on others' behalf is off unless the funds regime records a licence or an exemption for it.
    """
    if payee.country != HOME_COUNTRY and not cross_border_allowed:
        return Hindrance.ABROAD.value
    if payee.payout_account is None:
        return Hindrance.NO_ACCOUNT.value
    return ""
