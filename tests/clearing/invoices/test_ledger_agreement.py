"""The figures of documents and of the ledger agree, cycle by cycle and participant by participant."""

from __future__ import annotations

import pytest

from clearing.models import Obligation
from marketplace.kernel.invariants import REGISTER, verify_all
from tests.roles import unguarded

from .. import factories
from ..raw import run

NAME = "clearing.documents_agree_with_the_ledger"


@pytest.fixture
def cleared(market):
    """Two cycles: sales, fees, a refund, and a fee that the first of them put off."""
    first = factories.accepted(market, "buyer", "seller", 10_005)
    factories.accepted(market, "seller", "other", 105)
    late = factories.accepted(market, "buyer", "late", 10_000, penalty_cap_minor=55_000)
    factories.owe(market, late, "penalty", "late", "buyer", 12_000)
    factories.clear(market)
    factories.adjust(market, first, "seller", "buyer", 105)
    factories.accepted(market, "buyer", "late", 777)
    factories.clear(market)
    assert Obligation.objects.filter(kind="fee").exclude(deferred_from=None).exists()
    return market


def broken() -> dict[str, list[dict[str, object]]]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


def test_documents_of_sales_fees_and_refunds_agree_with_the_entries(cleared):
    assert broken() == {}


@pytest.mark.parametrize(
    ("table", "change", "line"),
    [
        (
            "clearing_invoice",
            "UPDATE clearing_invoice SET net_minor = net_minor + 1, tax_minor = tax_minor - 1 WHERE purpose = 'fee'",
            "fees",
        ),
        (
            "clearing_invoice",
            "UPDATE clearing_invoice SET net_minor = net_minor + 1, total_minor = total_minor + 1 WHERE supplier_id IS NULL",
            "purchases",
        ),
        (
            "clearing_posting",
            "UPDATE clearing_posting SET amount_minor = amount_minor + sign(amount_minor) WHERE line = 'sales'",
            "sales",
        ),
        (
            "clearing_invoice",
            "UPDATE clearing_invoice SET document = jsonb_set(document, '{total_minor}', '1')",
            "document",
        ),
    ],
)
def test_a_document_that_differs_from_the_ledger_is_named(cleared, table, change, line):
    with unguarded(table):
        run(change)
    assert line in {row["line"] for row in REGISTER[NAME].check()}
