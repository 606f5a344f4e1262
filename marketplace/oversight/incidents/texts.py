"""The texts of tasks and notices about incidents, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

REPORT_SOON = Label(
    "The {duty} of incident {incident} is due soon: by {due_on}",
    "事案 {incident} の{duty}の期限が近づいています: {due_on} まで",
)
ATTEND_TO = Label("Look into incident {incident}", "事案 {incident} を確認してください")
CONCERNED = Wording(
    Label("An incident concerns your data", "貴組織のデータに関係する事案が登録されました"),
    Label(
        "{kind}: {data}. What is known and what was done is in incidents/{incident}.",
        "{kind}: {data}。判明している内容と講じた措置は incidents/{incident} で確認できます。",
    ),
)
CLOSED = Wording(
    Label("An incident that concerns your data was closed", "貴組織のデータに関係する事案が終了しました"),
    Label(
        "Incident {incident} was closed. Its conclusion is in incidents/{incident}.",
        "事案 {incident} は終了しました。結論は incidents/{incident} で確認できます。",
    ),
)
