"""What follows from ending an agreement early: access, money, copies and what survives. Pure.

They are shown before a party confirms, and the command repeats their digest, so nobody confirms others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from listings.charging import PlannedPart
from listings.charging import plan_of as plan_of_charges
from listings.ending import RefundRule
from listings.rights import span
from listings.states import PERIODIC, Charging
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money as Amount

from ..plan import Money, plan_of
from .pro_rata import ProRata, pro_rata
from .states import CERTIFICATE_DAYS

ACCESS = Label(
    "Access ends at the end of {last_day} (Japan time).",
    "データの提供は {last_day} の24時（日本時間）に終了します。",
)
RETURNED = Label(
    "{unused} of {days} days are not enjoyed: {refund} and {tax} tax come back, {total} in all; {kept} and {kept_tax} tax stay with the seller.",
    "{days}日のうち{unused}日が未利用となり、{refund}と消費税等{tax}（合計{total}）が返金されます。{kept}と消費税等{kept_tax}は提供者に残ります。",
)
BY_SELLER = Label(
    "The provider gives this notice: of a price for days what is not enjoyed comes back, and no instalment that is due after the last day is owed.",
    "提供者による解約の通知です。日割りのできる対価は未利用分が返金され、最終日の翌日以後に履行期が到来する分割払いの支払義務は消滅します。",
)
NOTHING_RETURNED = Label("Nothing of the price comes back.", "対価の返金はありません。")
LOST = Label(
    "Days of access that are lost from now on, or in a suspension that lasts to the end, count as not enjoyed too.",
    "今後失われ、または終了時まで続く停止により失われた利用日も、未利用の日数に加えられます。",
)
ADJUSTED = Label(
    "The days are of the price of the period as clauses of the contract have adjusted it when the agreement ends; the amounts count what they have adjusted by now.",
    "日割りは、契約の調整条項により終了時までに調整されたその期間の対価について行われます。上記の金額は、現在までの調整によるものです。",
)
UNRECEIVED = Label(
    "What was not received as a whole by then comes back whole instead. What was received is inspected on after the end, and paid once it is accepted, less what comes back.",
    "終了の時までに全部を受領していない場合は、これに代えて対価の全額が返金されます。受領済みの場合は終了後も検査が続き、検収されたときに、返金額を除いて支払われます。",
)
UNRECEIVED_PERIOD = Label(
    "Where no file was received as a whole by then, the price comes back whole instead, but for metered use that was counted. What was received, in part too, is inspected on after the end, and paid once it is accepted, less what comes back.",
    "終了の時までに最後まで受領されたファイルがない場合は、これに代えて対価の全額が返金されます（計測済みの利用の代金を除く）。一部でも受領済みの場合は終了後も検査が続き、検収されたときに、返金額を除いて支払われます。",
)
UNPAID = Label(
    "If the charge of this period is not paid in by then, it is no longer owed and nothing comes back.",
    "この期間の代金がその時までに入金されていない場合は、支払義務は消滅し、返金もありません。",
)
NOTHING_DUE = Label(
    "If the data was not received as a whole by then, nothing further falls due and what was paid in comes back. If it was received, it is inspected on after the end.",
    "終了の時までに全部を受領していない場合は、以後の課金はなく、入金済みの代金は返金されます。受領済みの場合は終了後も検査が続きます。",
)
STILL_DUE = Label(
    "Once the delivery is accepted, {charges} of {price}, without tax, still fall due: {days}.",
    "検収済みの場合、{price}（税抜）の課金{charges}回の履行期は変わりません：{days}。",
)
AS_CHARGED = Label(
    "The tax is shown at the rate of the contract; it comes back as it was charged.",
    "消費税等は契約の税率により表示したものであり、課税された額に応じて返金されます。",
)
RECEIVED_IS_PAID = Label(
    "What was not received as a whole by then comes back whole instead. What was received by then is paid, as the law on commissioned work demands, unless a fault of the seller is recorded.",
    "終了の時までに全部を受領していない場合は、これに代えて対価の全額が返金されます。終了の時までに受領した給付の代金は、委託に関する法律により、提供者の責めに帰すべき事由が記録されない限り支払われます。",
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


TAXES: Final = frozenset({"tax_rate_bp", "refund_tax_minor", "kept_tax_minor"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What an agreement says and where it stands: ``content`` is the signed object; ``signed_end`` the end of the signed rights and
    ``ends_at`` that with what was given back, both null without a term; ``returned_minor`` of the price of each charge was returned before,
    and ``adjusted_minor`` was added to it by clauses (negative: taken off). ``money``: the charges as every version of an amended agreement
    states them; without it those of ``content``."""

    agreement: str
    content: Mapping[str, Any]
    concluded_at: datetime
    signed_end: datetime | None
    ends_at: datetime | None
    returned_minor: Mapping[int, int]
    money: Money | None = None
    adjusted_minor: Mapping[int, int] = field(default_factory=dict)


def access_until(last_day: date, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) after the last day."""
    return span(last_day.isoformat(), zone)[1].astimezone(UTC)


def consequences_of(
    standing: Standing, *, ground: str, last_day: date, refund: str, zone: ZoneInfo, by_seller: bool = False
) -> dict[str, Any]:
    """The consequences of ending the agreement with ``last_day``, in JSON types; amounts in minor units.

    ``charge`` is the number of the charge that is divided: the one price, or that of the period; null for instalments, which pay for no
    days, and after the last period. What is kept is what is or will be paid of it, or of all instalments: those ``still_due`` are due
    after the last day; after a notice ``by_seller`` none is. Where clauses adjust the price, it is divided as they have adjusted it, by ``adjusted_minor`` so far
    (``refund_after_loss``). The tax is that of the signed rate (``digest_of_consequences``).
    """
    plan = plan_of(standing.content)
    terms, money = standing.content["terms"], standing.money or plan.money
    until = access_until(last_day, zone)
    period, charge = _period(standing, until, zone), 1
    parts = planned_parts(standing.concluded_at, money, zone)
    if money.charging in PERIODIC:
        period, charge = _charged_period(parts, last_day)
    is_instalment = money.charging == Charging.INSTALMENT
    owed = [part for part in parts if part.due_on <= last_day] if by_seller else parts
    if is_instalment:
        owed_minor = sum(part.price_minor for part in owed)
    else:
        owed_minor = money.charges[charge - 1].price_minor if charge else 0
    divided = _divided(standing, owed_minor, period, charge, refund, is_instalment=is_instalment)
    return {
        "agreement": standing.agreement,
        "ground": str(ground),
        "last_day": last_day.isoformat(),
        "access_until": until.isoformat(),
        "refund": str(refund),
        "charging": money.charging,
        "charge": None if is_instalment else charge or None,
        "period": period,
        "still_due": _still_due(owed, last_day) if is_instalment else [],
        "currency": terms["currency"],
        "tax_rate_bp": standing.content["tax_rate_bp"],
        "refund_minor": divided.refund_minor,
        "refund_tax_minor": divided.refund_tax_minor,
        "kept_minor": divided.kept_minor,
        "kept_tax_minor": divided.kept_tax_minor,
        "deletion": bool(terms["rights"].get("delete_at_end")),
        "certificate_days": CERTIFICATE_DAYS,
        **({} if plan.commission is None else {"received_is_paid": True}),
        **({"by_seller": True} if by_seller else {}),
        **({"adjusted_minor": standing.adjusted_minor.get(charge, 0)} if money.adjustments else {}),
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


def planned_parts(concluded_at: datetime, money: Money, zone: ZoneInfo) -> list[PlannedPart]:
    """Every charge of an agreement that was concluded then, as clearing makes them."""
    concluded_on = concluded_at.astimezone(zone).date()
    first_from = date.fromisoformat(money.first_period_from) if money.first_period_from else concluded_on
    return plan_of_charges(
        charging=money.charging,
        price_minor=money.price_minor,
        charges=len(money.charges),
        period_months=money.period_months,
        first_from=first_from,
    )


def _charged_period(parts: list[PlannedPart], last_day: date) -> tuple[dict[str, Any] | None, int]:
    """The period of a price a period in which the last day falls, or the first if that is still to begin, and its charge; None and 0
    after the last."""
    for part in parts:
        if part.period_from is not None and part.period_until is not None and last_day < part.period_until:
            days = (part.period_until - part.period_from).days
            period = {
                "first_day": part.period_from.isoformat(),
                "last_day": (part.period_until - timedelta(days=1)).isoformat(),
                "days": days,
                "unused_days": min((part.period_until - last_day).days - 1, days),
            }
            return period, part.charge
    return None, 0


def _still_due(parts: list[PlannedPart], last_day: date) -> list[dict[str, Any]]:
    """The instalments that are due after the last day, those of one amount together."""
    due = [part for part in parts if part.due_on > last_day]
    return [
        {"amount_minor": amount_minor, "due_on": [part.due_on.isoformat() for part in alike]}
        for amount_minor, alike in groupby(due, key=lambda part: part.price_minor)
    ]


def _divided(
    standing: Standing,
    owed_minor: int,
    period: Mapping[str, Any] | None,
    charge: int,
    refund: str,
    *,
    is_instalment: bool,
) -> ProRata:
    """The price of the charge as clauses have adjusted it, in two parts, less what was returned of it before; of instalments the price of
    all that are owed stays."""
    days, unused = (period["days"], period["unused_days"]) if period else (1, 0)
    returned_minor = standing.returned_minor.get(charge, 0)
    if is_instalment:
        returned_minor = sum(standing.returned_minor.values())
    price_minor = max(owed_minor + standing.adjusted_minor.get(charge, 0), 0) if charge else 0
    return pro_rata(
        price_minor=price_minor,
        tax_rate_bp=standing.content["tax_rate_bp"],
        days=days,
        unused_days=unused if refund == RefundRule.PRO_RATA else 0,
        # What people returned of the price before a clause reduced it may be more than is left of it.
        returned_minor=min(max(returned_minor, 0), price_minor),
    )


def refund_after_loss(consequences: Mapping[str, Any], lost: timedelta, adjusted_minor: int = 0) -> int:
    """What comes back without tax, in minor units, where access was ``lost`` since the consequences were shown: by whole days that were
    lost more days of the period were not enjoyed, up to all of them. ``adjusted_minor``: what clauses have added to the price by now,
    of which the consequences counted what they had added then."""
    refund_minor: int = consequences["refund_minor"]
    period = consequences["period"]
    if period is None or consequences["refund"] != RefundRule.PRO_RATA:
        return refund_minor
    unused = min(period["unused_days"] + max(lost.days, 0), period["days"])
    added_minor = adjusted_minor - consequences.get("adjusted_minor", 0)
    left_minor = max(refund_minor + consequences["kept_minor"] + added_minor, 0)
    return int(left_minor * unused // period["days"])


def digest_of_consequences(consequences: Mapping[str, Any]) -> str:
    """What the command that confirms these consequences repeats.

    It leaves out the tax: that is shown at the signed rate, and comes back at the rate of the day on which it was charged, which the
    parties do not agree on.
    """
    return digest_of({name: value for name, value in consequences.items() if name not in TAXES})


def words_of(consequences: Mapping[str, Any]) -> dict[str, str]:
    """The consequences in words, one line each, by language."""
    return {
        language: "\n".join(_filled(line, consequences, language) for line in _lines(consequences))
        for language in ("ja", "en")
    }


def _lines(consequences: Mapping[str, Any]) -> list[Label]:
    copies = DELETION if consequences["deletion"] else NO_DELETION
    is_by_days = consequences["refund"] == RefundRule.PRO_RATA and consequences["period"] is not None
    money = [RETURNED, AS_CHARGED] if consequences["refund_minor"] else [NOTHING_RETURNED]
    money += [BY_SELLER] if consequences.get("by_seller") else []
    money += [LOST] if is_by_days else []
    money += [ADJUSTED] if is_by_days and "adjusted_minor" in consequences else []
    if consequences["charging"] == Charging.INSTALMENT:
        money += [_still_due_words(group, consequences["currency"]) for group in consequences["still_due"]]
        money.append(NOTHING_DUE)
    else:
        is_periodic = consequences["charging"] in PERIODIC
        money += [UNPAID] if is_periodic and consequences["charge"] else []
        money.append(_unreceived(is_periodic=is_periodic, by_law=bool(consequences.get("received_is_paid"))))
    return [ACCESS, *money, copies, SURVIVES]


def _unreceived(*, is_periodic: bool, by_law: bool) -> Label:
    """What becomes of the price of what was not received, and of what was."""
    if by_law:
        return RECEIVED_IS_PAID
    return UNRECEIVED_PERIOD if is_periodic else UNRECEIVED


def _still_due_words(group: Mapping[str, Any], currency: str) -> Label:
    amount, days = Amount(group["amount_minor"], currency), group["due_on"]
    return STILL_DUE.fill(
        {
            "charges": Label(f"{len(days)} charges" if len(days) > 1 else "1 charge", str(len(days))),
            "price": Label(amount.format("en"), amount.format("ja")),
            "days": Label(", ".join(days), "、".join(days)),
        }
    )


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
