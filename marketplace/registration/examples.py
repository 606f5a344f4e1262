"""Working examples of what applicants send, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

APPLICATION_EXAMPLE: dict[str, Any] = {
    "email": "hanako@sanuki-data.example.jp",
    "applicant_name": "讃岐 花子",
    "name": {"ja": "讃岐データ株式会社", "en": "Sanuki Data Co., Ltd."},
    "kind": "business",
    "corporate_number": "5835678256246",
    "invoice_registration_number": "T5835678256246",
    "address": "香川県高松市番町1-8-15",
    "representative_title": "代表取締役",
    "representative_name": "讃岐 花子",
    "payout_account": {
        "bank_code": "0001",
        "branch_code": "123",
        "account_type": "ordinary",
        "account_number": "1234567",
        "account_holder_kana": "サヌキデータ(カ",
    },
}
OWNERS_EXAMPLE: dict[str, Any] = {
    "owners": [
        {
            "name": "讃岐 花子",
            "country": "JP",
            "born_on": "1975-04-01",
            "basis": "ownership",
            "share_bp": 6_000,
        }
    ]
}
