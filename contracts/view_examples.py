"""Examples of requests, which the OpenAPI document shows."""

from __future__ import annotations

TEMPLATE_EXAMPLE = {
    "code": "data-provision-brief",
    "title": {"ja": "データ提供契約書（簡易）", "en": "Data Provision Agreement (brief)"},
    "clauses": [
        {
            "number": 1,
            "heading": {"ja": "提供", "en": "Provision"},
            "text": {
                "ja": "提供者は利用者に「{dataset}」を{price}（税抜）で提供する。",
                "en": 'The provider provides "{dataset}" to the consumer for {price}, without tax.',
            },
        }
    ],
}
REQUEST_EXAMPLE = {
    "listing": "lst_01JABCDEFGHJKMNPQRSTVWXYZ0",
    "reference": "PO-2026-0042",
    "terms": {"price_minor": 90000},
    "note": "年間契約を前提にご検討ください。",
}
