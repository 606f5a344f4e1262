"""States and enumerations of settlement. Pure; other applications may import them."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine

from .waiting import ABROAD, ATTACHED, NO_ACCOUNT, NO_ROUTE, SANCTIONED


class InstructionState(TextChoices):
    """States of a payment. A payment whose outcome is not known is ``unknown``, never failed."""

    PLANNED = "planned", Label("planned", "予定")
    SENDING = "sending", Label("handed to the bank", "銀行へ送付済み")
    UNKNOWN = "unknown", Label("outcome not known", "結果確認中")
    CONFIRMED = "confirmed", Label("confirmed by the bank statement", "入出金明細で確認済み")
    FAILED = "failed", Label("returned by the bank", "不能・返却")
    CANCELLED = "cancelled", Label("cancelled before it was sent", "送付前に取消")


TAKEN_OUT_REASON_LENGTH_MAX: Final = 200
"""Of what the operator's own money is that it takes out."""

INSTRUCTION = StateMachine(
    name="clearing.settlement_instruction",
    states=InstructionState,
    initial=frozenset({InstructionState.PLANNED}),
    table={
        (InstructionState.PLANNED, "send", "operator"): InstructionState.SENDING,
        (InstructionState.SENDING, "mark_unknown", "system"): InstructionState.UNKNOWN,
        # The bank statement decides: a payment on it has happened, however it was started.
        (InstructionState.PLANNED, "confirm", "system"): InstructionState.CONFIRMED,
        (InstructionState.SENDING, "confirm", "system"): InstructionState.CONFIRMED,
        (InstructionState.UNKNOWN, "confirm", "system"): InstructionState.CONFIRMED,
        (InstructionState.FAILED, "confirm", "system"): InstructionState.CONFIRMED,
        # A planned payment is the payee's own money, which is set off before a shortfall of the payee; and the replacement of a
        # payment that the bank reported as failed is withdrawn if the bank carried out the first.
        (InstructionState.PLANNED, "cancel", "system"): InstructionState.CANCELLED,
        # The operator need not pay in the own money that it planned.
        (InstructionState.PLANNED, "withdraw", "operator"): InstructionState.CANCELLED,
        # Only the bank makes a payment failed: by a notice that it did not pay, or by returning the payment.
        (InstructionState.SENDING, "fail", "operator"): InstructionState.FAILED,
        (InstructionState.UNKNOWN, "fail", "operator"): InstructionState.FAILED,
        (InstructionState.CONFIRMED, "return", "system"): InstructionState.FAILED,
        # A return may be booked before its debit.
        (InstructionState.SENDING, "return", "system"): InstructionState.FAILED,
        (InstructionState.UNKNOWN, "return", "system"): InstructionState.FAILED,
    },
)


class PaymentPurpose(TextChoices):
    """Purposes of payments."""

    CYCLE = "cycle", Label("settlement of a cycle", "清算サイクルの決済")
    IDLE_RETURN = "idle_return", Label("return of idle money", "滞留金の返還")
    OWN_MONEY = "own_money", Label("own money that the operator pays in", "運営者による自己資金の払込み")
    SURPLUS = "surplus", Label("own money that the operator takes out", "運営者による自己資金の払出し")
    ATTACHMENT = "attachment", Label("payment of an attached claim", "差し押さえられた債権の支払")


class Hindrance(TextChoices):
    """Reasons why a participant cannot be paid now."""

    NO_ACCOUNT = "no_account", NO_ACCOUNT.label
    ABROAD = "abroad", ABROAD.label
    NO_ROUTE = "no_route", NO_ROUTE.label
    ATTACHED = "attached", ATTACHED.label
    SANCTIONED = "sanctioned", SANCTIONED.label


class RestraintKind(TextChoices):
    """Events that limit set-off against payments to a participant; an attachment also holds the payments back."""

    ATTACHMENT = "attachment", Label("attachment of the claim on the market", "差押え")
    INSOLVENCY = "insolvency", Label("opening of insolvency proceedings", "倒産手続の開始等")


class CreditorKind(TextChoices):
    """Who is paid what is attached."""

    CREDITOR = "creditor", Label("attaching creditor", "差押債権者")
    PUBLIC_OFFICE = "public_office", Label("office that attached for taxes or dues", "滞納処分をした行政機関")
    COURT = "court", Label("court", "裁判所")
    DEPOSIT_OFFICE = "deposit_office", Label("deposit office", "供託所")


class PaymentDirection(TextChoices):
    """Direction seen from the client account."""

    OUT = "out", Label("paid out", "出金")
    IN = "in", Label("paid in", "入金")
