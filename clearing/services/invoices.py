"""Issuing the invoices of a cycle: gross, one a trade and correction, one of fees a participant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Max, QuerySet

from marketplace.events.schemas.clearing import InvoiceIssued
from marketplace.events.services import emit
from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.participants.queries import OrganisationView, operator_organisation, organisations_by_id

from ..invoice_document import InvoiceLine, Party, invoice_document, kind_of, tax_once_per_rate
from ..models import Cycle, Invoice, Obligation
from ..parties import party_key
from ..states import CORRECTION_KINDS, InvoicePurpose, ObligationKind

INVOICE_LOCK = 5_301_012
INVOICES_A_STEP = 200
SEQUENCE_DIGITS = 6

SALE = Label("Provision of data under agreement {agreement}", "データ提供（契約 {agreement}）")
FEE = Label("Market fee for trade {trade}", "市場手数料（取引 {trade}）")
FEE_REFUND = Label("Refund of the market fee for trade {trade}", "市場手数料の返還（取引 {trade}）")
CORRECTION = Label("Correction of the price of agreement {agreement}", "価格の調整（契約 {agreement}）")
SET_OFF = Label(
    "This amount is settled through clearing cycle {cycle}; what was set off is on the statement of that cycle.",
    "この金額は清算サイクル {cycle} を通じて決済されます。相殺の内訳は同サイクルの明細をご覧ください。",
)


@dataclass(slots=True)
class Draft:
    """An invoice to be issued: who to whom, for what."""

    purpose: InvoicePurpose
    issuer_id: int
    recipient_id: int
    lines: list[InvoiceLine]
    returns: bool = False
    obligation: Obligation | None = None
    purchase_order: str | None = None
    totals: dict[int, tuple[int, int]] = field(default_factory=dict)


def issue_invoices(cycle: Cycle) -> int:
    """Issue some of the invoices that a posted cycle still lacks; returns how many, 0 when all are out.

    It goes on after what stands, so it may be stopped and run again at any point. Emits invoice.issued for each.
    Numbers of an issuer have no gap: issuing is done by one at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [INVOICE_LOCK])
    drafts = _trade_drafts(cycle) or _fee_drafts(cycle)
    if drafts:
        _issue(cycle, drafts)
    return len(drafts)


def _trade_drafts(cycle: Cycle) -> list[Draft]:
    """Those of the obligations after the last one invoiced: they are taken in the order of their keys."""
    last = Invoice.objects.filter(cycle=cycle, obligation__isnull=False).order_by("-pk").first()
    wanted = Obligation.objects.filter(
        cycle=cycle,
        kind__in=(ObligationKind.PURCHASE, *CORRECTION_KINDS),
        # What is carried over was invoiced in the cycle that it comes from.
        carried_from=None,
        pk__gt=last.obligation_id if last else 0,
    )
    rows = wanted.select_related("trade").order_by("pk")[:INVOICES_A_STEP]
    return [_of_obligation(obligation) for obligation in rows]


def _of_obligation(obligation: Obligation) -> Draft:
    """The seller's document: an invoice for what the buyer owes it, a return invoice for what it gives back."""
    trade = obligation.trade
    is_sale = obligation.kind == ObligationKind.PURCHASE
    words = (SALE if is_sale else CORRECTION).fill({"agreement": trade.agreement})
    return Draft(
        purpose=InvoicePurpose.PURCHASE if is_sale else InvoicePurpose.CORRECTION,
        issuer_id=trade.seller_id,
        recipient_id=trade.buyer_id,
        lines=[InvoiceLine(words, obligation.amount_minor, obligation.tax_rate_bp, trade.public_id)],
        returns=obligation.debtor_id == trade.seller_id,
        obligation=obligation,
        purchase_order=trade.reference,
        totals={obligation.tax_rate_bp: (obligation.amount_minor, obligation.tax_minor)},
    )


def _fee_drafts(cycle: Cycle) -> list[Draft]:
    """One document a participant for its fees, one for fees refunded, for those who have none yet."""
    operator = operator_organisation()
    drafts: list[Draft] = []
    for kind, purpose, party, words in (
        (ObligationKind.FEE, InvoicePurpose.FEE, "debtor_id", FEE),
        (ObligationKind.FEE_REFUND, InvoicePurpose.FEE_REFUND, "creditor_id", FEE_REFUND),
    ):
        fees = Obligation.objects.filter(cycle=cycle, kind=kind, amount_minor__gt=0, carried_from=None)
        invoiced = Invoice.objects.filter(cycle=cycle, purpose=purpose).values("recipient")
        recipients = (
            fees.exclude(**{f"{party}__in": invoiced})
            .values_list(party, flat=True)
            .distinct()
            .order_by(party)
        )
        for recipient_id in recipients[: INVOICES_A_STEP - len(drafts)]:
            lines = _fee_lines(fees.filter(**{party: recipient_id}), words)
            drafts.append(
                Draft(
                    purpose=purpose,
                    issuer_id=operator.id,
                    recipient_id=recipient_id,
                    lines=lines,
                    returns=kind == ObligationKind.FEE_REFUND,
                    totals=tax_once_per_rate(lines),
                )
            )
    return drafts


def _fee_lines(fees: QuerySet[Obligation], words: Label) -> list[InvoiceLine]:
    return [
        InvoiceLine(words.fill({"trade": trade}), amount, rate, trade)
        for trade, amount, rate in fees.order_by("trade__business_key").values_list(
            "trade__public_id", "amount_minor", "tax_rate_bp"
        )
    ]


def _issue(cycle: Cycle, drafts: list[Draft]) -> None:
    views = organisations_by_id(key for draft in drafts for key in (draft.issuer_id, draft.recipient_id))
    sequences = _last_sequences({draft.issuer_id for draft in drafts})
    invoices = []
    for draft in drafts:
        sequences[draft.issuer_id] = sequences.get(draft.issuer_id, 0) + 1
        invoices.append(_invoice(cycle, draft, views, sequences[draft.issuer_id]))
    for invoice in Invoice.objects.bulk_create(invoices):
        emit(
            InvoiceIssued(
                invoice=invoice.public_id,
                issuer=views[invoice.issuer_id].public_id,
                recipient=views[invoice.recipient_id].public_id,
                number=invoice.number,
            )
        )


def _last_sequences(issuers: Iterable[int]) -> dict[int, int]:
    rows = (
        Invoice.objects.filter(issuer_id__in=list(issuers)).values("issuer_id").annotate(last=Max("sequence"))
    )
    return {row["issuer_id"]: row["last"] for row in rows}


def _invoice(cycle: Cycle, draft: Draft, views: dict[int, OrganisationView], sequence: int) -> Invoice:
    issuer, recipient = _party(views[draft.issuer_id]), _party(views[draft.recipient_id])
    number = f"{party_key(views[draft.issuer_id])}-{sequence:0{SEQUENCE_DIGITS}d}"
    kind = kind_of(issuer, returns=draft.returns)
    document = invoice_document(
        number=number,
        kind=kind,
        issued_on=clock.today(),
        issuer=issuer,
        recipient=recipient,
        currency=cycle.currency,
        lines=draft.lines,
        totals=draft.totals,
        purchase_order=draft.purchase_order,
        notes=SET_OFF.fill({"cycle": cycle.business_key}),
    )
    return Invoice(
        purpose=draft.purpose,
        kind=kind,
        issuer_id=draft.issuer_id,
        recipient_id=draft.recipient_id,
        sequence=sequence,
        number=number,
        cycle=cycle,
        obligation=draft.obligation,
        issued_on=clock.today(),
        currency=cycle.currency,
        net_minor=sum(net for net, _ in draft.totals.values()),
        tax_minor=sum(tax for _, tax in draft.totals.values()),
        total_minor=document["total_minor"],
        document=document,
    )


def _party(view: OrganisationView) -> Party:
    return Party(view.name, view.corporate_number, view.invoice_registration_number)
