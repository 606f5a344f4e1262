"""States and kinds of tasks and mail."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class TaskKind(TextChoices):
    """The kind of a task."""

    ANSWER = "answer", Label("answer the proposed terms", "提示条件への回答")
    SIGN = "sign", Label("sign the contract", "契約への署名")
    FUND = "fund", Label("pay in for the trade", "代金の入金")
    STATE_SUPPLY = "state_supply", Label("state what the listing supplies", "提供内容の申告")
    COLLECT = "collect", Label("download the data", "データの受領")
    ACCEPT = "accept", Label("inspect and accept the data", "データの検査・検収")
    RESOLVE = "resolve", Label("resolve the dispute", "異議の解決")
    REVIEW = "review", Label("review the case", "案件の審査")
    ADMIT = "admit", Label("review the application for registration", "登録申請の審査")
    CONFIRM = "confirm", Label("confirm the acceptance as the second person", "二人目としての登録承認の確認")
    ASSESS = "assess", Label("read what the screening found", "照合結果の確認")
    EXPEDITE = "expedite", Label("attend to the late cycle", "遅延した清算サイクルの対応")
    COUNTERSIGN = "countersign", Label("approve as the second person", "二人目の承認者による承認")
    CERTIFY = "certify", Label("find the difference from the bank's certificate", "残高証明書との差異の調査")
    RECONCILE = "reconcile", Label("find the difference in the segregation check", "分別管理の差異の調査")
    REPAIR = "repair", Label("repair what is parked and retry it", "停止中の処理の修復・再試行")
    ATTEND = "attend", Label("attend to the alarm", "警報への対応")
    RECONNECT = "reconnect", Label("mend the receiver of the webhook", "Webhookの受信側の復旧")
    LOOK_UP = "look_up", Label("find out the outcome of the payment", "支払結果の確認")
    EXPLAIN = "explain", Label("find out what the bank debited", "銀行の出金内容の確認")
    FOLLOW_ORDER = "follow_order", Label("follow the order that attached a claim", "差押命令への対応")
    PAY_AGAIN = "pay_again", Label("pay again what came back", "返却された支払の再送")
    VET_ACCOUNT = "vet_account", Label("confirm the new payout account", "振込先口座の変更の確認")
    FREEZE = "freeze", Label("hold payments under sanctions", "制裁措置による支払の保留")
    APPOINT = "appoint", Label("enter the trustee whom the court appointed", "裁判所が選任した管財人の登録")
    SECOND = "second", Label("confirm as the second owner", "二人目の代表管理者としての確認")
    TAKE_OVER = "take_over", Label("name who answers for the program", "プログラムの責任者の変更")
    RENEW = "renew", Label("renew the secret of the program", "プログラムのシークレットの更新")
    KEEP = "keep", Label("do what keeps the admission", "参加承認の維持")
    UNLOCK = (
        "unlock",
        Label("release the locked login as the second person", "二人目としてのログイン停止解除の確認"),
    )
    RECOVER = "recover", Label("attend to the recovery of an owner", "代表管理者の回復手続への対応")
    DISCLOSE = "disclose", Label("decide whether the participant is told", "参加者への通知の可否の確認")
    APPEAL = "appeal", Label("decide the appeal", "不服申立ての判断")
    REMEDY = "remedy", Label("carry out the appeal", "不服申立ての結果の実施")
    REPORT = "report", Label("report the incident", "事案の報告")
    CONSULT = "consult", Label("answer the question put beforehand", "事前相談への回答")
    STAFF = "staff", Label("name who is on call", "当番の指定")
    RELEASE = "release", Label("look at what was halted or suspended", "売買停止・取引停止の確認")
    DELETE = "delete", Label("delete the data and certify it", "データの消去・消去証明の提出")
    LOOK_INTO = "look_into", Label("look into what was noticed", "検知事項の確認")
    REOPEN = "reopen", Label("open the sending of payments after a restoration", "復旧後の支払送付の再開")


class TaskState(TextChoices):
    """The state of a task."""

    OPEN = "open", Label("to be done", "未対応")
    DONE = "done", Label("done", "完了")
    MOOT = "moot", Label("no longer needed", "対応不要")


TASK = StateMachine(
    name="notices.task",
    states=TaskState,
    initial=frozenset({TaskState.OPEN}),
    table={
        (TaskState.OPEN, "finish", "system"): TaskState.DONE,
        (TaskState.OPEN, "drop", "system"): TaskState.MOOT,
    },
)


class MailState(TextChoices):
    """The state of a mail."""

    QUEUED = "queued", Label("waiting to be sent", "送信待ち")
    SENT = "sent", Label("handed to the mail server", "送信済み")
    FAILED = "failed", Label("failed after repeated attempts", "送信失敗")


MAIL = StateMachine(
    name="notices.mail_message",
    states=MailState,
    initial=frozenset({MailState.QUEUED}),
    table={
        (MailState.QUEUED, "send", "system"): MailState.SENT,
        (MailState.QUEUED, "give_up", "system"): MailState.FAILED,
    },
)
