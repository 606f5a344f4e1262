"""The parameters that a rulebook may set: what each means, and what holds where it is not stated. Pure and public.

The unit is the end of a parameter's name. A parameter takes effect with the version of the rulebook that states it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marketplace.kernel.labels import Label


class ParameterType(StrEnum):
    """What a parameter's value is: a whole number, or true or false."""

    INT = "int"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter the market knows. ``default`` holds where the rulebook in force does not state it.

    ``lowest`` is the smallest number that makes sense; it says nothing of a parameter that is true or false.
    """

    name: str
    default: int
    meaning: Label
    lowest: int = 0

    @property
    def type(self) -> ParameterType:
        """What its values are: as its default is."""
        return ParameterType.BOOL if isinstance(self.default, bool) else ParameterType.INT

    def fault_of(self, value: Any) -> Label | None:
        """What is wrong with ``value``; None if the parameter can have it."""
        if self.type is ParameterType.BOOL:
            return (
                None
                if type(value) is bool
                else Label("write true or false", "true か false で指定してください")
            )
        if type(value) is not int or value < self.lowest:
            return Label(
                f"write a whole number, {self.lowest} or more", f"{self.lowest}以上の整数で指定してください"
            )
        return None


PARAMETERS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            "second_person_minor",
            1_000_000,
            Label(
                "From this amount on, what one person of the operator decides about money needs a second person.",
                "運営者による金銭に関する決定は、この金額以上の場合、別の担当者の承認が必要です。",
            ),
        ),
        Parameter(
            "second_person_hours",
            24,
            Label(
                "Hours within which the second person answers; after them the decision has lapsed.",
                "別の担当者が承認できる時間数です。過ぎると、その決定は失効します。",
            ),
            lowest=1,
        ),
        Parameter(
            "commissioned_payment_days",
            60,
            Label(
                "Days from the receipt of commissioned data within which it is paid, whatever a cycle or a hold says.",
                "委託により作成されたデータの受領日から支払までの日数の上限です。清算や保留にかかわらず適用されます。",
            ),
            lowest=1,
        ),
        Parameter(
            "commissioned_lead_business_days",
            5,
            Label(
                "Business days before that limit at which the payment of commissioned data is begun.",
                "委託データの支払を、期限の何営業日前に始めるかを定めます。",
            ),
        ),
        Parameter(
            "usage_days",
            1,
            Label(
                "Days after a metered period in which use of its last days may still be told.",
                "従量期間の終了後、最後の数日分の利用報告を受け付ける日数です。",
            ),
        ),
        Parameter(
            "collection_days",
            30,
            Label(
                "Days after which access that nobody used ends and the buyer's money goes back.",
                "一度も受領されないデータの利用権を終了し、代金を返還するまでの日数です。",
            ),
            lowest=1,
        ),
        Parameter(
            "reserve_cap_minor",
            10_000_000,
            Label(
                "The most that one cycle may draw from the operator's reserve.",
                "一つの清算サイクルで運営者の準備金から充当できる上限額です。",
            ),
        ),
        Parameter(
            "cycle_overdue_minutes",
            60,
            Label(
                "Minutes after which a cycle that stays in one step is reported as overdue.",
                "清算サイクルが同じ段階に留まったとき、遅延として通知するまでの分数です。",
            ),
            lowest=1,
        ),
        Parameter(
            name="refund_returns_fee",
            default=True,
            meaning=Label(
                "Whether the market's fee is given back where a cleared trade is refunded.",
                "清算済みの取引が返金されるとき、市場手数料も返還するかどうかです。",
            ),
        ),
    )
}
"""Every parameter by its name, in the order in which they are shown."""


def values_of(stated: Mapping[str, Any]) -> dict[str, int]:
    """The value of every known parameter, of what a rulebook states; what it cannot have counts as not stated."""
    return {
        name: stated[name]
        if name in stated and parameter.fault_of(stated[name]) is None
        else parameter.default
        for name, parameter in PARAMETERS.items()
    }
