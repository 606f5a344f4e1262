"""The table of the kinds of obligation, worked out by hand, and what follows from it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from clearing.invoices.states import InvoicePurpose
from clearing.ledger.states import AccountKind, LineKind
from clearing.management.commands.document_obligation_kinds import kinds_table
from clearing.models import Invoice
from clearing.netting import verify_statement
from clearing.netting.models import POSITION_COLUMNS
from clearing.netting.positions import Position
from clearing.run.posting_plan import GROSS
from clearing.shortfalls.clearing_vector import RANK
from clearing.trades import obligation_kinds as table
from clearing.trades.obligation_kinds import GROSS_LINES, KINDS, Document, is_return
from clearing.trades.services.corrections import penalise_trade
from clearing.trades.states import ObligationKind

from .. import factories

DOCS = Path(__file__).parents[3] / "docs"

COLUMNS = (
    "debtor", "creditor", "taxed", "document", "aggregated", "returned", "rank", "deferrable", "secured", "corrects",
    "base", "limit", "before acceptance", "operator", "beneficiary key", "legal basis", "expected sum",
)  # fmt: skip
WORKED = {
    "purchase": ("BUYER", "SELLER", "PER_TRADE", "purchase", False, "NEVER", None, False, True, False,
                 True, None, False, False, False, "assumption_with_release", "sales_minor"),
    "fee": ("FEE_PAYER", "OPERATOR", "PER_CYCLE", "fee", True, "NEVER", 6, True, False, False,
            True, None, False, True, False, "market_terms", "fees_minor"),
    "refund": ("EITHER_PARTY", "EITHER_PARTY", "PER_TRADE", "correction", False, "IF_SELLER_OWES", 1, True, False, True,
               False, "PRICE", False, False, False, "assumption_with_release", "corrections_minor"),
    "fee_refund": ("OPERATOR", "FEE_PAYER", "PER_FEE_INVOICE", "fee_refund", True, "ALWAYS", None, False, False, False,
                   False, "FEE", False, True, False, "market_terms", "fees_minor"),
    "adjustment": ("EITHER_PARTY", "EITHER_PARTY", "PER_TRADE", "correction", False, "IF_SELLER_OWES", 2, True, False,
                   True, False, "PRICE", True, False, False, "assumption_with_release", "corrections_minor"),
    "penalty": ("EITHER_PARTY", "EITHER_PARTY", "UNTAXED", None, False, "NEVER", 3, True, False, True,
                False, "PENALTY", False, False, False, "assumption_with_release", "corrections_minor"),
    "withholding": ("SELLER", "BUYER", "UNTAXED", None, False, "NEVER", 0, True, False, False,
                    False, "WITHHELD", False, False, False, "assumption_with_release", "corrections_minor"),
    "share": ("SELLER", "BENEFICIARY", "UNTAXED", None, False, "NEVER", 4, True, False, False,
              False, "SHARES", False, False, True, "assumption_with_release", "shares_minor"),
    "share_return": ("BENEFICIARY", "SELLER", "UNTAXED", None, False, "NEVER", 5, True, False, False,
                     False, "SHARES", False, False, True, "assumption_with_release", "shares_minor"),
}  # fmt: skip

SIDES = {
    "purchase": (
        ("purchases_minor", "purchase_tax_minor", "purchases", "purchases"),
        ("sales_minor", "sales_tax_minor", "sales", "sales"),
    ),
    "fee": (("fees_minor", "fee_tax_minor", "fees", "fee_tax"), ("fees_minor", "fee_tax_minor", None, None)),
    "fee_refund": (
        ("fee_refunds_minor", "fee_refund_tax_minor", None, None),
        ("fee_refunds_minor", "fee_refund_tax_minor", "fee_refunds", "fee_refund_tax"),
    ),
} | dict.fromkeys(
    ("share", "share_return"),
    (
        ("shares_paid_minor", "shares_paid_minor", "shares_paid", "shares_paid"),
        ("shares_received_minor", "shares_received_minor", "shares_received", "shares_received"),
    ),
) | dict.fromkeys(
    ("refund", "adjustment", "penalty", "withholding"),
    (
        ("corrections_paid_minor", "corrections_paid_minor", "corrections_paid", "corrections_paid"),
        (
            "corrections_received_minor", "corrections_received_minor", "corrections_received", "corrections_received",
        ),
    ),
)  # fmt: skip


def test_each_kind_has_the_row_that_was_worked_out():
    found = {
        kind: (
            row.debtor.role.name, row.creditor.role.name, row.taxed.name, row.document, row.aggregated,
            row.returned.name, row.shortfall_rank, row.deferrable, row.secured, row.corrects, row.base,
            row.limit and row.limit.name, row.before_acceptance, row.operator_is_party, row.needs_beneficiary_key, row.legal_basis, row.expected_sum,
        )
        for kind, row in KINDS.items()
    }  # fmt: skip
    assert {len(row) for row in WORKED.values()} == {len(COLUMNS)}
    assert found == WORKED
    assert list(found) == ObligationKind.values


def test_each_side_has_the_part_and_the_line_that_were_worked_out():
    assert {kind: (row.debtor[1:], row.creditor[1:]) for kind, row in KINDS.items()} == SIDES


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("BASE_KINDS", ("purchase", "fee")),
        ("CORRECTION_KINDS", ("refund", "adjustment", "penalty")),
        ("OWED_TO_OPERATOR", ("fee",)),
        ("INVOICED_CORRECTIONS", ("refund", "adjustment")),
        ("UNINVOICED_KINDS", ("penalty", "withholding", "share", "share_return")),
        ("KINDS_WITHOUT_OWN_TAX", ("fee", "penalty", "withholding", "share", "share_return")),
        ("TAXED_PER_CYCLE", ("fee",)),
        ("UNSECURED", ("fee", "refund", "adjustment", "penalty", "withholding", "share", "share_return")),
        (
            "UNSECURED_BETWEEN_PARTICIPANTS",
            ("refund", "adjustment", "penalty", "withholding", "share", "share_return"),
        ),
        ("NEVER_DEFERRED", ("purchase", "fee_refund")),
        (
            "LIMITED",
            ("refund", "fee_refund", "adjustment", "penalty", "withholding", "share", "share_return"),
        ),
        ("AFTER_ACCEPTANCE", ("refund", "fee_refund", "penalty", "withholding", "share", "share_return")),
        ("BENEFICIARY_KINDS", ("share", "share_return")),
        (
            "PUBLISHED_ORDER",
            ("withholding", "refund", "adjustment", "penalty", "share", "share_return", "fee"),
        ),
    ],
)
def test_each_set_of_kinds_is_what_was_worked_out(name, kinds):
    assert getattr(table, name) == kinds


def test_a_shortfall_ranks_kinds_in_the_published_order():
    assert RANK == {
        "withholding": 0,
        "refund": 1,
        "adjustment": 2,
        "penalty": 3,
        "share": 4,
        "share_return": 5,
        "fee": 6,
    }


def test_documents_stand_for_their_kinds():
    assert table.KINDS_OF_DOCUMENT == {
        "purchase": ("purchase",),
        "fee": ("fee",),
        "fee_refund": ("fee_refund",),
        "correction": ("refund", "adjustment"),
    }
    assert table.AGGREGATED_DOCUMENTS == {"fee": "debtor_id", "fee_refund": "creditor_id"}
    assert table.OBLIGATION_DOCUMENTS == ("purchase", "correction")
    assert [document.value for document in Document] == InvoicePurpose.values


@pytest.mark.parametrize(
    ("kind", "seller_owes", "returned"),
    [
        ("purchase", False, False), ("fee", False, False), ("fee_refund", False, True),
        ("refund", True, True), ("refund", False, False), ("adjustment", True, True), ("adjustment", False, False),
    ],
)  # fmt: skip
def test_a_document_is_a_return_invoice_by_kind_and_direction(kind, seller_owes, returned):
    assert is_return(kind, seller_owes=seller_owes) == returned


def test_gross_lines_sum_up_the_parts_of_their_kinds():
    corrections, shares = ("refund", "adjustment", "penalty", "withholding"), ("share", "share_return")
    assert {
        "purchases": ("debtor", -1, ("purchase",), ("purchases_minor", "purchase_tax_minor")),
        "sales": ("creditor", 1, ("purchase",), ("sales_minor", "sales_tax_minor")),
        "fees": ("debtor", -1, ("fee",), ("fees_minor",)),
        "fee_tax": ("debtor", -1, ("fee",), ("fee_tax_minor",)),
        "corrections_paid": ("debtor", -1, corrections, ("corrections_paid_minor",)),
        "corrections_received": ("creditor", 1, corrections, ("corrections_received_minor",)),
        "fee_refunds": ("creditor", 1, ("fee_refund",), ("fee_refunds_minor",)),
        "fee_refund_tax": ("creditor", 1, ("fee_refund",), ("fee_refund_tax_minor",)),
        "shares_paid": ("debtor", -1, shares, ("shares_paid_minor",)),
        "shares_received": ("creditor", 1, shares, ("shares_received_minor",)),
    } == GROSS_LINES


def test_gross_lines_are_posted_in_their_order_between_their_accounts():
    settlement, payable, receivable, revenue, tax = (
        AccountKind.SETTLEMENT, AccountKind.PAYABLE, AccountKind.RECEIVABLE, AccountKind.FEE_REVENUE,
        AccountKind.TAX_PAYABLE,
    )  # fmt: skip
    assert [line[:3] for line in GROSS] == [
        (LineKind.PURCHASES, payable, settlement),
        (LineKind.SALES, settlement, receivable),
        (LineKind.CORRECTIONS_RECEIVED, settlement, receivable),
        (LineKind.FEE_REFUNDS, revenue, receivable),
        (LineKind.FEE_REFUND_TAX, tax, receivable),
        (LineKind.FEES, receivable, revenue),
        (LineKind.FEE_TAX, receivable, tax),
        (LineKind.CORRECTIONS_PAID, receivable, settlement),
        (LineKind.SHARES_RECEIVED, settlement, receivable),
        (LineKind.SHARES_PAID, receivable, settlement),
    ]
    assert {line.kind for line in GROSS} == set(GROSS_LINES)


def test_parts_of_a_position_are_stored_and_hashed_in_one_order():
    assert POSITION_COLUMNS == (
        "purchases_minor", "purchase_tax_minor", "sales_minor", "sales_tax_minor", "fees_minor", "fee_tax_minor",
        "fee_refunds_minor", "fee_refund_tax_minor", "corrections_paid_minor", "corrections_received_minor",
        "shares_paid_minor", "shares_received_minor", "deferred_minor",
    )  # fmt: skip
    assert tuple(part.name for part in fields(Position)) == POSITION_COLUMNS


def test_the_verification_script_takes_the_same_kinds_for_corrections():
    assert set(verify_statement.CORRECTIONS) == {*table.CORRECTION_KINDS, "withholding"}
    assert set(verify_statement.SHARES) == set(table.BENEFICIARY_KINDS)


def test_the_guide_holds_the_table_and_the_published_order():
    guide = (DOCS / "clearing.md").read_text(encoding="utf-8")
    assert kinds_table() in guide, (
        "run: make servers, then manage.py document_obligation_kinds; copy it to docs"
    )
    assert f"**{', '.join(table.PUBLISHED_ORDER)}**" in guide


def test_a_penalty_for_breach_has_no_tax_and_no_invoice(market):
    trade = factories.accepted(market, "buyer", "seller", 100_000)
    penalty = penalise_trade(
        actor=market.actor,
        trade=trade.public_id,
        debtor=market.party("seller").public_id,
        amount_minor=55_000,
        reason="breach",
    )
    assert (penalty.amount_minor, penalty.tax_minor, penalty.tax_rate_bp) == (55_000, 0, 0)
    factories.clear(market)
    assert set(Invoice.objects.values_list("purpose", flat=True)) == {"purchase", "fee"}


def test_a_price_reduction_has_a_return_invoice_with_its_tax(market):
    trade = factories.accepted(market, "buyer", "seller", 100_000)
    factories.adjust(market, trade, "seller", "buyer", 50_000)
    factories.clear(market)
    found = Invoice.objects.filter(purpose="correction").values_list(
        "kind", "net_minor", "tax_minor", "total_minor"
    )
    assert list(found) == [("return_invoice", 50_000, 5_000, 55_000)]
