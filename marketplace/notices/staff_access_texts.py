"""The texts of notices about accesses of the operator's staff, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

MOVED: dict[str, Wording] = {
    "opened": Wording(
        Label("The operator's staff opened your records", "運営者の担当者が貴組織の記録の閲覧を開始しました"),
        Label(
            "{person} reads {kind} of your organisation until {expires_at}, because {ground} ({reference}): {reason}. What is read"
            " is listed in staff-accesses/{access}.",
            "{person} が {expires_at} まで、貴組織の{kind}を閲覧します。根拠: {ground}（{reference}）。理由: {reason}。閲覧された記録は"
            " staff-accesses/{access} で確認できます。",
        ),
    ),
    "ended": Wording(
        Label("An access to your records ended", "貴組織の記録の閲覧が終了しました"),
        Label(
            "The access {access} to {kind} has ended. What was read is listed in staff-accesses/{access}.",
            "閲覧 {access}（{kind}）は終了しました。閲覧された記録は staff-accesses/{access} で確認できます。",
        ),
    ),
    "told": Wording(
        Label("The operator's staff had opened your records", "運営者の担当者による貴組織の記録の閲覧がありました"),
        Label(
            "{person} opened {kind} of your organisation on {opened_at}, because {ground} ({reference}): {reason}. Law forbade to"
            " tell you earlier. What was read is listed in staff-accesses/{access}, with the salt of the hashes in evidence.",
            "{person} が {opened_at} に、貴組織の{kind}の閲覧を開始しました。根拠: {ground}（{reference}）。理由: {reason}。法令により、"
            "これまで通知できませんでした。閲覧された記録と証跡のハッシュのソルトは staff-accesses/{access} で確認できます。",
        ),
    ),
}  # fmt: skip
DISCLOSED: dict[str, Wording] = {
    "disclosed": Wording(
        Label("Messages of a negotiation were disclosed", "交渉のメッセージが開示されました"),
        Label(
            "{party} lets the operator's staff read the messages of {negotiation}, for a dispute or support case.",
            "{party} が、紛争または問合せへの対応のため、交渉 {negotiation} のメッセージを運営者の担当者が閲覧することに同意しました。",
        ),
    ),
    "revoked": Wording(
        Label("A disclosure of messages was revoked", "メッセージの開示が撤回されました"),
        Label(
            "{party} no longer lets the operator's staff read the messages of {negotiation}.",
            "{party} が、交渉 {negotiation} のメッセージの閲覧への同意を撤回しました。",
        ),
    ),
}
