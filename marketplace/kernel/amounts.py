"""The ceilings of amounts, in minor units of a currency: one for what anybody states, one for what the market sums. Pure.

Both are far below 2⁵³, above which JSON numbers and with them evidence are not exact. The API, the services and the columns
of the database hold them (``marketplace.api.serializers.AmountField``, ``kernel.columns.MinorField``).
"""

from __future__ import annotations

from .errors import FieldInvalid
from .labels import Label

AMOUNT_MINOR_MAX = 1_000_000_000_000
"""The largest amount of one price, payment, correction, deposit or bank entry, before tax."""

TOTAL_MINOR_MAX = 1_000_000_000_000_000
"""The largest sum, balance or position. No column of minor units holds more, or less than its negative."""


def require_amount(field: str, amount_minor: int) -> None:
    """Raise FieldInvalid, naming the field, unless the amount is a whole number from 1 to ``AMOUNT_MINOR_MAX``."""
    is_whole = isinstance(amount_minor, int) and not isinstance(amount_minor, bool)
    if not is_whole or not 1 <= amount_minor <= AMOUNT_MINOR_MAX:
        raise FieldInvalid(
            field,
            Label(
                f"specify an amount from 1 to {AMOUNT_MINOR_MAX:,} in minor units",
                f"1以上{AMOUNT_MINOR_MAX:,}以下の金額（最小通貨単位）にしてください",
            ),
        )
