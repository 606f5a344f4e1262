"""The term ``commission``: what work is commissioned, and by when and where it is delivered; what the market finds of the laws. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from listings.ending import RefundRule
from listings.states import Charging
from marketplace.kernel.calendars import funding_deadline
from marketplace.kernel.days import stated_day
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.texts import UNPRINTED, is_visible
from marketplace.participants.organisation_facts import Size

from .law import PAYMENT_DAYS, Work, classify, is_protected

CLEARING_DAYS: Final = 14
"""Calendar days that clearing and the bank need at most: five business days and the longest row of holidays."""
INSPECTION_DAYS_MAX: Final = PAYMENT_DAYS - 1 - CLEARING_DAYS
TEXT_LENGTH_MAX: Final = 2_000
PLACE_LENGTH_MAX: Final = 200
STATED: Final = ("work", "content", "deliver_by", "place", "holiday_shift")
"""What the parties state; ``sizes`` and ``findings`` the market adds."""
FOUND: Final[Mapping[str, Any]] = {"sizes": None, "findings": []}


def parse_commission(value: Any) -> dict[str, Any] | None:
    """The term from ``Terms.as_dict``, with what the market found; raises FieldInvalid."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _unstated()
    stated = state_commission({name: part for name, part in value.items() if name not in FOUND})
    return {**(stated or {}), **{name: value.get(name, empty) for name, empty in FOUND.items()}}


def state_commission(value: Any) -> dict[str, Any] | None:
    """The term as a party states it: null, or an object of ``STATED``; raises FieldInvalid.

    ``work``: of ``Work``; ``content``: what is made, by which the work is inspected; ``deliver_by``: ISO 8601 date; ``place``: where it
    is delivered; ``holiday_shift``: whether a payment day that is a bank holiday may come up to two days later.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) - set(STATED):
        raise _unstated()
    stated = {"place": "", "holiday_shift": False, **value}
    if stated.get("work") not in Work.values:
        known = ", ".join(Work.values)
        raise FieldInvalid(
            "terms.commission.work", Label(f"choose from {known}", f"{known} から選んでください")
        )
    for name, most in (("content", TEXT_LENGTH_MAX), ("place", PLACE_LENGTH_MAX)):
        text = stated.get(name)
        if (
            not isinstance(text, str)
            or not is_visible(text)
            or len(text) > most
            or "\x00" in text
            or re.search(UNPRINTED, text)
        ):
            raise FieldInvalid(
                f"terms.commission.{name}",
                Label(
                    f"write 1 to {most} characters, each of which shows",
                    f"1～{most}字の表示される文字で記載してください",
                ),
            )
    if not isinstance(stated["holiday_shift"], bool):
        raise FieldInvalid(
            "terms.commission.holiday_shift",
            Label("specify true or false", "true か false を指定してください"),
        )
    _day(stated.get("deliver_by"))
    return {
        name: stated[name].strip() if isinstance(stated[name], str) else stated[name] for name in STATED
    } | {
        **FOUND,
        "findings": [],
    }


def with_findings(
    commission: Mapping[str, Any] | None, *, buyer: Size, seller: Size, on: date
) -> dict[str, Any] | None:
    """The term with the sizes of both sides and what the laws say of them on a day."""
    if commission is None:
        return None
    findings = classify(commission["work"], buyer=buyer, seller=seller, on=on)
    return {
        **commission,
        "sizes": {"buyer": asdict(buyer), "seller": asdict(seller)},
        "findings": [finding.as_dict() for finding in findings],
    }


def is_by_law(commission: Mapping[str, Any] | None) -> bool:
    """Whether what the laws on commissioned work demand is carried out."""
    return commission is not None and is_protected(commission["findings"])


def require_lawful(
    commission: Mapping[str, Any] | None,
    *,
    funding_days: int,
    inspection_days: int,
    charging: str,
    ending: Mapping[str, Any],
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Check that commissioned work can be delivered on its day and paid for by the day of the law.

    Raises FieldInvalid, which names the term that stands against it as ``terms.<name>``.
    """
    if commission is None:
        return
    deliver_by = _day(commission["deliver_by"])
    if deliver_by < now.astimezone(zone).date():
        raise FieldInvalid(
            "terms.commission.deliver_by",
            Label("specify a day that is not past", "過ぎていない日を指定してください"),
        )
    funded_on = funding_deadline(now, funding_days, zone).astimezone(zone).date()
    # The deadline is the first moment of the next day.
    if funded_on > deliver_by and (funded_on - deliver_by).days > 1:
        raise FieldInvalid(
            "terms.funding_days",
            Label(
                "the price is paid in before the work is delivered: state fewer days, or a later commission.deliver_by",
                "代金は納期までに入金されなければなりません。日数を減らすか、commission.deliver_by を遅くしてください",
            ),
        )
    if not is_by_law(commission):
        return
    if inspection_days > INSPECTION_DAYS_MAX:
        raise FieldInvalid(
            "terms.inspection_days",
            Label(
                f"commissioned work is paid for within {PAYMENT_DAYS} days of its receipt: inspect within {INSPECTION_DAYS_MAX} days at most",
                f"委託による成果物の代金は受領日から{PAYMENT_DAYS}日以内に支払われます。検査は{INSPECTION_DAYS_MAX}日以内にしてください",
            ),
        )
    if charging != Charging.ONE_OFF:
        raise FieldInvalid(
            "terms.charging.kind",
            Label(
                f"commissioned work is paid for within {PAYMENT_DAYS} days of its receipt, so at once: choose one_off",
                f"委託による成果物の代金は受領日から{PAYMENT_DAYS}日以内に支払われるため、one_off（一括）を選んでください",
            ),
        )
    if ending["refund"] == RefundRule.PRO_RATA:
        raise FieldInvalid(
            "terms.ending.refund",
            Label(
                "the price of commissioned work is not reduced without a fault of the seller: choose none",
                "委託による成果物の代金は、提供者の責めに帰すべき事由なく減額できません。none を選んでください",
            ),
        )


def _day(value: Any) -> date:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != value:
        raise FieldInvalid(
            "terms.commission.deliver_by",
            Label("specify a date as YYYY-MM-DD", "YYYY-MM-DD形式で指定してください"),
        )
    return stated_day("terms.commission.deliver_by", day)


def _unstated() -> FieldInvalid:
    names = ", ".join(STATED)
    return FieldInvalid(
        "terms.commission",
        Label(f"specify null, or an object of {names}", f"null か、{names} のオブジェクトを指定してください"),
    )
