"""The texts of notices about reviews, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

CLOSED = Wording(
    Label("A review about your organisation was closed", "貴組織に関する検知事項の確認が終了しました"),
    Label(
        "The surveillance had noticed: {detector}. Outcome: {outcome}. The facts and the reason are in reviews/{review}.",
        "検知内容: {detector}。結果: {outcome}。事実と理由は reviews/{review} で確認できます。",
    ),
)
