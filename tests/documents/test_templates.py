"""The documents of the house: invoices and agreements, as people read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from marketplace.documents.errors import DataUnfit
from marketplace.documents.services import render_html, render_pdf

TextOf = Callable[[bytes], str]

UNREGISTERED = {"name": {"ja": "甲", "en": ""}, "registration_number": None, "corporate_number": None}


def test_invoice_shows_the_six_items_in_japanese(invoice: dict[str, Any], text_of: TextOf) -> None:
    shown = text_of(render_pdf(template="clearing/invoice", data=invoice, language="ja"))
    expected = [
        "適格請求書",
        "発行者株式会社サンポ取引所登録番号T7000012050002",
        "発行日2026年1月15日",
        "飲食料品の試供品※trd_018%¥105",
        "※は軽減税率の対象です。",
        "10%¥1,200,000¥120,000",
        "8%（軽減税率）※¥105¥8",
        "宛先東海モビリティ研究所株式会社御中",
        "番号INV-2026-000123",
        "注文番号PO-77",
        "合計（税込）¥1,320,113",
        "備考（差引計算・決済）受取額900,000円と差引計算されます。",
    ]
    assert [text for text in expected if text not in shown] == []


def test_invoice_shows_the_six_items_in_english(invoice: dict[str, Any], text_of: TextOf) -> None:
    shown = text_of(render_pdf(template="clearing/invoice", data=invoice, language="en"))
    expected = [
        "Qualifiedinvoice",
        "IssuerSanpoExchange,Inc.RegistrationnumberT7000012050002",
        "Dateofissue15January2026",
        "Samplesoffood※trd_018%¥105",
        "10%¥1,200,000¥120,000",
        "8%(reducedrate)※¥105¥8",
        "RecipientTokaiMobilityLaboratoryCo.,Ltd.",
        "PurchaseorderPO-77",
        "Notes(nettingandsettlement)Nettedagainst¥900,000receivable.",
    ]
    assert [text for text in expected if text not in shown] == []
    assert "御中" not in shown


@pytest.mark.parametrize(
    ("kind", "registered", "title"),
    [
        ("invoice", False, "請求書"),
        ("return_invoice", True, "適格返還請求書"),
        ("return_invoice", False, "返還請求書"),
    ],
)
def test_invoice_title_follows_its_kind(
    invoice: dict[str, Any], text_of: TextOf, kind: str, registered: bool, title: str
) -> None:
    invoice["kind"] = kind
    if not registered:
        invoice["issuer"]["registration_number"] = None
    invoice |= {"purchase_order": None, "notes": None}
    shown = text_of(render_pdf(template="clearing/invoice", data=invoice, language="ja"))
    assert shown.startswith(f"{title}番号")
    assert [text for text in ("注文番号", "備考") if text in shown] == []
    assert ("登録番号" in shown) == registered


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("issuer.registration_number", {"issuer": UNREGISTERED}),
        ("lines", {"lines": []}),
        ("totals", {"totals": []}),
        ("kind", {"kind": "receipt"}),
    ],
)
def test_qualified_invoice_refuses_to_lack_an_item(
    invoice: dict[str, Any], key: str, change: dict[str, Any]
) -> None:
    with pytest.raises(DataUnfit) as refusal:
        render_pdf(template="clearing/invoice", data=invoice | change, language="ja")
    assert refusal.value.fields["key"] == key


def test_invoice_addresses_a_person_as_one(invoice: dict[str, Any], text_of: TextOf) -> None:
    invoice["recipient"] = {"name": {"ja": "山田太郎", "en": "Taro Yamada"}, "corporate_number": None}
    shown = text_of(render_pdf(template="clearing/invoice", data=invoice, language="ja"))
    assert "宛先山田太郎様発行者" in shown


def test_invoice_repeats_its_head_on_every_page(invoice: dict[str, Any], text_of: TextOf) -> None:
    invoice["lines"] = invoice["lines"] * 40
    shown = text_of(render_pdf(template="clearing/invoice", data=invoice, language="ja"))
    assert shown.count("内容参照税率金額（税抜）") == 3
    assert shown.count("適格請求書INV-2026-000123") == 3


def test_agreement_shows_what_was_signed(agreement: dict[str, Any], text_of: TextOf) -> None:
    shown = text_of(render_pdf(template="contracts/agreement", data=agreement, language="ja"))
    expected = [
        "提供者瀬戸内気象データ株式会社法人番号5180001012345住所香川県高松市番町1-1代表者代表取締役讃岐一郎",
        "利用者山田太郎住所東京都千代田区代表者山田太郎",
        "成立日時2026年1月5日10:30:00JST",
        "対価¥480,000（税抜）",
        "第2条（利用許諾）非独占的な権利を許諾する。第三者に提供しない。ただし承諾を得たときを除く。",
        "提供者瀬戸内気象データ株式会社山田花子usr_01JH8Z(key_01JH8Z)9f86d0812026年1月5日10:12:00JST電子署名",
        "sha256:2c26b46b",
        "terms.price_minor480000marketsanpo",
    ]
    assert [text for text in expected if text not in shown] == []


def test_agreement_reads_in_english(agreement: dict[str, Any], text_of: TextOf) -> None:
    shown = text_of(render_pdf(template="contracts/agreement", data=agreement, language="en"))
    expected = [
        "ProviderSetouchiWeatherDataCo.,Ltd.",
        "Concluded5January202610:30:00JST",
        "Price¥480,000(withouttax)",
        "Article2(Licence)Aright.Nothirdparty.",
        "Electronicsignature",
    ]
    assert [text for text in expected if text not in shown] == []


def test_agreement_without_signatures_says_so(agreement: dict[str, Any], text_of: TextOf) -> None:
    agreement["signatures"] = []
    assert "まだ署名されていません。" in text_of(
        render_pdf(template="contracts/agreement", data=agreement, language="ja")
    )
    assert "Not signed yet." in render_html(template="contracts/agreement", data=agreement, language="en")


def test_agreement_as_html_shows_and_escapes_what_was_signed(agreement: dict[str, Any]) -> None:
    agreement["signatures"][0]["name"] = "<b>山田</b>"
    page = render_html(template="contracts/agreement", data=agreement, language="ja")
    expected = [
        "<h2>第2条（利用許諾）</h2>",
        "<p>非独占的な権利を許諾する。</p><p>第三者に提供しない。<br>ただし承諾を得たときを除く。</p>",
        "<dd>2026年1月5日 10:30:00 JST</dd>",
        "<dt>対価</dt><dd>¥480,000（税抜）</dd>",
        "<br>&lt;b&gt;山田&lt;/b&gt;<br>",
        "<code>sha256:2c26b46b</code>",
        "<dt>terms.price_minor</dt><dd>480000</dd>",
    ]
    assert [text for text in expected if text not in page] == []
