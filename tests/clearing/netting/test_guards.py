"""The database's guards of positions, tried by raw SQL."""

from __future__ import annotations

import pytest

from clearing.models import NetPosition

from .. import factories
from ..raw import counts, refused, run
from ..test_invariants import broken, changed_behind_the_guards

ABSENT = 2**40
"""A key that no row has."""


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


@pytest.mark.usefixtures("no_causes")
def test_entries_and_positions_name_what_exists(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    position = (
        "INSERT INTO clearing_netposition (public_id, cycle_id, organisation_id, party_key, currency, purchases_minor,"
        " purchase_tax_minor, sales_minor, sales_tax_minor, fees_minor, fee_tax_minor, fee_refunds_minor,"
        " fee_refund_tax_minor, corrections_paid_minor, corrections_received_minor, net_minor)"
        " VALUES ('pos_raw', %s, %s, '1', 'JPY', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)"
    )
    entry = (
        "WITH made AS (INSERT INTO clearing_entry (public_id, kind, reference, description, business_date, booked_at,"
        " cycle_id, organisation_id) VALUES ('jrn_raw', 'cycle', 'raw', '', now(), now(), %s, %s) RETURNING id)"
        " INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"
        " SELECT made.id, side.leg, a.id, side.amount, 'JPY', 'sales' FROM made, clearing_account a,"
        " (VALUES (1, 5), (2, -5)) AS side(leg, amount) WHERE a.kind = 'settlement' AND a.currency = 'JPY'"
    )
    before, party = counts(), market.party("buyer").pk
    refused(position, ABSENT, party, because=f"positions of cycle {ABSENT} are not inserted at its netting")
    refused(position, cycle.pk, ABSENT, because="position pos_raw names no organisation")
    refused(entry, ABSENT, party, because="entry raw names no cycle")
    refused(entry, cycle.pk, ABSENT, because="entry raw names no organisation")
    refused("DELETE FROM participants_organisation", because="are kept")
    refused("DELETE FROM clearing_cycle", because="are kept")
    assert (counts(), NetPosition.objects.count()) == (before, 0)
    run(entry, cycle.pk, party)
    changed_behind_the_guards(
        "clearing_entry", f"UPDATE clearing_entry SET cycle_id = {ABSENT} WHERE reference = 'raw'"
    )
    assert "clearing.cycle_rows_name_what_exists" in broken()
