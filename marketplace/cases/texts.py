"""The texts of notices and tasks about cases, in both languages. Pure."""

from __future__ import annotations

from typing import cast

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

from .on_call import Duty
from .states import CaseKindCode, CaseOutcome

KIND_WORDS = {kind.value: cast(Label, kind.label) for kind in CaseKindCode}
DUTY_WORDS = {duty.value: cast(Label, duty.label) for duty in Duty}
NOBODY = Label("nobody", "なし")
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
TASKS: dict[str, Label] = {
    "held": Label(
        "Decide the held case {case} about {about} with a colleague. On call: {on_call}",
        "保留案件 {case}（{about}）を二名で判断してください。当番: {on_call}",
    ),
    "appeal": Label(
        "Decide the appeal {case} about {about} with a colleague; neither decided it first. On call: {on_call}",
        "不服申立て {case}（{about}）を、原判断に関与していない二名で判断してください。当番: {on_call}",
    ),
}
"""The titles of the operator's tasks to decide a case; they name who is on call when the task is opened."""

LOOK_AT_SUSPENSION = Label(
    "Look at the suspension {suspension} of {organisation} with a colleague: end it, or leave it for a stated reason. On call:"
    " {on_call}",
    "{organisation} の取引停止 {suspension} を二名で確認し、解除または継続を判断してください。当番: {on_call}",
)


def people_on_call(people: list[str]) -> dict[str, str]:
    """Who is on call, as a text in both languages."""
    return {"ja": ", ".join(people), "en": ", ".join(people)} if people else NOBODY.as_dict()
