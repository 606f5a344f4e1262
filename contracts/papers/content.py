"""Papers of practice: quotation (見積書), order (注文書), order confirmation (注文請書), delivery note (納品書), acceptance certificate (検収書). Pure.

A paper is a projection of what stands on the market: the same facts give the same paper. It binds nobody; the signed contract does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextChoices

from listings.states import Charging, TaxCategory
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money, share_of

from ..states import label_of
from ..terms import parse_terms

TEMPLATE = "contracts/paper"
FILES_SHOWN_MAX = 50


class Paper(TextChoices):
    """A paper of practice, by the name in its address."""

    QUOTATION = "quotation", Label("Quotation", "見積書")
    ORDER = "order", Label("Purchase order", "注文書")
    CONFIRMATION = "order-confirmation", Label("Order confirmation", "注文請書")
    WRITTEN_TERMS = "written-terms", Label("Written terms of commissioned work", "委託内容の明示書面")
    DELIVERY_NOTE = "delivery-note", Label("Delivery note", "納品書")
    CERTIFICATE = "acceptance-certificate", Label("Acceptance certificate", "検収書")


STATEMENTS: dict[Paper, Label] = {
    Paper.QUOTATION: Label("We quote as follows.", "下記のとおりお見積り申し上げます。"),
    Paper.ORDER: Label("We order as follows.", "下記のとおり注文いたします。"),
    Paper.CONFIRMATION: Label(
        "We have accepted your order as follows.", "下記のとおりご注文をお請けいたします。"
    ),
    Paper.WRITTEN_TERMS: Label(
        "We commission the work below on these terms.",
        "下記の内容を委託しますので、法令に基づき明示いたします。",
    ),
    Paper.DELIVERY_NOTE: Label("We have delivered as follows.", "下記のとおり納品いたしました。"),
    Paper.CERTIFICATE: Label("The delivery below is accepted.", "下記の納品物は検収済みです。"),
}
LABELS: dict[str, Label] = {
    "negotiation": Label("Negotiation", "交渉番号"),
    "agreement": Label("Contract", "契約番号"),
    "delivery": Label("Delivery", "提供番号"),
    "version": Label("Version", "データの版"),
    "template": Label("Contract template", "契約ひな形"),
    "charging": Label("Charging", "課金"),
    "total": Label(
        "Total of all charges (most, if metered), without tax", "全課金の総額（従量は上限、税抜）"
    ),
    "funding": Label("Payment", "支払条件"),
    "inspection": Label("Inspection", "検査期間"),
    "work": Label("Kind of work", "委託の種類"),
    "content": Label("What is made", "給付の内容"),
    "deliver_by": Label("Day of delivery", "給付を受領する期日"),
    "place": Label("Place of delivery", "給付を受領する場所"),
    "law": Label("Law", "適用法令"),
    "payment_day": Label("Day of payment", "支払期日"),
    "validity": Label("Answer", "回答期限"),
    "signed": Label("Signed", "署名日時"),
    "signed_hash": Label("Signed hash", "署名対象のハッシュ値"),
    "received": Label("Received", "受領日時"),
    "accepted_by": Label("Acceptance", "検収の方法"),
}
"""What the facts of a paper are called."""
FUNDING = Label(
    "paid in within {days} business days of the contract, through the market",
    "契約成立後{days}営業日以内に市場を通じて入金",
)
CHARGING = Label("{kind}, {charges} charges", "{kind}（全{charges}回）")
INSPECTION = Label("{days} days from receipt", "受領の翌日から{days}日間")
VALIDITY = Label(
    "{days} days from this proposal; time does not run while trading is halted",
    "提示から{days}日以内（取引停止中は進行しません）",
)
FURTHER_FILES = Label("and {count} further files", "ほか{count}件")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a paper: one of ``LABELS`` and a text in both languages, or a moment."""

    name: str
    value: Label | str | datetime

    def as_dict(self) -> dict[str, Any]:
        """The line as data of the document; of ``text`` and ``at`` one is None."""
        is_moment = isinstance(self.value, datetime)
        text = (
            None if is_moment else {"ja": getattr(self.value, "ja", str(self.value)), "en": str(self.value)}
        )
        return {
            "name": self.name,
            "label": LABELS[self.name].as_dict(),
            "text": text,
            "value_at": self.value.isoformat() if isinstance(self.value, datetime) else None,
        }


def paper_document(
    paper: Paper,
    *,
    number: str,
    dated_at: datetime,
    issuer: Mapping[str, Any],
    addressee: Mapping[str, Any],
    reference: str | None,
    dataset: Mapping[str, Any],
    terms: Mapping[str, Any],
    tax_rate_bp: int,
    facts: Sequence[Fact],
) -> dict[str, Any]:
    """The data of a paper, as ``document_templates/paper.schema.json`` describes it.

    ``issuer`` and ``addressee``: parties as the signed content has them; ``dataset``: title and files; ``terms``: those agreed or
    proposed. The tax is rounded down once, as on invoices.
    """
    net, currency = terms["price_minor"], terms["currency"]
    tax = share_of(net, tax_rate_bp)
    files = list(dataset["files"])
    shown = [
        {"name": file["file_name"], "size_bytes": file["size_bytes"], "sha256": file["sha256"]}
        for file in files
    ]
    further = len(files) - FILES_SHOWN_MAX
    return {
        "paper": paper.value,
        "title": label_of(Paper, paper).as_dict(),
        "statement": STATEMENTS[paper].as_dict(),
        "number": number,
        "dated_at": dated_at.isoformat(),
        "issuer": _party(issuer),
        "addressee": _party(addressee),
        "reference": reference,
        "subject": dict(dataset["title"]),
        "price": {
            "currency": currency,
            "net_minor": net,
            "tax_category": label_of(TaxCategory, terms["tax_category"]).as_dict(),
            "tax_rate_bp": tax_rate_bp,
            "tax_minor": tax,
            "gross_minor": net + tax,
        },
        "files": shown[:FILES_SHOWN_MAX],
        "further_files": FURTHER_FILES.fill({"count": further}).as_dict() if further > 0 else None,
        "facts": [fact.as_dict() for fact in facts],
    }


def agreed_facts(content: Mapping[str, Any]) -> list[Fact]:
    """The facts that every paper of a contract states, from its signed content."""
    return [
        Fact("agreement", content["agreement"]),
        Fact("version", content["dataset"]["version"]),
        *terms_facts(content["terms"]),
    ]


def terms_facts(terms: Mapping[str, Any]) -> list[Fact]:
    """When is paid, and how long is inspected."""
    return [
        *_charging_facts(terms),
        Fact("funding", FUNDING.fill({"days": terms["funding_days"]})),
        Fact("inspection", INSPECTION.fill({"days": terms["inspection_days"]})),
    ]


def _charging_facts(terms: Mapping[str, Any]) -> list[Fact]:
    """How a price that is not paid at once is charged, and what all charges come to."""
    agreed = parse_terms(terms)
    if agreed.charging.kind == Charging.ONE_OFF:
        return []
    total = Money(agreed.total_minor, agreed.currency)
    kind = label_of(Charging, agreed.charging.kind)
    return [
        Fact("charging", CHARGING.fill({"kind": kind, "charges": agreed.charging.charges})),
        Fact("total", Label(total.format("en"), total.format("ja"))),
    ]


def _party(party: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": dict(party["name"]),
        "corporate_number": party["corporate_number"],
        "address": party["address"],
        "representative": party["representative"],
    }
