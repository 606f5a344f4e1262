"""Agreements on paper: what was signed, and nothing else."""

from __future__ import annotations

import pytest

from contracts import queries
from contracts.agreement_document import TEMPLATE
from contracts.models import Signature
from marketplace.documents.services import render_html, render_pdf
from marketplace.kernel.canonical import sha256_hex
from tests.participants.stating import restate
from tests.standing import made_once

from . import factories


@made_once
def agreement(market):
    return factories.agreement(market)


def test_the_document_comes_from_what_was_signed(market, agreement):
    restate(market.organisation("buyer"), name_ja="改称後株式会社")
    data = queries.document_data(agreement)
    assert data["signed_hash"] == agreement.signed_hash
    assert data["consumer"]["name"]["ja"] == "組織利用"
    assert data["price"] == {"amount_minor": 100_000, "currency": "JPY", "tax_rate_bp": 1000}
    assert [clause["number"] for clause in data["clauses"]] == list(range(1, 24))
    assert data["clauses"][4]["text"]["ja"] in agreement.instrument.text_ja
    assert data["clauses"][4]["text"]["en"] in agreement.instrument.text_en
    assert {"ja": "出典表示：義務あり", "en": "Attribution: required"} in data["policy_summary"]


def test_the_document_says_who_signed_and_that_the_market_did_it_for_them(market, agreement):
    shown = queries.document_data(agreement)["signatures"]
    assert [row["party"] for row in shown] == ["provider", "consumer"]
    assert [row["signer"] for row in shown] == [
        market.seller.identifier,
        market.buyer.identifier,
    ]
    assert [row["hash"] for row in shown] == [
        sha256_hex(row.jws.encode()) for row in Signature.objects.order_by("pk")
    ]
    assert shown[0]["method"]["ja"].startswith("立会人型電子署名")
    assert shown[0]["method"]["en"].startswith("market-side signature")


@pytest.mark.parametrize(("language", "words"), [("ja", "立会人型電子署名"), ("en", "market-side signature")])
def test_the_page_shows_text_price_signatures_and_hash(agreement, language, words):
    page = render_html(template=TEMPLATE, data=queries.document_data(agreement), language=language)
    assert agreement.public_id in page
    assert agreement.signed_hash in page
    assert words in page
    assert "¥100,000" in page
    assert page.count("<h2>") == 25


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_agreement_is_a_pdf_that_comes_out_the_same_twice(agreement, language):
    data = queries.document_data(agreement)
    pdf = render_pdf(template=TEMPLATE, data=data, language=language)
    assert pdf.startswith(b"%PDF-")
    assert render_pdf(template=TEMPLATE, data=data, language=language) == pdf
