"""Invoices: issued when a cycle is posted, corrected by further ones, and by whom they are issued."""

from .correcting import correct_invoice
from .intermediary import give_intermediary_notice, withdraw_intermediary_notice
from .issuing import issue_invoices

__all__ = [
    "correct_invoice",
    "give_intermediary_notice",
    "issue_invoices",
    "withdraw_intermediary_notice",
]
