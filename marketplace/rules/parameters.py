"""The parameters that a rulebook may set, with their meaning and their default. Pure and public.

A parameter's name ends with its unit. A value takes effect with the version of the rulebook that sets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import DAYS_MAX, HOURS_MAX, MINUTES_MAX
from marketplace.kernel.labels import Label

NOTICE = "rulebook_notice_hours"
"""Between the publication of a version and its effect; once a version states it, each later one does."""


class ParameterType(StrEnum):
    """The type of a parameter: integer or boolean."""

    INT = "int"
    BOOL = "bool"


class Weaker(StrEnum):
    """Which change of a parameter weakens a control of the market."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. ``default`` applies where the rulebook in force does not set it.

    ``weaker`` says which change weakens a control: such a change takes two people and a notice. ``lowest`` is the smallest
    and ``highest`` the largest allowed number; they do not apply to booleans.
    """

    name: str
    default: int
    meaning: Label
    weaker: Weaker
    lowest: int = 0
    highest: int = DAYS_MAX

    @property
    def type(self) -> ParameterType:
        """The type of its values, that of its default."""
        return ParameterType.BOOL if isinstance(self.default, bool) else ParameterType.INT

    def fault_of(self, value: Any) -> Label | None:
        """The error in ``value``, or None if it is allowed."""
        if self.type is ParameterType.BOOL:
            return (
                None
                if type(value) is bool
                else Label("specify true or false", "true か false で指定してください")
            )
        if type(value) is not int or not self.lowest <= value <= self.highest:
            return Label(
                f"specify a whole number from {self.lowest} to {self.highest:,}",
                f"{self.lowest}以上{self.highest:,}以下の整数で指定してください",
            )
        return None


PARAMETERS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            "second_person_minor",
            1_000_000,
            Label(
                "Amount from which a money command of the operator needs the approval of a second person.",
                "運営者による金銭に関する操作に、二人目の承認者の承認が必要となる金額です。",
            ),
            Weaker.HIGHER,
            highest=AMOUNT_MINOR_MAX,
        ),
        Parameter(
            "second_person_hours",
            24,
            Label(
                "Hours after which an approval that a second person has not given expires.",
                "二人目の承認者が承認できる時間数です。経過すると失効します。",
            ),
            Weaker.HIGHER,
            highest=HOURS_MAX,
            lowest=1,
        ),
        Parameter(
            "commissioned_payment_days",
            60,
            Label(
                "Days within which commissioned data must be paid, even if a cycle is paused; the day of receipt is the first, and the law gives 60.",
                "委託により作成されたデータの受領日を1日目とする支払までの日数の上限です（法定は60日）。清算サイクルの一時停止にかかわらず適用されます。",
            ),
            Weaker.HIGHER,
            lowest=1,
        ),
        Parameter(
            "commissioned_lead_business_days",
            5,
            Label(
                "Business days before that limit on which the payment of commissioned data is started.",
                "委託により作成されたデータの支払を、期限の何営業日前に開始するかを定めます。",
            ),
            Weaker.LOWER,
        ),
        Parameter(
            "usage_days",
            1,
            Label(
                "Days after a metered period in which use within the period can still be reported.",
                "従量期間の終了後、最後の数日分の利用報告を受け付ける日数です。",
            ),
            Weaker.NEITHER,
        ),
        Parameter(
            "collection_days",
            30,
            Label(
                "Days after which access to data that the buyer never downloaded ends and the price is returned.",
                "一度も取得されないデータの提供を終了し、代金を返還するまでの日数です。",
            ),
            Weaker.NEITHER,
            lowest=1,
        ),
        Parameter(
            "guaranteed_payment_days",
            30,
            Label(
                "Days after acceptance within which a buyer pays what a guarantee or a limit secured.",
                "保証または信用枠で確保した代金を、検収後に利用者が支払うまでの日数です。",
            ),
            Weaker.HIGHER,
            lowest=1,
        ),
        Parameter(
            "guarantee_lead_days",
            30,
            Label(
                "Days before the expiry of a guarantee that is in use at which the operator is told.",
                "使用中の保証が失効する何日前に運営者へ通知するかを定めます。",
            ),
            Weaker.LOWER,
            lowest=1,
        ),
        Parameter(
            "reserve_cap_minor",
            10_000_000,
            Label(
                "The largest amount that one clearing cycle may draw from the operator's reserve.",
                "一つの清算サイクルで運営者の準備金から立て替えられる上限額です。",
            ),
            Weaker.HIGHER,
            highest=AMOUNT_MINOR_MAX,
        ),
        Parameter(
            "cycle_overdue_minutes",
            60,
            Label(
                "Minutes after which a clearing cycle that stays in one step is reported as late.",
                "清算サイクルが同じ段階に留まったとき、遅延として通知するまでの分数です。",
            ),
            Weaker.HIGHER,
            highest=MINUTES_MAX,
            lowest=1,
        ),
        Parameter(
            name="refund_returns_fee",
            default=True,
            meaning=Label(
                "Whether the fee is returned when a cleared trade is refunded.",
                "清算済みの取引が返金されるとき、手数料も返金するかどうかです。",
            ),
            weaker=Weaker.NEITHER,
        ),
        Parameter(
            "witnesses_min",
            0,
            Label(
                "Witnesses that must have cosigned a checkpoint of the evidence log for it to count as witnessed.",
                "証跡ログのチェックポイントを証人確認済みとするために必要な、連署した証人の数です。",
            ),
            Weaker.LOWER,
            highest=100,
        ),
        Parameter(
            "short_lived_minutes",
            60,
            Label(
                "A version of the rulebook that was in force for less than these minutes is listed in the neutrality report.",
                "規程の版が有効であった時間がこの分数に満たないとき、中立性報告に掲載します。",
            ),
            Weaker.NEITHER,
            highest=MINUTES_MAX,
        ),
        Parameter(
            "incident_reminder_days",
            3,
            Label(
                "Days before the report of an incident is due on which the operator is reminded of it.",
                "事案の報告期限の何日前に運営者へ再度通知するかを定めます。",
            ),
            Weaker.LOWER,
            lowest=1,
        ),
        Parameter(
            "consultation_business_days",
            10,
            Label(
                "Business days within which the operator answers a question that was put beforehand.",
                "事前相談に運営者が回答するまでの営業日数です。",
            ),
            Weaker.HIGHER,
            lowest=1,
        ),
        Parameter(
            "review_days",
            14,
            Label(
                "Days within which the operator looks into what the surveillance noticed.",
                "検知事項を運営者が確認するまでの日数です。",
            ),
            Weaker.HIGHER,
            lowest=1,
        ),
        Parameter(
            "admission_days",
            DAYS_MAX,
            Label(
                f"Days after which an admission ends unless it is renewed; with {DAYS_MAX:,} it has no last day.",
                f"参加承認が更新されない限り終了するまでの日数です。{DAYS_MAX:,} の場合は期限を設けません。",
            ),
            Weaker.HIGHER,
            lowest=1,
        ),
        Parameter(
            "case_days",
            10,
            Label(
                "Days within which two people of the operator decide what the rules put on hold, or an appeal.",
                "保留案件または不服申立てについて、運営者の担当者二名が判断するまでの日数です。",
            ),
            Weaker.HIGHER,
            lowest=1,
        ),
        Parameter(
            "appeal_days",
            30,
            Label(
                "Days within which a participant may appeal what was decided against it.",
                "参加者が、自己に不利な判断に対して不服を申し立てられる日数です。",
            ),
            Weaker.LOWER,
            lowest=7,
        ),
        Parameter(
            "expulsion_days",
            1_095,
            Label(
                "Days for which a participant stays out that two people expelled after a dispute.",
                "異議の裁定を受けて二名により除名された参加者が、再び参加できるようになるまでの日数です。",
            ),
            Weaker.LOWER,
            lowest=1,
        ),
        Parameter(
            "law_grace_days",
            30,
            Label(
                "Days within which both parties amend a term of an agreement in force that a new rulebook makes unlawful; then the agreement ends by law.",
                "新しい規程により違法となった有効な契約の条件を、双方が変更できる日数です。経過すると契約は法令により終了します。",
            ),
            Weaker.NEITHER,
            lowest=1,
        ),
        Parameter(
            "control_notice_hours",
            72,
            Label(
                "Hours between the publication of parameters that weaken a control and the time from which they apply.",
                "統制を緩める設定値を公表してから適用するまでの時間数です。",
            ),
            Weaker.LOWER,
            lowest=24,
            highest=HOURS_MAX,
        ),
        Parameter(
            NOTICE,
            0,
            Label(
                "Hours between the publication of a version of the rulebook and the time from which it applies.",
                "規程の新しい版を公表してから施行するまでの時間数です。",
            ),
            Weaker.LOWER,
            lowest=24,
            highest=HOURS_MAX,
        ),
    )
}
"""Every parameter by name, in display order."""


def values_of(stated: Mapping[str, Any]) -> dict[str, int]:
    """The value of every parameter under the values that a rulebook sets; an invalid value counts as not set."""
    return {
        name: stated[name]
        if name in stated and parameter.fault_of(stated[name]) is None
        else parameter.default
        for name, parameter in PARAMETERS.items()
    }


def weakened(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The parameters whose values under ``after`` weaken a control that ``before`` has; both as a rulebook sets them."""
    old, new = values_of(before), values_of(after)
    return [
        name
        for name, parameter in PARAMETERS.items()
        if (parameter.weaker is Weaker.HIGHER and new[name] > old[name])
        or (parameter.weaker is Weaker.LOWER and new[name] < old[name])
    ]
