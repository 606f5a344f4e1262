"""The chart of accounts: what each kind of account is. Pure.

Amounts of postings and balances are signed: debit positive, credit negative. What the market owes a participant is
a liability and stands as a credit, so a participant who may dispose of 100 has the balance -100 on ``available``.
"""

from __future__ import annotations

from .states import AccountKind

DEBIT, CREDIT = 1, -1

NORMAL_SIDE: dict[str, int] = {
    AccountKind.AVAILABLE: CREDIT,
    AccountKind.HELD: CREDIT,
    AccountKind.PAYABLE: CREDIT,
    AccountKind.RECEIVABLE: CREDIT,
    AccountKind.DEPOSIT: CREDIT,
    AccountKind.CLAIM: DEBIT,
    AccountKind.FEE_REVENUE: CREDIT,
    AccountKind.TAX_PAYABLE: CREDIT,
    AccountKind.RESERVE: CREDIT,
    AccountKind.ROUNDING: CREDIT,
    AccountKind.WRITE_OFF: DEBIT,
    AccountKind.SETTLEMENT: CREDIT,
    AccountKind.UNALLOCATED: CREDIT,
    AccountKind.BANK_CLIENT: DEBIT,
    AccountKind.BANK_OPERATOR: DEBIT,
}

PARTICIPANT_KINDS = (
    AccountKind.AVAILABLE,
    AccountKind.HELD,
    AccountKind.PAYABLE,
    AccountKind.RECEIVABLE,
    AccountKind.DEPOSIT,
    AccountKind.CLAIM,
)
"""Every participant has one of each in a currency."""

MARKET_KINDS = tuple(kind for kind in AccountKind if kind not in PARTICIPANT_KINDS)
"""The market has one of each in a currency."""

OWED_TO_PARTICIPANTS = (
    AccountKind.AVAILABLE,
    AccountKind.HELD,
    AccountKind.PAYABLE,
    AccountKind.RECEIVABLE,
    AccountKind.DEPOSIT,
    AccountKind.UNALLOCATED,
)
"""What the money on ``bank_client`` belongs to; receipts of nobody yet belong to whoever sent them."""

OWN_OF_THE_OPERATOR = (
    AccountKind.FEE_REVENUE,
    AccountKind.TAX_PAYABLE,
    AccountKind.RESERVE,
    AccountKind.ROUNDING,
    AccountKind.WRITE_OFF,
    AccountKind.BANK_OPERATOR,
    AccountKind.CLAIM,
)
"""Whose sum, with the sign turned, is what the operator has earned and not yet taken out."""

LIMITED_KINDS = (*PARTICIPANT_KINDS, AccountKind.RESERVE)
"""Kinds whose balance never leaves its normal side: nobody spends what is not there.

The bank's accounts are not among them: what the bank booked has happened, and is posted, whatever it comes to.
"""


def account_code(kind: str, currency: str, organisation: str | None = None) -> str:
    """The code of an account: ``held:JPY:org_…`` for a participant's, ``bank_client:JPY`` for the market's."""
    return ":".join(part for part in (str(kind), currency, organisation) if part)
