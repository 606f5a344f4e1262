"""Refusals of cycles."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NoOpenCycle(DomainError):
    """No cycle of the currency is open for trades. Fields: ``currency``."""

    code = "no_open_cycle"
    category = Category.CONFLICT
    detail = Label(
        "No clearing cycle in {currency} is open; the operator opens the first one.",
        "通貨 {currency} の清算サイクルが開かれていません。運営者が最初のサイクルを開いてください。",
    )


class CycleFaulty(DomainError):
    """The content of the cycle is inconsistent; nothing was changed. Fields: ``cycle, faults``."""

    code = "cycle_faulty"
    category = Category.CONFLICT
    detail = Label("{cycle} cannot be validated: {faults}.", "{cycle} を検証できません: {faults}")


class CycleIsPaused(DomainError):
    """The cycle is paused. Fields: ``cycle, reason``."""

    code = "cycle_paused"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is paused ({reason}); resume it first.",
        "{cycle} は一時停止中です（{reason}）。先に再開してください。",
    )


class CycleNotPaused(DomainError):
    """The cycle is not paused. Fields: ``cycle``."""

    code = "cycle_not_paused"
    category = Category.CONFLICT
    detail = Label("{cycle} is not paused.", "{cycle} は一時停止中ではありません。")


class CycleCannotBePaused(DomainError):
    """A cycle can be paused only between its cut-off and its settlement. Fields: ``cycle, state``."""

    code = "cycle_cannot_be_paused"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is {state}: a cycle can be paused only between its cut-off and its settlement.",
        "{cycle} は {state} です。一時停止できるのは締切後、決済完了までの間です。",
    )
