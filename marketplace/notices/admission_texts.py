"""The texts of notices and tasks about admissions, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

DUE_SOON = Label(
    "GET admissions/ has the words of the condition.", "条件の内容は GET admissions/ に記載しています。"
)
"""The text of the notice that a condition is due soon."""
CONDITION = Label(
    "The admission {admission} ends unless your qualification {name} is verified by {day}: state it in time",
    "資格「{name}」が {day} までに確認されない場合、参加承認 {admission} は終了します。期日までに届け出てください",
)
"""The title of the participant's task to meet a condition."""

ADMISSIONS: dict[str, Wording] = {
    "admitted": Wording(
        Label(
            "Admitted as {capacity} in {segment}", "分野 {segment} への{capacity}としての参加が承認されました"
        ),
        Label("You can now trade in {segment}.", "分野 {segment} で取引を開始できます。"),
    ),
    "refused": Wording(
        Label(
            "Not admitted as {capacity} in {segment}",
            "分野 {segment} への{capacity}としての参加は承認されませんでした",
        ),
        Label(
            "Decision {decision} states the reasons. You can apply again once they are resolved.",
            "理由は判定 {decision} に記録されています。理由が解消した後、再度申請できます。",
        ),
    ),
    "on_hold": Wording(
        Label(
            "Your application as {capacity} in {segment} is under review",
            "分野 {segment} への{capacity}としての参加申請を審査しています",
        ),
        Label(
            "Decision {decision} states the reasons. The operator reviews your application.",
            "理由は判定 {decision} に記録されています。運営者が審査します。",
        ),
    ),
    "withdrawn": Wording(
        Label(
            "Your admission as {capacity} in {segment} has ended",
            "分野 {segment} への{capacity}としての参加承認は終了しました",
        ),
        Label("Agreements in force continue.", "有効な契約は存続します。"),
    ),
    "expired": Wording(
        Label(
            "Your admission as {capacity} in {segment} has expired",
            "分野 {segment} への{capacity}としての参加承認は期限を迎えました",
        ),
        Label(
            "Its last day has passed. Agreements in force continue; apply again to begin new ones.",
            "参加承認の期間が終了しました。有効な契約は存続します。新たな取引には改めて申請が必要です。",
        ),
    ),
    "lapsed": Wording(
        Label(
            "Your admission as {capacity} in {segment} has ended: a condition was not met",
            "分野 {segment} への{capacity}としての参加承認は、条件未達により終了しました",
        ),
        Label(
            "What was to be verified by its day was not. Agreements in force continue; apply again once you have it.",
            "期日までに必要な資格が確認されませんでした。有効な契約は存続します。資格を得た後、改めて申請してください。",
        ),
    ),
    "renewed": Wording(
        Label(
            "Your admission as {capacity} in {segment} was renewed",
            "分野 {segment} への{capacity}としての参加承認が更新されました",
        ),
        Label("The new admission takes its place.", "新しい参加承認に引き継がれました。"),
    ),
}
