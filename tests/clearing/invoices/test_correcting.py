"""Corrected invoices: a further number, the same amounts, and the old one stays to be read."""

from __future__ import annotations

import pytest

from clearing.invoices.errors import InvoiceReplaced
from clearing.invoices.queries import visible_invoices
from clearing.invoices.rendering import invoice_pdf
from clearing.invoices.services.correcting import correct_invoice
from clearing.models import Invoice
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import actor_for, client_of
from tests.standing import made_once

from .. import factories

BODY = {"changes": {"purchase_order": "PO-RIGHT", "note": "再発行"}, "reason": "注文番号の誤記"}


@made_once
def sale(market):
    """The invoice of a sale that is adjusted too, under a wrong order."""
    trade = factories.accepted(market, "buyer", "seller", 10_005, reference="PO-WRONG")
    factories.adjust(market, trade, "seller", "buyer", 105)
    factories.clear(market)
    market.party("stranger")
    return Invoice.objects.get(purpose="purchase")


def correct(market, invoice, name="seller", body=BODY):
    subject = market.operator if name == "operator" else market.party(name)
    return client_of(subject).post(f"/api/v1/invoices/{invoice.public_id}/correct/", body, format="json")


def test_the_issuer_replaces_an_invoice(market, sale):
    answer = correct(market, sale)
    assert answer.status_code == 201, answer.content
    made = Invoice.objects.get(public_id=answer.json()["id"])
    assert (made.replaces_id, made.sequence) == (sale.pk, 3)
    assert (made.total_minor, made.document["totals"]) == (sale.total_minor, sale.document["totals"])
    assert (made.purchase_order, made.document["lines"][0]["purchase_order"]) == ("PO-RIGHT", "PO-RIGHT")
    assert (answer.json()["replaces"], answer.json()["correction_reason"]) == (sale.number, "注文番号の誤記")
    told = OutboxEvent.objects.filter(type="invoice.issued", subject=made.public_id).get().data
    assert told["recipient"] == market.party("buyer").public_id
    recorded = EvidenceRecord.objects.get(kind="clearing.invoice_corrected")
    assert (recorded.subject, recorded.payload["replaces"]) == (made.public_id, sale.number)
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def test_the_replaced_one_stays_and_says_by_which(market, sale):
    before = invoice_pdf(sale, "ja")
    made = correct(market, sale).json()
    shown = client_of(market.party("buyer")).get(f"/api/v1/invoices/{sale.public_id}/").json()
    assert (shown["replaced_by"], shown["document"]) == (made["number"], sale.document)
    sale = visible_invoices(actor_for(market.party("buyer"))).get(pk=sale.pk)
    assert invoice_pdf(sale, "ja") != before
    assert client_of(market.party("buyer")).get(f"/api/v1/invoices/{made['id']}/").status_code == 200


@pytest.mark.parametrize(("name", "status"), [("buyer", 403), ("operator", 403), ("stranger", 404)])
def test_nobody_else_corrects_it(market, sale, name, status):
    before = Invoice.objects.count()
    assert correct(market, sale, name).status_code == status
    assert Invoice.objects.count() == before


def test_an_invoice_is_replaced_once(market, sale):
    made = correct(market, sale).json()
    again = correct(market, sale)
    assert (again.status_code, again.json()["code"]) == (409, "invoice_replaced")
    assert Invoice.objects.filter(replaces=sale).count() == 1
    with pytest.raises(InvoiceReplaced):
        correct_invoice(
            actor=actor_for(market.party("seller")),
            invoice=sale.public_id,
            changes={"note": "x"},
            reason="y",
        )
    second = Invoice.objects.get(public_id=made["id"])
    assert (
        correct(market, second, body=BODY | {"changes": {"recipient_name_ja": "正式名称"}}).status_code == 201
    )


@pytest.mark.parametrize(
    "body",
    [
        {"changes": {"total_minor": 1}, "reason": "cheaper"},
        {"changes": {}, "reason": "nothing"},
        {"changes": {"purchase_order": "PO-WRONG"}, "reason": "the same"},
        {"changes": {"note": "ก"}, "reason": "cannot be printed"},
        {"changes": {"note": "why not"}, "reason": ""},
    ],
)
def test_amounts_and_nothing_are_not_corrected(market, sale, body):
    before = Invoice.objects.count()
    assert correct(market, sale, body=body).status_code == 422
    assert Invoice.objects.count() == before


def test_a_text_that_cannot_be_printed_is_named(market, sale):
    for body, field in (
        ({"changes": {"note": "x", "recipient_name_ja": "ก"}, "reason": "r"}, "changes.recipient_name_ja"),
        ({"changes": {"note": "x"}, "reason": "ก"}, "reason"),
    ):
        answer = correct(market, sale, body=body)
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
    assert Invoice.objects.filter(replaces=sale).count() == 0


def test_a_service_takes_no_other_item(market, sale):
    with pytest.raises(FieldInvalid) as refusal:
        correct_invoice(
            actor=actor_for(market.party("seller")),
            invoice=sale.public_id,
            changes={"total_minor": "1"},
            reason="cheaper",
        )
    assert refusal.value.name == "changes.total_minor"
    assert Invoice.objects.filter(replaces=sale).count() == 0


def test_the_operator_corrects_its_own_fees(market, sale):
    fee = Invoice.objects.get(purpose="fee")
    answer = correct(market, fee, "operator")
    assert (answer.status_code, answer.json()["purchase_order"]) == (201, "PO-RIGHT")
    assert [line["purchase_order"] for line in answer.json()["document"]["lines"]] == ["PO-WRONG"]
    assert correct(market, Invoice.objects.get(replaces=fee), "seller").status_code == 403


def test_an_invoice_is_found_with_its_corrections(market, sale):
    made = correct(market, sale).json()
    buyer = client_of(market.party("buyer"))

    def numbers(query):
        return {row["number"] for row in buyer.get(f"/api/v1/invoices/?{query}").json()["results"]}

    adjustment = Invoice.objects.get(purpose="correction")
    whole = {sale.number, made["number"], adjustment.number}
    assert numbers(f"related_to={sale.public_id}") == numbers(f"related_to={made['id']}") == whole
    assert numbers(f"trade={made['trade']}") == whole
    assert numbers(f"replaces={sale.number}") == {made["number"]}
    assert numbers("replaced=true") == {sale.number}
    assert numbers("purchase_order=PO-WRONG") == {sale.number, adjustment.number}
    assert numbers("purchase_order=PO-RIGHT") == {made["number"]}
    assert numbers("related_to=inv_none") == set()
    seller = client_of(market.party("seller")).get("/api/v1/invoices/?purchase_order=PO-WRONG").json()
    assert {row["purpose"] for row in seller["results"]} == {"purchase", "correction", "fee"}
    stranger = client_of(market.party("stranger"))
    assert stranger.get(f"/api/v1/invoices/?related_to={sale.public_id}").json()["results"] == []


def test_a_later_correction_names_the_one_that_stands(market, sale):
    made = correct(market, sale).json()
    trade = sale.obligation.trade
    factories.adjust(market, trade, "seller", "buyer", 200)
    factories.clear(market)
    later = Invoice.objects.filter(purpose="correction").latest("pk")
    assert later.document["lines"][0]["original"]["number"] == made["number"]
