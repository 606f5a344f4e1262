"""A kind of document whose subject says how many lines it has, as ``lines_300``, or what is wrong with it."""

from __future__ import annotations

from typing import Any

from marketplace.documents.rendering import DocumentKind
from marketplace.kernel.labels import Label


def data_of(subject: str) -> dict[str, Any]:
    """The data of an invoice of that many lines; of one that cannot be printed for ``unprintable``."""
    if subject == "unprintable":
        data = data_of("lines_300")
        return data | {"purchase_order": "ก"}
    count = int(subject.removeprefix("lines_"))
    party = {"name": {"ja": "提供者", "en": "Provider"}, "corporate_number": "7000012050002"}
    return {
        "number": subject,
        "kind": "invoice",
        "issued_on": "2026-01-15",
        "supplied_on": "2026-01-12",
        "issuer": party | {"registration_number": None},
        "recipient": party,
        "currency": "JPY",
        "lines": [
            {
                "description": {
                    "ja": f"取引 {number} の市場利用料",
                    "en": f"Market fee of the trade {number}",
                },
                "amount_minor": 100,
                "tax_rate_bp": 1000,
                "reduced_rate": False,
                "reference": f"trd_{number:026}",
                "purchase_order": "PO-1",
            }
            for number in range(count)
        ],
        "totals": [{"tax_rate_bp": 1000, "net_minor": 100 * count, "tax_minor": 10 * count}],
        "total_minor": 110 * count,
        "purchase_order": None,
        "notes": {"ja": "備考", "en": "Notes"},
    }


PROBE = DocumentKind(
    name="probe.invoice",
    template="clearing/invoice",
    data_of=data_of,
    label=Label("make a probe", "試験文書の作成"),
)
SEALED = DocumentKind(
    name="probe.sealed",
    template="clearing/invoice",
    data_of=data_of,
    label=Label("seal a probe", "試験文書の封緘"),
    is_sealed=True,
)
