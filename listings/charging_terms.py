"""The terms of charging that an offer or a contract states: in which rhythm its price is charged. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import CHARGES_MAX, MONTHS_MAX, TERM_MONTHS_MAX, YEAR_MAX, YEAR_MIN
from marketplace.kernel.calendars import funding_deadline
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .adjusting_terms import parse_adjustments
from .charging import PlannedPart, plan_of
from .metering import Metering, parse_metering
from .rights import Rights
from .rights.limits import end_of_use
from .shares import Share, parse_shares
from .states import PERIODIC, Charging

LIMITS = {"charges": (1, CHARGES_MAX), "period_months": (1, MONTHS_MAX)}

ENDS_UNCHARGED = Label(
    "the right of use ends before the last charge has run: state fewer charges or shorter periods, or let the right last longer",
    "最後の課金の期間が終わる前に利用権が終了します。回数または期間を減らすか、利用期間を延ばしてください",
)
ENDLESS = Label(
    "a price for each period needs a right of use that ends: state rights.duration or rights.valid_until",
    "期間ごとの課金には、終わりのある利用権が必要です。rights.duration か rights.valid_until を指定してください",
)
TRIAL_OVER = Label(
    "the trial ends before the last period does", "試用は最後の期間が終わる前に終わるようにしてください"
)
ABOVE_CEILING = Label(
    "one use costs no more than the ceiling of a period, price_minor",
    "1回の料金を、期間ごとの上限 price_minor 以下にしてください",
)
ENJOYED_UNPAID = Label(
    "a period would end before the last day on which its price is paid in: state fewer days or longer periods",
    "入金期限より前に期間が終わります。日数を減らすか、期間を長くしてください",
)
BEGUN = Label("specify a day that is not past", "過ぎていない日を指定してください")


@dataclass(frozen=True, slots=True)
class ChargingTerms:
    """``kind`` (of ``Charging``): once; one price in ``charges`` instalments; or a price a period, for ``charges`` periods;
    or, metered, ``unit_price_minor`` for each use, with what ``metering`` states of tiers, free uses and a trial, and at most the price a period.

    A charge falls due every ``period_months`` months, from ``first_period_from`` (ISO 8601 date) on or, without it, from the day of the
    conclusion. The first is due at the conclusion in any case. Of the price of each charge ``shares`` go to beneficiaries, and by
    ``adjustments`` (``listings.adjusting_terms``) it changes by itself.
    """

    kind: str = Charging.ONE_OFF.value
    charges: int = 1
    period_months: int = 1
    first_period_from: str | None = None
    unit_price_minor: int | None = None
    metering: Metering | None = None
    shares: tuple[Share, ...] = ()
    adjustments: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Every term by name, in JSON types; ``metering``, ``shares`` and ``adjustments`` only where there are any."""
        said = asdict(self)
        del said["metering"], said["shares"], said["adjustments"]
        if self.metering is not None:
            said["metering"] = self.metering.as_dict()
        if self.shares:
            said["shares"] = [asdict(share) for share in self.shares]
        if self.adjustments:
            said["adjustments"] = [dict(clause) for clause in self.adjustments]
        return said

    @property
    def is_periodic(self) -> bool:
        """Whether each charge pays for a period."""
        return self.kind in PERIODIC

    def total_minor(self, price_minor: int) -> int:
        """What all charges come to, without tax; at most, where use is metered."""
        return price_minor * self.charges if self.is_periodic else price_minor

    def parts(self, price_minor: int, concluded_on: date) -> list[PlannedPart]:
        """Every charge of an agreement that is concluded on a day, as clearing makes them."""
        first_from = date.fromisoformat(self.first_period_from) if self.first_period_from else concluded_on
        return plan_of(
            charging=self.kind,
            price_minor=price_minor,
            charges=self.charges,
            period_months=self.period_months,
            first_from=first_from,
        )


def parse_charging(stated: Any, *, prefix: str = "charging") -> ChargingTerms:
    """The terms of charging from ``as_dict`` or from an offer; what is not stated has the default. Without any, once.

    Raises FieldInvalid, which names the field as ``<prefix>.<name>``.
    """
    if stated is None:
        return ChargingTerms()
    if not isinstance(stated, Mapping):
        raise FieldInvalid(prefix, Label("specify an object of terms", "項目のオブジェクトにしてください"))
    for name in sorted(set(stated) - set(ChargingTerms.__dataclass_fields__)):
        raise FieldInvalid(
            f"{prefix}.{name}", Label("unknown term of charging; remove it", "この項目はありません")
        )
    metering = parse_metering(stated.get("metering"), prefix=f"{prefix}.metering")
    shares = parse_shares(stated.get("shares"), prefix=f"{prefix}.shares")
    adjustments = parse_adjustments(
        stated.get("adjustments"),
        charging=str(stated.get("kind", Charging.ONE_OFF.value)),
        prefix=f"{prefix}.adjustments",
    )
    terms = ChargingTerms(
        **{
            **ChargingTerms().as_dict(),
            **stated,
            "metering": metering,
            "shares": shares,
            "adjustments": adjustments,
        }
    )
    if terms.kind not in Charging.values:
        known = ", ".join(Charging.values)
        raise FieldInvalid(
            f"{prefix}.kind", Label(f"specify one of {known}", f"次から選んでください: {known}")
        )
    for name, (lowest, highest) in LIMITS.items():
        _check_number(f"{prefix}.{name}", getattr(terms, name), lowest, highest)
    if terms.kind == Charging.ONE_OFF and terms != ChargingTerms(shares=shares):
        raise FieldInvalid(
            f"{prefix}.kind",
            Label(
                "a price that is paid once has no further charges; specify instalment or subscription",
                "一括払いに続く課金はありません。instalment か subscription を指定してください",
            ),
        )
    if terms.charges * terms.period_months > TERM_MONTHS_MAX:
        most = Label(
            f"all charges fall within {TERM_MONTHS_MAX:,} months",
            f"すべての課金を{TERM_MONTHS_MAX:,}か月以内にしてください",
        )
        raise FieldInvalid(f"{prefix}.charges", most)
    _check_day(f"{prefix}.first_period_from", terms.first_period_from)
    _check_metered(terms, prefix)
    return terms


def _check_metered(terms: ChargingTerms, prefix: str) -> None:
    """Metered use has a price a use, and its periods begin with access; nothing else has."""
    name = f"{prefix}.unit_price_minor"
    if terms.kind == Charging.METERED:
        _check_number(name, terms.unit_price_minor, 1, AMOUNT_MINOR_MAX)
        if terms.first_period_from is not None:
            raise FieldInvalid(
                f"{prefix}.first_period_from",
                Label(
                    "metered periods begin with the conclusion; state no day",
                    "従量の期間は契約成立の日に始まります。日を指定しないでください",
                ),
            )
    elif terms.unit_price_minor is not None:
        raise FieldInvalid(
            name, Label("only metered use has a price a use; remove it", "従量の場合だけ指定できます")
        )
    elif terms.metering is not None:
        raise FieldInvalid(
            f"{prefix}.metering",
            Label(
                "only metered use has tiers, free uses or a trial; remove it", "従量の場合だけ指定できます"
            ),
        )


def require_chargeable(
    charging: ChargingTerms, price_minor: int, rights: Rights, *, now: datetime, zone: ZoneInfo, prefix: str
) -> None:
    """Check that what is agreed at ``now`` over these rights can be charged so: no period begins before, each charge is something, and
    the rights last until the last has run.

    Asked wherever ``rights.require_feasible`` is. Raises FieldInvalid, which names the term as ``<prefix>.<name>``.
    """
    total_minor = charging.total_minor(price_minor)
    # Only what is charged once may cost nothing; a template of contracts says what that is.
    least_minor = {Charging.ONE_OFF: 0, Charging.INSTALMENT: charging.charges}.get(Charging(charging.kind), 1)
    if total_minor > AMOUNT_MINOR_MAX or price_minor < least_minor:
        raise FieldInvalid(
            f"{prefix}.charges",
            Label(
                f"each charge is at least 1 and all together {AMOUNT_MINOR_MAX:,} at most, in minor units",
                f"各課金を1以上、合計を{AMOUNT_MINOR_MAX:,}以下（最小通貨単位）にしてください",
            ),
        )
    if charging.kind == Charging.ONE_OFF:
        return
    _require_within_ceiling(charging, price_minor, prefix)
    today = now.astimezone(zone).date()
    if charging.first_period_from and date.fromisoformat(charging.first_period_from) < today:
        raise FieldInvalid(f"{prefix}.first_period_from", BEGUN)
    end = end_of_use(rights.valid_until, rights.duration, now, zone)
    if end is None and charging.is_periodic:
        raise FieldInvalid(f"{prefix}.kind", ENDLESS)
    last = charging.parts(price_minor, today)[-1]
    trial_days = charging.metering.trial_days if charging.metering else 0
    if last.period_until and today + timedelta(days=trial_days) >= last.period_until:
        raise FieldInvalid(f"{prefix}.metering.trial_days", TRIAL_OVER)
    over = last.period_until or last.due_on + timedelta(days=1)
    if end is not None and end[0] < datetime.combine(over, time.min, zone):
        raise FieldInvalid(f"{prefix}.charges", ENDS_UNCHARGED)


def _require_within_ceiling(charging: ChargingTerms, price_minor: int, prefix: str) -> None:
    """No use costs more than the ceiling of its period."""
    if charging.unit_price_minor is not None and charging.unit_price_minor > price_minor:
        raise FieldInvalid(f"{prefix}.unit_price_minor", ABOVE_CEILING)
    tiers = charging.metering.tiers if charging.metering else ()
    if any(tier.unit_price_minor > price_minor for tier in tiers):
        raise FieldInvalid(f"{prefix}.metering.tiers", ABOVE_CEILING)


def require_paid_within_periods(
    charging: ChargingTerms, funding_days: int, *, now: datetime, zone: ZoneInfo, prefix: str
) -> None:
    """Check that each charge of a period that is agreed at ``now`` is paid in before the period ends, so that none is enjoyed unpaid.

    Asked wherever ``require_chargeable`` is. Raises FieldInvalid, which names ``<prefix>.funding_days``.
    """
    if not charging.is_periodic:
        return
    for part in charging.parts(0, now.astimezone(zone).date()):
        due = now if part.charge == 1 else datetime.combine(part.due_on, time.min, zone)
        over = datetime.combine(part.period_until or part.due_on, time.min, zone)
        if funding_deadline(due, funding_days, zone) >= over:
            raise FieldInvalid(f"{prefix}.funding_days", ENJOYED_UNPAID)


def _check_number(name: str, value: Any, lowest: int, highest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise FieldInvalid(
            name,
            Label(
                f"specify a whole number from {lowest} to {highest:,}",
                f"{lowest}から{highest:,}までの整数にしてください",
            ),
        )


def _check_day(name: str, value: Any) -> None:
    if value is None:
        return
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != value or not YEAR_MIN <= day.year <= YEAR_MAX:
        raise FieldInvalid(
            name,
            Label(
                f"specify a date as YYYY-MM-DD, up to the year {YEAR_MAX}",
                f"YYYY-MM-DD形式で、{YEAR_MAX}年までの日を指定してください",
            ),
        )
