"""What stands on an invoice: tax once per rate, marks, notes, and what a correction says."""

from __future__ import annotations

from datetime import date

import pytest

from clearing.ground.parties import Party
from clearing.invoices.document import (
    InvoiceLine,
    corrected_document,
    invoice_document,
    is_exempt_return,
    tax_once_per_rate,
)
from clearing.invoices.states import InvoiceKind
from marketplace.documents.services import render_pdf
from marketplace.kernel.labels import Label

DAY = date(2026, 11, 30)
SELLER = Party({"ja": "提供", "en": "Seller"}, "6999901000002", "T6999901000002")
BUYER = Party({"ja": "利用", "en": ""}, "5999901000003", None)


def line(amount_minor: int, rate_bp: int = 1_000, *, day: date = DAY, reduced: bool = False) -> InvoiceLine:
    return InvoiceLine(Label("Data", "データ"), amount_minor, rate_bp, "trd_1", "PO-1", day, reduced)


def document(*lines: InvoiceLine, **changes):
    facts = {
        "number": "1-000001",
        "kind": InvoiceKind.QUALIFIED_INVOICE,
        "issued_on": DAY,
        "issuer": SELLER,
        "recipient": BUYER,
        "supplier": None,
        "currency": "JPY",
        "cycle": "JPY-2026-0001",
        "lines": lines,
        "totals": tax_once_per_rate(lines),
        "supply_class": "domestic",
        "withheld_minor": 0,
        "purchase_order": "PO-1",
    }
    return invoice_document(**(facts | changes))


def test_tax_is_rounded_once_per_rate_and_never_per_line():
    assert tax_once_per_rate([line(105)] * 3) == {1_000: (315, 31)}


def test_two_rates_are_stated_apart_with_the_reduced_one_marked():
    made = document(*[line(105)] * 3, *[line(107, 800, reduced=True)] * 3)
    assert made["totals"] == [
        {"tax_rate_bp": 1_000, "net_minor": 315, "tax_minor": 31},
        {"tax_rate_bp": 800, "net_minor": 321, "tax_minor": 25},
    ]
    assert [item["reduced_rate"] for item in made["lines"]] == [False] * 3 + [True] * 3
    assert made["total_minor"] == 692


def test_supplies_of_several_days_are_stated_as_a_period():
    made = document(line(1, day=date(2026, 11, 2)), line(1, day=date(2026, 11, 20)))
    assert (made["supplied_from_on"], made["supplied_on"]) == ("2026-11-02", "2026-11-20")
    assert document(line(1))["supplied_from_on"] is None


def test_an_intermediary_names_the_supplier():
    made = document(line(100), supplier=SELLER, issuer=Party({"ja": "市場", "en": "Market"}, "1", "T1"))
    assert made["supplier"]["registration_number"] == "T6999901000002"
    assert "提供" in made["notes"]["ja"]
    assert "article 70-12" in made["notes"]["en"]


@pytest.mark.parametrize(
    ("kind", "currency", "total_minor", "exempt"),
    [
        ("return_invoice", "JPY", 9_999, True),
        ("return_invoice", "JPY", 10_000, False),
        ("return_invoice", "USD", 1, False),
        ("invoice", "JPY", 1, False),
    ],
)
def test_small_returns_are_exempt(kind, currency, total_minor, exempt):
    assert is_exempt_return(kind, currency=currency, total_minor=total_minor) == exempt


def test_a_correction_says_what_stood_and_what_stands():
    made = document(line(100))
    changes = {"purchase_order": "PO-2", "recipient_name_en": "Buyer", "note": "再発行"}
    corrected = corrected_document(
        made,
        number="1-000002",
        issued_on=date(2026, 12, 1),
        changes=changes,
        reason="誤記",
        single_order=True,
    )
    assert corrected["correction"]["number"] == "1-000001"
    assert [(row["before"], row["after"]) for row in corrected["correction"]["changes"]] == [
        ("PO-1", "PO-2"),
        ("", "Buyer"),
        (None, "再発行"),
    ]
    assert corrected["lines"][0]["purchase_order"] == corrected["purchase_order"] == "PO-2"
    assert corrected["recipient"]["name"] == {"ja": "利用", "en": "Buyer"}
    assert corrected["notes"]["ja"].endswith("再発行")
    assert (corrected["totals"], corrected["supplied_on"]) == (made["totals"], made["supplied_on"])
    assert made["purchase_order"] == "PO-1"
    for language in ("ja", "en"):
        assert render_pdf(template="clearing/invoice", data=corrected, language=language)[:5] == b"%PDF-"
