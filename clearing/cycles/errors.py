"""Refusals of cycles."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NoOpenCycle(DomainError):
    """No cycle of the currency takes trades. Fields: ``currency``."""

    code = "no_open_cycle"
    category = Category.CONFLICT
    detail = Label(
        "No clearing cycle in {currency} is open; the operator opens the first one.",
        "通貨 {currency} の清算サイクルが開かれていません。運営者が最初のサイクルを開いてください。",
    )


class CycleFaulty(DomainError):
    """What is to be cleared does not agree with itself; nothing was changed. Fields: ``cycle, faults``."""

    code = "cycle_faulty"
    category = Category.CONFLICT
    detail = Label("{cycle} cannot be validated: {faults}.", "{cycle} を検証できません: {faults}")


class CycleIsPaused(DomainError):
    """The operator keeps the cycle where it is. Fields: ``cycle, reason``."""

    code = "cycle_paused"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is on hold ({reason}); release it first.",
        "{cycle} は保留中です（{reason}）。先に保留を解除してください。",
    )


class CycleNotPaused(DomainError):
    """The cycle is not on hold. Fields: ``cycle``."""

    code = "cycle_not_paused"
    category = Category.CONFLICT
    detail = Label("{cycle} is not on hold.", "{cycle} は保留されていません。")


class CycleCannotBePaused(DomainError):
    """A cycle is held from its cut-off until it is settled. Fields: ``cycle, state``."""

    code = "cycle_cannot_be_paused"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is {state}: a cycle can be held from its cut-off until it is settled.",
        "{cycle} は {state} です。保留できるのは締切後、決済完了までの間です。",
    )
