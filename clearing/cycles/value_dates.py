"""The day on which a payment reaches its payee, by the published calendar. Pure.

The operator hands the payments of a cycle to the bank on the day of its cut-off, or on the next business day if that
day is closed. A payment sent later is handed over on the day on which it is sent. The value date is counted from that
day, so it is the same while the cycle is open, at its cut-off and after it. Once a transfer file was written, its own
value date counts.

Business days are those of the currency's present calendar: no weekends, public holidays, 31 December to
3 January, or declared closed days.
"""

from __future__ import annotations

from datetime import date

from .cut_offs import CutOffs

VALUE_DAYS = 1
"""Business days from a transfer file to its value date where no schedule says otherwise."""


def sending_day_after(planned_on: date, cut_offs: CutOffs) -> date:
    """The day by which a payment leaves that was planned on ``planned_on``: the next business day of its currency."""
    return cut_offs.calendar().add_business_days(planned_on, 1)


def value_date(handed_over_on: date, cut_offs: CutOffs) -> date:
    """The value date of a payment handed to the bank on ``handed_over_on``, or on the business day after it.

    ``cut_offs`` are the cut-offs of the payment's currency. The schedule in force on the day of handing over states how
    many business days the bank takes; without a schedule it is ``VALUE_DAYS``.
    """
    calendar = cut_offs.calendar()
    handed_over_on = calendar.roll_forward(handed_over_on)
    schedule = cut_offs.schedule_on(handed_over_on)
    return calendar.add_business_days(handed_over_on, schedule.value_days if schedule else VALUE_DAYS)
