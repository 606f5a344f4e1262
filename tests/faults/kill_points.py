"""The numbered list of kill points: before and after the commit of each step that the day takes.

The list is checked against what an undisturbed day comes to: a step that is missing here, or that the day no longer
takes, fails the campaign.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.tripwire import AFTER, BEFORE

MORNING, CLOSE, PAY, LATER = CHECKPOINTS = ("the morning's events", "close", "transfer file", "days later")
"""The stages before which a template is kept, so that a fault late in the day need not wait for the morning."""

STEPS = {
    # The money path: events are carried to inboxes and handled.
    "relay": (MORNING, 2),
    "claim": (MORNING, 2),
    "handle agreement.concluded": (MORNING, 3),
    "handle delivery.accepted": (MORNING, 12),
    "handle dispute.opened": (MORNING, 2),
    "handle dispute.resolved": (MORNING, 3),
    "handle adjustment.due": (MORNING, 3),
    "handle payment.received": (MORNING, 2),
    # The bank's word, and what the operator does about it.
    "import receipts: import_bank_statement": (MORNING, 1),
    "allocate a receipt: allocate_pay_in": (MORNING, 1),
    "settled → partial": (MORNING, 1),
    "pay again: retry_payment": (MORNING, 1),
    "transfer file of the past: create_transfer_file": (MORNING, 1),
    # The cycle, step by step.
    "close: close_cycle": (CLOSE, 1),
    "closing → validated": (CLOSE, 1),
    "validated, some at a time": (CLOSE, 2),
    "validated → netted": (CLOSE, 1),
    "netted, some at a time": (CLOSE, 2),
    "netted → posted": (CLOSE, 1),
    "posted, some at a time": (CLOSE, 5),
    "posted → settling": (CLOSE, 1),
    # Settlement.
    "transfer file: create_transfer_file": (PAY, 1),
    "import confirmations: import_bank_statement": (PAY, 1),
    "the bank says no: report_failed_payment": (PAY, 1),
    "fail_trade": (LATER, 1),
    "payments._mark_unknown": (LATER, 1),
    "services._make_under_lock": (LATER, 1),
    "services._end_month": (LATER, 1),
    "pay once more: retry_payment": (LATER, 1),
    "second transfer file: create_transfer_file": (LATER, 1),
    "import the last: import_bank_statement": (LATER, 1),
    "settling → settled": (LATER, 1),
    "partial → settled": (PAY, 1),
    "seal": (LATER, 1),
}
"""Each step with the checkpoint from which its faults start, and how often it is taken in what follows, at least."""

BY_CHANCE = {
    "give_back": "a worker that runs out of its time gives the rest of its claim back",
    "secure_waiting_trades": "the sweep comes before the event of the money that it would follow",
}
"""Steps that a day takes or not, as its processes happen to meet; no fault is planned at them."""


@dataclass(frozen=True)
class KillPoint:
    """One place where the worker is killed."""

    number: int
    step: str
    position: str

    def __str__(self) -> str:
        """As the campaign prints it."""
        return f"{self.number:3d}  {self.position:6s} the commit of  {self.step}"


POINTS = tuple(
    KillPoint(number, step, position)
    for number, (step, position) in enumerate(
        ((step, position) for step in STEPS for position in (BEFORE, AFTER)), start=1
    )
)
