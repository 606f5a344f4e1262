"""The term ``ending`` of an offer or a contract: whether a party may end it by notice, and what then comes back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Q, TextChoices

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .states import Charging

NOTICE_DAYS = (1, 365)
"""For how many days, at least and at most, a contract may ask for notice."""


class RefundRule(TextChoices):
    """What becomes of the price that was paid in advance."""

    NONE = "none", Label("nothing is returned", "返金なし")
    PRO_RATA = "pro_rata", Label("returned by the days not enjoyed", "残日数に応じた日割り返金")


NO_ENDING: Final[Mapping[str, Any]] = {"convenience_notice_days": None, "refund": RefundRule.NONE.value}
"""A contract that says nothing of it: nobody ends it by notice."""

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


def require_divisible(ending: Mapping[str, Any], charging: str, *, has_end: bool, prefix: str) -> None:
    """Raise FieldInvalid for a return after notice that cannot be carried out; it names ``<prefix>.refund``.

    ``has_end``: the rights of use end by time.
    """
    returns = ending["convenience_notice_days"] is not None and ending["refund"] == RefundRule.PRO_RATA
    if returns and not is_divisible(charging):
        raise FieldInvalid(f"{prefix}.refund", INDIVISIBLE)
    if returns and not has_end:
        raise FieldInvalid(f"{prefix}.refund", ENDLESS)


def parse_ending(
    value: Any, current: Mapping[str, Any] = NO_ENDING, *, prefix: str = "terms.ending"
) -> dict[str, Any]:
    """The term in JSON types, with what ``value`` omits from ``current``; raises FieldInvalid, which names ``<prefix>.<part>``."""
    if not isinstance(value, Mapping) or set(value) - set(NO_ENDING):
        raise FieldInvalid(
            prefix,
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
            f"{prefix}.convenience_notice_days",
            Label(
                f"specify null or a whole number from {lowest} to {highest}",
                f"null または{lowest}から{highest}までの整数にしてください",
            ),
        )
    if ending["refund"] not in RefundRule.values:
        raise FieldInvalid(
            f"{prefix}.refund",
            Label(
                "specify one of " + ", ".join(RefundRule.values),
                ", ".join(RefundRule.values) + " から選んでください",
            ),
        )
    return {"convenience_notice_days": days, "refund": str(ending["refund"])}


def never_by_notice() -> dict[str, Any]:
    """The default of a column."""
    return dict(NO_ENDING)


def is_ending(column: str, charging: str) -> Q:
    """The condition on the term in a JSON column: it is whole, and what it returns can be returned under ``charging``."""
    lowest, highest = NOTICE_DAYS
    by_notice = Q(
        **{
            f"{column}__convenience_notice_days__gte": lowest,
            f"{column}__convenience_notice_days__lte": highest,
        }
    )
    never = Q(**{f"{column}__convenience_notice_days": None})
    is_divided = Q(**{f"{column}__refund": RefundRule.PRO_RATA.value})
    return (
        Q(**{f"{column}__refund__in": list(RefundRule.values)})
        & (never | by_notice)
        & (never | ~is_divided | Q(**{f"{charging}__kind__in": list(DIVISIBLE)}))
    )
