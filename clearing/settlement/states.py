"""Lifecycles and enumerations of settlement. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine

from .waiting import ABROAD, NO_ACCOUNT, NO_ROUTE


class InstructionState(TextChoices):
    """What is known of one payment. An outcome that is not known is ``unknown``, never failed."""

    PLANNED = "planned", Label("planned", "予定")
    SENDING = "sending", Label("handed to the bank", "銀行へ送付済み")
    UNKNOWN = "unknown", Label("outcome not known yet", "結果確認中")
    CONFIRMED = "confirmed", Label("confirmed by the bank's statement", "入出金確認済み")
    FAILED = "failed", Label("returned by the bank", "不能・返却")


INSTRUCTION = StateMachine(
    name="clearing.settlement_instruction",
    states=InstructionState,
    initial=frozenset({InstructionState.PLANNED}),
    table={
        (InstructionState.PLANNED, "send", "operator"): InstructionState.SENDING,
        (InstructionState.SENDING, "lose_sight", "system"): InstructionState.UNKNOWN,
        # The statement is the truth: a payment that the bank booked has happened, however it was started.
        (InstructionState.PLANNED, "confirm", "system"): InstructionState.CONFIRMED,
        (InstructionState.SENDING, "confirm", "system"): InstructionState.CONFIRMED,
        (InstructionState.UNKNOWN, "confirm", "system"): InstructionState.CONFIRMED,
        # Failed is what the bank itself said: a notice that it did not pay, or a payment that came back.
        (InstructionState.SENDING, "fail", "operator"): InstructionState.FAILED,
        (InstructionState.UNKNOWN, "fail", "operator"): InstructionState.FAILED,
        (InstructionState.CONFIRMED, "return", "system"): InstructionState.FAILED,
    },
)


class PaymentPurpose(TextChoices):
    """Why a payment is made."""

    CYCLE = "cycle", Label("settlement of a cycle", "清算の決済")
    IDLE_RETURN = "idle_return", Label("return of idle money", "滞留金の返還")


class Hindrance(TextChoices):
    """Why a participant cannot be paid now, in the words of the waiting reason."""

    NO_ACCOUNT = "no_account", NO_ACCOUNT.label
    ABROAD = "abroad", ABROAD.label
    NO_ROUTE = "no_route", NO_ROUTE.label


class PaymentDirection(TextChoices):
    """Whether a settlement payment leaves the client account or comes in to it."""

    OUT = "out", Label("paid out", "払出し")
    IN = "in", Label("paid in", "払込み")
