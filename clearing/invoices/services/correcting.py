"""Corrects the words of an invoice by a further invoice with its own number."""

from __future__ import annotations

from django.db import transaction

from marketplace.documents.errors import TextUnprintable
from marketplace.documents.services import require_printable
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import organisations_by_id

from ..document import CORRECTABLE, correctable_value, corrected_document
from ..errors import InvoiceReplaced
from ..locks import INVOICE_NUMBER_LOCK
from ..models import Invoice
from ..queries import visible_invoices
from ..rendering import request_invoice_pdf
from .writing import emit_issued, last_sequences, number_of

UNPRINTABLE = Label(
    "no font can print these characters: {characters}. Replace them",
    "印字できない文字が含まれています（{characters}）。別の文字に置き換えてください",
)


def require_printable_correction(*, changes: dict[str, str], reason: str) -> None:
    """Refuse characters that no font of the documents has, because the invoice could never be printed.

    Call it before ``correct_invoice``, outside the transaction that holds it. Raises FieldInvalid.
    """
    texts = {f"changes.{item}": text for item, text in changes.items()} | {"reason": reason}
    try:
        require_printable(texts)
    except TextUnprintable as error:
        raise FieldInvalid(error.fields["name"], UNPRINTABLE.fill(error.fields)) from error


@transaction.atomic
def correct_invoice(*, actor: Actor, invoice: str, changes: dict[str, str], reason: str) -> Invoice:
    """Issue a corrected invoice that replaces one with wrong words; returns the new one.

    ``changes`` has the right values: ``purchase_order``, ``recipient_name_ja``, ``recipient_name_en``, ``note``. Amounts
    are corrected by an adjustment of the trade, which has its own document. Only the issuer may correct: the seller its
    own, the operator its own and those it issued as intermediary. The replaced invoice stays as it is. Emits
    invoice.issued. Raises Missing, Forbidden, InvoiceReplaced, FieldInvalid.
    """
    actor.require(Permission.MONEY_WRITE, Permission.CLEARING_WRITE)
    INVOICE_NUMBER_LOCK.acquire()
    subject = visible_invoices(actor).filter(public_id=invoice).first()
    if subject is None:
        raise Missing(kind="invoice", identifier=invoice)
    if actor.role is Role.SYSTEM or actor.organisation_id != subject.issuer_id:
        raise Forbidden(needed="the issuer of the invoice")
    replaced_by = Invoice.objects.filter(replaces=subject).first()
    if replaced_by is not None:
        raise InvoiceReplaced(number=subject.number, by=replaced_by.number)
    _require_changes(subject, changes)
    parties = (subject.issuer_id, subject.recipient_id, subject.supplier_id)
    views = organisations_by_id(key for key in parties if key)
    sequence = last_sequences([subject.issuer_id])[subject.issuer_id] + 1
    made = _replacement(subject, changes, reason, sequence, number_of(views[subject.issuer_id], sequence))
    made.save(force_insert=True)
    record(
        kind="clearing.invoice_corrected",
        subject=made.public_id,
        actor=actor,
        payload={
            "number": made.number,
            "replaces": subject.number,
            "items": sorted(changes),
            "reason": reason,
        },
    )
    recipient = views[made.recipient_id].public_id
    request_invoice_pdf(made, recipient)
    request_invoice_pdf(subject, recipient, replaced=True)
    emit_issued([made], views)
    return made


def _require_changes(subject: Invoice, changes: dict[str, str]) -> None:
    if not changes:
        raise FieldInvalid("changes", Label("state what to correct", "訂正する内容を指定してください"))
    for item, value in changes.items():
        if item not in CORRECTABLE:
            raise FieldInvalid(
                f"changes.{item}",
                Label(
                    "this item cannot be corrected on an invoice; correct amounts by an adjustment of the trade",
                    "請求書上では訂正できない項目です。金額は取引の調整により訂正してください",
                ),
            )
        if value == correctable_value(subject.document, item):
            raise FieldInvalid(
                f"changes.{item}", Label("this is the present value", "既にこの内容になっています")
            )


def _replacement(
    subject: Invoice, changes: dict[str, str], reason: str, sequence: int, number: str
) -> Invoice:
    today = clock.today()
    document = corrected_document(
        subject.document,
        number=number,
        issued_on=today,
        changes=changes,
        reason=reason,
        single_order=subject.obligation_id is not None,
    )
    kept = (
        "purpose",
        "kind",
        "issuer_id",
        "recipient_id",
        "supplier_id",
        "cycle_id",
        "obligation_id",
        "currency",
        "net_minor",
        "tax_minor",
        "total_minor",
    )
    return Invoice(
        **{name: getattr(subject, name) for name in kept},
        sequence=sequence,
        number=number,
        replaces=subject,
        correction_reason=reason,
        purchase_order=document["purchase_order"] or "",
        issued_on=today,
        document=document,
    )
