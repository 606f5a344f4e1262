"""What both parties are told about the end of their agreement."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

ENDING = Wording(
    Label("Rights of use end soon: {agreement}", "利用期間がまもなく終了します: {agreement}"),
    Label(
        "The rights of use under {agreement} end at {end} (Japan time); access closes then. Download what you still need, or agree on a new contract before.",
        "{agreement} に基づく利用期間は {end}（日本時間）に終了し、以後はダウンロードできません。必要なデータの取得、または新しい契約の締結はそれまでにお願いします。",
    ),
)
ENDED = Wording(
    Label("The agreement has ended: {agreement}", "契約が期間満了により終了しました: {agreement}"),
    Label(
        "The rights of use under {agreement} ended at {end} (Japan time), and access is closed. What the contract says about the time after its end holds.",
        "{agreement} に基づく利用期間は {end}（日本時間）に終了し、データの提供も終了しました。契約終了後の措置に関する条項は引き続き適用されます。",
    ),
)
MOVED = Wording(
    Label("End of {agreement}: {state}", "{agreement} の中途終了: {state}"),
    Label(
        "{ending} ends {agreement} before its term ({ground}), with the last day {last_day}: {state}.{reason} Its consequences are in endings/{ending}/.",
        "{agreement} の中途終了 {ending}（{ground}、最終日 {last_day}）: {state}。{reason} 効果は endings/{ending}/ で確認できます。",
    ),
)
ANSWER_ENDING = Label(
    "Answer the proposal to end {agreement} after {last_day}",
    "{agreement} を {last_day} の経過をもって終了する提案に回答してください",
)
