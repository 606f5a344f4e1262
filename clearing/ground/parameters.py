"""Parameters of clearing in the rulebook in force; every parameter has a published default."""

from __future__ import annotations

from datetime import timedelta

from contracts.commissions.law import PAYMENT_DAYS
from marketplace.rules.queries import parameter


def commissioned_payment_days() -> int:
    """``commissioned_payment_days``: days within which data made to order is paid, the day of receipt being the first (取適法, article 3).

    A rulebook may shorten what the law gives, and not lengthen it.
    """
    return min(int(parameter("commissioned_payment_days")), PAYMENT_DAYS)


def commissioned_lead_business_days() -> int:
    """``commissioned_lead_business_days``: business days that clearing and the bank need before the last payment day."""
    return int(parameter("commissioned_lead_business_days"))


def usage_days() -> int:
    """``usage_days``: days after a metered period in which its use may still be recorded."""
    return int(parameter("usage_days"))


def refund_returns_fee() -> bool:
    """``refund_returns_fee``: whether a refund of the whole price also refunds the fee."""
    return bool(parameter("refund_returns_fee"))


def reserve_cap_minor() -> int:
    """``reserve_cap_minor``: most that one cycle may draw from the reserve, in minor units."""
    return int(parameter("reserve_cap_minor"))


def cycle_overdue_minutes() -> int:
    """``cycle_overdue_minutes``: minutes after which a cycle's steps are overdue."""
    return int(parameter("cycle_overdue_minutes"))


def second_person_minor() -> int:
    """``second_person_minor``: amount from which a command on money needs a second person, in minor units."""
    return int(parameter("second_person_minor"))


def control_notice() -> timedelta:
    """``control_notice_hours``: time between the publication of what weakens a control and its effect."""
    return timedelta(hours=int(parameter("control_notice_hours")))


def second_person_hours() -> int:
    """``second_person_hours``: hours that a command waits for the second person."""
    return int(parameter("second_person_hours"))


def collection_days() -> int:
    """``collection_days``: days after which access to data that its buyer never downloaded ends."""
    return int(parameter("collection_days"))


def guaranteed_payment_days() -> int:
    """``guaranteed_payment_days``: days after the acceptance within which a buyer pays what a guarantee secured."""
    return int(parameter("guaranteed_payment_days"))


def guarantee_lead_days() -> int:
    """``guarantee_lead_days``: days before the expiry of a guarantee in use at which the operator gets a task."""
    return int(parameter("guarantee_lead_days"))
