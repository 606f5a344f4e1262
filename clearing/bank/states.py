"""Enumerations of bank entries. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class BankDirection(TextChoices):
    """Direction seen from the client account: ``credit`` into it, ``debit`` out of it."""

    CREDIT = "credit", Label("in", "入金")
    DEBIT = "debit", Label("out", "出金")


class BankMatch(TextChoices):
    """What a bank entry was recognised as."""

    PAY_IN = "pay_in", Label("pay-in of a participant", "参加者の入金")
    RESERVE = "reserve", Label("reserve funded by the operator", "運営者による準備金の入金")
    SETTLEMENT = "settlement", Label("settlement payment confirmed", "決済の支払の確認")
    RETURNED = "returned", Label("settlement payment returned", "決済の支払の組戻し")
    TRANSFER_FILE = "transfer_file", Label("transfer file debited as one total", "振込ファイルの合計引落し")
    RECOUPED = "recouped", Label("second carrying-out of a payment returned", "二重払いの返還")
    UNALLOCATED = "unallocated", Label("not recognised", "未照合")


CARRIED_OUT = (BankMatch.SETTLEMENT, BankMatch.TRANSFER_FILE)
"""What bank entries that carry out payments were recognised as."""


class DebitKind(TextChoices):
    """What two people of the operator book a debit in suspense as."""

    BANK_FEE = "bank_fee", Label("bank fee, borne by the operator", "銀行手数料（運営者負担）")
    RECLAIMED = "reclaimed", Label("wrong debit, reclaimed from the bank", "誤出金（銀行へ返還請求）")
    PAID_TWICE = (
        "paid_twice",
        Label("payment carried out twice, reclaimed from its payee", "二重払い（受取人へ返還請求）"),
    )


RETURNABLE = (DebitKind.RECLAIMED, DebitKind.PAID_TWICE)
"""Kinds of debit whose money comes back."""


class ImportState(TextChoices):
    """States of an uploaded bank statement."""

    RECEIVED = "received", Label("received, not read yet", "受付済み（読取待ち）")
    WAITING = "waiting", Label("waits for the statement before it", "直前の明細の取込待ち")
    AWAITING_CONFIRMATION = (
        "awaiting_confirmation",
        Label("waits for a second person to confirm it", "二人目による確認待ち"),
    )
    CONFIRMED = "confirmed", Label("confirmed, not imported yet", "確認済み（取込待ち）")
    IMPORTED = "imported", Label("imported", "取込済み")
    REFUSED = "refused", Label("refused, nothing was imported", "取込不可（何も取り込まれていません）")


UNCONFIRMED = (ImportState.AWAITING_CONFIRMATION, ImportState.CONFIRMED)
"""States in which the receipts of a statement are seen, and spend nothing."""

STATEMENT_IMPORT = StateMachine(
    name="clearing.statement_import",
    states=ImportState,
    initial=frozenset({ImportState.RECEIVED}),
    table={
        (ImportState.RECEIVED, "wait", "system"): ImportState.WAITING,
        (ImportState.RECEIVED, "ask", "system"): ImportState.AWAITING_CONFIRMATION,
        (ImportState.RECEIVED, "import", "system"): ImportState.IMPORTED,
        (ImportState.RECEIVED, "refuse", "system"): ImportState.REFUSED,
        (ImportState.WAITING, "ask", "system"): ImportState.AWAITING_CONFIRMATION,
        (ImportState.WAITING, "import", "system"): ImportState.IMPORTED,
        (ImportState.WAITING, "refuse", "system"): ImportState.REFUSED,
        (ImportState.WAITING, "withdraw", "operator"): ImportState.REFUSED,
        (ImportState.AWAITING_CONFIRMATION, "confirm", "operator"): ImportState.CONFIRMED,
        (ImportState.AWAITING_CONFIRMATION, "withdraw", "operator"): ImportState.REFUSED,
        (ImportState.CONFIRMED, "import", "system"): ImportState.IMPORTED,
        (ImportState.CONFIRMED, "refuse", "system"): ImportState.REFUSED,
    },
)
