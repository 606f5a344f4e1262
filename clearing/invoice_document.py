"""What stands on an invoice, as the template ``clearing/invoice`` prints it. Pure.

Tax is stated once per rate. For a trade or a correction the lines are one supply, whose tax the trade states; for
the fees of a cycle it is computed here over the sum of each rate (Order for the Consumption Tax Act, article 70-10).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from marketplace.kernel.labels import Label
from marketplace.kernel.money import share_of

from .states import InvoiceKind

REDUCED_RATES_BP = (800,)


@dataclass(frozen=True, slots=True)
class Party:
    """Who issues or receives. ``name`` is ``{"ja", "en"}``."""

    name: dict[str, str]
    corporate_number: str | None
    registration_number: str | None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line, net of tax. ``reference`` names the agreement or trade that it is about."""

    description: Label
    amount_minor: int
    tax_rate_bp: int
    reference: str


def kind_of(issuer: Party, *, returns: bool) -> InvoiceKind:
    """A return invoice for what is given back; otherwise qualified if the issuer is registered."""
    if returns:
        return InvoiceKind.RETURN_INVOICE
    return InvoiceKind.QUALIFIED_INVOICE if issuer.registration_number else InvoiceKind.INVOICE


def tax_once_per_rate(lines: Iterable[InvoiceLine]) -> dict[int, tuple[int, int]]:
    """Rate → (net, tax): the net of each rate summed first, its tax cut off to whole units once."""
    nets: dict[int, int] = {}
    for line in lines:
        nets[line.tax_rate_bp] = nets.get(line.tax_rate_bp, 0) + line.amount_minor
    return {rate: (net, share_of(net, rate)) for rate, net in sorted(nets.items(), reverse=True)}


def invoice_document(
    *,
    number: str,
    kind: InvoiceKind,
    issued_on: date,
    issuer: Party,
    recipient: Party,
    currency: str,
    lines: Sequence[InvoiceLine],
    totals: dict[int, tuple[int, int]],
    purchase_order: str | None,
    notes: Label,
) -> dict[str, Any]:
    """The JSON snapshot of an invoice; ``totals`` is rate → (net, tax)."""
    return {
        "number": number,
        "kind": kind.value,
        "issued_on": issued_on.isoformat(),
        "issuer": {
            "name": issuer.name,
            "corporate_number": issuer.corporate_number,
            "registration_number": issuer.registration_number,
        },
        "recipient": {"name": recipient.name, "corporate_number": recipient.corporate_number},
        "currency": currency,
        "lines": [
            {
                "description": line.description.as_dict(),
                "amount_minor": line.amount_minor,
                "tax_rate_bp": line.tax_rate_bp,
                "reduced_rate": line.tax_rate_bp in REDUCED_RATES_BP,
                "reference": line.reference,
            }
            for line in lines
        ],
        "totals": [
            {"tax_rate_bp": rate, "net_minor": net, "tax_minor": tax} for rate, (net, tax) in totals.items()
        ],
        "total_minor": sum(net + tax for net, tax in totals.values()),
        "purchase_order": purchase_order,
        "notes": notes.as_dict(),
    }
