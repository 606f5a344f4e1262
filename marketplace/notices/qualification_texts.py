"""The texts of notices and tasks about qualifications, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

VERIFY = Label(
    "Verify the qualification {qualification} ({name}) of {party} from its document, or refuse it",
    "{party} の資格 {qualification}（{name}）を書類により確認し、確認または確認不可としてください",
)
"""The title of the operator's task."""
MOVED: dict[str, Wording] = {
    "verified": Wording(
        Label("Your qualification {name} was verified", "資格 {name} が確認されました"),
        Label(
            "Rules read {qualification} from now on, within its days.",
            "規則は今後、有効期間内の {qualification} を参照します。",
        ),
    ),
    "refused": Wording(
        Label("Your qualification {name} was not verified", "資格 {name} は確認できませんでした"),
        Label(
            "GET qualifications/{qualification}/ states the reason. State it anew once the reason is resolved.",
            "理由は GET qualifications/{qualification}/ に記載しています。理由が解消した後、改めて届け出てください。",
        ),
    ),
    "withdrawn": Wording(
        Label("Your qualification {name} was withdrawn", "資格 {name} が取り下げられました"),
        Label(
            "A person of your organisation withdrew {qualification}; rules do not read it.",
            "貴組織の担当者が {qualification} を取り下げました。規則はこれを参照しません。",
        ),
    ),
    "revoked": Wording(
        Label("Your qualification {name} was revoked", "資格 {name} の確認が取り消されました"),
        Label(
            "The operator no longer counts it: GET qualifications/{qualification}/ states the reason. Your admissions are"
            " evaluated again, and you are told if one is concerned.",
            "運営者が確認を取り消しました。理由は GET qualifications/{qualification}/ に記載しています。参加承認を改めて判定し、"
            "影響がある場合は通知します。",
        ),
    ),
    "expired": Wording(
        Label("Your qualification {name} has expired", "資格 {name} の有効期限が切れました"),
        Label(
            "The last day of {qualification} has passed. State its renewal as a new qualification.",
            "{qualification} の有効期間が終了しました。更新後の資格を新たに届け出てください。",
        ),
    ),
}
"""By the state that a qualification moved to."""
EXPIRING = Wording(
    Label("Your qualification {name} ends on {day}", "資格 {name} は {day} に有効期限を迎えます"),
    Label(
        "{qualification} counts until the end of that day. State its renewal as a new qualification before.",
        "{qualification} は同日まで有効です。それまでに更新後の資格を新たに届け出てください。",
    ),
)
DISQUALIFIED: dict[str, Wording] = {
    "stated": Wording(
        Label("{whom}: disqualified until {day}", "{whom}が {day} まで欠格とされました"),
        Label(
            "Ground: {ground}. GET disqualifications/{disqualification}/ names the source. Your admissions are evaluated again, and you"
            " are told if one is concerned; what is decided on it can be appealed.",
            "事由: {ground}。根拠は GET disqualifications/{disqualification}/ に記載しています。参加承認を改めて判定し、影響がある場合は"
            "通知します。これに基づく判断には不服を申し立てられます。",
        ),
    ),
    "ended": Wording(
        Label("{whom}: the disqualification has ended", "{whom}の欠格が解除されました"),
        Label(
            "Two people of the operator ended {disqualification} ({ground}), until {day}, before its last day.",
            "運営者の担当者二名が、{day} までの {disqualification}（{ground}）を期間満了前に終了しました。",
        ),
    ),
    "over": Wording(
        Label("{whom}: the disqualification is over", "{whom}の欠格の期間が満了しました"),
        Label(
            "The last day, {day}, of {disqualification} ({ground}) has passed.",
            "{disqualification}（{ground}）は {day} をもって満了しました。",
        ),
    ),
}
"""By what became of a disqualification."""
ORGANISATION = Label("Your organisation", "貴組織")
OFFICER = Label("An officer of your organisation", "貴組織の役員")
STAKES: dict[str, Wording] = {
    "claimed": Wording(
        Label(
            "A third party states an interest in {listing}",
            "商品 {listing} について第三者から権利・利害の申出がありました",
        ),
        Label(
            "GET listing-stakes/{stake}/ says who and which. Buyers and rules read it. Tell the operator if it is not so.",
            "内容は GET listing-stakes/{stake}/ に記載しています。利用者に表示され、規則も参照します。事実と異なる場合は運営者に"
            "お知らせください。",
        ),
    ),
    "ended": Wording(
        Label(
            "An interest of a third party in {listing} has ended",
            "商品 {listing} に関する第三者の権利・利害の届出が終了しました",
        ),
        Label(
            "Two people of the operator ended {stake}. Rules read it no more.",
            "運営者の担当者二名が {stake} を終了しました。規則は今後これを参照しません。",
        ),
    ),
}
"""By what became of an interest of a third party; what the seller declares itself needs no notice."""
