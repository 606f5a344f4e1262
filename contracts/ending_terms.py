"""The term ``ending``: whether a party may end the contract by notice, and what then comes back; and its words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from listings.states import Charging
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .ending_states import NOTICE_DAYS, RefundRule

NO_ENDING: Final[Mapping[str, Any]] = {"convenience_notice_days": None, "refund": RefundRule.NONE.value}
"""A contract that says nothing of it: nobody ends it by notice."""

HEADING = Label("End before the term", "中途終了")
_BY_NOTICE = Label(
    "Either party may end this contract by notice through the Market at least {days} days before its last day; the day of the notice is not counted."
    " Access ends at the end of the last day (Japan time).",
    "各当事者は、最終日の{days}日前まで（通知の日は算入しない）に本市場を通じて通知することにより、本契約を中途で解約することができる。提供は最終日の24時（日本時間）に終了する。",
)
_NO_NOTICE = Label(
    "Neither party may end this contract by notice before its term.",
    "いずれの当事者も、通知により本契約を中途で解約することはできない。",
)
_REFUND = {
    RefundRule.PRO_RATA: Label(
        "After such a notice the price that was paid in advance is returned for the days of the term after the last day, and for days of access that were lost before, rounded down to a whole unit, with its tax.",
        "この場合、前払いの対価は、最終日の翌日以降の残日数および失われた利用日数に応じて日割り計算（端数切捨て）し、その消費税等とともに返還する。",
    ),
    RefundRule.NONE: Label(
        "After such a notice nothing of the price is returned.", "この場合、対価は返還しない。"
    ),
}
_ALWAYS = Label(
    "Both parties may end it at any time by agreement, with the consequences that the Market shows them. What was not received as a whole when it ends is not paid; what was received is inspected to the end of its period, and paid once it is accepted.",
    "両当事者は、本市場が示す効果を確認のうえ、いつでも合意により本契約を終了させることができる。終了の時に全部が受領されていない提供の対価は支払われない。受領済みの提供は検査期間の満了まで検査に付され、検収されたときに対価が支払われる。",
)


INDIVISIBLE = Label(
    "by days only a price that is paid once or a period is returned: choose none, or another way of charging",
    "日割りで返金できるのは、一括または期間ごとの定額の対価だけです。none を選ぶか、課金の方法を変更してください",
)


ENDLESS = Label(
    "of a use without an end no days are left to return: choose none, or state until when the right lasts",
    "期限のない利用には返金する残日数がありません。none を選ぶか、利用期限を定めてください",
)


DIVISIBLE: Final = (Charging.ONE_OFF.value, Charging.SUBSCRIPTION.value)
"""What is returned by days: instalments pay for no days, and metered use is paid as it was used."""


def is_divisible(charging: str) -> bool:
    """Whether a price that is charged so is returned by days."""
    return charging in DIVISIBLE


def require_divisible(ending: Mapping[str, Any], charging: str, *, has_end: bool) -> None:
    """Raise FieldInvalid for a return after notice that cannot be carried out; ``has_end``: the rights of use end by time."""
    returns = ending["convenience_notice_days"] is not None and ending["refund"] == RefundRule.PRO_RATA
    if returns and not is_divisible(charging):
        raise FieldInvalid("terms.ending.refund", INDIVISIBLE)
    if returns and not has_end:
        raise FieldInvalid("terms.ending.refund", ENDLESS)


def parse_ending(value: Any, current: Mapping[str, Any] = NO_ENDING) -> dict[str, Any]:
    """The term in JSON types, with what ``value`` omits from ``current``; raises FieldInvalid."""
    if not isinstance(value, Mapping) or set(value) - set(NO_ENDING):
        raise FieldInvalid(
            "terms.ending",
            Label(
                "specify an object with convenience_notice_days and refund",
                "convenience_notice_days と refund のオブジェクトにしてください",
            ),
        )
    ending = {**NO_ENDING, **current, **value}
    days, (lowest, highest) = ending["convenience_notice_days"], NOTICE_DAYS
    is_days = isinstance(days, int) and not isinstance(days, bool) and lowest <= days <= highest
    if days is not None and not is_days:
        raise FieldInvalid(
            "terms.ending.convenience_notice_days",
            Label(
                f"specify null or a whole number from {lowest} to {highest}",
                f"null または{lowest}から{highest}までの整数にしてください",
            ),
        )
    if ending["refund"] not in RefundRule.values:
        raise FieldInvalid(
            "terms.ending.refund",
            Label(
                "specify one of " + ", ".join(RefundRule.values),
                ", ".join(RefundRule.values) + " から選んでください",
            ),
        )
    return {"convenience_notice_days": days, "refund": str(ending["refund"])}


def ending_text(terms: Mapping[str, Any], language: str) -> str:
    """The section of the contract about its end before the term, with its heading."""
    ending = {**NO_ENDING, **terms.get("ending", {})}
    days = ending["convenience_notice_days"]
    parts = [_NO_NOTICE] if days is None else [_BY_NOTICE, _REFUND[RefundRule(ending["refund"])]]
    gap = "" if language == "ja" else " "
    body = gap.join(part.in_language(language) for part in (*parts, _ALWAYS))
    return f"## {HEADING.in_language(language)}\n\n{body.replace('{days}', str(days))}"
