"""The texts of notices and tasks about cases, in both languages. Pure."""

from __future__ import annotations

from typing import cast

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

from .states import CaseKindCode, CaseOutcome

KIND_WORDS = {kind.value: cast(Label, kind.label) for kind in CaseKindCode}
OUTCOME_WORDS = {outcome.value: cast(Label, outcome.label) for outcome in CaseOutcome}

MOVED: dict[str, Wording] = {
    "opened": Wording(
        Label("Your case waits for a decision: {kind}", "案件が運営者の判断待ちです: {kind}"),
        Label(
            "{case} about {about} is decided by two people of the operator by {decide_by}.",
            "{about} に関する案件 {case} は、{decide_by} までに運営者の担当者二名が判断します。",
        ),
    ),
    "resolved": Wording(
        Label("Your case was decided: {outcome}", "案件の判断が確定しました: {outcome}"),
        Label(
            "Two people of the operator decided {case} about {about}. Reason: {reason} A held case that was denied can be"
            " appealed once.",
            "運営者の担当者二名が、{about} に関する案件 {case} を判断しました。理由: {reason}"
            " 保留案件の拒否には一度に限り不服を申し立てられます。",
        ),
    ),
    "withdrawn": Wording(
        Label("Your appeal was withdrawn", "不服申立てを取り下げました"),
        Label("{case} about {about} is over.", "{about} に関する案件 {case} は終了しました。"),
    ),
    "dropped": Wording(
        Label("Your case is no longer needed", "案件は判断不要となりました"),
        Label(
            "{case} about {about} is over, because it was withdrawn.",
            "取下げにより、{about} に関する案件 {case} は終了しました。",
        ),
    ),
    "overdue": Wording(
        Label("Your case is overdue", "案件の判断が期限を過ぎています"),
        Label(
            "{case} about {about} was to be decided by {decide_by}. The operator was reminded of it.",
            "{about} に関する案件 {case} は {decide_by} までに判断される予定でした。運営者に督促しました。",
        ),
    ),
    "carried_out": Wording(
        Label("Your appeal was carried out", "不服申立ての結果が実施されました"),
        Label(
            "What was changed by {case} about {about} is done; cases/{case} says how.",
            "{about} に関する案件 {case} による変更を実施しました。内容は cases/{case} で確認できます。",
        ),
    ),
}
