"""Data for documents, an application that owns templates, and a reader of the text that a PDF shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.apps import AppConfig, apps

from tests.documents.reading import text_of_pdf


def bilingual(ja: str, en: str) -> dict[str, str]:
    return {"ja": ja, "en": en}


def invoice_line(
    ja: str, en: str, amount_minor: int, tax_rate_bp: int, *, reduced_rate: bool = False
) -> dict[str, Any]:
    return {
        "description": bilingual(ja, en),
        "amount_minor": amount_minor,
        "tax_rate_bp": tax_rate_bp,
        "reduced_rate": reduced_rate,
        "reference": "trd_01",
    }


@pytest.fixture
def invoice() -> dict[str, Any]:
    """A qualified invoice of two rates, by a registered issuer."""
    return {
        "number": "INV-2026-000123",
        "kind": "qualified_invoice",
        "issued_on": "2026-01-15",
        "supplied_on": "2026-01-12",
        "issuer": {
            "name": bilingual("株式会社サンポ取引所", "Sanpo Exchange, Inc."),
            "registration_number": "T7000012050002",
            "corporate_number": "7000012050002",
        },
        "recipient": {
            "name": bilingual("東海モビリティ研究所株式会社", "Tokai Mobility Laboratory Co., Ltd."),
            "corporate_number": "5180001012345",
        },
        "currency": "JPY",
        "lines": [
            invoice_line("都市交通流量データ", "Urban traffic flow data", 1_200_000, 1000),
            invoice_line("飲食料品の試供品", "Samples of food", 105, 800, reduced_rate=True),
        ],
        "totals": [
            {"tax_rate_bp": 1000, "net_minor": 1_200_000, "tax_minor": 120_000},
            {"tax_rate_bp": 800, "net_minor": 105, "tax_minor": 8},
        ],
        "total_minor": 1_320_113,
        "purchase_order": "PO-77",
        "notes": bilingual("受取額 900,000円と差引計算されます。", "Netted against ¥900,000 receivable."),
    }


def outline(title: str, label: str, value: str, heading: str, text: str) -> dict[str, Any]:
    return {
        "title": title,
        "particulars": [{"label": label, "value": value}],
        "sections": [{"heading": heading, "text": text}],
    }


@pytest.fixture
def agreement() -> dict[str, Any]:
    """An agreement signed by both parties."""
    return {
        "agreement": "agr_01JH8Z3Q6W4XK2M7",
        "concluded_at": "2026-01-05T01:30:00.123456Z",
        "provider": {
            "id": "org_01JH8Z3Q6W4XK2M1",
            "name": bilingual("瀬戸内気象データ株式会社", "Setouchi Weather Data Co., Ltd."),
            "corporate_number": "5180001012345",
            "address": "香川県高松市番町1-1",
            "representative": "代表取締役 讃岐 一郎",
        },
        "consumer": {
            "id": "org_01JH8Z3Q6W4XK2M2",
            "name": bilingual("山田太郎", "Taro Yamada"),
            "corporate_number": None,
            "address": "東京都千代田区",
            "representative": "山田 太郎",
        },
        "text": {
            "ja": outline(
                "データ取引契約書",
                "対価",
                "¥480,000（税抜）",
                "第2条（利用許諾）",
                "非独占的な権利を許諾する。\n\n第三者に提供しない。\nただし承諾を得たときを除く。",
            ),
            "en": outline(
                "Data Transaction Agreement",
                "Price",
                "¥480,000 (without tax)",
                "Article 2 (Licence)",
                "A right.\n\nNo third party.",
            ),
        },
        "signatures": [
            {
                "party": "provider",
                "organisation": bilingual("瀬戸内気象データ株式会社", "Setouchi Weather Data Co., Ltd."),
                "name": "山田 花子",
                "signer": "usr_01JH8Z",
                "means": "key_01JH8Z",
                "signed_at": "2026-01-05T10:12:00+09:00",
                "method": bilingual("電子署名", "Electronic signature"),
                "hash": "9f86d081",
            }
        ],
        "renewed": False,
        "object": [{"name": "terms.price_minor", "value": "480000"}, {"name": "market", "value": "sanpo"}],
        "signed_hash": "sha256:2c26b46b",
    }


@pytest.fixture
def sample_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ``document_templates`` folder, still empty, of an installed application ``sample``."""
    module = ModuleType("sample")
    module.__path__ = [str(tmp_path)]
    monkeypatch.setitem(apps.app_configs, "sample", AppConfig("sample", module))
    folder = tmp_path / "document_templates"
    folder.mkdir()
    return folder


@pytest.fixture
def text_of() -> Callable[[bytes], str]:
    """Reads a PDF as typst writes it: the text that its pages show, without any spaces."""
    return text_of_pdf
