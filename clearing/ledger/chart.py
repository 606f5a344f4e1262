"""The chart of accounts: normal side and owner of each kind of account. Pure.

Amounts of postings and balances are signed: debit positive, credit negative. What the market owes a participant is
a liability, hence a credit: a participant with 100 available has the balance -100 on ``available``.
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
    AccountKind.FEES_RECEIVABLE: DEBIT,
    AccountKind.TAX_PAYABLE: CREDIT,
    AccountKind.RESERVE: CREDIT,
    AccountKind.OWN_FUNDS: CREDIT,
    AccountKind.ROUNDING: CREDIT,
    AccountKind.WRITE_OFF: DEBIT,
    AccountKind.SETTLEMENT: CREDIT,
    AccountKind.UNALLOCATED: CREDIT,
    AccountKind.EARLY_RETURN: CREDIT,
    AccountKind.UNEXPLAINED: DEBIT,
    AccountKind.BANK_RECEIVABLE: DEBIT,
    AccountKind.PAYEE_RECEIVABLE: DEBIT,
    AccountKind.BANK_CHARGES: DEBIT,
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
"""A participant has one account of each of these kinds per currency."""

MARKET_KINDS = tuple(kind for kind in AccountKind if kind not in PARTICIPANT_KINDS)
"""The market has one account of each of these kinds per currency."""

OWED_TO_PARTICIPANTS = (
    AccountKind.AVAILABLE,
    AccountKind.HELD,
    AccountKind.PAYABLE,
    AccountKind.RECEIVABLE,
    AccountKind.DEPOSIT,
    AccountKind.UNALLOCATED,
    AccountKind.EARLY_RETURN,
    AccountKind.SETTLEMENT,
)
"""Kinds whose money on ``bank_client`` is participants'. Receipts in suspense belong to their senders, and what
the bank returned before it debited it is taken by that debit. On the clearing
control account is what a cycle that is being posted has taken from some participants and owes to others; it is negative
while more was given than taken."""

OUTSTANDING = (AccountKind.UNEXPLAINED, AccountKind.BANK_RECEIVABLE, AccountKind.PAYEE_RECEIVABLE)
"""Kinds whose money left ``bank_client`` and must come back to it. They cover nothing that is owed, and lower nothing."""

OPERATOR_MONEY = (
    AccountKind.FEE_REVENUE,
    AccountKind.FEES_RECEIVABLE,
    AccountKind.TAX_PAYABLE,
    AccountKind.ROUNDING,
    AccountKind.OWN_FUNDS,
    AccountKind.BANK_CHARGES,
    AccountKind.BANK_OPERATOR,
    AccountKind.WRITE_OFF,
)
"""Kinds whose negated sum is the operator's own money on ``bank_client`` beside its reserve: what it earned and paid in, less
what it took out and the bank's fees. It is never negative (``settlement.operator_money``)."""

OWN_OF_THE_OPERATOR = (
    *OPERATOR_MONEY,
    AccountKind.RESERVE,
    AccountKind.CLAIM,
)
"""Kinds whose negated sum is what the operator has earned and not withdrawn."""

LIMITED_KINDS = (
    *PARTICIPANT_KINDS,
    AccountKind.RESERVE,
    AccountKind.OWN_FUNDS,
    AccountKind.BANK_OPERATOR,
    AccountKind.UNALLOCATED,
    AccountKind.EARLY_RETURN,
    *OUTSTANDING,
    AccountKind.BANK_CHARGES,
)
"""Kinds whose balance must stay on its normal side.

The client account is not among them: a bank entry has happened and is posted, also if the balance becomes negative.
"""


def account_code(kind: str, currency: str, organisation: str | None = None) -> str:
    """Code of an account: ``held:JPY:org_…`` for a participant's, ``bank_client:JPY`` for the market's."""
    return ":".join(part for part in (str(kind), currency, organisation) if part)
