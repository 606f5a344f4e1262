"""What both parties are told of an unlawful term, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

UNLAWFUL = Wording(
    Label(
        "A term of {agreement} has become unlawful: {term}",
        "契約 {agreement} の条件が違法となりました: {term}",
    ),
    Label(
        "By {code} of the rulebook ({source}): {text} Amend {term} together so that it takes effect by {day}; otherwise the market ends the"
        " agreement by law. agreements/{agreement}/law-adjustments/ shows what is asked.{how}",
        "規程の {code}（{source}）: {text} {day} までに効力を生じる契約の変更により {term} を改めてください。改めない場合、契約は法令により終了します。"
        "内容は agreements/{agreement}/law-adjustments/ で確認できます。{how}",
    ),
)
NOT_AMENDABLE = Label(
    " An amendment does not change this term: end the agreement and conclude a new one.",
    "この条件は契約の変更では改められません。契約を終了し、新しい契約を締結してください。",
)
SETTLED = {
    "amended": Wording(
        Label("{agreement} is lawful again", "契約 {agreement} の違法な条件が解消しました"),
        Label(
            "Both parties amended {term} ({code}).",
            "{code} の対象となった {term} は、双方の合意により変更されました。",
        ),
    ),
    "lifted": Wording(
        Label("{agreement} is lawful again", "契約 {agreement} の違法な条件が解消しました"),
        Label(
            "The rulebook in force permits {term} again ({code}).",
            "現在の規程では、{code} の対象となった {term} は違法ではありません。",
        ),
    ),
    "over": Wording(
        Label("{agreement} has ended", "契約 {agreement} は終了しました"),
        Label(
            "{term} ({code}) needs no amendment any more: the agreement has ended.",
            "契約が終了したため、{code} の対象となった {term} の変更は不要です。",
        ),
    ),
}
ENDED = Label(
    "{term} is unlawful by {code} of the rulebook ({source}) and was not amended in time.",
    "{term} は規程の {code}（{source}）により違法であり、期限までに変更されませんでした。",
)
