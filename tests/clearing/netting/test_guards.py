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
    refused(insert + row, "pos_a", cycle.pk, one, 0, 5, 5, because="do not sum to zero")
    refused(insert + row, "pos_a", cycle.pk, one, 0, 5, 0, because="position_parts")
    pair = f"{insert}{row}, {row}"
    values = ["pos_a", cycle.pk, one, 0, 5, 5, "pos_b", cycle.pk, two, -5, 0, -5]
    run(pair, *values)
    refused(insert + row, "pos_c", cycle.pk, market.operator.pk, 0, 0, 0, because="are not inserted together")
    assert NetPosition.objects.count() == 2
    refused(
        insert + row, "pos_d", market.cycle.pk, one, 0, 0, 0, because="are not inserted together at netting"
    )
