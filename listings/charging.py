"""Plans the charges of an agreement: number, amounts, periods and due days. Pure."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import CHARGES_MAX, MONTHS_MAX, TERM_MONTHS_MAX
from marketplace.kernel.money import BASIS_POINTS, allocate

from .states import Charging

MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One charge: number from 1, price without tax, due day, and period.

    A period runs from ``period_from`` to the day before ``period_until``; an instalment has none.
    """

    charge: int
    price_minor: int
    due_on: date
    period_from: date | None
    period_until: date | None


def plan_of(
    *, charging: str, price_minor: int, charges: int, period_months: int, first_from: date
) -> list[PlannedPart]:
    """All charges of an agreement, in order.

    Instalments split the price exactly (largest remainder, odd units in the earliest). Periods follow each other without
    a gap, each counted from ``first_from``: a period that begins on the 31st begins on the last day of a shorter month
    and on the 31st again after it (Civil Code, article 143).
    """
    prices = [price_minor] * charges
    if charging == Charging.INSTALMENT:
        prices = allocate(price_minor, [1] * charges)
    begins = [months_later(first_from, period_months * index) for index in range(charges + 1)]
    of_periods = charging in (Charging.SUBSCRIPTION, Charging.METERED)
    return [
        PlannedPart(
            charge=index + 1,
            price_minor=price,
            due_on=begins[index],
            period_from=begins[index] if of_periods else None,
            period_until=begins[index + 1] if of_periods else None,
        )
        for index, price in enumerate(prices)
    ]


def fault_of(*, charging: str, charges: int, period_months: int, price_minor: int, commissioned: bool) -> str:
    """The fault of the terms of charging, as text; empty if there is none.

    Data made to order is paid for at once, because instalments and periods could exceed the legal term of payment
    (取適法, article 3).
    """
    if charging not in Charging.values:
        return f"{charging} is not a known kind of charging"
    if not 1 <= charges <= CHARGES_MAX:
        return f"{charges} charges are not between 1 and {CHARGES_MAX}"
    if charging == Charging.ONE_OFF and charges != 1:
        return "a price paid at once has exactly one charge"
    if not 1 <= period_months <= MONTHS_MAX:
        return f"a period of {period_months} months is not between 1 month and 10 years"
    if charges * period_months > TERM_MONTHS_MAX:
        return f"{charges} charges of {period_months} months take more than {TERM_MONTHS_MAX} months"
    if price_minor < 0:
        return "the price is negative"
    if price_minor > AMOUNT_MINOR_MAX:
        return f"the price is above {AMOUNT_MINOR_MAX}"
    if commissioned and charging != Charging.ONE_OFF:
        return "data made to order must be paid for at once"
    return ""


def months_later(day: date, months: int) -> date:
    """The same day of the month ``months`` later, or the last day of that month if it is shorter."""
    index = day.month - 1 + months
    year, month = day.year + index // MONTHS_A_YEAR, index % MONTHS_A_YEAR + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def shares_of(price_minor: int, shares_bp: list[int]) -> list[int]:
    """The amounts of the beneficiaries' shares of a price, in their order; the remainder is the seller's.

    Beneficiaries and seller take part in one allocation by largest remainder, the seller last, so the parts sum to the
    price exactly. Raises ValueError for shares of more than the whole.
    """
    seller_bp = BASIS_POINTS - sum(shares_bp)
    if seller_bp < 0:
        raise ValueError("the shares exceed the whole")
    return allocate(price_minor, [*shares_bp, seller_bp])[:-1]
