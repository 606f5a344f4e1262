"""What follows from ending an agreement early: access, money, copies and what survives. Pure.

They are shown before a party confirms, and the command repeats their digest, so nobody confirms others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from listings.charging import plan_of as plan_of_charges
from listings.rights import span
from listings.states import PERIODIC
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money as Amount

from .ending_states import CERTIFICATE_DAYS, RefundRule
from .plan import Money, plan_of
from .pro_rata import ProRata, pro_rata

ACCESS = Label(
    "Access ends at the end of {last_day} (Japan time).",
    "データの提供は {last_day} の24時（日本時間）に終了します。",
)
RETURNED = Label(
    "{unused} of {days} days are not enjoyed: {refund} and {tax} tax come back, {total} in all; {kept} and {kept_tax} tax stay with the seller.",
    "{days}日のうち{unused}日が未利用となり、{refund}と消費税等{tax}（合計{total}）が返金されます。{kept}と消費税等{kept_tax}は提供者に残ります。",
)
NOTHING_RETURNED = Label("Nothing of the price comes back.", "対価の返金はありません。")
UNACCEPTED = Label(
    "If the delivery is not accepted by then, its whole price comes back instead.",
    "終了の時までに検収されていない場合は、これに代えて対価の全額が返金されます。",
)
DELETION = Label(
    "The buyer deletes the data with all copies and certifies it within {days} days of the end.",
    "利用者は複製を含めデータを消去し、終了から{days}日以内に消去証明を提出します。",
)
NO_DELETION = Label(
    "The use ends; what the contract says about the data after its end holds.",
    "データの利用は終了し、終了後の措置に関する契約条項が適用されます。",
)
SURVIVES = Label(
    "Confidentiality, liability, what is owed, and how disputes are settled survive as the contract says.",
    "秘密保持、責任、既発生の債務および紛争解決に関する条項は、契約に従い存続します。",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an agreement says and where it stands: ``content`` is the signed object; ``signed_end`` the end of the signed rights and
    ``ends_at`` that with what was given back, both null without a term; ``returned_minor`` of the price was returned before. ``prices_minor``: of an
    amended agreement, each first charge with the price from it on, in order."""

    agreement: str
    content: Mapping[str, Any]
    concluded_at: datetime
    signed_end: datetime | None
    ends_at: datetime | None
    returned_minor: int
    prices_minor: tuple[tuple[int, int], ...] = ()

    def price_of(self, charge: int) -> int:
        """The price of a charge, without tax."""
        stated: int = self.content["terms"]["price_minor"]
        return [stated, *(price for first, price in self.prices_minor if first <= charge)][-1]


def access_until(last_day: date, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) after the last day."""
    return span(last_day.isoformat(), zone)[1].astimezone(UTC)


def consequences_of(
    standing: Standing, *, ground: str, last_day: date, refund: str, zone: ZoneInfo
) -> dict[str, Any]:
    """The consequences of ending the agreement with ``last_day``, in JSON types; amounts in minor units."""
    terms, money = standing.content["terms"], plan_of(standing.content).money
    until = access_until(last_day, zone)
    period = (
        _charged_period(standing, money, last_day, zone)
        if money.charging in PERIODIC
        else _period(standing, until, zone)
    )
    charge = period.pop("charge", 1) if period else 1
    divided = _divided(standing, period, refund, price_minor=standing.price_of(charge))
    return {
        "agreement": standing.agreement,
        "ground": str(ground),
        "last_day": last_day.isoformat(),
        "access_until": until.isoformat(),
        "refund": str(refund),
        "period": period,
        "currency": terms["currency"],
        "tax_rate_bp": standing.content["tax_rate_bp"],
        "refund_minor": divided.refund_minor,
        "refund_tax_minor": divided.refund_tax_minor,
        "kept_minor": divided.kept_minor,
        "kept_tax_minor": divided.kept_tax_minor,
        "deletion": bool(terms["rights"].get("delete_at_end")),
        "certificate_days": CERTIFICATE_DAYS,
    }


def _period(standing: Standing, until: datetime, zone: ZoneInfo) -> dict[str, Any] | None:
    """The period that a price paid at once pays: from the day after the agreement to the end of the rights; None without a term.

    Days of access that were given back were not enjoyed, so they count among the unused, up to the whole period.
    """
    if standing.signed_end is None or standing.ends_at is None:
        return None
    first = standing.concluded_at.astimezone(zone).date() + timedelta(days=1)
    begins = datetime.combine(first, time.min, tzinfo=zone)
    days = max((standing.signed_end - begins).days, 1)
    unused = min(max((standing.ends_at - until).days, 0), days)
    last = (standing.signed_end - timedelta(microseconds=1)).astimezone(zone).date()
    return {
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "days": days,
        "unused_days": unused,
    }


def _charged_period(
    standing: Standing, money: Money, last_day: date, zone: ZoneInfo
) -> dict[str, Any] | None:
    """The period of a price a period in which the last day falls, or the first if that is still to begin; None after the last."""
    concluded_on = standing.concluded_at.astimezone(zone).date()
    first_from = date.fromisoformat(money.first_period_from) if money.first_period_from else concluded_on
    parts = plan_of_charges(
        charging=money.charging,
        price_minor=money.price_minor,
        charges=len(money.charges),
        period_months=money.period_months,
        first_from=first_from,
    )
    for part in parts:
        if part.period_from is not None and part.period_until is not None and last_day < part.period_until:
            days = (part.period_until - part.period_from).days
            return {
                "first_day": part.period_from.isoformat(),
                "last_day": (part.period_until - timedelta(days=1)).isoformat(),
                "days": days,
                "unused_days": min((part.period_until - last_day).days - 1, days),
                "charge": part.charge,
            }
    return None


def _divided(
    standing: Standing, period: Mapping[str, Any] | None, refund: str, *, price_minor: int
) -> ProRata:
    days, unused = (period["days"], period["unused_days"]) if period else (1, 0)
    return pro_rata(
        price_minor=price_minor,
        tax_rate_bp=standing.content["tax_rate_bp"],
        days=days,
        unused_days=unused if refund == RefundRule.PRO_RATA else 0,
        returned_minor=min(max(standing.returned_minor, 0), price_minor),
    )


def digest_of_consequences(consequences: Mapping[str, Any]) -> str:
    """What the command that confirms these consequences repeats."""
    return digest_of(dict(consequences))


def words_of(consequences: Mapping[str, Any]) -> dict[str, str]:
    """The consequences in words, one line each, by language."""
    return {
        language: "\n".join(_filled(line, consequences, language) for line in _lines(consequences))
        for language in ("ja", "en")
    }


def _lines(consequences: Mapping[str, Any]) -> list[Label]:
    money = RETURNED if consequences["refund_minor"] else NOTHING_RETURNED
    copies = DELETION if consequences["deletion"] else NO_DELETION
    return [ACCESS, money, UNACCEPTED, copies, SURVIVES]


def _filled(line: Label, consequences: Mapping[str, Any], language: str) -> str:
    def amount(*names: str) -> str:
        total_minor = sum(consequences[name] for name in names)
        return Amount(total_minor, consequences["currency"]).format("ja" if language == "ja" else "en")

    period = consequences["period"] or {"days": 0, "unused_days": 0}
    is_copies = line is DELETION
    return line.in_language(language).format(
        last_day=consequences["last_day"],
        days=consequences["certificate_days"] if is_copies else period["days"],
        unused=period["unused_days"],
        refund=amount("refund_minor"),
        tax=amount("refund_tax_minor"),
        total=amount("refund_minor", "refund_tax_minor"),
        kept=amount("kept_minor"),
        kept_tax=amount("kept_tax_minor"),
    )
