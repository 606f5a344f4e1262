"""The texts of notices and tasks about admissions, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Sequence

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
        Label(
            "Open negotiations end, and listings leave the catalogue. Agreements in force continue.",
            "進行中の交渉は終了し、商品は掲載を停止されます。有効な契約は存続します。",
        ),
    ),
    "expired": Wording(
        Label(
            "Your admission as {capacity} in {segment} has expired",
            "分野 {segment} への{capacity}としての参加承認は期限を迎えました",
        ),
        Label(
            "Its last day has passed. Open negotiations end, and listings leave the catalogue. Agreements in force continue; apply"
            " again to begin new ones.",
            "参加承認の期間が終了しました。進行中の交渉は終了し、商品は掲載を停止されます。有効な契約は存続します。新たな取引には改めて申請が必要です。",
        ),
    ),
    "lapsed": Wording(
        Label(
            "Your admission as {capacity} in {segment} has ended: a condition was not met",
            "分野 {segment} への{capacity}としての参加承認は、条件未達により終了しました",
        ),
        Label(
            "What was to be verified by its day was not. Open negotiations end, and listings leave the catalogue. Agreements in"
            " force continue; apply again once you have it.",
            "期日までに必要な資格が確認されませんでした。進行中の交渉は終了し、商品は掲載を停止されます。有効な契約は存続します。資格を得た後、改めて申請してください。",
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

TO_OPERATOR = Wording(
    Label(
        "Admission {admission} of {party} in {segment} has ended",
        "{party} の分野 {segment} への参加承認 {admission} が終了しました",
    ),
    Label(
        "Negotiations that ended with it: {negotiations}. Agreements in force, which continue: {agreements}. The listings of a"
        " seller leave the catalogue until it is admitted again.",
        "これに伴い終了した交渉：{negotiations}。存続する有効な契約：{agreements}。提供者の商品は、再び承認されるまで掲載を停止されます。",
    ),
)
"""What the operator is told of an admission that has ended."""
NAMED_MAX = 20


def counted(identifiers: Sequence[str]) -> str:
    """How many there are, and the first of them."""
    named = ", ".join(identifiers[:NAMED_MAX])
    return f"{len(identifiers)} ({named}{', …' if len(identifiers) > NAMED_MAX else ''})" if named else "0"
