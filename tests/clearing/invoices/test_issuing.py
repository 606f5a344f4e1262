"""Invoices: gross, one a trade, one of fees a participant and cycle, numbered without a gap."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import clearing
from clearing.invoices.queries import invoice_count, with_purchase_order
from clearing.invoices.rendering import invoice_pdf
from clearing.invoices.services import drafts, issuing
from clearing.invoices.services.issuing import issue_invoices
from clearing.models import Invoice, Obligation
from clearing.run.services.cycles import advance_cycle
from marketplace.documents.shapes import check_shape
from marketplace.events.models import OutboxEvent
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as participants
from tests.standing import made_once

from .. import factories


@made_once
def cleared(market):
    """Two sales of one seller, one of another that is not registered, and a correction."""
    market.parties["plain"] = participants.organisation("plain", payout_account=participants.PAYOUT_ACCOUNT)
    first = factories.accepted(market, "buyer", "seller", 10_005, reference="PO-A")
    factories.accepted(market, "other", "seller", 500, tax_category="reduced")
    factories.accepted(market, "buyer", "plain", 1_000)
    factories.adjust(market, first, "seller", "buyer", 105)
    return factories.clear(market)


def test_each_document_is_issued_by_whom_and_of_what_kind(market, cleared):
    found = (
        Invoice.objects.filter(cycle=cleared)
        .order_by("pk")
        .values_list("purpose", "kind", "issuer_id", "recipient_id")
    )
    buyer, other, seller, plain = (market.party(name).pk for name in ("buyer", "other", "seller", "plain"))
    assert list(found)[:4] == [
        ("purchase", "qualified_invoice", seller, buyer),
        ("purchase", "qualified_invoice", seller, other),
        ("purchase", "invoice", plain, buyer),
        ("correction", "return_invoice", seller, buyer),
    ]
    assert sorted(list(found)[4:]) == sorted(
        ("fee", "invoice", market.operator.pk, recipient) for recipient in (seller, plain)
    )
    assert invoice_count() == 6


def test_numbers_of_an_issuer_run_without_a_gap(market, cleared):
    numbers = (
        Invoice.objects.filter(issuer=market.party("seller")).order_by("pk").values_list("number", flat=True)
    )
    corporate = market.party("seller").corporate_number
    assert list(numbers) == [f"{corporate}-00000{at}" for at in (1, 2, 3)]
    factories.accepted(market, "buyer", "seller", 700)
    factories.clear(market)
    assert Invoice.objects.filter(issuer=market.party("seller")).latest("pk").sequence == 4


def test_the_document_has_the_six_items(market, cleared):
    invoice = Invoice.objects.get(
        purpose="purchase", recipient=market.party("buyer"), issuer=market.party("seller")
    )
    document = invoice.document
    assert document["issuer"]["registration_number"] == f"T{market.party('seller').corporate_number}"
    assert document["recipient"]["name"] == {"ja": "組織buyer", "en": "Organisation buyer"}
    assert document["totals"] == [{"tax_rate_bp": 1_000, "net_minor": 10_005, "tax_minor": 1_000}]
    assert (document["total_minor"], document["purchase_order"]) == (11_005, "PO-A")
    assert cleared.business_key in document["notes"]["ja"]
    assert document["supplied_on"] == clock.today().isoformat()
    assert [line["purchase_order"] for line in document["lines"]] == ["PO-A"]
    assert [document[party]["country"] for party in ("issuer", "recipient")] == ["JP", "JP"]
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (10_005, 1_000, 11_005)


def test_a_reduced_rate_is_marked(market, cleared):
    invoice = Invoice.objects.get(purpose="purchase", recipient=market.party("other"))
    assert [(line["reduced_rate"], line["tax_rate_bp"]) for line in invoice.document["lines"]] == [
        (True, 800)
    ]


def test_every_document_fits_its_template(market, cleared):
    schema = Path(clearing.__file__).parent / "document_templates" / "invoice.schema.json"
    for invoice in Invoice.objects.all():
        check_shape(template="clearing/invoice", schema_path=schema, data=invoice.document)


def test_a_document_is_the_same_pdf_every_time(market, cleared):
    invoice = Invoice.objects.filter(purpose="correction").get()
    assert invoice_pdf(invoice, "ja") == invoice_pdf(invoice, "ja")


def test_each_participant_is_told_once_of_all_its_documents(market, cleared):
    told = OutboxEvent.objects.filter(type="invoices.issued").values_list("data", flat=True)
    parties = [market.party(name).public_id for name in ("buyer", "other", "seller", "plain")]
    assert sorted(row["organisation"] for row in told) == sorted(parties)
    assert {(row["cycle"], row["business_key"]) for row in told} == {
        (cleared.public_id, cleared.business_key)
    }
    assert not OutboxEvent.objects.filter(type="invoice.issued").exists()


def test_issuing_goes_on_where_it_stopped(market, monkeypatch):
    monkeypatch.setattr(issuing, "INVOICES_A_STEP", 2)
    for number in range(3):
        factories.accepted(market, "buyer", f"seller{number}", 1_000)
    cycle = factories.clear(market, "posted")
    counts = []
    while advance_cycle(cycle=cycle.public_id) == "posted":
        counts.append(Invoice.objects.count())
    assert counts == [0, 2, 3, 5, 6]
    cycle.refresh_from_db()
    assert cycle.state == "settling"


def test_a_return_invoice_names_its_original(market, cleared):
    original = Invoice.objects.get(
        purpose="purchase", recipient=market.party("buyer"), issuer=market.party("seller")
    )
    document = Invoice.objects.get(purpose="correction").document
    assert document["lines"][0]["original"] == {
        "number": original.number,
        "issued_on": original.document["issued_on"],
        "supplied_on": original.document["supplied_on"],
    }
    assert (document["purchase_order"], document["total_minor"]) == ("PO-A", 115)
    assert document["exempt_from_issue"]
    assert "交付義務" in document["notes"]["ja"]


def test_a_return_invoice_of_ten_thousand_yen_is_owed(market):
    trade = factories.accepted(market, "buyer", "seller", 100_000)
    factories.adjust(market, trade, "seller", "buyer", 9_091)
    factories.adjust(market, trade, "seller", "buyer", 9_090)
    factories.clear(market)
    found = Invoice.objects.filter(purpose="correction").order_by("pk").values_list("document", flat=True)
    assert [(row["total_minor"], row["exempt_from_issue"]) for row in found] == [
        (10_000, False),
        (9_999, True),
    ]


def test_a_correction_of_an_earlier_cycle_names_what_it_corrects(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    sale = Invoice.objects.get(purpose="purchase")
    correction = Invoice.objects.get(purpose="correction")
    assert correction.document["lines"][0]["original"]["number"] == sale.number
    assert correction.cycle_id != sale.cycle_id


def test_a_correction_of_what_is_not_invoiced_yet_is_issued_without_an_original(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", trade.gross_minor)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    correction = Invoice.objects.get(purpose="correction")
    assert correction.document["lines"][0]["original"] is None
    assert verify_all("clearing")["clearing.invoices_gross_and_gapless"] == []


def test_fees_name_the_order_and_day_of_each_trade(market):
    orders = ["PO-1", "PO-2"]
    for order in orders:
        factories.accepted(market, "buyer", "seller", 10_105, reference=order)
    factories.clear(market)
    fee = Invoice.objects.get(purpose="fee")
    assert [line["purchase_order"] for line in fee.document["lines"]] == orders
    assert {line["supplied_on"] for line in fee.document["lines"]} == {clock.today().isoformat()}
    assert fee.purchase_order == ""
    assert fee.document["totals"] == [{"tax_rate_bp": 1_000, "net_minor": 1_010, "tax_minor": 101}]


def test_an_unregistered_seller_warns_of_the_deduction(market, cleared):
    documents = dict(Invoice.objects.filter(purpose="purchase").values_list("kind", "document"))
    assert "仕入税額控除" in documents["invoice"]["notes"]["ja"]
    assert "仕入税額控除" not in documents["qualified_invoice"]["notes"]["ja"]


def test_foreign_parties_are_named_as_such(market):
    for name in ("abroad", "guest"):
        market.parties[name] = participants.organisation(name, country="US", corporate_number=None)
    factories.accepted(market, "guest", "abroad", 10_000)
    factories.clear(market)
    document = Invoice.objects.get(purpose="purchase").document
    assert (document["kind"], document["issuer"]["country_name"]["ja"]) == ("invoice", "アメリカ合衆国")
    assert "不課税" in document["notes"]["ja"]
    assert "outside consumption tax" in document["notes"]["en"]
    assert document["totals"] == [{"tax_rate_bp": 0, "net_minor": 10_000, "tax_minor": 0}]
    assert invoice_pdf(Invoice.objects.get(purpose="purchase"), "en").startswith(b"%PDF-")


@pytest.mark.parametrize("count", [1, 4])
def test_issuing_takes_the_same_queries_for_one_invoice_and_for_more(market, count):
    for number in range(count):
        factories.accepted(market, f"buyer{number}", "seller", 1_000)
    cycle = factories.clear(market, "posted")
    with CaptureQueriesContext(connection) as taken:
        assert issue_invoices(cycle) == count
    assert len(taken) == 12


@pytest.mark.parametrize("count", [1, 4])
def test_a_chunk_of_every_part_takes_the_same_queries_for_one_trade_and_for_more(market, count):
    for number in range(count):
        factories.accepted(market, f"buyer{number}", f"seller{number}", 1_000)
    cycle = factories.clear(market, "posted")
    taken = []
    while cycle.state == "posted":
        with CaptureQueriesContext(connection) as chunk:
            advance_cycle(cycle=cycle.public_id)
        taken.append(len(chunk))
        cycle.refresh_from_db()
    # Payments, sales, fees, and what participants are told; each COPY of invoices is one statement more.
    assert taken == [29, 20, 26, 33]


def test_an_invoice_of_fees_is_never_cut_by_a_chunk(market, monkeypatch):
    monkeypatch.setattr(drafts, "LINES_A_STEP", 2)
    for number in range(3):
        factories.accepted(market, "buyer", "seller", 1_000, reference=f"PO-{number}")
    factories.accepted(market, "buyer", "other", 1_000, reference="PO-3")
    factories.clear(market)
    fees = Invoice.objects.filter(purpose="fee").order_by("recipient")
    lines = {row.recipient_id: len(row.document["lines"]) for row in fees}
    assert lines == {market.party("seller").pk: 3, market.party("other").pk: 1}


def test_a_deferred_fee_is_found_on_the_invoice_of_its_own_cycle_only(market):
    trade = factories.accepted(
        market, "buyer", "seller", 10_000, reference="PO-LATE", penalty_cap_minor=55_000
    )
    factories.owe(market, trade, "penalty", "seller", "buyer", 55_000)
    first = factories.clear(market)
    factories.accepted(market, "buyer", "seller", 100_000, reference="PO-NOW")
    second = factories.clear(market)
    assert Obligation.objects.filter(cycle=second, kind="fee").exclude(deferred_from=None).count() == 1
    fees = Invoice.objects.filter(purpose="fee")
    found = [
        with_purchase_order(fees, order).values_list("cycle", flat=True) for order in ("PO-LATE", "PO-NOW")
    ]
    assert list(map(list, found)) == [[first.pk], [second.pk]]
