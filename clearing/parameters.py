"""What the rulebook says about charging, with what holds where it says nothing."""

from __future__ import annotations

from marketplace.rules import queries as rules
from marketplace.rules.errors import NoParameter

COMMISSIONED_PAYMENT_DAYS = 60
COMMISSIONED_LEAD_BUSINESS_DAYS = 5
USAGE_DAYS = 1


def commissioned_payment_days() -> int:
    """``commissioned_payment_days``: days from the receipt of data made to order to its payment (取適法, article 3)."""
    return _whole("commissioned_payment_days", COMMISSIONED_PAYMENT_DAYS)


def commissioned_lead_business_days() -> int:
    """``commissioned_lead_business_days``: business days that clearing and the bank need before that day."""
    return _whole("commissioned_lead_business_days", COMMISSIONED_LEAD_BUSINESS_DAYS)


def usage_days() -> int:
    """``usage_days``: days after a metered period in which use of its last days may still be told."""
    return _whole("usage_days", USAGE_DAYS)


def refund_returns_fee() -> bool:
    """``refund_returns_fee``: whether the market gives its fee back with the whole price; it does unless told."""
    try:
        return bool(rules.parameter("refund_returns_fee"))
    except NoParameter:
        return True


def _whole(name: str, fallback: int) -> int:
    try:
        return int(rules.parameter(name))
    except NoParameter:
        return fallback
