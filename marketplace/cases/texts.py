"""The texts of notices and tasks about cases, in both languages. Pure."""

from __future__ import annotations

from typing import cast

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

from .on_call import Duty
from .states import HELD, CaseKindCode, CaseOutcome

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
    "held": Wording(
        Label("Two people of the operator decide {kind}", "運営者の判断待ちです: {kind}"),
        Label(
            "{about} is on hold: {why} Two people of the operator decide {case} by {decide_by}.",
            "{about} は保留となりました（{why}）。運営者の担当者二名が {decide_by} までに案件 {case} を判断します。",
        ),
    ),
    "rescreened": Wording(
        Label(
            "On your facts, the rules in force would not admit you ({about})",
            "現在の規程と登録内容では参加承認の要件を満たしません（{about}）",
        ),
        Label(
            "Your admission stands. Not met: {why} Two people of the operator decide {case} by {decide_by}: they keep the admission until a day,"
            " or end it. Meet the rule before, or tell the operator why the admission should stay.",
            "参加承認は引き続き有効です。満たしていない規則: {why} 運営者の担当者二名が {decide_by} までに案件 {case} を判断し、期限を定めて維持するか終了します。"
            "それまでに要件を満たすか、承認を維持すべき事情を運営者にお知らせください。",
        ),
    ),
    "expulsion": Wording(
        Label("A dispute proposes to expel your organisation", "異議の裁定で貴組織の除名が提案されました"),
        Label(
            "The decision of {about} proposes that you are expelled. Your admissions stand. Two other people of the operator decide {case} by"
            " {decide_by}: they let you stay, or end your admissions and disqualify you for a term. Tell the operator before what speaks for you.",
            "{about} の裁定は、貴組織の除名を提案しています。参加承認は引き続き有効です。裁定に関与していない運営者の担当者二名が {decide_by} までに案件 {case} を判断し、"
            "参加を継続させるか、参加承認を終了して一定期間欠格とします。それまでに、考慮すべき事情を運営者にお知らせください。",
        ),
    ),
    "kept": Wording(
        Label("Your admission is kept until {kept_until}", "参加承認は {kept_until} まで維持されます"),
        Label(
            "Two people of the operator decided {case} about {about}. Reason: {reason} After that day they look at it again, unless you"
            " meet the rules of then.",
            "運営者の担当者二名が、{about} に関する案件 {case} を判断しました。理由: {reason}"
            " 期限後に、その時点の規則を満たしていない場合は改めて審査します。",
        ),
    ),
    "conclusion_allowed": Wording(
        Label("The agreement may be concluded", "契約の締結が許可されました"),
        Label(
            "Two people of the operator allowed in {case} what the rules had put on hold. Reason: {reason} The buyer signs {about} again;"
            " the time to answer begins anew.",
            "運営者の担当者二名が案件 {case} で保留を解除しました。理由: {reason} 利用者は {about} に改めて署名してください。"
            "回答期限は新たに起算されます。",
        ),
    ),
    "conclusion_denied": Wording(
        Label("The agreement is not concluded", "契約は締結されませんでした"),
        Label(
            "Two people of the operator denied in {case} what the rules had put on hold, and {about} is over. Reason: {reason} Either"
            " party can appeal once.",
            "運営者の担当者二名が案件 {case} を拒否し、交渉 {about} は終了しました。理由: {reason}"
            " 当事者はそれぞれ一度に限り不服を申し立てられます。",
        ),
    ),
    "resolved": Wording(
        Label("Your case was decided: {outcome}", "案件の判断が確定しました: {outcome}"),
        Label(
            "Two people of the operator decided {case} about {about}. Reason: {reason} What was decided against you in a held case"
            " can be appealed once.",
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
            "{case} about {about} is over: there is nothing to decide any more.",
            "判断の必要がなくなったため、{about} に関する案件 {case} は終了しました。",
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
    "rescreening": Label(
        "Decide with a colleague in {case} whether the admission {about}, which the rules would not give now, is kept until a day or"
        " ends. On call: {on_call}",
        "現在は要件を満たさない参加承認 {about} を、期限を定めて維持するか終了するか、案件 {case} で二名で判断してください。当番: {on_call}",
    ),
    "expulsion": Label(
        "Decide in {case} with a colleague whether a party of {about} is expelled; neither mediated nor decided that dispute. On call: {on_call}",
        "{about} の当事者を除名するか、その異議に関与していない二名で案件 {case} を判断してください。当番: {on_call}",
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


def wording_of(kind: str, change: str, outcome: str | None) -> str:
    """Under which name ``MOVED`` tells of a move of a case of a kind."""
    if kind == CaseKindCode.CONCLUSION and change == "resolved":
        return "conclusion_allowed" if outcome == CaseOutcome.ALLOW else "conclusion_denied"
    if outcome == CaseOutcome.KEEP:
        return "kept"
    if (kind, change) == (CaseKindCode.EXPULSION, "opened"):
        return "expulsion"
    if (kind, change) == (CaseKindCode.RESCREENING, "opened"):
        return "rescreened"
    return "held" if kind in HELD and change == "opened" else change


def people_on_call(people: list[str]) -> dict[str, str]:
    """Who is on call, as a text in both languages."""
    return {"ja": ", ".join(people), "en": ", ".join(people)} if people else NOBODY.as_dict()
