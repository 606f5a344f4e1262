"""Papers of practice: what stands on them, and the same bytes each time."""

from __future__ import annotations

import pytest

from contracts import services
from contracts.papers.content import FILES_SHOWN_MAX, TEMPLATE, Paper, paper_document
from contracts.papers.data import confirmation_of, order_of, quotation_of
from marketplace.documents.services import render_pdf
from tests.participants import factories as people
from tests.participants.stating import restate
from tests.standing import made_once

from .. import factories

NEGOTIATIONS, AGREEMENTS = "/api/v1/negotiations/", "/api/v1/agreements/"


@made_once
def agreement(market):
    return factories.agreement(market)


def facts(data) -> dict[str, object]:
    """The lines of a paper: the Japanese text or the moment."""
    return {fact["name"]: fact["value_at"] or fact["text"]["ja"] for fact in data["facts"]}


def test_a_quotation_states_the_sellers_latest_offer(market):
    negotiation = factories.requested(market)
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms={"price_minor": 90_019})
    data = quotation_of(negotiation)
    assert (data["title"], data["number"]) == (
        {"ja": "見積書", "en": "Quotation"},
        f"{negotiation.public_id}-2",
    )
    assert (data["issuer"]["name"]["ja"], data["addressee"]["name"]["ja"]) == ("組織提供", "組織利用")
    assert data["reference"] == negotiation.reference
    assert data["price"] == {
        "currency": "JPY",
        "net_minor": 90_019,
        "tax_category": {"ja": "標準税率", "en": data["price"]["tax_category"]["en"]},
        "tax_rate_bp": 1000,
        "tax_minor": 9_001,
        "gross_minor": 99_020,
    }
    assert data["dated_at"] == negotiation.proposals.get(number=2).made_at.isoformat()
    assert facts(data)["funding"] == "契約成立後3営業日以内に市場を通じて入金"


def test_the_order_is_the_buyers_and_its_confirmation_the_sellers(market, agreement):
    order, confirmation = order_of(agreement), confirmation_of(agreement)
    assert (order["title"]["ja"], confirmation["title"]["ja"]) == ("注文書", "注文請書")
    assert (order["issuer"], order["addressee"]) == (confirmation["addressee"], confirmation["issuer"])
    assert order["issuer"]["name"]["ja"] == "組織利用"
    assert order["reference"] == confirmation["reference"] == agreement.reference
    signed = {row.party: row.signed_at.isoformat() for row in agreement.instrument.signatures.all()}
    assert (facts(order)["signed"], facts(confirmation)["signed"]) == (signed["buyer"], signed["seller"])
    assert facts(order)["agreement"] == agreement.public_id
    assert [file["name"] for file in order["files"]] == ["flow.csv"]


def test_an_order_says_how_its_price_is_charged(market):
    charging = {"kind": "subscription", "charges": 12, "period_months": 1}
    agreed = factories.agreement(market, price_minor=100_000, charging=charging, rights={"duration": "P1Y"})
    for paper in (order_of(agreed), confirmation_of(agreed)):
        assert (facts(paper)["charging"], facts(paper)["total"]) == ("定期（全12回）", "¥1,200,000")


def test_an_order_keeps_the_names_that_were_signed(market, agreement):
    before = order_of(agreement)
    restate(market.organisation("buyer"), name_ja="改称後株式会社")
    assert order_of(agreement) == before


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("data_of", [order_of, confirmation_of])
def test_a_paper_is_a_pdf_that_comes_out_the_same_twice(agreement, data_of, language):
    data = data_of(agreement)
    pdf = render_pdf(template=TEMPLATE, data=data, language=language)
    assert pdf.startswith(b"%PDF-")
    assert render_pdf(template=TEMPLATE, data=data_of(agreement), language=language) == pdf


def test_a_paper_shows_a_bounded_number_of_files(agreement):
    content = agreement.instrument.said
    file = {"file_name": "f.csv", "size_bytes": 1, "sha256": "0" * 64}
    data = paper_document(
        Paper.ORDER,
        number="1",
        dated_at=agreement.concluded_at,
        issuer=content["consumer"],
        addressee=content["provider"],
        reference=None,
        dataset={**content["dataset"], "files": [file] * (FILES_SHOWN_MAX + 2)},
        terms=content["terms"],
        tax_rate_bp=1000,
        facts=[],
    )
    assert (len(data["files"]), data["further_files"]["ja"]) == (FILES_SHOWN_MAX, "ほか2件")
    assert render_pdf(template=TEMPLATE, data=data, language="ja").startswith(b"%PDF-")


def test_papers_are_read_by_both_parties_and_nobody_else(market, agreement):
    clients = {name: people.client_of(market.organisation(name)) for name in market.organisations}
    offered, requested = factories.offered(market), factories.requested(market)
    quotation = f"{NEGOTIATIONS}{offered.public_id}/papers/quotation/"
    order = f"{AGREEMENTS}{agreement.public_id}/papers/order/"
    for path in (quotation, f"{quotation}document.pdf/", order, f"{order}document.pdf/"):
        statuses = {name: client.get(path).status_code for name, client in clients.items()}
        assert statuses == {"operator": 404, "seller": 200, "buyer": 200, "stranger": 404}
    buyer = clients["buyer"]
    pdf = buyer.get(f"{order}document.pdf/?language=en")
    assert (pdf["Content-Type"], pdf["Content-Language"]) == ("application/pdf", "en")
    assert buyer.get(f"{order}document.pdf/?language=fr").status_code == 422
    assert buyer.get(order).json()["paper"] == "order"
    assert buyer.get(f"{AGREEMENTS}{agreement.public_id}/papers/invoice/").status_code == 404
    none_yet = buyer.get(f"{NEGOTIATIONS}{requested.public_id}/papers/quotation/")
    assert none_yet.status_code == 404
