"""The SQL functions that say whether terms of charging are whole, and can be carried out. A migration makes them.

They repeat ``listings.charging_terms`` and ``listings.metering`` for guards, and what a contract comes to in all.
"""

from __future__ import annotations

from pathlib import Path

from django.db.models import BooleanField, Func, Q

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import CHARGES_MAX, MONTHS_MAX, TERM_MONTHS_MAX
from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.money import BASIS_POINTS

from .adjusting_terms import VALUE_MAX
from .metering import TIERS_MAX, TRIAL_DAYS_MAX, USES_MAX
from .shares import SHARES_MAX
from .states import PERIODIC, Charging

CREATE = sql_body(
    Path(__file__).parent / "sql" / "charging.sql",
    KINDS=sql_list(Charging),
    PERIODIC=sql_list(PERIODIC),
    AMOUNT_MINOR_MAX=AMOUNT_MINOR_MAX,
    CHARGES_MAX=CHARGES_MAX,
    MONTHS_MAX=MONTHS_MAX,
    TERM_MONTHS_MAX=TERM_MONTHS_MAX,
    TIERS_MAX=TIERS_MAX,
    TRIAL_DAYS_MAX=TRIAL_DAYS_MAX,
    USES_MAX=USES_MAX,
    SHARES_MAX=SHARES_MAX,
    BASIS_POINTS=BASIS_POINTS,
    VALUE_MAX=VALUE_MAX,
)
DROP = """
DROP FUNCTION public.price_of_uses(bigint, jsonb, numeric);
DROP FUNCTION public.is_paid_within_periods(jsonb, timestamptz, integer);
DROP FUNCTION public.is_priced(jsonb, bigint);
DROP FUNCTION public.total_of_terms(jsonb);
DROP FUNCTION public.is_charged_in_time(jsonb, jsonb, timestamptz);
DROP FUNCTION public.is_charging(jsonb);
DROP FUNCTION public.is_metering(jsonb);
DROP FUNCTION public.is_shares(jsonb);
DROP FUNCTION public.is_adjustments(jsonb, text);
DROP FUNCTION public.adjusted_price(jsonb, bigint, bigint);
"""


def is_charging(column: str) -> Q:
    """The condition on terms of charging in a JSON column: they are whole, within their limits, and of a kind that is offered."""
    return Q(Func(column, function="public.is_charging", output_field=BooleanField()))


def is_priced(charging: str, price_minor: str) -> Q:
    """The condition on two columns: each charge is at least 1 unless there is one alone, all together are within the ceiling, and a use costs no more than a period."""
    return Q(Func(charging, price_minor, function="public.is_priced", output_field=BooleanField()))
