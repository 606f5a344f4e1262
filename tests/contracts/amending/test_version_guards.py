"""The database takes no version that both parties did not sign, nor a change of what is due."""

from __future__ import annotations

import pytest
from django.db import connection

from contracts import services
from contracts.amending.models import AgreementVersion
from marketplace.kernel.invariants import REGISTER
from tests.roles import assert_refused, unguarded

from .. import factories
from .test_amendments import amend, signed


def run(statement: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


COPY = (
    "INSERT INTO contracts_agreementversion (public_id, agreement_id, number, kind, negotiation_id, instrument_id, signed_hash,"
    " effective_on, effective_at, from_charge, ends_at, classes, decision, made_at)"
    " SELECT 'ver_forged', {agreement_id}, {number}, 'amended', {negotiation_id}, {instrument_id}, {signed_hash}, {effective_on},"
    " ({effective_on})::timestamp AT TIME ZONE 'Asia/Tokyo', {from_charge}, {ends_at}, '{{}}', 'dcs_forged', public.business_now()"
)


def forged(version: AgreementVersion, **changes: str) -> None:
    """A version by statement, as the one that was signed, with changes in SQL."""
    facts = {
        "agreement_id": str(version.agreement_id),
        "number": "2",
        "negotiation_id": str(version.negotiation_id),
        "instrument_id": str(version.instrument_id),
        "signed_hash": f"'{version.signed_hash}'",
        "effective_on": f"date '{version.effective_on}'",
        "from_charge": str(version.from_charge),
        "ends_at": f"timestamptz '{version.ends_at}'",
    }
    run(COPY.format(**(facts | changes)))


@pytest.fixture
def unwritten(market, year):
    """What both are about to conclude: the negotiation is verified, and its version not yet written."""
    row = signed(market, amend(market, year, price_minor=12_000))
    with unguarded("contracts_agreementversion", "contracts_negotiation"):
        run("DELETE FROM contracts_agreementversion")
        run(
            "UPDATE contracts_negotiation SET state = 'verified', respond_by = public.business_now() WHERE amends_id IS NOT NULL"
        )
    return row


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"number": "3"}, "follow each other"),
        ({"instrument_id": "(SELECT instrument_id FROM contracts_agreement)"}, "signatures of both"),
        ({"signed_hash": "repeat('0', 64)"}, "signatures of both"),
        ({"effective_on": "date '2027-06-29'"}, "takes effect when it says"),
        ({"from_charge": "3"}, "takes effect when it says"),
        ({"ends_at": "NULL"}, "ends when the rights"),
    ],
)
def test_a_version_is_what_both_signed(unwritten, changes, because):
    assert_refused(lambda: forged(unwritten, **changes), because=because)


def test_no_version_of_what_does_not_stand(unwritten):
    with unguarded("contracts_agreement"):
        run(
            "UPDATE contracts_agreement SET state = 'terminated', terminated_at = public.business_now(), termination_reason = 'refunded'"
        )
    assert_refused(lambda: forged(unwritten), because="does not stand")


def test_a_version_never_changes(market, year):
    signed(market, amend(market, year, price_minor=12_000))
    assert_refused(
        lambda: run("UPDATE contracts_agreementversion SET from_charge = 2"), because="append-only"
    )
    assert_refused(
        lambda: run("UPDATE contracts_agreement SET ends_at = ends_at - interval '1 day'"),
        because="moves later only",
    )


def test_only_an_amendment_begins_with_the_seller(market, year):
    negotiation = factories.requested(market)
    columns = "buyer_id, seller_id, buyer_identifier, seller_identifier, listing, listing_version, segment, dataset, template_id, negotiable"
    copied = (
        "INSERT INTO contracts_negotiation (public_id, agreement_identifier, salt, reference, state, respond_by, opened_at, ended_by,"
        f" end_reason_code, end_reason, amends_id, {columns}) SELECT 'ngt_forged', 'agr_forged', salt, %s, 'offered', respond_by,"
        f" public.business_now(), '', '', '', %s, {columns} FROM contracts_negotiation WHERE public_id = %s"
    )
    assert_refused(
        lambda: run(copied, "FORGED", None, negotiation.public_id), because="begins with the buyer"
    )
    assert_refused(
        lambda: run(copied, "FORGED", year.pk, negotiation.public_id), because="parties and the data"
    )


def test_an_amendment_has_the_template_of_its_agreement(market, year):
    columns = "buyer_id, seller_id, buyer_identifier, seller_identifier, reference, listing, listing_version, segment, dataset, negotiable"
    copied = (
        "INSERT INTO contracts_negotiation (public_id, agreement_identifier, salt, state, respond_by, opened_at, ended_by,"
        f" end_reason_code, end_reason, amends_id, template_id, {columns}) SELECT 'ngt_forged', 'agr_forged', salt, 'offered',"
        " public.business_now() + interval '1 day', public.business_now(), '', '', '', %s,"
        f" (SELECT t.id FROM contracts_template t WHERE t.id IS DISTINCT FROM n.template_id LIMIT 1), {columns}"
        " FROM contracts_negotiation n WHERE n.id = %s"
    )
    assert_refused(lambda: run(copied, year.pk, year.negotiation_id), because="parties and the data")


def test_a_proposal_states_its_day_where_it_amends(market, year):
    negotiation = amend(market, year, price_minor=12_000)
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms={"price_minor": 11_000})
    copied = (
        "INSERT INTO contracts_proposal (negotiation_id, number, party, terms, policy, effective_on, note, made_by, made_at)"
        " SELECT negotiation_id, 3, 'seller', terms, policy, {}, '', made_by, public.business_now() FROM contracts_proposal"
        " WHERE number = 2 AND effective_on IS NOT NULL"
    )
    for day in ("NULL", "date '2027-03-30'"):
        assert_refused(lambda day=day: run(copied.format(day)), because="from which day")


def test_a_version_that_nobody_signed_so_is_named(market, year):
    row = signed(market, amend(market, year, price_minor=12_000))
    check = REGISTER["contracts.versions_as_signed"].check
    assert check() == []
    with unguarded("contracts_agreementversion"):
        run("UPDATE contracts_agreementversion SET from_charge = 2")
    assert [one["public_id"] for one in check()] == [row.public_id]
