"""What the rulebook in force says about clearing; every parameter has a published default."""

from __future__ import annotations

from marketplace.rules.queries import parameter


def commissioned_payment_days() -> int:
    """``commissioned_payment_days``: days from the receipt of data made to order to its payment (取適法, article 3)."""
    return int(parameter("commissioned_payment_days"))


def commissioned_lead_business_days() -> int:
    """``commissioned_lead_business_days``: business days that clearing and the bank need before that day."""
    return int(parameter("commissioned_lead_business_days"))


def usage_days() -> int:
    """``usage_days``: days after a metered period in which use of its last days may still be told."""
    return int(parameter("usage_days"))


def refund_returns_fee() -> bool:
    """``refund_returns_fee``: whether the market gives its fee back with the whole price."""
    return bool(parameter("refund_returns_fee"))


def reserve_cap_minor() -> int:
    """``reserve_cap_minor``: what one cycle draws from the reserve at most, in minor units."""
    return int(parameter("reserve_cap_minor"))


def cycle_overdue_minutes() -> int:
    """``cycle_overdue_minutes``: how long the steps of a cycle may take."""
    return int(parameter("cycle_overdue_minutes"))


def second_person_minor() -> int:
    """``second_person_minor``: from which amount on a command on money takes two people, in minor units."""
    return int(parameter("second_person_minor"))


def second_person_hours() -> int:
    """``second_person_hours``: how long a command waits for the second of them."""
    return int(parameter("second_person_hours"))
