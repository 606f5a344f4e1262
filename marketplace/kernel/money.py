"""Money as integer minor units with an ISO 4217 code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision, get_territory_currencies

from .errors import DomainError
from .labels import Label

BASIS_POINTS = 10_000


class CurrencyMismatch(DomainError):
    """Amounts of two currencies cannot be added or compared. Fields: ``left, right``."""

    code = "currency_mismatch"
    detail = Label(
        "Amounts in {left} and {right} cannot be added or compared.",
        "通貨 {left} と {right} の金額は合算・比較できません。",
    )


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: ``minor`` units (JPY 100 is 100, USD 1.00 is 100) of ``currency``."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Raises TypeError for an amount that is not an integer, ValueError for an invalid currency code."""
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("an amount is a whole number of minor units")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError("a currency is an ISO 4217 code of three capital letters")

    def __add__(self, other: Money) -> Money:
        """The sum; raises CurrencyMismatch."""
        return Money(self.minor + self._require_same_currency(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        """The difference; raises CurrencyMismatch."""
        return Money(self.minor - self._require_same_currency(other).minor, self.currency)

    def __neg__(self) -> Money:
        """The amount with the opposite sign."""
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        """Order within one currency; raises CurrencyMismatch."""
        return self.minor < self._require_same_currency(other).minor

    def _require_same_currency(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(left=self.currency, right=other.currency)
        return other

    def format(self, language: str = "en") -> str:
        """The amount with its currency symbol; the yen sign is the narrow one in both languages: ``¥1,234``.

        The wide sign of the Japanese locale breaks the columns of a table.
        """
        value = Fraction(self.minor, 10 ** exponent(self.currency))
        locale = "ja_JP" if language == "ja" else "en_US"
        return str(format_currency(float(value), self.currency, locale=locale)).replace("￥", "¥")


@cache
def currencies() -> frozenset[str]:
    """The ISO 4217 codes of the currencies that are legal tender somewhere today (CLDR)."""
    territories = get_global("territory_currencies")
    return frozenset(code for territory in territories for code in get_territory_currencies(territory))


def exponent(currency: str) -> int:
    """The number of decimal digits of a currency (ISO 4217): 0 for JPY, 2 for USD."""
    return get_currency_precision(currency)


def share_of(amount_minor: int, rate_bp: int) -> int:
    """``amount_minor`` times ``rate_bp`` / 10,000, rounded toward zero to a whole minor unit."""
    product = abs(amount_minor) * rate_bp // BASIS_POINTS
    return product if amount_minor >= 0 else -product


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split ``total_minor`` by ``weights``; the parts sum to it exactly (largest remainder method, Hamilton 1792).

    Equal remainders go to the earlier weight, so the same input gives the same parts. Weights are non-negative
    integers with a positive sum; otherwise raises ValueError.
    """
    if not weights or min(weights) < 0 or sum(weights) == 0:
        raise ValueError("weights must be non-negative and not all zero")
    sign = -1 if total_minor < 0 else 1
    whole, weight_sum = abs(total_minor), sum(weights)
    parts = [whole * weight // weight_sum for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda index: (-(whole * weights[index] % weight_sum), index)
    )
    for index in by_remainder[: whole - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
