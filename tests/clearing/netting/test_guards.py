"""The database's guards of positions, tried by raw SQL."""

from __future__ import annotations

from clearing.models import NetPosition

from .. import factories
from ..raw import refused, run


def test_positions_that_do_not_sum_to_zero_are_refused(market):
    cycle = factories.clear(market, "validated")
    columns = (
        "public_id, cycle_id, organisation_id, party_key, currency, purchases_minor, purchase_tax_minor, sales_minor,"
        " sales_tax_minor, fees_minor, fee_tax_minor, fee_refunds_minor, fee_refund_tax_minor,"
        " corrections_paid_minor, corrections_received_minor, net_minor"
    )
    row = "(%s, %s, %s, '1', 'JPY', %s, 0, %s, 0, 0, 0, 0, 0, 0, 0, %s)"
    insert = f"INSERT INTO clearing_netposition ({columns}) VALUES "
    one, two = market.party("one").pk, market.party("two").pk
    refused(insert + row, "pos_a", cycle.pk, one, 0, 5, 0, because="position_parts")
    run(insert + row, "pos_a", cycle.pk, one, 0, 5, 5)
    netted = (
        "UPDATE clearing_cycle SET state = 'netted', netted_at = now(), gross_minor = 5, net_minor = 5,"
        " payments_before = 1, payments_after = %s, output_hash = 'x', merkle_root = 'x' WHERE id = %s"
    )
    refused(netted, 2, cycle.pk, because="do not sum to zero")
    run(insert + row, "pos_b", cycle.pk, two, -5, 0, -5)
    refused(netted, 1, cycle.pk, because="or not to its figures")
    refused(netted, 2, cycle.pk, because="its positions are not all done")
    run(
        "INSERT INTO clearing_cyclepart (cycle_id, part, total, done, reached, began_at, booked_at, ended_at)"
        " VALUES (%s, 'positions', 2, 2, '1', now(), now(), now())",
        cycle.pk,
    )
    run(netted, 2, cycle.pk)
    refused(insert + row, "pos_c", cycle.pk, market.operator.pk, 0, 0, 0, because="at its netting")
    refused(insert + row, "pos_d", market.cycle.pk, one, 0, 0, 0, because="at its netting")
    assert NetPosition.objects.count() == 2
