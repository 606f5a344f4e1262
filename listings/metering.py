"""What metered use costs: tiers, free uses of a period, and a trial. Pure.

Uses of a period are numbered 1, 2, 3, …, without those of the trial. The first ``free_uses`` of a period cost nothing; every other
costs the unit price of the last tier that begins at its number or before, so a free use counts towards a tier. The trial is the first
``trial_days`` calendar days from the day of the conclusion, or the first ``trial_uses`` uses of the agreement: its uses cost nothing and
leave the free uses of a period as they are. What a period comes to is charged up to its ceiling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

TIERS_MAX = 20
USES_MAX = 1_000_000_000
TRIAL_DAYS_MAX = 366

ASCENDING = Label(
    "each tier begins at a later use than the one before, the first after use 1 and after the free uses",
    "各段階は前の段階より後の利用回から始めてください。最初の段階は2回目以後、かつ無料分の後からです",
)
ONE_TRIAL = Label(
    "state the trial in days or in uses, not both", "試用は日数と回数のいずれか一方で指定してください"
)
EMPTY = Label(
    "state a tier, free uses or a trial, or leave it out",
    "段階、無料分または試用を指定するか、この項目を省いてください",
)


@dataclass(frozen=True, slots=True)
class Tier:
    """From use ``from_use`` of a period on, a use costs ``unit_price_minor`` without tax."""

    from_use: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class Metering:
    """What a metered price has beside its ceiling and the unit price of the first tier, which begins at use 1."""

    tiers: tuple[Tier, ...] = ()
    free_uses: int = 0
    trial_days: int = 0
    trial_uses: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Every term by name, in JSON types."""
        return {**asdict(self), "tiers": [asdict(tier) for tier in self.tiers]}


PLAIN = Metering()
"""Every use costs the unit price."""


def price_of_uses(uses: int, *, unit_price_minor: int, metering: Metering = PLAIN) -> int:
    """What the first ``uses`` uses of a period come to, without tax, in minor units; the ceiling of the period is the caller's."""
    begins = [Tier(1, unit_price_minor), *metering.tiers]
    ends = [tier.from_use - 1 for tier in metering.tiers] + [uses]
    return sum(
        max(min(uses, end) - max(tier.from_use - 1, metering.free_uses), 0) * tier.unit_price_minor
        for tier, end in zip(begins, ends, strict=True)
    )


def uses_in_trial(
    uses: int, *, before: int, used_on: date, concluded_on: date, metering: Metering = PLAIN
) -> int:
    """How many of ``uses`` uses on a day fall into the trial, after ``before`` uses of the agreement."""
    if metering.trial_days:
        return uses if used_on < concluded_on + timedelta(days=metering.trial_days) else 0
    return min(uses, max(metering.trial_uses - before, 0))


def parse_metering(stated: Any, *, prefix: str) -> Metering | None:
    """The terms from ``as_dict`` or from an offer; None if there are none. Raises FieldInvalid, which names the field."""
    if stated is None:
        return None
    if not isinstance(stated, Mapping):
        raise FieldInvalid(prefix, Label("specify an object of terms", "項目のオブジェクトにしてください"))
    for name in sorted(set(stated) - set(Metering.__dataclass_fields__)):
        raise FieldInvalid(
            f"{prefix}.{name}", Label("unknown term of metering; remove it", "この項目はありません")
        )
    numbers = {"free_uses": USES_MAX, "trial_days": TRIAL_DAYS_MAX, "trial_uses": USES_MAX}
    for name, most in numbers.items():
        _check_number(f"{prefix}.{name}", stated.get(name, 0), 0, most)
    found = Metering(
        tiers=_tiers(stated.get("tiers", []), prefix=f"{prefix}.tiers"),
        **{name: stated.get(name, 0) for name in numbers},
    )
    least = max(1, found.free_uses)
    for tier in found.tiers:
        if tier.from_use <= least:
            raise FieldInvalid(f"{prefix}.tiers", ASCENDING)
        least = tier.from_use
    if found.trial_days and found.trial_uses:
        raise FieldInvalid(f"{prefix}.trial_uses", ONE_TRIAL)
    if found == PLAIN:
        raise FieldInvalid(prefix, EMPTY)
    return found


def _tiers(stated: Any, *, prefix: str) -> tuple[Tier, ...]:
    if not isinstance(stated, list | tuple) or len(stated) > TIERS_MAX:
        raise FieldInvalid(
            prefix,
            Label(f"specify a list of at most {TIERS_MAX} tiers", f"{TIERS_MAX}段階以内の一覧にしてください"),
        )
    return tuple(_tier(one, prefix) for one in stated)


def _tier(stated: Any, prefix: str) -> Tier:
    if not isinstance(stated, Mapping) or set(stated) != {"from_use", "unit_price_minor"}:
        raise FieldInvalid(
            prefix,
            Label(
                "a tier states from_use and unit_price_minor",
                "各段階に from_use と unit_price_minor を指定してください",
            ),
        )
    _check_number(prefix, stated["from_use"], 2, USES_MAX)
    _check_number(prefix, stated["unit_price_minor"], 0, AMOUNT_MINOR_MAX)
    return Tier(**stated)


def _check_number(name: str, value: Any, lowest: int, highest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise FieldInvalid(
            name,
            Label(
                f"specify a whole number from {lowest} to {highest:,}",
                f"{lowest}から{highest:,}までの整数にしてください",
            ),
        )
