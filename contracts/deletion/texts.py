"""What is told about the deletion after an agreement's end."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

REMINDED = Wording(
    Label(
        "The certificate of deletion is due: {agreement}", "消去証明の提出期限が近づいています: {agreement}"
    ),
    Label(
        "Certify the deletion of the data of {agreement} by {due} (Japan time): deletion-duties/{duty}/certify/. State what the law lets you keep.",
        "{agreement} のデータの消去証明を {due}（日本時間）までに提出してください（deletion-duties/{duty}/certify/）。法令により保存するものはその旨を記載してください。",
    ),
)
OVERDUE = Wording(
    Label(
        "The certificate of deletion is overdue: {agreement}", "消去証明の提出期限を過ぎました: {agreement}"
    ),
    Label(
        "The buyer of {agreement} has not certified the deletion ({duty}). The operator looks into it; the certificate can still be given.",
        "{agreement} の利用者から消去証明（{duty}）が提出されていません。運営者が確認します。消去証明は引き続き提出できます。",
    ),
)
CERTIFIED = Wording(
    Label("The deletion is certified: {agreement}", "消去証明が提出されました: {agreement}"),
    Label(
        "The buyer of {agreement} certified that it deleted the data with its copies on {deleted_on}.",
        "{agreement} の利用者が、{deleted_on} にデータを複製を含め消去したことを証明しました。",
    ),
)
LOOK_INTO_DELETION = Label(
    "Ask the buyer of {agreement} for the overdue certificate of deletion {duty}. On call: {on_call}",
    "{agreement} の利用者に、期限を過ぎた消去証明 {duty} の提出を求めてください。当番: {on_call}",
)
