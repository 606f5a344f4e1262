"""The texts of notices about limits of authority, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

STATED = Wording(
    Label("A limit of authority was stated", "決裁限度額が設定されました"),
    Label(
        "{by} stated the limit {limit}: {who}, {act}, for one act {per_act}, for a calendar month {per_month}, from {since}."
        " If none of you wanted it, state a lower limit at once.",
        "{by} が決裁限度額 {limit} を設定しました（対象 {who}、{act}、1件 {per_act}、1か月 {per_month}、適用 {since}）。"
        "心当たりのない場合は、直ちに低い限度額を設定してください。",
    ),
)
NO_LIMIT = Label("without a limit", "制限なし")
ASKED = Wording(
    Label("A colleague asks for your approval", "稟議: 決裁の依頼があります"),
    Label(
        "What {approval} asks ({command}, {of}, {amount}) is above the limit of who asks. Give the same command until"
        " {expires_at}, or withdraw the approval. Whose limits suffice: {deciders}.",
        "{approval}（{command}、{of}、{amount}）は依頼者の決裁限度額を超えています。{expires_at} までに同じ操作を行うか、"
        "取り下げてください。決裁できる担当者: {deciders}。",
    ),
)
NOBODY = Wording(
    Label("Nobody's limit suffices any more", "稟議: 決裁できる担当者がいません"),
    Label(
        "What {approval} asks ({command}, {of}, {amount}) is above the limits of all of you. An owner states a higher limit, or"
        " somebody withdraws the approval.",
        "{approval}（{command}、{of}、{amount}）は全担当者の決裁限度額を超えています。代表管理者が限度額を引き上げるか、"
        "取り下げてください。",
    ),
)
