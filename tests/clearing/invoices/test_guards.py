"""The database's guards of invoices and notices, tried by raw SQL."""

from __future__ import annotations

from datetime import timedelta

from clearing.invoices.services.correcting import correct_invoice
from clearing.invoices.services.intermediary import give_intermediary_notice
from clearing.models import IntermediaryNotice, Invoice
from marketplace.kernel import clock
from tests.participants.factories import actor_for
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import refused, run
from ..test_invariants import broken

CORRECTED = (
    "INSERT INTO clearing_invoice (public_id, purpose, kind, issuer_id, recipient_id, supplier_id, sequence, number,"
    " cycle_id, obligation_id, issued_on, currency, net_minor, tax_minor, total_minor, document, replaces_id,"
    " correction_reason) SELECT 'inv_raw', purpose, kind, issuer_id, %s, supplier_id, sequence + 1, 'raw', cycle_id,"
    " obligation_id, issued_on, currency, net_minor + %s, tax_minor, total_minor + %s, document, id, %s"
    " FROM clearing_invoice WHERE id = %s"
)
NOTICE = (
    "INSERT INTO clearing_intermediarynotice (public_id, organisation_id, withdraws_id, effective_from, stated_on,"
    " stated_at, stated_by) VALUES ('imn_raw', %s, %s, %s, %s, now(), 'raw')"
)


def test_a_gap_in_invoice_numbers_is_refused(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    sql = (
        "INSERT INTO clearing_invoice (public_id, purpose, kind, issuer_id, recipient_id, sequence, number, cycle_id,"
        " issued_on, currency, net_minor, tax_minor, total_minor, document) VALUES ('inv_raw', 'fee', 'invoice',"
        " %s, %s, %s, 'raw', %s, now(), 'JPY', 1, 0, %s, '{}')"
    )
    operator, buyer = market.operator.pk, market.party("buyer").pk
    before = Invoice.objects.count()
    refused(sql, operator, buyer, 3, cycle.pk, 1, because="would leave a gap")
    refused(sql, operator, buyer, 1, cycle.pk, 1, because="invoice_sequence_once")
    refused(sql, operator, buyer, 2, cycle.pk, 2, because="invoice_total")
    refused(sql, operator, market.party("seller").pk, 2, cycle.pk, 1, because="invoice_of_fees_once")
    refused("UPDATE clearing_invoice SET total_minor = 0", because="append-only")
    assert Invoice.objects.count() == before == 2


@made_once
def invoice(market):
    """The invoice of a sale."""
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    return Invoice.objects.get(purpose="purchase")


def test_a_corrected_invoice_of_other_amounts_is_refused(market, invoice):
    buyer, other = market.party("buyer").pk, market.party("other").pk
    refused(CORRECTED, buyer, 1, 1, "why", invoice.pk, because="does not state the parties and amounts")
    refused(CORRECTED, other, 0, 0, "why", invoice.pk, because="does not state the parties and amounts")
    refused(CORRECTED, buyer, 0, 0, "", invoice.pk, because="invoice_corrected_why")
    correct_invoice(
        actor=actor_for(market.party("seller")),
        invoice=invoice.public_id,
        changes={"purchase_order": "PO-X"},
        reason="typing error",
    )
    refused(CORRECTED, buyer, 0, 0, "why", invoice.pk, because="_key|invoice_sequence_once")
    assert Invoice.objects.filter(replaces=invoice).count() == 1


def test_a_second_invoice_of_one_obligation_is_refused(market, invoice):
    refused(
        CORRECTED.replace("document, id, %s", "document, NULL::bigint, %s"),
        market.party("buyer").pk, 0, 0, "", invoice.pk, because="invoice_of_obligation_once",
    )  # fmt: skip


def test_an_issuer_is_not_its_own_supplier(market, invoice):
    refused(
        CORRECTED.replace("%s, supplier_id", "%s, issuer_id"),
        market.party("buyer").pk, 0, 0, "why", invoice.pk, because="invoice_of_intermediary",
    )  # fmt: skip


def test_a_notice_that_reaches_back_is_refused(market):
    today = clock.today()
    seller, other = market.party("seller").pk, market.party("other").pk
    refused(NOTICE, seller, None, today - timedelta(days=1), today, because="intermediary_notice_forward")
    notice = give_intermediary_notice(
        actor=actor_for(market.party("seller")), effective_from=today + timedelta(days=5)
    )
    refused(
        NOTICE,
        other,
        notice.pk,
        today + timedelta(days=9),
        today,
        because="only its giver withdraws a notice",
    )
    refused(NOTICE, seller, notice.pk, today, today, because="only its giver withdraws a notice")
    refused("UPDATE clearing_intermediarynotice SET effective_from = %s", today, because="append-only")
    assert list(IntermediaryNotice.objects.values_list("pk", flat=True)) == [notice.pk]


def test_an_invoice_at_a_rate_that_was_never_published_is_refused(market, invoice):
    """The supply is invoiced anew at 20%, or at half its amount; a rate that no rulebook has published, or no supply."""
    before = Invoice.objects.count()
    for changes in (
        "jsonb_set(document, '{totals,0,tax_rate_bp}', '2000')",
        "jsonb_set(document, '{lines,0,tax_rate_bp}', '2000')",
        "jsonb_set(document, '{totals,0,net_minor}', '5000')",
        "jsonb_set(document, '{total_minor}', '1')",
        "document - 'totals'",
    ):
        refused(
            CORRECTED.replace(" document, id,", f" {changes}, id,"), market.party("buyer").pk, 0, 0, "why", invoice.pk,
            because="or a rate of tax that was never published",
        )  # fmt: skip
    assert Invoice.objects.count() == before
    with unguarded("clearing_invoice"):
        run(
            "UPDATE clearing_invoice SET document = jsonb_set(document, '{totals,0,tax_rate_bp}', '2000') WHERE id = %s",
            invoice.pk,
        )
    assert "clearing.invoices_state_published_tax" in broken()
