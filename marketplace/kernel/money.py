"""Money as integer minor units with an ISO 4217 code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from babel.numbers import format_currency, get_currency_precision

from .errors import DomainError
from .labels import Label

BASIS_POINTS = 10_000


class CurrencyMismatch(DomainError):
    """Amounts of two currencies were put together. Fields: ``left, right``."""

    code = "currency_mismatch"
    detail = Label("{left} and {right} cannot be put together.", "{left} と {right} は合算できません。")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: ``minor`` units (JPY 100 is 100, USD 1.00 is 100) of ``currency``."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse fractions of a minor unit and anything that is no currency code."""
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("an amount is a whole number of minor units")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError("a currency is an ISO 4217 code of three capital letters")

    def __add__(self, other: Money) -> Money:
        """The sum; raises CurrencyMismatch."""
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        """The difference; raises CurrencyMismatch."""
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Money:
        """The amount with the other sign."""
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        """Order within one currency; raises CurrencyMismatch."""
        return self.minor < self._same(other).minor

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(left=self.currency, right=other.currency)
        return other

    def formatted(self, language: str = "en") -> str:
        """The amount as people write it, for example ``￥1,234`` or ``¥1,234``."""
        value = Fraction(self.minor, 10 ** exponent(self.currency))
        return str(
            format_currency(float(value), self.currency, locale="ja_JP" if language == "ja" else "en_US")
        )


def exponent(currency: str) -> int:
    """Decimal digits of the minor unit (ISO 4217): 0 for JPY, 2 for USD."""
    return get_currency_precision(currency)


def share_of(amount_minor: int, rate_bp: int) -> int:
    """``amount_minor`` times ``rate_bp`` / 10,000, fractions of a minor unit cut off toward zero."""
    product = abs(amount_minor) * rate_bp // BASIS_POINTS
    return product if amount_minor >= 0 else -product


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split ``total_minor`` by ``weights`` so that the parts sum to it exactly (largest remainder, Hamilton 1792).

    A tie of remainders goes to the earlier weight, so the same input gives the same parts. Weights are
    non-negative integers with a positive sum; otherwise ValueError.
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
