"""The titles of tasks about people and programs, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .states import TaskKind

PEOPLE_TASK_TITLES: dict[TaskKind, Label] = {
    TaskKind.SECOND: Label(
        "Confirm {subject} ({change}) as another owner, or withdraw it",
        "{subject}（{change}）を別の代表管理者として確認するか、取り下げてください",
    ),
    TaskKind.TAKE_OVER: Label(
        "Name who answers for the program {program}: it stopped, in whole or in part, with the roles of the person who did",
        "プログラム {program} の責任者を指定してください。責任者の役割の喪失により、全部または一部が停止しています",
    ),
    TaskKind.RENEW: Label(
        "Rotate the secret of the program {program} before it ends",
        "プログラム {program} のシークレットを期限までに更新してください",
    ),
    TaskKind.KEEP: Label(
        "The admission {admission} ends unless you apply for its renewal before",
        "参加承認 {admission} は、更新を申請しない限り期限に終了します",
    ),
    TaskKind.UNLOCK: Label(
        "Release the locked login {lock} as another person, or leave it locked",
        "停止中のログイン {lock} の解除を別の担当者として確認してください（解除しない場合は対応不要です）",
    ),
    TaskKind.APPOINT: Label(
        "Nobody acts for {party}, which is in insolvency proceedings ({suspension}): enter the trustee whom the court appointed,"
        " one of admission proposing and another confirming",
        "倒産手続中の {party} には手続を行う者がいません（{suspension}）。裁判所が選任した管財人を、参加審査担当者一人が提案し、"
        "別の担当者が確認して登録してください",
    ),
    TaskKind.DISCLOSE: Label(
        "Decide by {until} whether the participant is told of the access {access}: two people defer the notice again, or it"
        " is sent on that day",
        "閲覧 {access} を参加者に通知するか、{until} までに判断してください（2名で延期しない場合、その日に通知されます）",
    ),
    TaskKind.RECOVER: Label(
        "Attend to the recovery {recovery} of an owner of {party}: {step}",
        "{party} の代表管理者の回復手続 {recovery} に対応してください: {step}",
    ),
}
