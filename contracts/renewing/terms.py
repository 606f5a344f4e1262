"""The term ``renewal``: whether a contract goes on after its term, and until when a party refuses that. Pure.

``{"kind": "automatic", "months", "notice_days", "times_max"}`` or ``{"kind": "by_agreement", "notice_days"}``; None where it ends with its term.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from listings.rights import Rights
from listings.rights.limits import end_of_use, length
from listings.states import Charging
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import CHARGES_MAX, TERM_MONTHS_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .states import RenewalKind

if TYPE_CHECKING:
    from ..terms import Terms

FIELD: Final = "terms.renewal"
LIMITS: Final[Mapping[str, tuple[int, int]]] = {"months": (1, 60), "notice_days": (14, 180), "times_max": (1, 20)}  # fmt: skip
"""Each number at least and at most. The market needs days before the end to make what follows it."""
NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    RenewalKind.NONE.value: (),
    RenewalKind.AUTOMATIC.value: ("months", "notice_days", "times_max"),
    RenewalKind.BY_AGREEMENT.value: ("notice_days",),
}
"""What each kind states."""
SHORTEST_MONTH: Final = 28

UNENDING = Label(
    "only a contract whose rights end is renewed: state rights.duration or rights.valid_until",
    "更新できるのは終期のある契約だけです。rights.duration か rights.valid_until を指定してください",
)
NO_PERIOD = Label(
    "only a fixed price a period, which no clause adjusts, goes on by itself: choose charging subscription, or by_agreement",
    "自動更新できるのは、調整条項のない期間ごとの定額の対価だけです。課金を subscription にするか、by_agreement を選んでください",
)
BY_LAW = Label(
    "commissioned work is not renewed by itself: choose by_agreement",
    "委託による成果物は自動更新できません。by_agreement を選んでください",
)
POOLED = Label(
    "what a pool sells is not renewed by itself: choose by_agreement",
    "共同提供（プール）によるデータは自動更新できません。by_agreement を選んでください",
)
NOT_WHOLE = Label(
    "what is renewed by itself lasts for rights.duration in whole months, and its charged periods fill exactly these",
    "自動更新する契約は、rights.duration を月単位とし、課金の期間がそのすべてと一致するようにしてください",
)
NOT_PERIODS = Label(
    "a renewal is a whole number of charged periods ({months} months each)",
    "更新の期間は課金の期間（{months}か月）の整数倍にしてください",
)
NO_TIME = Label(
    "the day until which a party refuses has passed by then: state fewer days, or a longer term",
    "更新を拒絶できる期限がすでに過ぎることになります。日数を減らすか、期間を延ばしてください",
)
TOO_OFTEN = Label(
    "renewed so often, its charges or its term pass what one contract may have: state fewer times",
    "その回数の更新では、課金の回数もしくは総額または期間が一つの契約の上限を超えます。回数を減らしてください",
)


def parse_renewal(value: Any) -> dict[str, Any] | None:
    """The term in JSON types, None where nothing is renewed; raises FieldInvalid, which names ``terms.renewal.<part>``."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or "kind" not in value:
        raise FieldInvalid(
            FIELD, Label("specify an object with kind", "kind を含むオブジェクトにしてください")
        )
    kind = value["kind"]
    if kind not in RenewalKind.values:
        known = ", ".join(RenewalKind.values)
        raise FieldInvalid(f"{FIELD}.kind", Label(f"specify one of {known}", f"{known} から選んでください"))
    for name in sorted(set(value) - {"kind", *NUMBERS[kind]}):
        unknown = Label(f"{kind} states no such number; remove it", f"{kind} では指定できません")
        raise FieldInvalid(f"{FIELD}.{name}", unknown)
    for name in NUMBERS[kind]:
        number, (lowest, highest) = value.get(name), LIMITS[name]
        if not isinstance(number, int) or isinstance(number, bool) or not lowest <= number <= highest:
            raise FieldInvalid(
                f"{FIELD}.{name}",
                Label(
                    f"specify a whole number from {lowest} to {highest}",
                    f"{lowest}から{highest}までの整数にしてください",
                ),
            )
    if kind == RenewalKind.NONE:
        return None
    return {"kind": str(kind), **{name: value[name] for name in NUMBERS[kind]}}


def state_renewal(value: Any, rights: Rights, standing: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The term as a party states it anew: ``months`` that it leaves out are those of the ``standing`` term, or the whole term of the rights.

    Raises as ``parse_renewal``.
    """
    if not isinstance(value, Mapping) or value.get("kind") != RenewalKind.AUTOMATIC or "months" in value:
        return parse_renewal(value)
    months = (standing or {}).get("months") or whole_months(rights)
    if months is None:
        raise FieldInvalid(f"{FIELD}.kind", NOT_WHOLE)
    return parse_renewal({**value, "months": months})


def require_renewable(terms: Terms, *, at: datetime, zone: ZoneInfo) -> None:
    """Check that a contract over ``terms`` that is concluded at ``at`` can be renewed as they say; raises FieldInvalid."""
    renewal = terms.renewal
    if renewal is None:
        return
    notice_by = notice_day(terms, at, zone)
    if notice_by is None:
        raise FieldInvalid(f"{FIELD}.kind", UNENDING)
    if notice_by <= at:
        raise FieldInvalid(f"{FIELD}.notice_days", NO_TIME)
    if renewal["kind"] == RenewalKind.AUTOMATIC:
        _require_going_on(terms, renewal)


def _require_going_on(terms: Terms, renewal: Mapping[str, Any]) -> None:
    charging, months = terms.charging, whole_months(terms.rights)
    if terms.commission is not None:
        raise FieldInvalid(f"{FIELD}.kind", BY_LAW)
    if charging.kind != Charging.SUBSCRIPTION or charging.adjustments:
        raise FieldInvalid(f"{FIELD}.kind", NO_PERIOD)
    if months is None or charging.charges * charging.period_months != months:
        raise FieldInvalid(f"{FIELD}.kind", NOT_WHOLE)
    if renewal["months"] % charging.period_months:
        raise FieldInvalid(f"{FIELD}.months", NOT_PERIODS.fill({"months": charging.period_months}))
    if renewal["notice_days"] >= SHORTEST_MONTH * renewal["months"]:
        raise FieldInvalid(f"{FIELD}.notice_days", NO_TIME)
    charges = charging.charges + renewal["times_max"] * renewal["months"] // charging.period_months
    if (
        charges > CHARGES_MAX
        or charges * charging.period_months > TERM_MONTHS_MAX
        or charges * terms.price_minor > AMOUNT_MINOR_MAX
    ):
        raise FieldInvalid(f"{FIELD}.times_max", TOO_OFTEN)


def whole_months(rights: Rights) -> int | None:
    """The months of rights that last for a duration in whole months, and nothing else; None for others."""
    if rights.duration is None or rights.valid_until is not None:
        return None
    months, days = length(rights.duration)
    return months if months and not days else None


def notice_day(terms: Terms, concluded_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Until when (UTC) a party refuses, or both were to agree on, what follows the signed end; None without an end, or a renewal.

    PostgreSQL: ``public.notice_of_renewal``."""
    rights = terms.rights
    end = end_of_use(rights.valid_until, rights.duration, concluded_at, zone)
    if end is None or terms.renewal is None:
        return None
    return end[0].astimezone(UTC) - timedelta(days=terms.renewal["notice_days"])


def renewed(terms: Terms) -> Terms:
    """The terms after one automatic renewal: the rights end later by its months, whose charges are added; nothing else changes."""
    assert terms.renewal is not None  # noqa: S101  the caller renews
    months, charging = terms.renewal["months"], terms.charging
    lasting = (whole_months(terms.rights) or 0) + months
    return replace(
        terms,
        rights=replace(terms.rights, duration=f"P{lasting}M"),
        charging=replace(charging, charges=charging.charges + months // charging.period_months),
    )


def amendment_to_renew(stated: Mapping[str, Any]) -> dict[str, Any] | None:
    """Terms to propose, so that a contract over ``stated`` lasts as long again; None where its term is no period, or is charged otherwise."""
    duration, charging = stated["rights"].get("duration"), stated.get("charging")
    if duration is None or stated["rights"].get("valid_until") is not None:
        return None
    months, days = length(duration)
    longer = f"P{2 * months}M{2 * days}D" if months else f"P{2 * days}D"
    wanted: dict[str, Any] = {"rights": {"duration": longer.replace("M0D", "M")}}
    if charging is not None and charging["kind"] == Charging.SUBSCRIPTION:
        wanted["charging"] = {**charging, "charges": 2 * charging["charges"]}
    return wanted


def is_automatic(terms: Terms) -> bool:
    """Whether a contract over ``terms`` is renewed by itself."""
    return terms.renewal is not None and terms.renewal["kind"] == RenewalKind.AUTOMATIC
