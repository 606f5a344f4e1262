"""Why a bank entry waits, decided from the entry alone. No reads beside its allocation, no writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import Waiting, WaitingReason, WaitsFor

from .states import BankDirection, BankMatch

if TYPE_CHECKING:
    from .models import BankEntry

IN_SUSPENSE = WaitingReason(
    "bank_entry.in_suspense",
    Label(
        "the pay-in is in suspense; its owner is not known yet",
        "仮受中です。どの参加者の入金か判明していません",
    ),
    WaitsFor.OPERATOR,
    Label("The operator says whose pay-in it is.", "運営者がどの参加者の入金かを指定してください。"),
)
DEBIT_UNEXPLAINED = WaitingReason(
    "bank_entry.debit_unexplained",
    Label("no payment of the market explains the debit", "対応する支払指図のない出金です"),
    WaitsFor.OPERATOR,
    Label(
        "The operator looks the debit up at the bank and has the money returned.",
        "運営者が銀行に照会し、資金の返還を受けてください。",
    ),
)


def waiting_of_bank_entry(entry: BankEntry) -> Waiting | None:
    """What a bank entry waits for; None once it is recognised or allocated."""
    if entry.match != BankMatch.UNALLOCATED or hasattr(entry, "allocation"):
        return None
    reason = IN_SUSPENSE if entry.direction == BankDirection.CREDIT else DEBIT_UNEXPLAINED
    return reason.waiting(since=entry.booked_on)
