"""What is told in disputes, in both languages."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

ANSWER = Label(
    "Answer the dispute {dispute} over {agreement}", "{agreement} に関する異議 {dispute} に答弁してください"
)
ANSWER_SETTLEMENT = Label(
    "Answer the settlement that is proposed in {dispute}", "{dispute} の和解案に回答してください"
)
STATED = Wording(
    Label("{party} stated something in {dispute}", "{dispute} で{party}が書面を提出しました"),
    Label(
        "{kind} of the {party}: read it in disputes/{dispute}/.",
        "{party}の{kind}: disputes/{dispute}/ で確認できます。",
    ),
)
FILED = Wording(
    Label("{party} handed in a file in {dispute}", "{dispute} で{party}がファイルを提出しました"),
    Label("{file} (SHA-256 {sha256})", "{file}（SHA-256 {sha256}）"),
)
SILENT = Wording(
    Label("{dispute} was not answered in time", "{dispute} は期限までに答弁がありませんでした"),
    Label(
        "The silence is recorded. The mediator may decide on what stands.",
        "答弁がなかったことを記録しました。調停担当者は提出済みの資料により判断できます。",
    ),
)
ASSIGNED = Wording(
    Label("{dispute} has a mediator", "{dispute} の調停担当者が決まりました"),
    Label(
        "{person} of the operator decides it, and has declared no interest in any side. Your side may object once, with its reason:"
        " disputes/{dispute}/object-to-mediator/.",
        "運営者の {person} が判断します。各当事者との利害関係の届出はありません。理由を付して一回に限り忌避を申し出ることができます"
        "（disputes/{dispute}/object-to-mediator/）。",
    ),
)
OBJECTED = Wording(
    Label("The mediator of {dispute} steps back", "{dispute} の調停担当者が交代します"),
    Label(
        "The {party} objected to {person}. Another person is named.",
        "{party}が {person} を忌避しました。別の担当者が指名されます。",
    ),
)
OBJECTED_BY = Label("objection of the {party}", "{party}による忌避")
RELIEVED = Wording(
    Label("The mediator of {dispute} is replaced", "{dispute} の調停担当者が交代します"),
    Label(
        "{person} decides it no more: {relief}. Another person is named, and every day of the dispute stands.",
        "{person} は担当を離れます（{relief}）。別の担当者が指名されます。手続の期限は変わりません。",
    ),
)
NAME_MEDIATOR = Label(
    "Name another mediator for {dispute} instead of {person} ({why})",
    "{dispute} の調停担当者を {person} に代えて指名してください（{why}）",
)
NOBODY_LEFT = Label(
    "Nobody of your staff may mediate {dispute} after {person} ({why}): give an external person without an interest in its sides the role that decides"
    " disputes, and name it",
    "{dispute} を担当できる職員が {person}（{why}）の後に残っていません。当事者と利害関係のない外部の者に紛争を裁定する権限を付与し、指名してください",
)
PROPOSED = Wording(
    Label("A settlement is proposed in {dispute}", "{dispute} の和解案が提示されました"),
    Label(
        "The {party} proposes: {outcome}. Read its consequences in disputes/{dispute}/ and answer until {respond_by}.",
        "{party}の提案: {outcome}。効果を disputes/{dispute}/ で確認し、{respond_by} までに回答してください。",
    ),
)
SETTLEMENT_CLOSED = Wording(
    Label("The settlement in {dispute}: {state}", "{dispute} の和解案: {state}"),
    Label("{settlement}: {state}.", "{settlement}: {state}。"),
)
DECISION_DUE = Label(
    "Decide {dispute} until {decide_by}; its mediator is {person}",
    "{dispute} を {decide_by} までに判断してください（調停担当者 {person}）",
)
UNDECIDED = Label(
    "{dispute} is not decided in time ({decide_by}). On call: {on_call}",
    "{dispute} は期限（{decide_by}）までに判断されていません。当番: {on_call}",
)
UNMOVED = Wording(
    Label(
        "A correction of {agreement} moved less than was ordered",
        "{agreement} の調整額の一部または全部が実行されませんでした",
    ),
    Label(
        "{unmoved} of {adjustment} (charge {charge}) did not move: of the price of the charge nothing is left, or it never comes. It counts as"
        " returned nowhere.",
        "{adjustment}（第{charge}回の課金）のうち {unmoved} は、その課金の代金に残額がないか課金が行われないため実行されませんでした。返金済みの額には算入されません。",
    ),
)
ENDED_OTHERWISE = Wording(
    Label(
        "A remedy of {dispute} ended otherwise: {remedy}",
        "{dispute} の措置「{remedy}」は別の形で終了しました",
    ),
    Label("Why: {reason} Instead: {replaced_by}", "理由: {reason} 代わるもの: {replaced_by}"),
)
PAID_NOTHING = Label(
    "Of what was paid for the charge nothing is left to return.",
    "その課金について返金すべき支払が残っていません。",
)
CAME_BACK = Label(
    "What was paid for it came back as a whole, or nothing was paid.",
    "支払済みの額は全額返金されたか、支払がありませんでした。",
)
CANNOT_CARRY_OUT = Label(
    "{dispute} ordered {remedy}, which clearing cannot carry out: the charge is over. Its mediator {person} says what replaces it:"
    " disputes/{dispute}/end-remedy/. On call: {on_call}",
    "{dispute} で決まった「{remedy}」は、対象の課金が終了しているため清算で実施できません。調停担当者 {person} は代わる措置を定めてください"
    "（disputes/{dispute}/end-remedy/）。当番: {on_call}",
)
NOT_CARRIED_OUT = Label(
    "Carry out what {dispute} ordered: {remedy}, overdue. On call: {on_call}",
    "{dispute} で決まった「{remedy}」が期限までに実施されていません。対応してください。当番: {on_call}",
)
ENDED = Wording(
    Label("{dispute} ended: {outcome}", "{dispute} が終局しました: {outcome}"),
    Label("Read its end in disputes/{dispute}/.", "結果は disputes/{dispute}/ で確認できます。"),
)
