"""States of cycles. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class CycleState(TextChoices):
    """States of a clearing cycle."""

    OPEN = "open", Label("open", "受付中")
    CLOSING = "closing", Label("cut off, waits for earlier transactions", "締切済み・反映待ち")
    VALIDATED = "validated", Label("validated", "検証済み")
    NETTED = "netted", Label("netted, final", "差引計算済み・確定")
    POSTED = "posted", Label("posted to the ledger", "記帳済み")
    SETTLING = "settling", Label("being settled", "決済中")
    SETTLED = "settled", Label("settled", "決済完了")
    PARTIAL = "partial", Label("settled in part; the remainder is deferred", "一部決済・残額繰延べ")


CYCLE = StateMachine(
    name="clearing.cycle",
    states=CycleState,
    initial=frozenset({CycleState.OPEN}),
    table={
        (CycleState.OPEN, "close", "operator"): CycleState.CLOSING,
        # At a scheduled cut-off.
        (CycleState.OPEN, "close", "system"): CycleState.CLOSING,
        (CycleState.CLOSING, "validate", "system"): CycleState.VALIDATED,
        (CycleState.VALIDATED, "net", "system"): CycleState.NETTED,
        (CycleState.NETTED, "post", "system"): CycleState.POSTED,
        (CycleState.POSTED, "instruct", "system"): CycleState.SETTLING,
        (CycleState.SETTLING, "settle", "system"): CycleState.SETTLED,
        (CycleState.SETTLING, "settle_in_part", "system"): CycleState.PARTIAL,
        # A failed payment was made again, or a claim collected, so that all is settled.
        (CycleState.PARTIAL, "settle", "system"): CycleState.SETTLED,
        # A bank may return a payment after it was confirmed.
        (CycleState.SETTLED, "settle_in_part", "system"): CycleState.PARTIAL,
    },
)

CUT_OFF_STATES = (CycleState.CLOSING, CycleState.VALIDATED, CycleState.NETTED)
FINAL_STATES = (CycleState.SETTLED, CycleState.PARTIAL)
POSTED_STATES = (CycleState.POSTED, CycleState.SETTLING, *FINAL_STATES)
WORKING_STATES = (*CUT_OFF_STATES, CycleState.POSTED)
PAUSABLE_STATES = (*WORKING_STATES, CycleState.SETTLING, CycleState.PARTIAL)


class StepPart(TextChoices):
    """Parts of a cycle's steps that are done in chunks, in the order in which they are done."""

    REBATES = "rebates", Label("fee rebates", "手数料の割戻し")
    COVER = "cover", Label("own money set aside", "不足額への充当")
    POSITIONS = "positions", Label("net positions", "差引額")
    ENTRIES = "entries", Label("journal entries", "仕訳")
    PAYMENTS = "payments", Label("settlement payments", "決済の支払")
    SALES = "sales", Label("invoices of sales", "取引代金の請求書")
    CORRECTIONS = "corrections", Label("documents of corrections", "取引の訂正の帳票")
    FEES = "fees", Label("invoices of fees", "手数料の請求書")
    FEE_REFUNDS = "fee_refunds", Label("documents of refunded fees", "手数料返金の帳票")
    TOLD = "told", Label("participants told of their documents", "帳票発行の通知")


PARTS_OF_STEP: dict[str, tuple[StepPart, ...]] = {
    CycleState.VALIDATED: (StepPart.REBATES,),
    CycleState.NETTED: (StepPart.COVER, StepPart.POSITIONS),
    CycleState.POSTED: (StepPart.ENTRIES,),
    CycleState.SETTLING: (
        StepPart.PAYMENTS,
        StepPart.SALES,
        StepPart.CORRECTIONS,
        StepPart.FEES,
        StepPart.FEE_REFUNDS,
        StepPart.TOLD,
    ),
}
"""The parts of each step in their order, by the state that the step leads to."""
