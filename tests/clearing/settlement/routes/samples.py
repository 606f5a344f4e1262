"""What each route can and cannot carry, and a second route that exists in tests only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from clearing.settlement.routes.route import (
    AccountFields,
    Payee,
    PaymentRoute,
    PlannedPayment,
    Unwritable,
)
from clearing.settlement.states import Hindrance
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ...factories import CLIENT_ACCOUNT


class JsonRoute(PaymentRoute):
    """Payments as a provider might take them: one JSON document, to payees in any country."""

    def hindrance(self, payee: Payee, *, cross_border_allowed: bool) -> str:
        return "" if payee.account else Hindrance.NO_ACCOUNT.value

    def validate_originator(self, originator: AccountFields) -> None:
        if not originator.get("account_number"):
            raise FieldInvalid("account_number", Label("name the account", "口座を指定してください"))

    def render(
        self, *, originator: AccountFields, payments: Sequence[PlannedPayment], value_date: date
    ) -> bytes:
        for payment in payments:
            if payment.amount_minor <= 0:
                raise Unwritable("amount_minor", payment.reference)
        document = {
            "from": originator["account_number"],
            "on": value_date.isoformat(),
            "payments": [
                [row.reference, row.amount_minor, dict(row.payee.account or {})] for row in payments
            ],
        }
        return json.dumps(document, sort_keys=True).encode()


@dataclass(frozen=True)
class Sample:
    """An originator and a payee that a route carries, and changes that it refuses, by the field at fault."""

    originator: dict[str, str]
    payee: Payee
    refused_originator: list[tuple[str, dict[str, str]]]
    refused_payment: list[tuple[str, dict[str, Any]]]
    hindered: list[tuple[Hindrance, Payee]]


JAPANESE_ACCOUNT = {
    "bank_code": "0902",
    "branch_code": "002",
    "account_type": "current",
    "account_number": "1000274",
    "account_holder_kana": "ﾐﾅﾄﾃﾞ-ﾀ(ｶ",
}
JAPANESE_ORIGINATOR = {**CLIENT_ACCOUNT, "requester_name": "ｻﾝﾎﾟｳｷﾔｸｸﾁ"}

SAMPLES = {
    "JPY": Sample(
        originator=JAPANESE_ORIGINATOR,
        payee=Payee("JP", JAPANESE_ACCOUNT),
        refused_originator=[
            ("requester_code", {"requester_code": "1"}),
            ("requester_name", {"requester_name": "三方"}),
            ("bank_code", {"bank_code": "12"}),
            ("bank_name", {"bank_name": "ｱ" * 16}),
            ("branch_code", {"branch_code": ""}),
            ("branch_name", {"branch_name": "ほんてん"}),
            ("account_type", {"account_type": "savings"}),
            ("account_number", {"account_number": "765432A"}),
        ],
        refused_payment=[
            ("amount_minor", {"amount_minor": 0}),
            ("amount_minor", {"amount_minor": 10**10}),
            ("reference", {"reference": "J" * 21}),
            ("bank_code", {"payee": Payee("JP", JAPANESE_ACCOUNT | {"bank_code": "９０１２"})}),
            ("account_type", {"payee": Payee("JP", JAPANESE_ACCOUNT | {"account_type": "savings"})}),
            (
                "account_holder_kana",
                {"payee": Payee("JP", JAPANESE_ACCOUNT | {"account_holder_kana": "ｱ" * 31})},
            ),
        ],
        hindered=[
            (Hindrance.NO_ACCOUNT, Payee("JP", None)),
            (Hindrance.NO_ACCOUNT, Payee("JP", {"iban": "DE75512108001245126199"})),
            (Hindrance.ABROAD, Payee("SG", JAPANESE_ACCOUNT)),
        ],
    ),
}
"""By currency: every route in force has one here, or its contract is not proved."""

JSON_SAMPLE = Sample(
    originator=JAPANESE_ORIGINATOR,
    payee=Payee("SG", JAPANESE_ACCOUNT),
    refused_originator=[("account_number", {"account_number": ""})],
    refused_payment=[("amount_minor", {"amount_minor": 0})],
    hindered=[(Hindrance.NO_ACCOUNT, Payee("SG", None))],
)
