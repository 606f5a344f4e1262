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
NAME_MEDIATOR = Label(
    "Name another mediator for {dispute}: the {party} objected to {person}",
    "{dispute} の調停担当者を改めて指名してください（{party}が {person} を忌避）",
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
NOT_CARRIED_OUT = Label(
    "Carry out what {dispute} ordered: {remedy}, overdue. On call: {on_call}",
    "{dispute} で決まった「{remedy}」が期限までに実施されていません。対応してください。当番: {on_call}",
)
ENDED = Wording(
    Label("{dispute} ended: {outcome}", "{dispute} が終局しました: {outcome}"),
    Label("Read its end in disputes/{dispute}/.", "結果は disputes/{dispute}/ で確認できます。"),
)
