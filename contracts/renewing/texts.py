"""What the parties are told of renewals."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

from .states import RenewalKind

REMINDERS = {
    RenewalKind.AUTOMATIC: Label(
        "{agreement} is renewed unless you refuse it by {day}",
        "{agreement} は、{day}までに拒絶しない限り更新されます",
    ),
    RenewalKind.BY_AGREEMENT: Label(
        "{agreement} ends on {day}: amend it to renew it",
        "{agreement} は{day}に満了します。更新には変更契約が必要です",
    ),
}
TO_REFUSE = Label(
    "To let it be renewed, do nothing. To refuse: POST agreements/{agreement}/refuse-renewal/, by a person who may sign.",
    "更新する場合、手続は不要です。更新しない場合は、署名権限のある担当者が POST agreements/{agreement}/refuse-renewal/ を実行してください。",
)
TO_AMEND = Label(
    "POST agreements/{agreement}/amend/ with a later end proposes the renewal to the other party; agreements/{agreement}/renewal/ says for what.",
    "POST agreements/{agreement}/amend/ で終期を延ばす変更を相手方に提案できます。提案の例は agreements/{agreement}/renewal/ にあります。",
)
REFUSED = Wording(
    Label("Not renewed: {agreement}", "更新の拒絶: {agreement}"),
    Label(
        "The {party} refused the renewal of {agreement}. It ends with its term on {day}. If both want it to go on, they amend it.",
        "{party}が {agreement} の更新を拒絶しました。契約は{day}に期間満了により終了します。継続するには、双方による変更契約が必要です。",
    ),
)
NOT_RENEWED = Wording(
    Label("Not renewed: {agreement}", "更新されません: {agreement}"),
    Label(
        "{agreement} is not renewed: {reason}. It ends on {day} at the latest.",
        "{agreement} は更新されません（{reason}）。契約は遅くとも{day}に終了します。",
    ),
)
RENEWED = Wording(
    Label("Renewed: {agreement}", "契約が更新されました: {agreement}"),
    Label(
        "Nobody refused the renewal of {agreement} in time: version {number} is in force from {day}; agreements/{agreement}/versions/ shows it.",
        "期限までに拒絶がなかったため、{agreement} は更新されました。第{number}版は{day}から効力を生じます。内容は agreements/{agreement}/versions/ で確認できます。",
    ),
)
