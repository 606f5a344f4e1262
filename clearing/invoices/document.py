"""The content of an invoice, as the template ``clearing/invoice`` prints it. Pure.

Tax is stated once per rate. The lines of a trade or a correction are one supply, whose tax the trade states; for the
fees of a cycle it is computed here over the sum of each rate (Order for the Consumption Tax Act, article 70-10).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from marketplace.kernel.labels import Label
from marketplace.kernel.money import share_of
from marketplace.rules.tax_tables import SupplyClass

from ..ground.parties import Party
from .states import InvoiceKind

RETURN_INVOICE_DUTY_FROM_MINOR = {"JPY": 10_000}
"""A smaller return, with tax, needs no return invoice (Order, article 70-9, paragraph 3, item 2, from 2023-10-01)."""

NETTED = Label(
    "This amount is settled through clearing cycle {cycle}; the position statement of that cycle itemises the netting.",
    "この金額は清算サイクル {cycle} を通じて決済されます。差引計算の内訳は同サイクルの清算明細をご覧ください。",
)
INTERMEDIARY = Label(
    "The market issues this document in its own name for the supplier {supplier}, under the supplier's notice (Order for"
    " Enforcement of the Consumption Tax Act, article 70-12, paragraph 1).",
    "本書類は、消費税法施行令第70条の12第1項（媒介者交付特例）により、提供者 {supplier} に代わり当市場が交付します。",
)
UNREGISTERED = Label(
    "The issuer is not a registered issuer of qualified invoices: the recipient may be able to deduct only part of the"
    " tax, or none.",
    "発行者は適格請求書発行事業者ではありません。仕入税額控除は一部に限られる、または受けられない場合があります。",
)
EXEMPT = Label(
    "The returned amount is less than ¥10,000 with tax. This document is not mandatory and is issued for reference.",
    "税込1万円未満の返還のため適格返還請求書の交付義務はありませんが、参考として交付します。",
)
WITHHELD = Label(
    "Of this amount the recipient withholds {amount} {currency} as income tax and pays it to the tax office; the clearing"
    " cycle leaves it to the recipient (Income Tax Act, articles 204 and 212).",
    "この金額のうち {amount} {currency} は源泉所得税として受領者が徴収・納付します。清算において受領者へ差し引いて充当されます"
    "（所得税法第204条・第212条）。",
)
OF_CLASS = {
    SupplyClass.REVERSE_CHARGE: Label(
        "The supplier is established abroad ({country}) and supplies an electronic service for business use: the recipient"
        " accounts for the consumption tax itself (reverse charge, Consumption Tax Act, articles 5 and 62).",
        "提供者は国外事業者（{country}）であり、本取引は事業者向け電気通信利用役務の提供に当たるため、受領者が消費税の"
        "納税義務者となります（リバースチャージ方式。消費税法第5条・第62条）。",
    ),
    SupplyClass.CONSUMER_FROM_ABROAD: Label(
        "The supplier is established abroad ({country}) and supplies an electronic service to a consumer in Japan: the"
        " supplier accounts for the consumption tax.",
        "提供者は国外事業者（{country}）であり、本取引は消費者向け電気通信利用役務の提供に当たるため、提供者が消費税の"
        "納税義務者となります。",
    ),
    SupplyClass.EXPORT_EXEMPT: Label(
        "Exempt from consumption tax as an export (Consumption Tax Act, article 7).",
        "本取引は輸出免税取引です（消費税法第7条）。",
    ),
    SupplyClass.OUTSIDE_SCOPE: Label(
        "The supply is made abroad and lies outside consumption tax (Consumption Tax Act, article 4).",
        "本取引は国外取引に当たり、消費税の対象外（不課税）です（消費税法第4条）。",
    ),
}
"""What an invoice says of a supply that is not domestic, by its class."""


@dataclass(frozen=True, slots=True)
class Original:
    """The invoice that a return or correction refers to: its number and ISO dates."""

    number: str
    issued_on: str
    supplied_on: str

    def as_dict(self) -> dict[str, str]:
        """The original's data on a document."""
        return {"number": self.number, "issued_on": self.issued_on, "supplied_on": self.supplied_on}


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line, net of tax.

    ``reference`` names the trade of the line, ``purchase_order`` the buyer's own reference; ``supplied_on`` is the day of
    the supply or of the return. ``original`` is the invoice that the line corrects.
    """

    description: Label
    amount_minor: int
    tax_rate_bp: int
    reference: str
    purchase_order: str
    supplied_on: date
    reduced_rate: bool = False
    original: Original | None = None

    def as_dict(self) -> dict[str, Any]:
        """The line's data on a document."""
        return {
            "description": self.description.as_dict(),
            "amount_minor": self.amount_minor,
            "tax_rate_bp": self.tax_rate_bp,
            "reduced_rate": self.reduced_rate,
            "reference": self.reference,
            "purchase_order": self.purchase_order,
            "supplied_on": self.supplied_on.isoformat(),
            "original": self.original.as_dict() if self.original else None,
        }


def kind_of(issuer: Party, *, returns: bool) -> InvoiceKind:
    """Return invoice for returns; otherwise qualified invoice if the issuer is registered, else invoice."""
    if returns:
        return InvoiceKind.RETURN_INVOICE
    return InvoiceKind.QUALIFIED_INVOICE if issuer.registration_number else InvoiceKind.INVOICE


def tax_once_per_rate(lines: Iterable[InvoiceLine]) -> dict[int, tuple[int, int]]:
    """Rate → (net, tax): sums the net of each rate, then rounds its tax down once."""
    nets: dict[int, int] = {}
    for line in lines:
        nets[line.tax_rate_bp] = nets.get(line.tax_rate_bp, 0) + line.amount_minor
    return {rate: (net, share_of(net, rate)) for rate, net in sorted(nets.items(), reverse=True)}


def is_exempt_return(kind: str, *, currency: str, total_minor: int) -> bool:
    """Whether the return is so small that the law requires no return invoice."""
    return kind == InvoiceKind.RETURN_INVOICE and total_minor < RETURN_INVOICE_DUTY_FROM_MINOR.get(
        currency, 0
    )


def invoice_document(
    *,
    number: str,
    kind: InvoiceKind,
    issued_on: date,
    issuer: Party,
    recipient: Party,
    supplier: Party | None,
    currency: str,
    cycle: str,
    lines: Sequence[InvoiceLine],
    totals: dict[int, tuple[int, int]],
    supply_class: str | None,
    withheld_minor: int,
    purchase_order: str | None,
) -> dict[str, Any]:
    """The JSON snapshot of an invoice; ``totals`` is rate → (net, tax), ``cycle`` the business key of its cycle."""
    total_minor = sum(net + tax for net, tax in totals.values())
    exempt = is_exempt_return(kind, currency=currency, total_minor=total_minor)
    notes = _notes(cycle, kind, issuer, supplier, supply_class, exempt=exempt)
    if withheld_minor:
        notes.append(WITHHELD.fill({"amount": f"{withheld_minor:,}", "currency": currency}))
    days = [line.supplied_on for line in lines]
    return {
        "number": number,
        "kind": kind.value,
        "issued_on": issued_on.isoformat(),
        "supplied_on": max(days).isoformat(),
        "supplied_from_on": min(days).isoformat() if min(days) != max(days) else None,
        "issuer": issuer.as_dict(),
        "recipient": recipient.as_dict(),
        "supplier": supplier.as_dict() if supplier else None,
        "currency": currency,
        "lines": [line.as_dict() for line in lines],
        "totals": [
            {"tax_rate_bp": rate, "net_minor": net, "tax_minor": tax} for rate, (net, tax) in totals.items()
        ],
        "total_minor": total_minor,
        "purchase_order": purchase_order,
        "exempt_from_issue": exempt,
        "correction": None,
        "notes": {
            language: "\n\n".join(note.in_language(language) for note in notes) for language in ("ja", "en")
        },
    }


def _notes(
    cycle: str, kind: str, issuer: Party, supplier: Party | None, supply_class: str | None, *, exempt: bool
) -> list[Label]:
    """Notes for the reader besides the figures."""
    seller = supplier or issuer
    notes = [_netted(cycle)]
    if supplier:
        notes.append(_filled(INTERMEDIARY, "supplier", _name(supplier)))
    if exempt:
        notes.append(EXEMPT)
    if supply_class in OF_CLASS:
        notes.append(_filled(OF_CLASS[SupplyClass(supply_class)], "country", seller.country_name))
    if kind == InvoiceKind.INVOICE:
        notes.append(UNREGISTERED)
    return notes


@lru_cache(maxsize=8)
def _netted(cycle: str) -> Label:
    """The note that all documents of a cycle have."""
    return NETTED.fill({"cycle": cycle})


def _name(party: Party) -> Label:
    japanese = party.name["ja"] or party.name["en"]
    return Label(party.name["en"] or japanese, japanese)


def _filled(words: Label, field: str, value: Label) -> Label:
    """Fill a field whose value differs between the languages."""
    return Label(str(words).format_map({field: str(value)}), words.ja.format_map({field: value.ja}))


def corrected_document(
    document: dict[str, Any],
    *,
    number: str,
    issued_on: date,
    changes: dict[str, str],
    reason: str,
    single_order: bool,
) -> dict[str, Any]:
    """A copy of ``document`` with the words of ``changes``, stating what it corrects.

    ``changes`` may have ``purchase_order``, ``recipient_name_ja``, ``recipient_name_en`` and ``note``; with
    ``single_order`` the lines take the purchase order too. Amounts stay.
    """
    made = document | {"number": number, "issued_on": issued_on.isoformat()}
    listed_changes: list[dict[str, Any]] = []
    for item in CORRECTABLE:
        if item not in changes:
            continue
        before = correctable_value(document, item)
        listed_changes.append({"item": CORRECTABLE[item].as_dict(), "before": before, "after": changes[item]})
    names = {
        language: changes.get(f"recipient_name_{language}", document["recipient"]["name"][language])
        for language in ("ja", "en")
    }
    made["recipient"] = document["recipient"] | {"name": names}
    if "purchase_order" in changes:
        made["purchase_order"] = changes["purchase_order"]
        if single_order:
            made["lines"] = [
                line | {"purchase_order": changes["purchase_order"]} for line in document["lines"]
            ]
    if "note" in changes:
        made["notes"] = {
            language: f"{text}\n\n{changes['note']}" for language, text in document["notes"].items()
        }
    made["correction"] = {
        "number": document["number"],
        "issued_on": document["issued_on"],
        "reason": reason,
        "changes": listed_changes,
    }
    return made


def correctable_value(document: dict[str, Any], item: str) -> str | None:
    """The present value of a correctable item of a document; None for a note."""
    if item.startswith("recipient_name_"):
        value: str | None = document["recipient"]["name"][item[-2:]]
        return value
    return document["purchase_order"] if item == "purchase_order" else None


CORRECTABLE = {
    "purchase_order": Label("Purchase order", "注文番号"),
    "recipient_name_ja": Label("Name of the recipient (Japanese)", "宛先の名称（日本語）"),
    "recipient_name_en": Label("Name of the recipient (English)", "宛先の名称（英語）"),
    "note": Label("Note", "備考"),
}
"""Items of an invoice that a corrected invoice can change, with their labels."""
