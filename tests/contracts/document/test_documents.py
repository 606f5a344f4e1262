"""Agreements on paper: what was signed, and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import escape
from typing import Any

import pytest

from contracts import queries
from contracts.document.agreement import TEMPLATE, SignatureView, document_of, leaves_of
from contracts.models import Signature
from contracts.terms import parse_terms, revise_terms
from marketplace.documents.services import render_html, render_pdf
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.participants.models import User
from tests.documents.reading import pages_of_pdf, text_of_pdf
from tests.participants.stating import restate
from tests.standing import made_once

from .. import factories
from ..raw import refused


@made_once
def agreement(market):
    return factories.agreement(market)


def name_of(actor: Actor) -> str:
    """The name of a person's account."""
    return User.objects.get(public_id=actor.identifier).name


def spaceless(text: str) -> str:
    return re.sub(r"\s", "", text)


def is_labelled(line: str, shown: str) -> bool:
    """Whether a particular is shown as its label and its value."""
    label, parted, value = (
        re.split("(：|: )", line, maxsplit=1) if re.search("：|: ", line) else (line, "", "")
    )
    return bool(parted) and spaceless(label + value) in shown


def unfold(value: Any, leaves: dict[str, str], name: str = "") -> Any:
    """``value`` made anew from its leaves, so that none is left out."""
    if isinstance(value, dict) and value:
        return {key: unfold(each, leaves, f"{name}.{key}" if name else key) for key, each in value.items()}
    if isinstance(value, list) and value:
        return [unfold(each, leaves, f"{name}.{number}") for number, each in enumerate(value, start=1)]
    return leaves[name] if isinstance(value, str) else json.loads(leaves[name])


def test_the_document_comes_from_what_was_signed(market, agreement):
    restate(market.organisation("buyer"), name_ja="改称後株式会社")
    data = queries.document_data(agreement)
    assert data["signed_hash"] == agreement.signed_hash
    assert data["consumer"]["name"]["ja"] == "組織利用"
    assert data["text"]["ja"]["title"] == "データ提供契約書"
    for language in ("ja", "en"):
        outline, text = data["text"][language], getattr(agreement.instrument, f"text_{language}")
        assert [each["heading"] for each in outline["sections"]] == re.findall(r"(?m)^## (.+)$", text)
        assert [each["text"] for each in outline["sections"] if each["text"] not in text] == []
        assert len(outline["sections"]) == 36
    assert {"name": "terms.rights.attribution", "value": "true"} in data["object"]


def test_the_document_names_who_signed_and_that_the_market_did_it_for_them(market, agreement):
    shown = queries.document_data(agreement)["signatures"]
    assert [row["party"] for row in shown] == ["provider", "consumer"]
    assert [(row["signer"], row["name"], row["organisation"]["ja"]) for row in shown] == [
        (market.seller.identifier, name_of(market.seller), "組織提供"),
        (market.buyer.identifier, name_of(market.buyer), "組織利用"),
    ]
    assert [row["hash"] for row in shown] == [
        sha256_hex(row.jws.encode()) for row in Signature.objects.order_by("pk")
    ]
    assert shown[0]["method"]["ja"].startswith("立会人型電子署名")
    assert shown[0]["method"]["en"].startswith("market-side signature")


def test_a_signer_has_the_name_of_its_account_when_it_signed(market, agreement):
    before = name_of(market.seller)
    User.objects.filter(public_id=market.seller.identifier).update(name="改姓 花子")
    assert queries.document_data(agreement)["signatures"][0]["name"] == before
    refused("append-only|cannot", "UPDATE contracts_signature SET signer_name = 'x'")


def test_a_program_is_shown_with_its_mandate_and_without_a_name(agreement):
    signature = SignatureView(
        party="seller",
        signer="app_1",
        signer_name="",
        signed_at=agreement.concluded_at,
        method="own_key",
        jws="a..b",
        key="key_1",
        mandate="mdt_1",
    )
    drawn = queries.drawn_contract(agreement.instrument)
    (shown,) = document_of(drawn, concluded_at=agreement.concluded_at, signatures=[signature])["signatures"]
    assert (shown["name"], shown["signer"], shown["means"]) == ("", "app_1", "key_1, mdt_1")


@pytest.mark.parametrize(("language", "words"), [("ja", "立会人型電子署名"), ("en", "market-side signature")])
def test_the_page_shows_text_price_signatures_and_hash(market, agreement, language, words):
    page = render_html(template=TEMPLATE, data=queries.document_data(agreement), language=language)
    assert agreement.public_id in page
    assert agreement.signed_hash in page
    assert words in page
    assert "¥100,000" in page
    assert escape(name_of(market.buyer)) in page
    assert page.count("<h2>") == 38


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_value_that_was_signed_is_in_the_pdf(market, agreement, language):
    data = queries.document_data(agreement)
    foot = re.escape(spaceless(data["text"][language]["title"] + agreement.public_id))
    pages = pages_of_pdf(render_pdf(template=TEMPLATE, data=data, language=language))
    shown = "".join(re.sub(rf"{foot}\d+/\d+$", "", page) for page in pages)
    said = agreement.instrument.said
    leaves = dict(leaves_of(said))
    assert len(leaves) > 100
    assert unfold(said, leaves) == said
    assert [name for name, value in leaves.items() if spaceless(f"{name}{value}") not in shown] == []
    text = getattr(agreement.instrument, f"text_{language}")
    lines = [re.sub(r"^(# |## |- )", "", line) for line in text.split("\n")]
    assert [line for line in lines if spaceless(line) not in shown and not is_labelled(line, shown)] == []
    for row in Signature.objects.all():
        assert spaceless(row.signer_name + row.signer + sha256_hex(row.jws.encode())) in shown
    assert agreement.signed_hash in shown


@pytest.mark.parametrize(
    "change",
    [{"price_minor": 100_001}, {"inspection_days": 8}, {"open_days": 3}, {"rights": {"attribution": False}}],
)
def test_another_term_gives_another_pdf(agreement, change):
    said = agreement.instrument.said
    terms = revise_terms(parse_terms(said["terms"]), change)
    shown = []
    for content in (said, {**said, "terms": terms.as_dict()}):
        drawn = replace(queries.drawn_contract(agreement.instrument), content=json.dumps(content))
        data = document_of(drawn, concluded_at=agreement.concluded_at, signatures=[])
        shown.append(text_of_pdf(render_pdf(template=TEMPLATE, data=data, language="ja")))
    (name, value), *_ = [
        leaf
        for leaf in leaves_of(terms.as_dict(), "terms")
        if leaf not in list(leaves_of(said["terms"], "terms"))
    ]
    assert (f"{name}{value}" in shown[0], f"{name}{value}" in shown[1]) == (False, True)


def test_leaves_are_all_that_a_value_says():
    assert list(leaves_of({"b": [1, {"c": None}], "a": "x", "d": [], "e": {}, "f": False})) == [
        ("a", "x"),
        ("b.1", "1"),
        ("b.2.c", "null"),
        ("d", "[]"),
        ("e", "{}"),
        ("f", "false"),
    ]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_agreement_is_a_pdf_that_comes_out_the_same_twice(agreement, language):
    data = queries.document_data(agreement)
    pdf = render_pdf(template=TEMPLATE, data=data, language=language)
    assert pdf.startswith(b"%PDF-")
    assert render_pdf(template=TEMPLATE, data=data, language=language) == pdf
