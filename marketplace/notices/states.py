"""Lives and choices of what participants are told: tasks and mail."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class TaskKind(TextChoices):
    """What is asked of an organisation."""

    ANSWER = "answer", Label("answer an offer or a request", "条件への回答")
    SIGN = "sign", Label("sign the contract", "契約への署名")
    FUND = "fund", Label("pay for the trade", "代金の支払い")
    COLLECT = "collect", Label("collect the data", "データの受領")
    ACCEPT = "accept", Label("inspect and accept the data", "データの検収")
    RESOLVE = "resolve", Label("resolve the dispute", "紛争の解決")
    REVIEW = "review", Label("review an application on hold", "保留中の申請の審査")
    EXPEDITE = "expedite", Label("bring on an overdue clearing", "遅延している清算の対応")
    COUNTERSIGN = "countersign", Label("countersign a large amount", "高額操作の二人目の承認")
    RECONCILE = "reconcile", Label("find out why clients' money does not agree", "顧客資金の不一致の調査")
    LOOK_UP = "look_up", Label("find out what became of a payment", "支払結果の確認")


class TaskState(TextChoices):
    """Where a task stands."""

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
    """Where a mail stands."""

    QUEUED = "queued", Label("waiting to be sent", "送信待ち")
    SENT = "sent", Label("handed to the mail server", "送信済み")
    FAILED = "failed", Label("given up after repeated failure", "送信失敗")


MAIL = StateMachine(
    name="notices.mail_message",
    states=MailState,
    initial=frozenset({MailState.QUEUED}),
    table={
        (MailState.QUEUED, "send", "system"): MailState.SENT,
        (MailState.QUEUED, "give_up", "system"): MailState.FAILED,
    },
)
