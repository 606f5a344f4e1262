"""Drafts of the invoices that a cycle still lacks, in the order of keys, a limited number at a time.

Each kind of draft takes the same few queries for any number of invoices.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from marketplace.kernel.clock import business_date
from marketplace.kernel.labels import Label
from marketplace.participants.queries import operator_organisation

from ...cycles.models import Cycle
from ...trades.models import Obligation
from ...trades.obligation_kinds import AGGREGATED_DOCUMENTS, Document, is_return
from ...trades.states import ObligationKind
from ..document import InvoiceLine, Original, tax_once_per_rate
from ..models import Invoice
from ..states import InvoicePurpose
from ..supplies import Supply, next_corrections, next_recipients, next_sales, supplies_of
from .intermediary import Representation
from .writing import Draft

LINES_A_STEP = 20_000
"""Lines of the invoices of fees that are issued together."""

REDUCED = "reduced"
"""The tax category whose rate is the reduced one (軽減税率)."""

SALE = Label("Provision of data under agreement {agreement}", "データ提供（契約 {agreement}）")
FEE = Label("Market fee for trade {trade}", "市場手数料（取引 {trade}）")
FEE_REFUND = Label("Refund of the market fee for trade {trade}", "市場手数料の返金（取引 {trade}）")
CORRECTION = Label("Correction of the price of agreement {agreement}", "価格の調整（契約 {agreement}）")
REFUND = Label("Refund of the price of agreement {agreement}", "代金の返金（契約 {agreement}）")


class _Issued(NamedTuple):
    """An issued invoice: its issuer, and how a correction names it."""

    issuer_id: int
    supplier_id: int | None
    original: Original


class Drafted(NamedTuple):
    """The next drafts of a kind of document: the key up to which they go, and whether no more follow them."""

    drafts: list[Draft]
    reached: int
    last: bool


def purchase_drafts(cycle: Cycle, behind: int, limit: int) -> Drafted:
    """The invoice of each sale: from the seller, or from the operator as intermediary. In the order of trades."""
    sales = next_sales(cycle, behind, limit)
    represented = Representation(sale.trade.seller_id for sale in sales)
    drafts = [
        _of_obligation(
            sale, SALE, represented.issuer_of(sale.trade.seller_id, sale.trade.accepted_at or sale.made_at)
        )
        for sale in sales
    ]
    return Drafted(drafts, sales[-1].trade.id if sales else behind, len(sales) < limit)


def correction_drafts(cycle: Cycle, behind: int, limit: int) -> Drafted:
    """The document of each correction: a return invoice if the seller owes it, an invoice if it is owed to the seller.

    The issuer of the corrected invoice issues it. A correction made before the sale was invoiced names no original.
    """
    found = next_corrections(cycle, behind, limit)
    sales = _sale_invoices(correction.trade.id for correction in found)
    reversed_ones = _invoices_of(correction.reverses_id for correction in found if correction.reverses_id)
    represented = Representation(correction.trade.seller_id for correction in found)
    drafts = []
    for correction in found:
        trade = correction.trade
        issued = reversed_ones.get(correction.reverses_id or 0) or sales.get(trade.id)
        issuer = (
            (issued.issuer_id, issued.supplier_id)
            if issued
            else represented.issuer_of(trade.seller_id, trade.accepted_at or correction.made_at)
        )
        words = REFUND if correction.kind == ObligationKind.REFUND else CORRECTION
        drafts.append(_of_obligation(correction, words, issuer, issued.original if issued else None))
    return Drafted(drafts, found[-1].id if found else behind, len(found) < limit)


def fee_drafts(cycle: Cycle, behind: int, limit: int) -> Drafted:
    """One invoice per participant for its fees, in the order of participants."""
    return _drafts_by_recipient(cycle, Document.FEE, FEE, behind, limit)


def fee_refund_drafts(cycle: Cycle, behind: int, limit: int) -> Drafted:
    """One return invoice per participant for its refunded fees, in the order of participants."""
    return _drafts_by_recipient(cycle, Document.FEE_REFUND, FEE_REFUND, behind, limit)


def _of_obligation(
    supply: Supply, words: Label, issuer: tuple[int, int | None], original: Original | None = None
) -> Draft:
    trade = supply.trade
    is_sale = supply.kind == ObligationKind.PURCHASE
    supplied_on = (is_sale and trade.supplied_on) or business_date(supply.made_at)
    return Draft(
        purpose=InvoicePurpose.PURCHASE if is_sale else InvoicePurpose.CORRECTION,
        issuer_id=issuer[0],
        supplier_id=issuer[1],
        recipient_id=trade.buyer_id,
        lines=[
            InvoiceLine(
                description=words.fill({"agreement": trade.agreement}),
                amount_minor=supply.amount_minor,
                tax_rate_bp=supply.tax_rate_bp,
                reference=trade.public_id,
                purchase_order=trade.reference,
                supplied_on=supplied_on,
                reduced_rate=trade.tax_category == REDUCED,
                original=original,
            )
        ],
        returns=is_return(supply.kind, seller_owes=supply.debtor_id == trade.seller_id),
        obligation_id=supply.id,
        supply_class=trade.supply_class,
        withheld_minor=(trade.captured_withholding_minor or 0) if is_sale else 0,
        purchase_order=trade.reference,
        totals={supply.tax_rate_bp: (supply.amount_minor, supply.tax_minor)},
    )


def _drafts_by_recipient(cycle: Cycle, document: Document, words: Label, behind: int, limit: int) -> Drafted:
    recipients, last = next_recipients(cycle, document, behind, limit=limit, lines_max=LINES_A_STEP)
    if not recipients:
        return Drafted([], behind, last)
    party, rows = AGGREGATED_DOCUMENTS[document], supplies_of(cycle, document, recipients)
    returns = is_return(rows[0].kind, seller_owes=False)
    originals = _fee_invoices(row.trade.id for row in rows) if returns else {}
    lines: dict[int, list[InvoiceLine]] = {}
    stated: dict[int, dict[int, tuple[int, int]]] = {}
    classes: dict[int, str] = {}
    for row in rows:
        recipient = getattr(row, party)
        classes[recipient] = row.trade.fee_class
        lines.setdefault(recipient, []).append(_fee_line(row, words, originals.get(row.trade.id)))
        totals = stated.setdefault(recipient, {})
        net, tax = totals.get(row.tax_rate_bp, (0, 0))
        totals[row.tax_rate_bp] = net + row.amount_minor, tax + row.tax_minor
    operator = operator_organisation()
    drafts = [
        Draft(
            purpose=InvoicePurpose(document),
            issuer_id=operator.id,
            recipient_id=recipient,
            lines=lines[recipient],
            returns=returns,
            supply_class=classes[recipient],
            # The tax of refunds is stated, so that they sum to the tax of their fees.
            totals=stated[recipient] if returns else tax_once_per_rate(lines[recipient]),
        )
        for recipient in recipients
    ]
    return Drafted(drafts, recipients[-1], last)


def _fee_line(fee: Supply, words: Label, original: Original | None) -> InvoiceLine:
    trade = fee.trade
    supplied_on = (fee.kind == ObligationKind.FEE and trade.fee_supplied_on) or business_date(fee.made_at)
    return InvoiceLine(
        description=words.fill({"trade": trade.public_id}),
        amount_minor=fee.amount_minor,
        tax_rate_bp=fee.tax_rate_bp,
        reference=trade.public_id,
        purchase_order=trade.reference,
        supplied_on=supplied_on,
        original=original,
    )


def _unreplaced_invoices() -> QuerySet[Invoice]:
    """Invoices that are not replaced."""
    return Invoice.objects.filter(replaced_by=None)


def _sale_invoices(trades: Iterable[int]) -> dict[int, _Issued]:
    """The invoice of each trade's price, by trade."""
    rows = _unreplaced_invoices().filter(
        purpose=InvoicePurpose.PURCHASE, obligation__trade_id__in=set(trades)
    )
    return _issued_by(rows, "obligation__trade_id")


def _invoices_of(obligations: Iterable[int]) -> dict[int, _Issued]:
    """The invoice of each obligation."""
    return _issued_by(_unreplaced_invoices().filter(obligation_id__in=set(obligations)), "obligation_id")


def _issued_by(rows: QuerySet[Invoice], key: str) -> dict[int, _Issued]:
    found = rows.values_list(
        key, "issuer_id", "supplier_id", "number", "document__issued_on", "document__supplied_on"
    )
    return {row[0]: _Issued(row[1], row[2], Original(*row[3:])) for row in found}


def _fee_invoices(trades: Iterable[int]) -> dict[int, Original]:
    """The invoice that lists each trade's fee, by trade."""
    charged = {
        trade: (cycle, payer)
        for trade, cycle, payer in Obligation.objects.filter(
            trade_id__in=set(trades), kind=ObligationKind.FEE, deferred_from=None
        ).values_list("trade_id", "cycle_id", "debtor_id")
    }
    cycles, payers = {cycle for cycle, _ in charged.values()}, {payer for _, payer in charged.values()}
    rows = _unreplaced_invoices().filter(
        purpose=InvoicePurpose.FEE, cycle_id__in=cycles, recipient_id__in=payers
    )
    issued = {
        (cycle, recipient): Original(number, issued_on, supplied_on)
        for cycle, recipient, number, issued_on, supplied_on in rows.values_list(
            "cycle_id", "recipient_id", "number", "document__issued_on", "document__supplied_on"
        )
    }
    return {trade: issued[key] for trade, key in charged.items() if key in issued}
