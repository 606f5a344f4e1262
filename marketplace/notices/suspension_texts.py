"""The texts of notices about suspensions, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

REASONS: dict[str, Label] = {
    "shortfall": Label(
        "a shortfall in clearing. Your organisation's suspensions state it in full",
        "清算における資金不足。詳細は貴組織の停止記録（suspensions）に記載しています",
    ),
}
"""Reasons, by code, that the market has in both languages; any other suspension has the operator's own text."""
SUSPENDED = Wording(
    Label("Your organisation is suspended ({kind})", "貴組織の取引は停止されました（{kind}）"),
    Label(
        "You begin nothing new until the suspension ends. What you owe and are owed remains. {meaning} Reason: {reason}",
        "停止が解除されるまで、新たな取引等は開始できません。既存の債権・債務は存続します。{meaning}理由: {reason}",
    ),
)
ENDED = Wording(
    Label("A suspension of your organisation has ended ({kind})", "貴組織の停止が解除されました（{kind}）"),
    Label("{what}", "{what}"),
)
ACTIVE_AGAIN = Label(
    "No other suspension stands: you can begin new business. Listings are put on sale again one by one.",
    "他に有効な停止はありません。新たな取引を開始できます。商品は個別に販売を再開してください。",
)
STILL_SUSPENDED = Label(
    "Another suspension still stands.",
    "他の停止が引き続き有効です。",
)
COUNTERPARTY_SUSPENDED = Wording(
    Label("{party} is suspended", "{party} は取引停止中です"),
    Label(
        "It begins nothing new. Your agreements with it that are in force go on. {told}",
        "同組織は新たな取引等を開始できません。貴組織との有効な契約は継続します。{told}",
    ),
)
TRUSTEE_APPOINTED = Wording(
    Label("A trustee acts for your organisation", "管財人が選任されました"),
    Label(
        "The operator entered the trustee whom the court appointed ({appointment}). The trustee acts for your organisation from"
        " now; everybody else of it reads. A trustee without a login sets a password at the page to sign in.",
        "裁判所が選任した管財人を登録しました（{appointment}）。今後は管財人が貴組織のために手続を行い、その他の構成員は閲覧のみ"
        "可能です。ログインをお持ちでない管財人は、ログイン画面からパスワードを設定してください。",
    ),
)
